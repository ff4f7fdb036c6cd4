/* SPDX-License-Identifier: MIT */
/* One lock for all lines: they are for the rare moments in which somebody is refused. It is taken
 * before a mailbox's. */
#include "base/waiter.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void waiters_init(struct waiters *waiters)
{
	list_init(&waiters->list);
}

void waiter_init(struct waiter *waiter, struct mailbox *box, struct letter *letter, unsigned facts)
{
	*waiter = (struct waiter){ .box = box, .letter = letter, .facts = facts };
	list_init(&waiter->link);
}

void waiters_add(struct waiters *waiters, struct waiter *waiter)
{
	pthread_mutex_lock(&lock);
	if (list_empty(&waiter->link))
		list_append(&waiters->list, &waiter->link);
	pthread_mutex_unlock(&lock);
}

void waiters_wake(struct waiters *waiters)
{
	struct list *node;

	pthread_mutex_lock(&lock);
	while ((node = list_take(&waiters->list))) {
		struct waiter *waiter = container_of(node, struct waiter, link);

		mailbox_post(waiter->box, waiter->letter, waiter->facts);
	}
	pthread_mutex_unlock(&lock);
}

void waiter_cancel(struct waiter *waiter)
{
	pthread_mutex_lock(&lock);
	list_remove(&waiter->link);
	pthread_mutex_unlock(&lock);
}
