/* SPDX-License-Identifier: MIT */
/* The resets of a group: OTP's sliding window, whose clock runs only while the light is green. The
 * controller's alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct group_settings;

struct reset_budget {     /* zeroed memory is an empty budget under a light that is not green */
	uint64_t *stamps; /* green time of each reset within the window, oldest first; max_resets of
			     them at most */
	unsigned n_stamps, n_allocated;
	uint64_t green_usec;       /* green time gathered until green_since */
	uint64_t green_since_usec; /* monotonic; while green */
	bool green;
};

void reset_budget_done(struct reset_budget *budget);
void reset_budget_empty(
	struct reset_budget *budget); /* started anew, or forgiven; the light stays as it is */
void reset_budget_light(struct reset_budget *budget, bool green, uint64_t now);

/* A red came. > 0: the how-manieth reset within the window this is (1…max_resets); 0: exhausted;
 * -ENOMEM. */
int reset_budget_take(
	struct reset_budget *budget, const struct group_settings *settings, uint64_t now);
unsigned reset_budget_used(
	struct reset_budget *budget, const struct group_settings *settings, uint64_t now);

/* The wait between stop and restart of the n-th reset: n = 1: none. */
uint64_t reset_backoff(const struct group_settings *settings, unsigned n);
