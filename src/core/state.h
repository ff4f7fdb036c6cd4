/* SPDX-License-Identifier: MIT */
/* The states of loops and groups, their names, and the one table of the transitions that are
 * allowed. */
#pragma once

#include <stdbool.h>

enum loop_state {
	LOOP_INACTIVE,
	LOOP_STARTING, /* on its way, not ready */
	LOOP_RUNNING,  /* ready, or its work goes on */
	LOOP_STOPPING,
	LOOP_BACKOFF, /* waits before the next attempt */
	LOOP_FAILED,  /* gave up */
	LOOP_DONE,    /* ended by its own will */
	LOOP_STATE_MAX_,
};

enum group_state {
	GROUP_INACTIVE,
	GROUP_STARTING,
	GROUP_RUNNING,
	GROUP_RESETTING,
	GROUP_STOPPING,
	GROUP_FAILED,
	GROUP_STATE_MAX_,
};

enum color { /* worst last: the color of a group is the maximum */
	COLOR_GREY,
	COLOR_GREEN,
	COLOR_AMBER,
	COLOR_RED,
};

const char *loop_state_to_string(enum loop_state state);
const char *group_state_to_string(enum group_state state);
const char *color_to_string(enum color color);

/* A state to itself is no transition: false. */
bool loop_state_may(enum loop_state from, enum loop_state to);
bool group_state_may(enum group_state from, enum group_state to);
