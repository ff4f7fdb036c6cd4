/* SPDX-License-Identifier: MIT */
#include "body/said.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strings.h"

#define FAILURE_PAUSE_USEC (100 * USEC_PER_MSEC) /* between two that count */

void said_init(struct said *said, struct generation *generation)
{
	*said = (struct said){
		.generation = generation,
		.watchdog_usec = generation_settings(generation)->watchdog_usec,
		.watchdog_due_usec = USEC_INFINITY,
	};
}

void said_done(struct said *said)
{
	free(TAKE_PTR(said->status));
}

void said_clear(struct said *said)
{
	uint64_t failed_usec = said->failed_usec;

	said_done(said);
	said_init(said, said->generation);
	said->failed_usec = failed_usec;
}

static void publish(const struct said *said)
{
	static const char *const phases[] = {
		[NOTIFY_RELOADING] = "reloading",
		[NOTIFY_STOPPING] = "stopping",
	};
	const char *phase = said->phase < ELEMENTS(phases) ? phases[said->phase] : NULL;
	_cleanup_free_ char *text = NULL;

	if (phase && said->status)
		text = string_printf("%s: %s", phase, said->status);
	generation_set_status(said->generation, text ?: phase ?: said->status ?: "");
}

void said_end(struct said *said)
{
	bool silent = !said->status && said->phase < NOTIFY_READY;

	said->watchdog_due_usec = USEC_INFINITY;
	said->watched = false;
	said->phase = NOTIFY_NO_PHASE;
	free(TAKE_PTR(said->status));
	if (!silent)
		generation_set_status(said->generation, "");
}

static void heed_phase(struct said *said, enum notify_phase phase)
{
	bool by_notify = generation_settings(said->generation)->ready.kind == READY_NOTIFY;

	if (said->phase == NOTIFY_STOPPING)
		return;
	said->phase = phase;
	if (!by_notify)
		return;
	if (phase == NOTIFY_READY)
		generation_became_ready(said->generation);
	else if (phase == NOTIFY_STOPPING)
		generation_became_unready(said->generation);
}

static void heed_status(struct said *said, const char *status)
{
	free(said->status);
	said->status = *status ? strdup(status) : NULL;
}

static void heed_watchdog(struct said *said, const struct notify_message *message, uint64_t now)
{
	if (message->has_watchdog_usec)
		said->watchdog_usec = message->watchdog_usec;
	said->triggered |= message->hangs;
	if (message->keep_alive || message->has_watchdog_usec)
		said->watched = false; /* it begins anew */
	(void)said_hangs(said, now);
}

static void heed_extension(struct said *said, uint64_t usec, struct limits *limits, uint64_t now)
{
	const struct loop_settings *settings = generation_settings(said->generation);
	uint64_t most;

	limits_extend(limits, settings, usec, now);
	if (!generation_stopped(said->generation))
		return;
	most = limits_extended_max(
		generation_stop_begin(said->generation), settings->grace_period_usec);
	generation_extend_stop(said->generation, MIN(usec_add(now, usec), most));
}

static void heed_failure(struct said *said, const char *reason, uint64_t now)
{
	struct failure failure;

	if (said->failed_usec && now < said->failed_usec + FAILURE_PAUSE_USEC)
		return;
	said->failed_usec = now;
	failure_set(&failure, FAILURE_EXPLICIT, 0, "%s", *reason ? reason : "reported by itself");
	(void)generation_fail(said->generation, &failure);
}

static void heed_set(struct said *said, char *pair)
{
	char *equals = strchr(pair, '=');

	*equals = '\0';
	(void)generation_set_message(said->generation, pair, equals + 1);
	*equals = '=';
}

void said_heed(struct said *said, const struct notify_message *message, struct limits *limits)
{
	uint64_t now = clock_now();

	if (message->error)
		said->error = message->error;
	if (message->status)
		heed_status(said, message->status);
	if (message->phase != NOTIFY_NO_PHASE)
		heed_phase(said, message->phase);
	if (message->status || message->phase != NOTIFY_NO_PHASE)
		publish(said);
	if (message->extend_usec)
		heed_extension(said, message->extend_usec, limits, now);
	heed_watchdog(said, message, now);
	for (unsigned i = 0; i < message->n_sets; i++)
		heed_set(said, message->sets[i]);
	if (message->failure)
		heed_failure(said, message->failure, now);
}

/* ---- the watchdog */

static bool is_watchable(const struct said *said)
{
	bool by_notify = generation_settings(said->generation)->ready.kind == READY_NOTIFY;

	return said->watchdog_usec > 0 && said->watchdog_usec != USEC_INFINITY &&
	       said->phase != NOTIFY_STOPPING && (!by_notify || generation_ready(said->generation));
}

uint64_t said_due(const struct said *said)
{
	return said->triggered ? 0 : said->watchdog_due_usec;
}

bool said_hangs(struct said *said, uint64_t now_usec)
{
	bool watched = said->watched;

	said->watched = is_watchable(said);
	if (!said->watched)
		said->watchdog_due_usec = USEC_INFINITY;
	else if (!watched)
		said->watchdog_due_usec = usec_add(now_usec, said->watchdog_usec);
	return said->triggered || now_usec >= said->watchdog_due_usec;
}

void said_describe_watchdog(const struct said *said, struct failure *failure)
{
	char span[64];

	if (said->triggered)
		failure_set(failure, FAILURE_WATCHDOG, 0, "it reported that it hangs");
	else
		failure_set(failure, FAILURE_WATCHDOG, 0, "no sign of life for %s",
			timespan_format(said->watchdog_usec, span, sizeof(span)));
}

void said_add_error(const struct said *said, struct failure *failure)
{
	const char *name = said->error ? strerrordesc_np(said->error) : NULL;
	size_t length = strlen(failure->reason);

	if (!said->error)
		return;
	if (name)
		snprintf(failure->reason + length, sizeof(failure->reason) - length, " (%s)", name);
	else
		snprintf(failure->reason + length, sizeof(failure->reason) - length, " (errno %d)",
			said->error);
}
