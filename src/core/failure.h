/* SPDX-License-Identifier: MIT */
/* A failure: one thing gone wrong in a loop, with its kind, its reason and its time. Plain data. */
#pragma once

#include <stdint.h>

enum failure_kind {
	FAILURE_NONE, /* no failure */
	FAILURE_EXIT,
	FAILURE_SIGNAL,
	FAILURE_EXEC,
	FAILURE_START_TIMEOUT,
	FAILURE_CYCLE_TIMEOUT,
	FAILURE_WATCHDOG,
	FAILURE_PROBE,
	FAILURE_HOOK,
	FAILURE_ERROR,
	FAILURE_EXPLICIT,
	FAILURE_GROUP,
	FAILURE_KIND_MAX_,
};

const char *failure_kind_to_string(enum failure_kind kind); /* "exit", "start-timeout", …; "none" */
int failure_kind_from_string(const char *text);             /* the kind, -EINVAL */

struct failure {
	enum failure_kind kind;
	int status; /* EXIT: exit status; SIGNAL: signal number; ERROR, EXEC: errno (positive); else
		       0 */
	uint64_t generation, cycle; /* of the loop that failed */
	unsigned nth, of; /* the how-manieth within the loop's budget, and what that tolerates; nth
			     0: not counted */
	uint64_t when_usec;     /* monotonic */
	uint64_t realtime_usec; /* for display */
	char reason[200];       /* a sentence; cut, never missing */
};

/* Fills all but kind-specific status; the reason is printed and cut. */
void failure_set(struct failure *failure, enum failure_kind kind, int status, const char *format,
	...) __attribute__((format(printf, 4, 5)));
