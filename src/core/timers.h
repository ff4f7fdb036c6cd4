/* SPDX-License-Identifier: MIT */
/* A controller's deadlines: a binary heap of intrusive timers. Setting one cannot fail: room is
 * reserved beforehand. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct timer {
	uint64_t when_usec; /* monotonic; USEC_INFINITY: not set */
	size_t place;       /* the heap's: index + 1; 0: not in it */
};

struct timers {
	struct timer **heap;
	size_t n, reserved;
};

int timers_reserve(struct timers *timers, size_t n); /* room for n timers in all */
void timers_done(struct timers *timers);

void timers_set(
	struct timers *timers, struct timer *timer, uint64_t when_usec); /* USEC_INFINITY: off */
uint64_t timers_next(const struct timers *timers);                       /* USEC_INFINITY: none */
struct timer *timers_pop(
	struct timers *timers, uint64_t now); /* one that is due, switched off; NULL: none */
