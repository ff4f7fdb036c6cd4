/* SPDX-License-Identifier: MIT */
/* What others may see of a loop, a group and an episode: copies, taken under a short lock, from any
 * thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/failure.h"
#include "core/settings.h"
#include "core/state.h"
#include "core/tail.h"

struct gloop_loop;
struct gloop_group;
struct tree;

struct loop_snapshot {
	const char *name, *group; /* live as long as the tree; group NULL: under the root */
	const char *type;
	enum loop_state state;
	enum color color;
	bool wanted; /* its own desired state */
	bool ready;
	uint64_t generation, cycle;        /* the present or last one */
	uint64_t cycles_succeeded, starts; /* generations started ever */
	pid_t pid;                         /* 0: none */
	uint64_t since_usec;               /* realtime of the last change of state */
	unsigned failures, max_loop_failures;
	uint64_t failures_total, trips;
	bool has_failure;
	struct failure last_failure;
	char outcome[32]; /* of the last generation: "", "stopped", "done", "failed", "abandoned",
			     "vetoed" */
	char status[160]; /* what the body says of itself (gloop_status()) */
	char note[160]; /* "started without cache (stopped by uid 0)", "stopped by uid 0: reason", …
			 */
	uint64_t next_start_usec; /* realtime; 0: none planned */
};
void loop_snapshot(struct gloop_loop *loop, struct loop_snapshot *ret);

struct group_snapshot {
	const char *name, *parent; /* parent NULL: under the root */
	enum group_state state;
	enum color color;             /* worst of its own and its members' */
	bool wanted, ready, light;    /* light: true is green */
	uint64_t generation, episode; /* episode: open or last; 0: none yet */
	bool episode_open;
	unsigned resets, max_resets; /* within the window */
	uint64_t resets_total;
	unsigned n_loops,
		n_ready; /* wanted loops in its whole subtree, and the ready ones of them */
	uint64_t since_usec;
	char note[160];
};
void group_snapshot(struct gloop_group *group, struct group_snapshot *ret);

/* The causal record of one episode. */
struct attached_failure {
	char loop[42];
	struct failure failure;
};
enum { EPISODE_ATTACHED_MAX = 16 };
struct episode {
	uint64_t number;
	const char *group;     /* lives as long as the tree */
	char cause_loop[42];   /* the member that turned the light red: a loop or a child group */
	char throughline[128]; /* where it failed */
	struct failure cause;
	char origin[200]; /* for a cause of kind group: the child's own first cause, in words */
	char result[16];  /* "" while open */
	uint64_t opened_usec, closed_usec; /* realtime */
	unsigned resets,
		n_attached; /* n_attached counts all; the first EPISODE_ATTACHED_MAX are kept */
	struct attached_failure attached[EPISODE_ATTACHED_MAX];
};

/* Copies of the newest first; ret is malloc()ed. group NULL: all groups'. number 0: all. -ENOMEM.
 */
int episodes_copy(struct tree *tree, struct gloop_group *group, uint64_t number,
	struct episode **ret, size_t *ret_length);

/* The last lines of its output that were kept: at most max, none before the given number. -ENOMEM.
 */
int loop_lines_copy(struct gloop_loop *loop, uint64_t from, size_t max, struct tail_copy *ret);

/* Somebody wants every line of it from now on (more are kept, and the observer tells of them), or
 * no longer. -ENOMEM. */
int loop_follow(struct gloop_loop *loop, bool follow);

/* What the loop said before one of its failures, a newline between the lines; malloc()ed; NULL:
 * nothing, or nothing that is still known. With its end it takes at most LOOP_FAILURE_LINES bytes.
 */
enum { LOOP_FAILURE_LINES = 3 * 1024 + 1 };
char *loop_failure_lines(struct gloop_loop *loop, const struct failure *failure);

/* What its command has set in the present or last generation, "key=value"; NULL: nothing (or no
 * memory). The caller's. */
char **loop_routine_copy(struct gloop_loop *loop);

/* The last failures of a loop, newest first; at most max (8 are kept). Returns how many. */
unsigned loop_failures_copy(struct gloop_loop *loop, struct failure *ret, unsigned max);
