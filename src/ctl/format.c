/* SPDX-License-Identifier: MIT */
#include "ctl/format.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

char *format_age(uint64_t realtime_usec, uint64_t now_usec, char *buf)
{
	static const struct {
		uint64_t from, grain; /* seconds: from this age on, cut to a multiple of that */
	} table[] = { { 7 * 86400, 86400 }, { 86400, 3600 }, { 3600, 60 }, { 0, 1 } };
	uint64_t age = now_usec > realtime_usec ? (now_usec - realtime_usec) / USEC_PER_SEC : 0;
	size_t i = 0;

	*buf = '\0';
	if (realtime_usec == 0)
		return buf;
	while (age < table[i].from)
		i++;
	return timespan_format((age - age % table[i].grain) * USEC_PER_SEC, buf, FORMAT_MAX);
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
