/* SPDX-License-Identifier: MIT */
/*
 * How other threads wake the main thread: facts, or'ed together in one word, behind one eventfd.
 * Any number of posts before the main thread looks cost one write; what belongs to a fact is kept
 * by whoever posts it.
 */
#pragma once

#include <stdatomic.h>

enum {
	WAKE_EVENTS = 1 << 0,  /* the event ring has something */
	WAKE_ANSWERS = 1 << 1, /* calls were answered */
	WAKE_STATUS = 1 << 2,  /* the status line may have changed */
	WAKE_EXIT = 1 << 3,    /* exit[:N] was decided */
	WAKE_STOPPED = 1 << 4, /* nothing of the tree runs any more */
	WAKE_LINES = 1 << 5,   /* a loop that somebody follows has new lines */
};

struct wake {
	int fd; /* an eventfd */
	atomic_uint facts;
};

int wake_init(struct wake *wake);
void wake_done(struct wake *wake);

void wake_post(struct wake *wake, unsigned facts); /* any thread; never blocks */
unsigned wake_take(struct wake *wake); /* main thread: what was posted since the last time */
