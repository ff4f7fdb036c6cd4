/* SPDX-License-Identifier: MIT */
/* From the checked configuration to the tree. */
#pragma once

#include "daemon/config.h"

struct tree;

/*
 * Adds all groups and loops to an empty tree, asks each loop's body whether it can run, and seals
 * the tree. 0; -ENOMEM; -EINVAL: there are (more) faults, and the tree is good for nothing but
 * tree_free(). The faults are sorted.
 */
int config_build(const struct config *config, struct tree *tree, struct faults *faults);
