/* SPDX-License-Identifier: MIT */
/*
 * The reset budget of a group: OTP's sliding window over a clock that runs only while the light is
 * green. So a group whose restarts take longer than the window is exhausted all the same.
 */
#include "core/resets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "core/budget.h"
#include "core/settings.h"

void reset_budget_done(struct reset_budget *budget)
{
	free(budget->stamps);
	memset(budget, 0, sizeof(*budget));
}

void reset_budget_empty(struct reset_budget *budget)
{
	budget->n_stamps = 0;
}

static uint64_t green_time(const struct reset_budget *budget, uint64_t now)
{
	uint64_t since = budget->green_since_usec;

	return budget->green_usec + (budget->green && now > since ? now - since : 0);
}

void reset_budget_light(struct reset_budget *budget, bool green, uint64_t now)
{
	budget->green_usec = green_time(budget, now);
	budget->green_since_usec = now;
	budget->green = green;
}

/* Drops the stamps that have left the window; one at its very edge is still inside, as in OTP. */
static void slide(struct reset_budget *budget, uint64_t window, uint64_t now)
{
	uint64_t at = green_time(budget, now);
	unsigned gone = 0;

	while (gone < budget->n_stamps && at - budget->stamps[gone] > window)
		gone++;
	budget->n_stamps -= gone;
	if (gone > 0 && budget->n_stamps > 0)
		memmove(budget->stamps, budget->stamps + gone,
			budget->n_stamps * sizeof(*budget->stamps));
}

static int make_room(struct reset_budget *budget)
{
	unsigned n = MAX(2 * budget->n_allocated, 4u);
	uint64_t *stamps;

	if (budget->n_stamps < budget->n_allocated)
		return 0;
	stamps = reallocarray(budget->stamps, n, sizeof(*stamps));
	if (!stamps)
		return -ENOMEM;
	budget->stamps = stamps;
	budget->n_allocated = n;
	return 0;
}

int reset_budget_take(
	struct reset_budget *budget, const struct group_settings *settings, uint64_t now)
{
	int r;

	slide(budget, settings->reset_window_usec, now);
	if (budget->n_stamps >= settings->max_resets)
		return 0;
	r = make_room(budget);
	if (r < 0)
		return r;
	budget->stamps[budget->n_stamps++] = green_time(budget, now);
	return (int)budget->n_stamps;
}

unsigned reset_budget_used(
	struct reset_budget *budget, const struct group_settings *settings, uint64_t now)
{
	slide(budget, settings->reset_window_usec, now);
	return budget->n_stamps;
}

uint64_t reset_backoff(const struct group_settings *settings, unsigned n)
{
	return n <= 1 ? 0 : backoff_nth(settings->backoff_usec, settings->backoff_max_usec, n - 1);
}
