/* SPDX-License-Identifier: MIT */
/*
 * The whole tree, as its owner sees it: the daemon's manager, or a program that uses the library.
 * Build it, seal it, start it, post calls, stop it, free it. All functions here are the owner's
 * thread only, except where said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "core/settings.h"

struct gloop_loop;
struct gloop_group;
struct body_ops;
struct hook_cancel;
struct task;
struct tree;

struct tree_config {
	struct observer observer;
	unsigned max_abandoned_threads;
	struct action exhausted_action; /* the daemon's: stay or exit */
	/* Runs one hook command to its end (within timeout), on behalf of a loop with these
	 * settings (NULL: of a group); called on hook helper threads, blocks. NULL: no commands.
	 * Returns the exit status, or -errno; *ret_message (malloc()ed, may stay NULL) says what
	 * went wrong. */
	int (*run_hook)(const struct loop_settings *settings, const struct command *command,
		char *const *environment, uint64_t timeout_usec, struct hook_cancel *cancel,
		char **ret_message);
	const char *socket_path; /* for the children's environment; NULL: none; borrowed */
	const char *notify_path; /* the same: where commands may send what sd_notify(3) says */
};

int tree_new(struct tree **ret, const struct tree_config *config);

/* Stopped, or never started. NULL; or the tree itself, left as it is: threads that nobody waits for
 * any more may still come back to it, and to the observer. */
struct tree *tree_free(struct tree *tree);
static inline void tree_freep(struct tree **tree)
{
	tree_free(*tree);
}

/* Settings are moved out of *settings (left as after settings_init). parent and group of the
 * settings are not looked at: parent NULL is the root. -EEXIST: the name is taken. -ENOMEM. */
int tree_add_group(struct tree *tree, const char *name, struct gloop_group *parent,
	struct group_settings *settings, struct gloop_group **ret);
int tree_add_loop(struct tree *tree, const char *name, struct gloop_group *group,
	struct loop_settings *settings, const struct body_ops *ops, struct gloop_loop **ret);

/* Reads all `after` expressions: -EINVAL or -ELOOP with a sentence and the task at fault in
 * *ret_task. Once, before the start. */
int tree_seal(struct tree *tree, struct task **ret_task, char **ret_reason);

/* Before the start: what the configuration did not know yet. */
void tree_set_notify_path(struct tree *tree, const char *path);

/* The threads; members with autostart are told to start. 0 when the first start of all of them is
 * under way. */
int tree_start(struct tree *tree);

/* Asks all to stop; EVENT_STOPPED when nothing runs any more. Any thread. */
void tree_stop(struct tree *tree);
void tree_hurry(struct tree *tree); /* after tree_stop(): no grace any more; any thread */

/* Joins all threads, after EVENT_STOPPED. */
void tree_join(struct tree *tree);

/* Liveness: every controller is asked to answer with this number. Any thread; never blocks. */
void tree_ping(struct tree *tree, uint64_t number);
bool tree_answered(
	struct tree *tree, uint64_t number, const char **ret_silent); /* name of one that has not */

/* Look-up and iteration; the set does not change between seal and free. Order of appearance. NULL:
 * none. */
struct task *tree_find(struct tree *tree, const char *name);
struct task *tree_task(struct tree *tree, size_t index); /* NULL past the end */

const char *task_name(const struct task *task);
const char *task_group_name(
	const struct task *task); /* the group that it is a member of; NULL: the root */
struct gloop_loop *task_loop(struct task *task);   /* NULL: it is a group */
struct gloop_group *task_group(struct task *task); /* NULL: it is a loop */
const struct loop_settings *loop_settings(const struct gloop_loop *loop);
const struct group_settings *group_settings(const struct gloop_group *group);

/* The daemon's own light: the worst color of all top-level tasks, and the counts. Any thread. */
struct tree_snapshot {
	int color;                 /* enum color */
	unsigned n_loops, n_ready; /* wanted, and of those ready */
	unsigned n_abandoned;
	char line[200]; /* "green: 5/5 loops ready", "red: trading resetting (feed: exit 1, 11 of
			   10)" */
};
void tree_snapshot(struct tree *tree, struct tree_snapshot *ret);
