/* SPDX-License-Identifier: MIT */
/*
 * The failure budget of a loop. It forgives lazily: nothing runs when the time has come, whoever
 * looks or counts next settles first. The counter and the backoff are two things: a trip ends the
 * one, a group reset the other, and forgiveness both.
 */
#include "core/budget.h"

#include <string.h>

#include "base/clock.h"
#include "base/macro.h"

int budget_init(struct budget *budget)
{
	memset(budget, 0, sizeof(*budget));
	budget->healthy_since_usec = USEC_INFINITY;
	return -pthread_mutex_init(&budget->lock, NULL);
}

void budget_done(struct budget *budget)
{
	pthread_mutex_destroy(&budget->lock);
}

static bool forgive(struct budget *budget)
{
	bool any = budget->failures > 0 || budget->attempts > 0;

	budget->failures = 0;
	budget->attempts = 0;
	return any;
}

/* When the present health will have lasted long enough. With forgive_after = 0 time forgives
 * nothing, only the next success does: else an explicit failure of a healthy loop would be forgiven
 * before anybody could see it. */
static uint64_t forgiveness_due(const struct budget *budget, const struct loop_settings *settings)
{
	if (settings->forgive_after_usec == 0)
		return USEC_INFINITY;
	return usec_add(budget->healthy_since_usec, settings->forgive_after_usec);
}

static bool settle(struct budget *budget, const struct loop_settings *settings, uint64_t now)
{
	uint64_t due = forgiveness_due(budget, settings);

	return due != USEC_INFINITY && now >= due && forgive(budget);
}

static enum verdict judge(const struct budget *budget, const struct loop_settings *settings,
	const struct failure *failure)
{
	bool exited = failure->kind == FAILURE_EXIT;

	if (exited && status_set_has_exit(&settings->fatal_exit_status, failure->status))
		return VERDICT_FATAL;
	if (settings->trip_on.kinds & (1u << failure->kind))
		return VERDICT_TRIP;
	if (exited && status_set_has_exit(&settings->trip_on.statuses, failure->status))
		return VERDICT_TRIP;
	return budget->failures > settings->max_loop_failures ? VERDICT_TRIP : VERDICT_WITHIN;
}

static void count(struct budget *budget, const struct failure *failure, uint64_t now)
{
	budget->failures++;
	budget->total++;
	if (failure->kind != FAILURE_EXPLICIT) {
		budget->attempts++;
		budget->healthy_since_usec = USEC_INFINITY;
	} else if (budget->healthy_since_usec != USEC_INFINITY) {
		budget->healthy_since_usec = now;
	}
}

static void trip(struct budget *budget)
{
	budget->trip_failures = budget->failures;
	budget->failures = 0;
}

enum verdict budget_fail(struct budget *budget, const struct loop_settings *settings,
	const struct failure *failure, uint64_t now)
{
	enum verdict verdict;

	pthread_mutex_lock(&budget->lock);
	settle(budget, settings, now);
	count(budget, failure, now);
	verdict = judge(budget, settings, failure);
	if (verdict == VERDICT_TRIP)
		trip(budget);
	pthread_mutex_unlock(&budget->lock);
	return verdict;
}

void budget_trip(struct budget *budget, const struct loop_settings *settings,
	const struct failure *failure, uint64_t now)
{
	pthread_mutex_lock(&budget->lock);
	settle(budget, settings, now);
	count(budget, failure, now);
	trip(budget);
	pthread_mutex_unlock(&budget->lock);
}

bool budget_healthy(struct budget *budget, const struct loop_settings *settings, uint64_t now)
{
	bool forgiven;

	pthread_mutex_lock(&budget->lock);
	if (budget->healthy_since_usec == USEC_INFINITY)
		budget->healthy_since_usec = now;
	if (settings->forgive_after_usec == 0)
		forgiven = forgive(budget);
	else
		forgiven = settle(budget, settings, now);
	pthread_mutex_unlock(&budget->lock);
	return forgiven;
}

bool budget_unhealthy(struct budget *budget, const struct loop_settings *settings, uint64_t now)
{
	bool forgiven;

	pthread_mutex_lock(&budget->lock);
	forgiven = settle(budget, settings, now);
	budget->healthy_since_usec = USEC_INFINITY;
	pthread_mutex_unlock(&budget->lock);
	return forgiven;
}

bool budget_settle(struct budget *budget, const struct loop_settings *settings, uint64_t now,
	uint64_t *ret_when)
{
	bool forgiven;

	pthread_mutex_lock(&budget->lock);
	forgiven = settle(budget, settings, now);
	if (ret_when)
		*ret_when = budget->failures > 0 || budget->attempts > 0
				    ? forgiveness_due(budget, settings)
				    : USEC_INFINITY;
	pthread_mutex_unlock(&budget->lock);
	return forgiven;
}

void budget_forgive(struct budget *budget)
{
	pthread_mutex_lock(&budget->lock);
	forgive(budget);
	pthread_mutex_unlock(&budget->lock);
}

void budget_forget_backoff(struct budget *budget)
{
	pthread_mutex_lock(&budget->lock);
	budget->attempts = 0;
	pthread_mutex_unlock(&budget->lock);
}

unsigned budget_failures(struct budget *budget)
{
	unsigned failures;

	pthread_mutex_lock(&budget->lock);
	failures = budget->failures;
	pthread_mutex_unlock(&budget->lock);
	return failures;
}

unsigned budget_trip_failures(struct budget *budget)
{
	unsigned failures;

	pthread_mutex_lock(&budget->lock);
	failures = budget->trip_failures;
	pthread_mutex_unlock(&budget->lock);
	return failures;
}

uint64_t backoff_nth(uint64_t base, uint64_t maximum, unsigned n)
{
	uint64_t wait = MIN(base, maximum);

	if (n == 0)
		return 0;
	while (--n > 0 && wait < maximum && wait > 0)
		wait = wait > maximum / 2 ? maximum : 2 * wait;
	return wait;
}

uint64_t budget_backoff(
	struct budget *budget, const struct loop_settings *settings, uint32_t chance)
{
	uint64_t wait;
	unsigned attempts;

	pthread_mutex_lock(&budget->lock);
	attempts = budget->attempts;
	pthread_mutex_unlock(&budget->lock);

	wait = backoff_nth(settings->backoff_usec, settings->backoff_max_usec,
		attempts > 0 ? attempts - 1 : 0);
	/* The settings keep it below a year, so that this cannot overflow. */
	return wait - wait / 10 + wait / 5 * (chance % 1001) / 1000;
}
