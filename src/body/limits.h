/* SPDX-License-Identifier: MIT */
/*
 * How long one cycle of a command may take: until it is ready, until it is done, and, once a limit
 * was passed or it was found sick, until it is killed. Pure; the loop's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/settings.h"

struct limits {
	uint64_t begin_usec, expired_usec;       /* of the cycle; when it was asked to end */
	uint64_t start_due_usec, cycle_due_usec; /* USEC_INFINITY: not limited */
	uint64_t kill_due_usec;                  /* SIGKILL to what is there then */
	enum failure_kind expired; /* why it was asked to end; FAILURE_NONE: it was not */
};

void limits_begin(struct limits *limits, const struct loop_settings *settings, uint64_t now_usec);

/* The earliest of them. */
uint64_t limits_due(const struct limits *limits);

/* The limit that has passed, or FAILURE_NONE. */
enum failure_kind limits_passed(struct limits *limits, bool ready, uint64_t now_usec);

/* It was asked to end for this: from now on only its grace counts. */
void limits_expire(struct limits *limits, const struct loop_settings *settings,
	enum failure_kind kind, uint64_t now_usec);

/* Whether it must be killed now; true once. */
bool limits_kill(struct limits *limits, uint64_t now_usec);

/* EXTEND_TIMEOUT_USEC: whatever limit runs does not pass before now + usec, but lasts at most ten
 * times as long as configured. */
void limits_extend(struct limits *limits, const struct loop_settings *settings, uint64_t usec,
	uint64_t now_usec);

/* Into the failure: start-timeout and cycle-timeout. */
void limits_describe(
	const struct limits *limits, const struct loop_settings *settings, struct failure *failure);

/* The latest moment to which a limit can be extended that began then. */
uint64_t limits_extended_max(uint64_t begin_usec, uint64_t limit_usec);
