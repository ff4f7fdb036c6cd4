/* SPDX-License-Identifier: MIT */
/* Mailboxes: a mutex, a queue and a condition. See mailbox.h for the idea. */
#include "base/mailbox.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/macro.h"

int mailbox_init(struct mailbox *box)
{
	pthread_condattr_t attributes;
	int r;

	list_init(&box->letters);
	box->waiting = false;
	r = pthread_condattr_init(&attributes);
	if (r)
		return -r;
	r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (!r)
		r = pthread_cond_init(&box->cond, &attributes);
	pthread_condattr_destroy(&attributes);
	if (r)
		return -r;
	r = pthread_mutex_init(&box->lock, NULL);
	if (r)
		pthread_cond_destroy(&box->cond);
	return -r;
}

void mailbox_done(struct mailbox *box)
{
	pthread_mutex_destroy(&box->lock);
	pthread_cond_destroy(&box->cond);
}

void letter_init(struct letter *letter)
{
	*letter = (struct letter){ 0 };
	list_init(&letter->link);
}

void mailbox_post(struct mailbox *box, struct letter *letter, unsigned facts)
{
	pthread_mutex_lock(&box->lock);
	letter->facts |= facts;
	if (!letter->queued) {
		letter->queued = true;
		list_append(&box->letters, &letter->link);
	}
	/* Under the lock: once the owner has the letter, the box may be gone. */
	if (box->waiting) {
		box->waiting = false;
		pthread_cond_signal(&box->cond);
	}
	pthread_mutex_unlock(&box->lock);
}

static unsigned take_facts(struct letter *letter)
{
	unsigned facts = letter->facts;

	letter->facts = 0;
	letter->queued = false;
	return facts;
}

unsigned mailbox_retract(struct mailbox *box, struct letter *letter)
{
	unsigned facts = 0;

	pthread_mutex_lock(&box->lock);
	if (letter->queued) {
		list_remove(&letter->link);
		facts = take_facts(letter);
	}
	pthread_mutex_unlock(&box->lock);
	return facts;
}

/* Under the lock. Sleeps once, maybe for nothing; false when the deadline has passed. */
static bool sleep_until(struct mailbox *box, uint64_t deadline_usec)
{
	struct timespec deadline = {
		.tv_sec = (time_t)(deadline_usec / USEC_PER_SEC),
		.tv_nsec = (long)(deadline_usec % USEC_PER_SEC * 1000),
	};
	int r;

	if (deadline_usec == 0)
		return false;
	box->waiting = true;
	if (deadline_usec == USEC_INFINITY)
		r = pthread_cond_wait(&box->cond, &box->lock);
	else
		r = pthread_cond_timedwait(&box->cond, &box->lock, &deadline);
	box->waiting = false;
	return r != ETIMEDOUT;
}

struct letter *mailbox_wait(struct mailbox *box, uint64_t deadline_usec, unsigned *ret_facts)
{
	struct letter *letter = NULL;
	struct list *node;

	pthread_mutex_lock(&box->lock);
	while (list_empty(&box->letters) && sleep_until(box, deadline_usec))
		;
	node = list_take(&box->letters);
	if (node) {
		letter = container_of(node, struct letter, link);
		*ret_facts = take_facts(letter);
	}
	pthread_mutex_unlock(&box->lock);
	return letter;
}
