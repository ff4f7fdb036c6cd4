/* SPDX-License-Identifier: MIT */
/* From the words of a request to tasks: names, globs, group/name (either half may be a glob). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct task;
struct tree;

enum target_want {
	TARGET_TREES, /* loops and groups; what acts on a group acts on all of it, so what is in
			 it is not meant once more unless by its name */
	TARGET_ALL,   /* loops and groups, each for itself */
	TARGET_LOOPS,
	TARGET_GROUPS, /* as TREES, without loops */
};

struct targets {
	struct task **tasks; /* each once, in the tree's order */
	size_t n;
};
void targets_done(struct targets *targets);

/*
 * All patterns are looked at before anything is returned. No pattern: nothing, or with all:
 * everything (of TARGET_TREES and GROUPS: what is directly under the root). -ENOENT: one matches
 * nothing; -EINVAL: one names a group where a loop is needed, or the other way round; each with a
 * malloc()ed sentence. A glob passes over what is of the wrong kind.
 */
int targets_find(struct tree *tree, char *const *patterns, bool all, enum target_want want,
	struct targets *ret, char **ret_reason);
