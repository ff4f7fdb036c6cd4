/* SPDX-License-Identifier: MIT */
/*
 * The states of loops and groups, and the one table of the transitions that are allowed: one row
 * per state, one bit per state that may follow it. What has no bit is a bug of the caller's: it is
 * refused and reported, never carried out.
 */
#include "core/state.h"

#include "base/macro.h"

#define TO(state) (1u << (state))

static const char *const loop_names[LOOP_STATE_MAX_] = {
	[LOOP_INACTIVE] = "inactive",
	[LOOP_STARTING] = "starting",
	[LOOP_RUNNING] = "running",
	[LOOP_STOPPING] = "stopping",
	[LOOP_BACKOFF] = "backoff",
	[LOOP_FAILED] = "failed",
	[LOOP_DONE] = "done",
};

static const unsigned loop_table[LOOP_STATE_MAX_] = {
	/* Straight to backoff: no thread could be made. Straight to failed: an operator's failure
	 * tripped. Both hold for all three states in which nothing runs. */
	[LOOP_INACTIVE] = TO(LOOP_STARTING) | TO(LOOP_BACKOFF) | TO(LOOP_FAILED),
	/* Back to inactive: vetoed. */
	[LOOP_STARTING] = TO(LOOP_RUNNING) | TO(LOOP_BACKOFF) | TO(LOOP_STOPPING) |
			  TO(LOOP_FAILED) | TO(LOOP_DONE) | TO(LOOP_INACTIVE),
	/* Back to starting: the first failure's next process comes at once. */
	[LOOP_RUNNING] = TO(LOOP_BACKOFF) | TO(LOOP_STOPPING) | TO(LOOP_FAILED) | TO(LOOP_DONE) |
			 TO(LOOP_STARTING),
	[LOOP_STOPPING] = TO(LOOP_INACTIVE) | TO(LOOP_FAILED) | TO(LOOP_DONE),
	[LOOP_BACKOFF] = TO(LOOP_STARTING) | TO(LOOP_RUNNING) | TO(LOOP_STOPPING) |
			 TO(LOOP_FAILED) | TO(LOOP_INACTIVE),
	/* To stopping: an unkillable process is still there, and somebody wants to wait for its
	   end. */
	[LOOP_FAILED] =
		TO(LOOP_STARTING) | TO(LOOP_INACTIVE) | TO(LOOP_STOPPING) | TO(LOOP_BACKOFF),
	[LOOP_DONE] = TO(LOOP_STARTING) | TO(LOOP_INACTIVE) | TO(LOOP_BACKOFF) | TO(LOOP_FAILED),
};

static const char *const group_names[GROUP_STATE_MAX_] = {
	[GROUP_INACTIVE] = "inactive",
	[GROUP_STARTING] = "starting",
	[GROUP_RUNNING] = "running",
	[GROUP_RESETTING] = "resetting",
	[GROUP_STOPPING] = "stopping",
	[GROUP_FAILED] = "failed",
};

static const unsigned group_table[GROUP_STATE_MAX_] = {
	[GROUP_INACTIVE] = TO(GROUP_STARTING),
	[GROUP_STARTING] =
		TO(GROUP_RUNNING) | TO(GROUP_RESETTING) | TO(GROUP_STOPPING) | TO(GROUP_FAILED),
	/* Back to starting: a member that is wanted anew is not ready yet. */
	[GROUP_RUNNING] =
		TO(GROUP_RESETTING) | TO(GROUP_STOPPING) | TO(GROUP_FAILED) | TO(GROUP_STARTING),
	[GROUP_RESETTING] =
		TO(GROUP_RUNNING) | TO(GROUP_STOPPING) | TO(GROUP_FAILED) | TO(GROUP_STARTING),
	[GROUP_STOPPING] = TO(GROUP_INACTIVE) | TO(GROUP_FAILED),
	/* To stopping: a member that it left alone, or that is unkillable, still runs. */
	[GROUP_FAILED] = TO(GROUP_STARTING) | TO(GROUP_INACTIVE) | TO(GROUP_STOPPING),
};

static const char *const color_names[] = {
	[COLOR_GREY] = "grey",
	[COLOR_GREEN] = "green",
	[COLOR_AMBER] = "amber",
	[COLOR_RED] = "red",
};

const char *loop_state_to_string(enum loop_state state)
{
	return (unsigned)state < LOOP_STATE_MAX_ ? loop_names[state] : "unknown";
}

const char *group_state_to_string(enum group_state state)
{
	return (unsigned)state < GROUP_STATE_MAX_ ? group_names[state] : "unknown";
}

const char *color_to_string(enum color color)
{
	return (unsigned)color < ELEMENTS(color_names) ? color_names[color] : "unknown";
}

bool loop_state_may(enum loop_state from, enum loop_state to)
{
	return (unsigned)from < LOOP_STATE_MAX_ && (unsigned)to < LOOP_STATE_MAX_ &&
	       (loop_table[from] & TO(to));
}

bool group_state_may(enum group_state from, enum group_state to)
{
	return (unsigned)from < GROUP_STATE_MAX_ && (unsigned)to < GROUP_STATE_MAX_ &&
	       (group_table[from] & TO(to));
}
