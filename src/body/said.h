/* SPDX-License-Identifier: MIT */
/*
 * What a process has said of itself with sd_notify(3), and what follows: readiness, its line of
 * status, its watchdog, failures that it reports. The loop's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "body/limits.h"
#include "core/generation.h"
#include "process/notify-message.h"

struct said {
	struct generation *generation;
	enum notify_phase phase;
	char *status;           /* NULL: none */
	int error;              /* ERRNO=; 0: none */
	bool triggered;         /* WATCHDOG=trigger */
	bool watched;           /* the watchdog's clock runs */
	uint64_t watchdog_usec; /* between two signs of life; 0 or USEC_INFINITY: off */
	uint64_t watchdog_due_usec;
	uint64_t failed_usec; /* its last X_GREENLOOP_FAILURE that counted */
};

void said_init(struct said *said, struct generation *generation);
void said_done(struct said *said);
void said_clear(struct said *said); /* a new process begins */
void said_end(struct said *said);   /* the process has ended: its status is no longer true */

void said_heed(struct said *said, const struct notify_message *message, struct limits *limits);

uint64_t said_due(const struct said *said);

/* Whether its watchdog has run out. The first interval begins when it is ready. */
bool said_hangs(struct said *said, uint64_t now_usec);

void said_describe_watchdog(const struct said *said, struct failure *failure);
void said_add_error(const struct said *said, struct failure *failure);
