/* SPDX-License-Identifier: MIT */
/*
 * What the tree tells the outside, at the moment when it happens: the journal, the bus and systemd
 * are fed from here. Observers are called on any thread, without a lock held, and must not block.
 * All pointers are borrowed for the call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/failure.h"

struct waiter;

enum event_type {
	EVENT_STATE,          /* a loop or group went from one state to another */
	EVENT_READY,          /* a loop or group became ready, or ceased to be: value 1, 0 */
	EVENT_CHANGED,        /* what a snapshot of it (loop and group NULL: of the root) shows has
				 changed,        without any of the above */
	EVENT_FAILURE,        /* counted (counted = true) or noted only */
	EVENT_TRIP,           /* the budget no longer covers it */
	EVENT_EPISODE_OPENED, /* the light turned red */
	EVENT_EPISODE_RED,    /* a new red in an open episode: one more reset */
	EVENT_EPISODE_CLOSED, /* text: "green", "exhausted", "stopped", "superseded" */
	EVENT_RESET,          /* reset number value begins */
	EVENT_EXHAUSTED,      /* a group's resets are used up; its exhausted_action follows */
	EVENT_HARD,        /* the grace has passed: killed, or (value 1) a thread was abandoned */
	EVENT_HOOK_FAILED, /* text says which and how */
	EVENT_NOTE,        /* something worth a line: text */
	EVENT_TROUBLE,     /* the daemon's own trouble (no descriptor, memory, thread): text */
	EVENT_BUG,         /* text: a transition that is not in the table, … */
	EVENT_EXIT,        /* exit[:N] was decided: value is N */
	EVENT_STOPPED,     /* tree_stop() is over: nothing runs any more */
};

struct event {
	enum event_type type;
	const char *loop;  /* NULL: about a group */
	const char *group; /* NULL: the root */
	const char *from, *to;
	const char *throughline;
	const char *text;
	const struct failure *failure;
	uint64_t generation, cycle, episode, value;
	bool counted;
};

struct event_lines { /* each with its newline */
	const char *text;
	size_t length;
	bool error;            /* from a pipe of standard error's own */
	struct waiter *waiter; /* base/waiter.h */
};

struct observer {
	void (*event)(const struct event *event, void *userdata);
	/* Lines that the loop's child wrote. Returns how many bytes were taken, whole lines only;
	 * when that is less than all there is no room now, and the waiter is told when there is. */
	size_t (*output)(
		const struct event *about, const struct event_lines *lines, void *userdata);
	void (*followed)(void *userdata); /* a loop that somebody follows has new lines; may be
					     NULL */
	void *userdata;
};
