/* SPDX-License-Identifier: MIT */
#include "core/timers.h"

#include <errno.h>
#include <stdlib.h>

int timers_reserve(struct timers *timers, size_t n)
{
	struct timer **heap;

	if (n <= timers->reserved)
		return 0;
	heap = reallocarray(timers->heap, n, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	timers->heap = heap;
	timers->reserved = n;
	return 0;
}

void timers_done(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

static void put(struct timers *timers, size_t i, struct timer *timer)
{
	timers->heap[i] = timer;
	timer->place = i + 1;
}

static void sift_up(struct timers *timers, size_t i, struct timer *timer)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (timers->heap[parent]->when_usec <= timer->when_usec)
			break;
		put(timers, i, timers->heap[parent]);
		i = parent;
	}
	put(timers, i, timer);
}

static void sift_down(struct timers *timers, size_t i, struct timer *timer)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < timers->n &&
			timers->heap[child + 1]->when_usec < timers->heap[child]->when_usec)
			child++;
		if (child >= timers->n || timer->when_usec <= timers->heap[child]->when_usec)
			break;
		put(timers, i, timers->heap[child]);
		i = child;
	}
	put(timers, i, timer);
}

static void take_out(struct timers *timers, struct timer *timer)
{
	size_t i = timer->place - 1;
	struct timer *last = timers->heap[--timers->n];

	timer->place = 0;
	if (last == timer)
		return;
	if (i > 0 && last->when_usec < timers->heap[(i - 1) / 2]->when_usec)
		sift_up(timers, i, last);
	else
		sift_down(timers, i, last);
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t when_usec)
{
	if (timer->place)
		take_out(timers, timer);
	timer->when_usec = when_usec;
	if (when_usec != USEC_INFINITY)
		sift_up(timers, timers->n++, timer);
}

uint64_t timers_next(const struct timers *timers)
{
	return timers->n ? timers->heap[0]->when_usec : USEC_INFINITY;
}

struct timer *timers_pop(struct timers *timers, uint64_t now)
{
	struct timer *timer = timers->n ? timers->heap[0] : NULL;

	if (!timer || timer->when_usec > now)
		return NULL;
	timers_set(timers, timer, USEC_INFINITY);
	return timer;
}
