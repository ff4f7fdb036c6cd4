/* SPDX-License-Identifier: MIT */
/* What the tree tells, as a line of the journal: its text, its priority, its kind. Pure: no clock,
 * no output. */
#pragma once

#include "core/event.h"

struct report {
	int priority;           /* LOG_* */
	const char *message_id; /* of daemon/messages.h */
	char text[480];
};

/* The priority alone: cheap, so that a line that nobody wants is never made. */
int report_priority(const struct event *event);

void report_describe(const struct event *event, struct report *ret);
