/* SPDX-License-Identifier: MIT */
/* The ring. It starts anew at its beginning when it is empty: a main thread that keeps up touches a
 * few entries of it. */
#include "daemon/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

void events_init(struct events *events, struct wake *wake)
{
	*events = (struct events){ .wake = wake };
	pthread_mutex_init(&events->lock, NULL);
	atomic_init(&events->wanted, false);
}

void events_done(struct events *events)
{
	free(events->ring);
	pthread_mutex_destroy(&events->lock);
}

int events_want(struct events *events, bool wanted)
{
	int r = 0;

	pthread_mutex_lock(&events->lock);
	if (wanted && !events->ring)
		events->ring = calloc(EVENTS_MAX, sizeof(*events->ring));
	if (wanted && !events->ring)
		r = -ENOMEM;
	else
		atomic_store(&events->wanted, wanted);
	if (!wanted) {
		events->head = events->n = 0;
		events->lost = 0;
	}
	pthread_mutex_unlock(&events->lock);
	return r;
}

static void copy(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	if (length > 0)
		memcpy(to, from, length);
	to[length] = '\0';
}

static void fill(struct told *told, const struct event *event)
{
	const struct failure *failure = event->failure;

	told->type = event->type;
	told->counted = event->counted;
	told->generation = event->generation;
	told->episode = event->episode;
	copy(told->loop, sizeof(told->loop), event->loop);
	copy(told->group, sizeof(told->group), event->group);
	copy(told->from, sizeof(told->from), event->from);
	copy(told->to, sizeof(told->to), event->to);
	copy(told->kind, sizeof(told->kind),
		failure ? failure_kind_to_string(failure->kind) : NULL);
	copy(told->text, sizeof(told->text), failure ? failure->reason : event->text);
	copy(told->throughline, sizeof(told->throughline), event->throughline);
	if (event->type == EVENT_EPISODE_OPENED) /* the member that turned the light red */
		copy(told->loop, sizeof(told->loop), event->text);
}

void events_put(struct events *events, const struct event *event)
{
	bool taken = false;

	if (!atomic_load_explicit(&events->wanted, memory_order_relaxed))
		return;
	pthread_mutex_lock(&events->lock);
	if (events->ring && events->n < EVENTS_MAX) {
		struct told *told = &events->ring[(events->head + events->n++) % EVENTS_MAX];

		fill(told, event);
		told->lost_before = events->lost;
		told->lost_after = 0;
		events->lost = 0;
		taken = true;
	} else {
		events->lost++;
	}
	pthread_mutex_unlock(&events->lock);
	if (taken)
		wake_post(events->wake, WAKE_EVENTS);
}

bool events_take(struct events *events, struct told *ret)
{
	bool some;

	pthread_mutex_lock(&events->lock);
	some = events->n > 0;
	if (some) {
		*ret = events->ring[events->head];
		events->head = (events->head + 1) % EVENTS_MAX;
		if (--events->n == 0) {
			events->head = 0;
			ret->lost_after = events->lost;
			events->lost = 0;
		}
	}
	pthread_mutex_unlock(&events->lock);
	return some;
}
