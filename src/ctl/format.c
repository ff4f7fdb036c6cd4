/* SPDX-License-Identifier: MIT */
#include "ctl/format.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

char *format_age(uint64_t realtime_usec, uint64_t now_usec, char *buf)
{
	/* timespan_format()'s units in seconds, from the year down */
	static const uint64_t units[] = { 31557600, 2629800, 604800, 86400, 3600, 60, 1, 1 };
	uint64_t age = now_usec > realtime_usec ? (now_usec - realtime_usec) / USEC_PER_SEC : 0;
	size_t i = 0;

	*buf = '\0';
	if (realtime_usec == 0)
		return buf;
	if (age == 0)
		return memcpy(buf, "0s", sizeof("0s"));
	while (units[i] > 1 && age < units[i])
		i++;
	age -= age % units[i] % units[i + 1];
	return timespan_format(age * USEC_PER_SEC, buf, FORMAT_MAX);
}

char *format_date(uint64_t realtime_usec, char *buf)
{
	time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
	struct tm tm;

	if (realtime_usec == 0 || !localtime_r(&seconds, &tm) ||
		strftime(buf, FORMAT_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return memcpy(buf, "-", sizeof("-"));
	return buf;
}
