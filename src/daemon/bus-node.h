/* SPDX-License-Identifier: MIT */
/* Tasks as objects on the bus: from a path to a task, and all paths. */
#pragma once

#include <stdbool.h>

struct task;
struct tree;

struct task *bus_node_find(
	struct tree *tree, const char *path, const char *prefix); /* NULL: none */

/* A vector of the object paths of all groups or all loops. */
int bus_node_list(struct tree *tree, const char *prefix, bool groups, char ***ret);
