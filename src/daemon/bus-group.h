/* SPDX-License-Identifier: MIT */
/* A group on the bus: /org/greenloop/group/NAME and the row of ListGroups. */
#pragma once

#include <stdint.h>

#include <systemd/sd-bus.h>

#include "core/snapshot.h"

struct tree;

struct group_view {
	const char *name, *parent, *description, *state, *desired, *color;
	int ready;
	const char *light, *strategy;
	uint64_t generation;
	uint32_t resets, max_resets;
	uint64_t resets_total, episode;
	int episode_open;
	uint32_t loops_wanted, loops_ready;
	uint64_t since_usec;
	const char *note;
	struct group_snapshot snapshot; /* what the strings point into */
};

extern const sd_bus_vtable group_columns[];

void group_view_fill(struct group_view *view, struct gloop_group *group);
int bus_group_add(sd_bus *bus, struct tree *tree); /* tree: borrowed, as long as the bus */
