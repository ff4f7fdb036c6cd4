/* SPDX-License-Identifier: MIT */
/* The names of failure kinds, and how a failure is filled. */
#include "core/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"

static const char *const kind_names[FAILURE_KIND_MAX_] = {
	[FAILURE_NONE] = "none",
	[FAILURE_EXIT] = "exit",
	[FAILURE_SIGNAL] = "signal",
	[FAILURE_EXEC] = "exec",
	[FAILURE_START_TIMEOUT] = "start-timeout",
	[FAILURE_CYCLE_TIMEOUT] = "cycle-timeout",
	[FAILURE_WATCHDOG] = "watchdog",
	[FAILURE_PROBE] = "probe",
	[FAILURE_HOOK] = "hook",
	[FAILURE_ERROR] = "error",
	[FAILURE_EXPLICIT] = "explicit",
	[FAILURE_GROUP] = "group",
};

const char *failure_kind_to_string(enum failure_kind kind)
{
	return (unsigned)kind < FAILURE_KIND_MAX_ ? kind_names[kind] : kind_names[FAILURE_NONE];
}

int failure_kind_from_string(const char *text)
{
	for (unsigned kind = 0; kind < FAILURE_KIND_MAX_; kind++)
		if (strcmp(kind_names[kind], text) == 0)
			return (int)kind;
	return -EINVAL;
}

/* Takes away the last character when the cut went through its middle: reasons travel over D-Bus,
 * which wants UTF-8. */
static void trim_cut_character(char *text, size_t length)
{
	size_t lead = length, expected;

	while (lead > 0 && length - lead < 4 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0 || (unsigned char)text[lead - 1] < 0xc0)
		return;
	lead--;
	expected = (unsigned char)text[lead] >= 0xf0   ? 4
		   : (unsigned char)text[lead] >= 0xe0 ? 3
						       : 2;
	if (length - lead < expected)
		text[lead] = '\0';
}

void failure_set(
	struct failure *failure, enum failure_kind kind, int status, const char *format, ...)
{
	struct failure fresh = {
		.kind = kind,
		.status = status,
		.when_usec = clock_now(),
		.realtime_usec = clock_realtime(),
	};
	va_list arguments;
	int length;

	/* Not printed into place: the reason of *failure may be among the arguments. */
	va_start(arguments, format);
	length = vsnprintf(fresh.reason, sizeof(fresh.reason), format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(fresh.reason))
		trim_cut_character(fresh.reason, sizeof(fresh.reason) - 1);
	else if (length <= 0)
		snprintf(fresh.reason, sizeof(fresh.reason), "%s", failure_kind_to_string(kind));
	*failure = fresh;
}
