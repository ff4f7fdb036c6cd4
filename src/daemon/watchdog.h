/* SPDX-License-Identifier: MIT */
/*
 * Is everybody still there? Rounds of pings: each party is asked to answer with the round's number;
 * when all have, the service manager gets its WATCHDOG=1 and the next round begins. The main thread
 * answers by running this. Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

struct watchdog_party {
	const char *name;
	void (*ping)(uint64_t number, void *userdata);
	/* false: not yet; *ret_silent may say which one of several; borrowed. */
	bool (*answered)(uint64_t number, const char **ret_silent, void *userdata);
	void *userdata;
};

struct watchdog {
	sd_event_source *timer;
	uint64_t every_usec, number;
	const struct watchdog_party *parties; /* borrowed */
	unsigned n_parties;
	bool warned; /* of this round */
	void (*alive)(void *userdata);
	void *userdata;
};

/* Calls alive now, and again after each round that was answered by all; rounds are every_usec
 * apart. */
int watchdog_start(struct watchdog *watchdog, sd_event *event, uint64_t every_usec);
void watchdog_stop(struct watchdog *watchdog);

/* One tick: judges the round, and begins the next one if all have answered. Called by the timer;
 * tests call it, too. */
bool watchdog_round(struct watchdog *watchdog);
