/* SPDX-License-Identifier: MIT */
/* What a tree has told its observer: kept from the first event on, counted, waited for until all
 * patience has ended. With TEST_TRACE in the environment each event is also told at once. */
#pragma once

#include <stdint.h>
#include <time.h>

#include "core/event.h"

/* How long a test waits for what must come; and when that is over, from now on: monotonic, and of
 * the clock that plain conditions go by. */
uint64_t patience(void);
uint64_t deadline(void);
struct timespec deadline_timespec(void);

void recorder_observe(
	const struct event *event, void *userdata); /* struct observer.event; no userdata */
void recorder_dump(void);   /* the last events up to the first bug, to standard error */
void recorder_forget(void); /* everything; nobody observes any more */

/* All that is said in one of these must fit. */

#define IS(n) ((uint64_t)(n) + 1)

struct want {
	enum event_type type;
	const char *who; /* the loop, or the group of a group's event */
	const char *from, *to;
	const char *text;                    /* a part of it */
	uint64_t generation, value, counted; /* 0: any; IS(n): n */
	unsigned n; /* how many there must be at least, since the beginning; 0 is 1 */
};

#define await(...) event_await(&(struct want){ __VA_ARGS__ }, __FILE__, __LINE__)
#define count(...) event_count(&(struct want){ __VA_ARGS__ })
void event_await(const struct want *want, const char *file, int line);
unsigned event_count(const struct want *want);

/* The place of the n-th event that fits, for "this before that"; the test fails when there is none.
 */
#define place(...) event_place(&(struct want){ __VA_ARGS__ })
unsigned event_place(const struct want *want);
