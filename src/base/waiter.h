/* SPDX-License-Identifier: MIT */
/*
 * Waiting for room: who was refused stands in a line, and gets a letter when there is room again.
 * The line belongs to whoever refuses; the waiter is memory of the one who waits.
 */
#pragma once

#include "base/list.h"
#include "base/mailbox.h"

struct waiter {
	struct list link;
	struct mailbox *box;   /* borrowed, as the letter */
	struct letter *letter; /* posted once, with these facts */
	unsigned facts;
};

struct waiters {
	struct list list;
};

void waiters_init(struct waiters *waiters);
void waiter_init(struct waiter *waiter, struct mailbox *box, struct letter *letter, unsigned facts);

/* Any thread. Adding one that stands in a line already does nothing. */
void waiters_add(struct waiters *waiters, struct waiter *waiter);
void waiters_wake(struct waiters *waiters); /* all of them; they stand in line no more */

/* Leaves the line. Nothing is posted after this; a letter that lies in the box is the caller's to
 * retract. */
void waiter_cancel(struct waiter *waiter);
