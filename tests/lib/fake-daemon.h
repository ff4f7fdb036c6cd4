/* SPDX-License-Identifier: MIT */
/*
 * A daemon that only speaks: a thread that answers the control interface from tables which the test
 * fills. It serves one connection after the other. Start it inside a test; its thread ends with the
 * test's process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_mode {
	FAKE_SERVE,
	FAKE_CLOSE,       /* hangs up right after accept */
	FAKE_MUTE,        /* accepts and never says a word */
	FAKE_DEAF,        /* shakes hands, answers nothing */
	FAKE_NEWS,        /* answers Subscribe with one signal, then hangs up */
	FAKE_CLOSE_LATER, /* hangs up after its first answer to anything but Subscribe */
};

struct fake_loop {
	const char *name, *group, *state, *desired, *color, *reason;
	bool ready;
	uint32_t pid;
};

struct fake_group {
	const char *name, *parent, *state, *desired, *color, *exhausted_action;
	bool episode_open;
};

struct fake_daemon {
	enum fake_mode mode;
	const char *color;
	struct fake_loop *loops;
	struct fake_group *groups;
	size_t n_loops, n_groups;
	/* Called after each answer to ListGroups: changes the tables and says true when a signal is
	 * due. */
	bool (*change)(struct fake_daemon *fake);
	char path[64];
	int fd;
};

/* Fills in path, listens, serves. */
void fake_start(struct fake_daemon *fake);

/* Takes the socket and its folder away. */
void fake_stop(struct fake_daemon *fake);
