/* SPDX-License-Identifier: MIT */
#include "body/limits.h"

#include "base/clock.h"
#include "base/macro.h"

enum { EXTENSIONS_MAX = 10 }; /* as many times the limit itself */

/* oneshot and ready = cycle are ready by their success: start_timeout is theirs only when somebody
 * said so. */
static bool start_is_limited(const struct loop_settings *settings)
{
	return settings->start_timeout_said ||
	       (settings->type != LOOP_TYPE_ONESHOT && settings->ready.kind != READY_CYCLE);
}

void limits_begin(struct limits *limits, const struct loop_settings *settings, uint64_t now_usec)
{
	*limits = (struct limits){
		.begin_usec = now_usec,
		.start_due_usec = USEC_INFINITY,
		.cycle_due_usec = USEC_INFINITY,
		.kill_due_usec = USEC_INFINITY,
		.expired = FAILURE_NONE,
	};
	if (start_is_limited(settings))
		limits->start_due_usec = usec_add(now_usec, settings->start_timeout_usec);
	if (settings->type != LOOP_TYPE_SERVICE)
		limits->cycle_due_usec = usec_add(now_usec, settings->cycle_timeout_usec);
}

uint64_t limits_due(const struct limits *limits)
{
	return MIN(MIN(limits->start_due_usec, limits->cycle_due_usec), limits->kill_due_usec);
}

enum failure_kind limits_passed(struct limits *limits, bool ready, uint64_t now_usec)
{
	if (ready)
		limits->start_due_usec = USEC_INFINITY;
	if (now_usec >= limits->start_due_usec)
		return FAILURE_START_TIMEOUT;
	return now_usec >= limits->cycle_due_usec ? FAILURE_CYCLE_TIMEOUT : FAILURE_NONE;
}

void limits_expire(struct limits *limits, const struct loop_settings *settings,
	enum failure_kind kind, uint64_t now_usec)
{
	limits->expired = kind;
	limits->expired_usec = now_usec;
	limits->start_due_usec = limits->cycle_due_usec = USEC_INFINITY;
	limits->kill_due_usec = usec_add(now_usec, settings->grace_period_usec);
}

bool limits_kill(struct limits *limits, uint64_t now_usec)
{
	if (now_usec < limits->kill_due_usec)
		return false;
	limits->kill_due_usec = USEC_INFINITY;
	return true;
}

uint64_t limits_extended_max(uint64_t begin_usec, uint64_t limit_usec)
{
	uint64_t most;

	if (__builtin_mul_overflow(limit_usec, EXTENSIONS_MAX, &most))
		return USEC_INFINITY;
	return usec_add(begin_usec, most);
}

static void extend(uint64_t *due_usec, uint64_t begin_usec, uint64_t limit_usec, uint64_t wish_usec)
{
	if (*due_usec != USEC_INFINITY)
		*due_usec =
			MAX(*due_usec, MIN(wish_usec, limits_extended_max(begin_usec, limit_usec)));
}

void limits_extend(struct limits *limits, const struct loop_settings *settings, uint64_t usec,
	uint64_t now_usec)
{
	uint64_t wish = usec_add(now_usec, usec);

	extend(&limits->start_due_usec, limits->begin_usec, settings->start_timeout_usec, wish);
	extend(&limits->cycle_due_usec, limits->begin_usec, settings->cycle_timeout_usec, wish);
	extend(&limits->kill_due_usec, limits->expired_usec, settings->grace_period_usec, wish);
}

void limits_describe(
	const struct limits *limits, const struct loop_settings *settings, struct failure *failure)
{
	char span[64];

	if (limits->expired == FAILURE_START_TIMEOUT)
		failure_set(failure, limits->expired, 0, "not ready within %s",
			timespan_format(settings->start_timeout_usec, span, sizeof(span)));
	else
		failure_set(failure, limits->expired, 0, "not finished within %s",
			timespan_format(settings->cycle_timeout_usec, span, sizeof(span)));
}
