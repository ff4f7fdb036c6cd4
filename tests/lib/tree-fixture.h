/* SPDX-License-Identifier: MIT */
/*
 * A tree of loops for a test: built from a small table, its loops played by actors, its events
 * recorded, each wait ended by an event or by the end of all patience.
 *
 *   static const struct planned plan[] = {
 *           { .group = "g", .with = "max_resets=2" },
 *           { .loop = "a", .in = "g", .with = "after=b" },
 *   };
 *
 *   fixture_start(plan, ELEMENTS(plan));
 *   await_ready("a", 0);
 *   actor_order(actor("a"), ACT_FAIL);
 *   await(.type = EVENT_EPISODE_CLOSED, .who = "g", .text = "green");
 *   fixture_stop();
 *
 * One tree at a time. fixture_halt(), and so fixture_stop(), checks what must hold in each test: no
 * EVENT_BUG, never two live generations of a loop, numbers that only grow, the tree ends.
 */
#pragma once

#include "lib/actor.h"
#include "lib/recorder.h"
#include "lib/unit.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/macro.h"
#include "core/call.h"
#include "core/group.h"
#include "core/loop.h"
#include "core/snapshot.h"
#include "core/tree.h"

struct planned {
	const char *group, *loop; /* its name: one of the two */
	const char *in;           /* a group that stands above it in the table; NULL: the root */
	const char *with;         /* "key=value" words; NULL: none */
	const struct gloop_functions *functions; /* instead of an actor; they get userdata */
	void *userdata;
};

/* What fixture_start() takes to the tree; its observer and run_hook are the fixture's own. Before
 * the start. */
struct tree_config *fixture_config(void);

void fixture_make(const struct planned *plan, size_t n);  /* not sealed yet */
void fixture_build(const struct planned *plan, size_t n); /* made and sealed */
void fixture_start(const struct planned *plan, size_t n); /* and started */
void fixture_halt(
	void); /* stopped: all that was to happen has happened, and can still be counted */
void fixture_free(void); /* of a tree that has been halted, or was never started */
void fixture_stop(void); /* both */

/* A test of a suite, run once for each row, with time for the waits. */
TCase *fixture_add(Suite *suite, const char *name, const TTest *test, size_t n_rows);

struct tree *fixture_tree(void);
struct task *task(const char *name);
struct gloop_loop *loop(const char *name);
struct gloop_group *group(const char *name);
struct actor *actor(const char *name);

void await_ready(const char *loop, uint64_t generation);
void await_state(const char *name, const char *state, unsigned n);
void await_act(const char *loop, enum act act); /* its actor does this now */

/* Whatever was posted to the controller of this member before has been carried out. */
void barrier(const char *member);

/* ---- snapshots */

struct loop_snapshot loop_now(const char *name);
struct group_snapshot group_now(const char *name);
struct episode episode_now(const char *group); /* the newest; the test fails when there is none */

void await_line(const char *line); /* of the whole tree's snapshot; nothing tells when it changes */

/* ---- calls */

extern char answer_text[240]; /* of the last ask() */
int ask(enum call_op op, const char *target);
int ask_to_fail(const char *loop, const char *reason, bool trip);
int ask_within(enum call_op op, const char *target, uint64_t timeout_usec);

/* Posted; asked_result() waits for the answer. */
struct asked;
struct asked *ask_later(enum call_op op, const char *target, bool oneway);
bool asked_answered(struct asked *asked);
int asked_result(struct asked *asked); /* and frees it */

/* ---- hooks: on_start = WORD NAME…; the first word says what comes of it: ok, veto, fail, wait
 * until hooks_release(), or heed: wait until it is called off */

void hooks_release(void);
void await_hook(
	const char *argument, unsigned n); /* that this argument stood in n runs (begun ones) */
unsigned hook_count(const char *argument);
