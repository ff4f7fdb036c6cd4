/* SPDX-License-Identifier: MIT */
/*
 * A mailbox: how threads talk. Each actor waits in its own one; others post letters into it.
 *
 * A letter is memory of the sender's or of the thing that it tells of (a loop's member record, a
 * process, a deferred call), so posting needs no memory and cannot fail. A letter lies in its box
 * at most once; facts posted while it lies there are or'ed together, so a fact is never lost and a
 * box never grows without bound. No descriptor, no polling.
 *
 * Thread rule: post and retract from any thread; wait, take and done by the owner only.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct letter {
	struct list link;
	unsigned facts; /* bits; their meaning is agreed between sender and owner; under the box's
			   lock while queued */
	bool queued;
};

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t cond; /* CLOCK_MONOTONIC */
	struct list letters; /* in the order of their first fact */
	bool waiting;        /* the owner sleeps in mailbox_wait() */
};

int mailbox_init(struct mailbox *box);
void mailbox_done(struct mailbox *box); /* nobody may post any more */

void letter_init(struct letter *letter);

/* Adds facts (never 0) to the letter and queues it, if it does not lie there already. */
void mailbox_post(struct mailbox *box, struct letter *letter, unsigned facts);

/* Takes the letter out again if it lies there: returns the facts that were not read, 0 when there
 * were none. After this, and when nobody else can post it, its memory may be freed. */
unsigned mailbox_retract(struct mailbox *box, struct letter *letter);

/* The next letter and its facts; NULL when the deadline (clock_now() based, USEC_INFINITY: never)
 * has passed. A deadline in the past (0) makes it a look without a wait. */
struct letter *mailbox_wait(struct mailbox *box, uint64_t deadline_usec, unsigned *ret_facts);
