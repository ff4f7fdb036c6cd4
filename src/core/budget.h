/* SPDX-License-Identifier: MIT */
/*
 * The failure budget of a loop: how many failures it may have, how long to wait before the next
 * attempt, and when the past is forgiven. Pure decisions: time and chance are parameters. It is one
 * locked record, for failures may be reported by any thread and exactly one caller may be told
 * "trip". The resets of a group are counted in core/resets.h.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/resets.h"
#include "core/settings.h"

enum verdict {
	VERDICT_WITHIN, /* counted, tolerated */
	VERDICT_TRIP,   /* the budget no longer covers it: the counter is at 0 again */
	VERDICT_FATAL,  /* fatal_exit_status: the loop is to be failed, nobody else */
};

struct budget {
	pthread_mutex_t lock;
	unsigned failures; /* since the last trip or forgiveness */
	uint64_t total;    /* ever */
	unsigned attempts; /* failures in a row for the backoff; forgotten by forgiveness and by a
			      group reset */
	unsigned trip_failures; /* what the counter had reached at the last trip, the failure that
				   tripped included */
	uint64_t healthy_since_usec; /* monotonic; USEC_INFINITY: not healthy now */
};

int budget_init(struct budget *budget);
void budget_done(struct budget *budget);

/* Counts one failure. An explicit one lets health begin anew at now (healthy "since its last
 * failure") and does not lengthen the backoff; every other kind ends health. */
enum verdict budget_fail(struct budget *budget, const struct loop_settings *settings,
	const struct failure *failure, uint64_t now);

/* Counts one failure that trips whatever the counter says: an operator's `fail --trip`. */
void budget_trip(struct budget *budget, const struct loop_settings *settings,
	const struct failure *failure, uint64_t now);

/* The loop is healthy now (a cycle succeeded, the process is up and ready). Remembers the first
 * moment; forgives when it has lasted forgive_after (0: at once). Returns whether something was
 * forgiven. */
bool budget_healthy(struct budget *budget, const struct loop_settings *settings, uint64_t now);

/* Health ends without a failure: the loop was stopped, or is no longer ready. The time until it is
 * healthy again forgives nothing. Returns whether something was forgiven until now. */
bool budget_unhealthy(struct budget *budget, const struct loop_settings *settings, uint64_t now);

/* Also forgives when the time has come meanwhile: call before counting or showing. When it will be
 * forgiven by itself: *ret_when (may be NULL; USEC_INFINITY: never, or nothing to forgive). */
bool budget_settle(struct budget *budget, const struct loop_settings *settings, uint64_t now,
	uint64_t *ret_when);

void budget_forgive(struct budget *budget);        /* all to 0, by an operator */
void budget_forget_backoff(struct budget *budget); /* by a group reset */
unsigned budget_failures(struct budget *budget);
unsigned budget_trip_failures(struct budget *budget); /* at the last trip: the 11 of "11 of 10" */

/* How long to wait before the next attempt; 0 for the first after forgiveness; chance is any random
 * number (±10 %). */
uint64_t budget_backoff(
	struct budget *budget, const struct loop_settings *settings, uint32_t chance);

/* base × 2^(n-1) up to maximum; n = 0 gives 0. */
uint64_t backoff_nth(uint64_t base, uint64_t maximum, unsigned n);
