/* SPDX-License-Identifier: MIT */
/*
 * Events on their way to the bus: any thread puts a copy into a bounded ring, the main thread takes
 * them out and emits them. What comes too fast is counted, and the count is told in its place.
 * Nothing is copied while nobody listens.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "daemon/wake.h"

enum { EVENTS_MAX = 1024 };

struct told { /* a copy of an event, as far as the bus needs it */
	enum event_type type;
	bool counted;
	char loop[42], group[42]; /* "": none */
	char from[16], to[16], kind[16];
	char text[200]; /* for failures: the reason */
	char throughline[128];
	uint64_t generation, episode;
	uint64_t lost_before, lost_after; /* how many were lost just then */
};

struct events {
	pthread_mutex_t lock;
	atomic_bool wanted; /* somebody listens */
	struct told *ring;  /* EVENTS_MAX; made when first wanted */
	unsigned head, n;
	uint64_t lost;
	struct wake *wake; /* borrowed */
};

void events_init(struct events *events, struct wake *wake);
void events_done(struct events *events);

int events_want(struct events *events, bool wanted);               /* main thread; -ENOMEM */
void events_put(struct events *events, const struct event *event); /* any thread; never blocks */
bool events_take(struct events *events, struct told *ret);         /* main thread; false: empty */
