/* SPDX-License-Identifier: MIT */
/* One table row and one sentence for each type of event. */
#include "daemon/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/macro.h"
#include "daemon/messages.h"

static const struct {
	int priority;
	const char *message_id;
} kinds[] = {
	[EVENT_STATE] = { LOG_DEBUG, MESSAGE_STATE },
	[EVENT_READY] = { LOG_DEBUG, MESSAGE_READY },
	[EVENT_CHANGED] = { LOG_DEBUG, MESSAGE_CHANGED },
	[EVENT_FAILURE] = { LOG_WARNING, MESSAGE_FAILURE },
	[EVENT_TRIP] = { LOG_WARNING, MESSAGE_TRIP },
	[EVENT_EPISODE_OPENED] = { LOG_ERR, MESSAGE_EPISODE_OPENED },
	[EVENT_EPISODE_RED] = { LOG_ERR, MESSAGE_EPISODE_RED },
	[EVENT_EPISODE_CLOSED] = { LOG_NOTICE, MESSAGE_EPISODE_CLOSED },
	[EVENT_RESET] = { LOG_NOTICE, MESSAGE_RESET },
	[EVENT_EXHAUSTED] = { LOG_CRIT, MESSAGE_EXHAUSTED },
	[EVENT_HARD] = { LOG_WARNING, MESSAGE_HARD },
	[EVENT_HOOK_FAILED] = { LOG_WARNING, MESSAGE_HOOK_FAILED },
	[EVENT_NOTE] = { LOG_INFO, MESSAGE_NOTE },
	[EVENT_TROUBLE] = { LOG_ERR, MESSAGE_TROUBLE },
	[EVENT_BUG] = { LOG_CRIT, MESSAGE_BUG },
	[EVENT_EXIT] = { LOG_NOTICE, MESSAGE_EXIT },
	[EVENT_STOPPED] = { LOG_DEBUG, MESSAGE_STOPPED },
};

int report_priority(const struct event *event)
{
	bool went_green = event->type == EVENT_EPISODE_CLOSED && event->text &&
			  strcmp(event->text, "exhausted") != 0;

	if (event->type == EVENT_STATE && event->to && strcmp(event->to, "failed") == 0)
		return LOG_ERR;
	if (event->type == EVENT_STATE && !event->loop)
		return LOG_INFO;
	if (event->type == EVENT_FAILURE && !event->counted)
		return LOG_INFO;
	if (event->type == EVENT_EPISODE_CLOSED && !went_green)
		return LOG_ERR;
	return kinds[event->type].priority;
}

static const char *failure_words(const struct failure *failure)
{
	return *failure->reason ? failure->reason : failure_kind_to_string(failure->kind);
}

struct reason {
	char text[sizeof(((struct failure *)NULL)->reason) + 32];
};

/* "exit 1, 3 of 10": with its place in the budget when it was counted. */
static struct reason reason_of(const struct event *event)
{
	const struct failure *failure = event->failure;
	struct reason reason = { "no reason given" };

	if (failure && failure->nth > 0)
		snprintf(reason.text, sizeof(reason.text), "%s, %u of %u", failure_words(failure),
			failure->nth, failure->of);
	else if (failure)
		snprintf(reason.text, sizeof(reason.text), "%s", failure_words(failure));
	return reason;
}

static void _printf_(2, 3) say(struct report *report, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->text, sizeof(report->text), format, arguments);
	va_end(arguments);
}

/* "0.21 s", "4 s": enough digits to be of use. */
static void format_seconds(uint64_t usec, char *buf, size_t size)
{
	if (usec < UINT64_C(10000000))
		snprintf(buf, size, "%.*f s", usec < UINT64_C(100000) ? 3 : 2, (double)usec / 1e6);
	else
		snprintf(buf, size, "%" PRIu64 " s", usec / UINT64_C(1000000));
}

static void describe_end(const struct event *event, const char *group, struct report *ret)
{
	char lasted[32];

	format_seconds(event->value, lasted, sizeof(lasted));
	if (event->text && strcmp(event->text, "green") == 0)
		say(ret, "%s: green again after %s (episode %" PRIu64 ", %" PRIu64 " %s)", group,
			lasted, event->episode, event->cycle,
			event->cycle == 1 ? "reset" : "resets");
	else
		say(ret, "%s: episode %" PRIu64 " ends after %s: %s", group, event->episode, lasted,
			event->text ? event->text : "");
}

static void describe_group(const struct event *event, const char *group, struct report *ret)
{
	const char *member = event->text ? event->text : "";
	const char *where = event->throughline ? event->throughline : member;

	switch (event->type) {
	case EVENT_EPISODE_OPENED:
		say(ret, "%s: red, episode %" PRIu64 ": %s: %s (%s)", group, event->episode, member,
			reason_of(event).text, where);
		break;
	case EVENT_EPISODE_RED:
		say(ret, "%s: red once more in episode %" PRIu64 ": %s: %s (%s)", group,
			event->episode, member, reason_of(event).text, where);
		break;
	case EVENT_EPISODE_CLOSED:
		describe_end(event, group, ret);
		break;
	case EVENT_RESET:
		say(ret, "%s: reset %" PRIu64 " begins", group, event->value);
		break;
	default:
		say(ret, "%s: %s", group, member);
	}
}

static void describe_daemon(const struct event *event, const char *who, struct report *ret)
{
	const char *text = event->text ? event->text : "";

	if (event->type == EVENT_EXIT)
		say(ret, "exits with status %" PRIu64 "%s%s", event->value,
			*text ? ", as asked for by " : "", text);
	else if (event->type == EVENT_STOPPED)
		say(ret, "all is stopped");
	else if (event->type == EVENT_EXHAUSTED)
		say(ret, "%s: exhausted%s%s", who, *text ? ": " : "", text);
	else if (event->type == EVENT_BUG)
		say(ret, "%s: this is a bug in greenloop: %s", who, text);
	else
		say(ret, "%s: %s", who, text);
}

static void describe_hard(const struct event *event, const char *who, struct report *ret)
{
	if (event->text)
		say(ret, "%s: %s", who, event->text);
	else if (event->value > 0)
		say(ret, "%s: its thread does not end and is abandoned", who);
	else
		say(ret, "%s: stopped hard: what it started is killed", who);
}

static const char *subject(const struct event *event)
{
	if (event->throughline && *event->throughline)
		return event->throughline;
	if (event->loop)
		return event->loop;
	return event->group ? event->group : "greenloopd";
}

void report_describe(const struct event *event, struct report *ret)
{
	const char *who = subject(event), *group = event->group ? event->group : "the root";

	ret->priority = report_priority(event);
	ret->message_id = kinds[event->type].message_id;
	switch (event->type) {
	case EVENT_STATE:
		say(ret, "%s: %s (was %s)", who, event->to, event->from);
		break;
	case EVENT_CHANGED:
		say(ret, "%s: seen differently", who);
		break;
	case EVENT_READY:
		say(ret, "%s: %s", who, event->value ? "ready" : "not ready any more");
		break;
	case EVENT_FAILURE:
		say(ret, "%s: %s%s", who, reason_of(event).text,
			event->counted ? "" : " (not counted)");
		break;
	case EVENT_TRIP:
		say(ret, "%s: trips: %s", who, reason_of(event).text);
		break;
	case EVENT_HARD:
		describe_hard(event, who, ret);
		break;
	case EVENT_EPISODE_OPENED:
	case EVENT_EPISODE_RED:
	case EVENT_EPISODE_CLOSED:
	case EVENT_RESET:
		describe_group(event, group, ret);
		break;
	default:
		describe_daemon(event, who, ret);
	}
}
