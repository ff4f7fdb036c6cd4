/* SPDX-License-Identifier: MIT */
/* What the tree holds together for its own parts: names, threads, numbers. Not for the owner; he
 * has core/tree.h. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "core/group.h"
#include "core/tree.h"

struct tree {
	struct tree_config config;
	struct gloop_group root;
	struct map names;    /* task.name → task */
	struct task **tasks; /* in order of appearance */
	size_t n_tasks;
	atomic_uint_fast64_t episodes;
	atomic_bool exit_decided;
	atomic_bool ending; /* stopped for good */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t cond;  /* n_threads has become 0 */
	unsigned n_threads;   /* detached ones that will touch the tree once more */
	unsigned n_aside; /* those that nobody waits for: abandoned, or with a process that cannot
			     be killed */
	unsigned n_abandoned; /* given up while they were still in foreign code */
};

/* All: any thread. A detached thread calls tree_thread_ended() as its last act. ret_joinable NULL:
 * detached. All signals are blocked in it. */
int tree_thread_start(struct tree *tree, size_t stack, void *(*main)(void *), void *userdata,
	pthread_t *ret_joinable);
void tree_thread_ended(struct tree *tree, bool set_aside);

/* A generation's thread may be set aside by the controller at any moment, but not when it is on its
 * way out already. */
struct generation;
void tree_set_aside(struct tree *tree, struct generation *generation);
bool tree_thread_leaves(
	struct tree *tree, struct generation *generation); /* whether it was set aside */

bool tree_abandon(struct tree *tree); /* one more abandoned; false: too many */
void tree_abandoned_returned(struct tree *tree);

uint64_t tree_next_episode(struct tree *tree);
void tree_exit(struct tree *tree, int status, const char *who); /* the first one decides */
void tree_exhausted(
	struct tree *tree, const char *who); /* something under the root has failed for good */
void tree_stopped(struct tree *tree);
