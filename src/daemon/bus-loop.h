/* SPDX-License-Identifier: MIT */
/* A loop on the bus: /org/greenloop/loop/NAME and the row of ListLoops. */
#pragma once

#include <stdint.h>

#include <systemd/sd-bus.h>

#include "core/snapshot.h"

struct tree;

struct loop_view {
	const char *name, *group, *type, *description, *state, *desired, *color;
	int ready;
	uint64_t generation, cycle;
	uint32_t pid;
	uint64_t since_usec;
	uint32_t failures, max_loop_failures;
	uint64_t failures_total, starts;
	const char *failure_kind, *failure_reason;
	uint64_t failure_usec;
	const char *outcome, *status, *note;
	uint64_t next_start_usec;
	const char *failure_lines;
	char lines[LOOP_FAILURE_LINES];
	struct loop_snapshot snapshot; /* what the strings point into */
};

extern const sd_bus_vtable loop_columns[];

void loop_view_fill(struct loop_view *view, struct gloop_loop *loop);
int bus_loop_add(sd_bus *bus, struct tree *tree); /* tree: borrowed, as long as the bus */
