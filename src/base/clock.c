/* SPDX-License-Identifier: MIT */
/* Time and time spans. All in integers: what a fraction says below one microsecond is cut off. */
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEAR   (8766 * HOUR) /* 365.25 days */

/* As systemd.time(7) has them, longest first. The first name of each length is the one that is
 * printed. */
static const struct unit {
	const char *name;
	uint64_t usec;
} units[] = {
	{ "y", YEAR },
	{ "year", YEAR },
	{ "years", YEAR },
	{ "M", YEAR / 12 },
	{ "month", YEAR / 12 },
	{ "months", YEAR / 12 },
	{ "w", 7 * DAY },
	{ "week", 7 * DAY },
	{ "weeks", 7 * DAY },
	{ "d", DAY },
	{ "day", DAY },
	{ "days", DAY },
	{ "h", HOUR },
	{ "hr", HOUR },
	{ "hour", HOUR },
	{ "hours", HOUR },
	{ "min", MINUTE },
	{ "m", MINUTE },
	{ "minute", MINUTE },
	{ "minutes", MINUTE },
	{ "s", USEC_PER_SEC },
	{ "sec", USEC_PER_SEC },
	{ "second", USEC_PER_SEC },
	{ "seconds", USEC_PER_SEC },
	{ "ms", USEC_PER_MSEC },
	{ "msec", USEC_PER_MSEC },
	{ "us", 1 },
	{ "usec", 1 },
	{ "µs", 1 },
};

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_realtime(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t usec_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? USEC_INFINITY : sum;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_white(const char *p)
{
	return p + strspn(p, " \t\n\r");
}

/* "12", "1.5", ".5": the digits of both sides, of which one may be missing. */
struct number {
	const char *whole, *fraction;
	size_t n_whole, n_fraction;
};

static const char *read_number(const char *p, struct number *ret)
{
	*ret = (struct number){ .whole = p };
	for (; is_digit(*p); p++)
		ret->n_whole++;
	if (*p != '.')
		return ret->n_whole ? p : NULL;
	ret->fraction = ++p;
	for (; is_digit(*p); p++)
		ret->n_fraction++;
	return ret->n_fraction && *p != '.' ? p : NULL;
}

/* The unit at p, seconds when there is none; what follows in *p. NULL: no such unit. */
static const struct unit *read_unit(const char **p)
{
	static const struct unit seconds = { "", USEC_PER_SEC };
	size_t n = strcspn(*p, " \t\n\r.0123456789");

	if (n == 0)
		return &seconds;
	for (size_t i = 0; i < ELEMENTS(units); i++)
		if (strlen(units[i].name) == n && memcmp(units[i].name, *p, n) == 0) {
			*p += n;
			return &units[i];
		}
	return NULL;
}

static int scale(const struct number *number, uint64_t unit_usec, uint64_t *ret)
{
	uint64_t usec = 0;

	for (size_t i = 0; i < number->n_whole; i++)
		if (__builtin_mul_overflow(usec, UINT64_C(10), &usec) ||
			__builtin_add_overflow(usec, (uint64_t)(number->whole[i] - '0'), &usec))
			return -ERANGE;
	if (__builtin_mul_overflow(usec, unit_usec, &usec))
		return -ERANGE;
	for (size_t i = 0; i < number->n_fraction && unit_usec > 0; i++) {
		unit_usec /= 10;
		if (__builtin_add_overflow(
			    usec, unit_usec * (uint64_t)(number->fraction[i] - '0'), &usec))
			return -ERANGE;
	}
	*ret = usec;
	return 0;
}

/* One number with its unit; *p moves behind it and the white space after it. */
static int read_part(const char **p, uint64_t *ret)
{
	const struct unit *unit;
	struct number number;

	*p = read_number(*p, &number);
	if (!*p)
		return -EINVAL;
	*p = skip_white(*p);
	unit = read_unit(p);
	if (!unit)
		return -EINVAL;
	*p = skip_white(*p);
	return scale(&number, unit->usec, ret);
}

int timespan_parse(const char *text, uint64_t *ret_usec)
{
	const char *p = skip_white(text);
	uint64_t sum = 0, part;
	int r;

	if (strncmp(p, "infinity", 8) == 0 && !*skip_white(p + 8)) {
		*ret_usec = USEC_INFINITY;
		return 0;
	}
	do {
		r = read_part(&p, &part);
		if (r < 0)
			return r;
		sum = usec_add(sum, part);
	} while (*p);
	if (sum == USEC_INFINITY)
		return -ERANGE;
	*ret_usec = sum;
	return 0;
}

/* What is left below a minute: one unit, with as many digits behind the point as it needs. */
static void print_rest(uint64_t usec, char *buf, size_t size)
{
	uint64_t unit = usec >= USEC_PER_SEC    ? USEC_PER_SEC
			: usec >= USEC_PER_MSEC ? USEC_PER_MSEC
						: 1;
	const char *name = unit == USEC_PER_SEC ? "s" : unit == USEC_PER_MSEC ? "ms" : "us";
	char fraction[16] = "";
	size_t n;

	if (unit == USEC_PER_SEC)
		(void)snprintf(fraction, sizeof(fraction), ".%06u", (unsigned)(usec % unit));
	else if (unit == USEC_PER_MSEC)
		(void)snprintf(fraction, sizeof(fraction), ".%03u", (unsigned)(usec % unit));
	for (n = strlen(fraction); n > 0 && fraction[n - 1] == '0'; n--)
		;
	fraction[n > 1 ? n : 0] = '\0'; /* of the point alone nothing stays */
	(void)snprintf(buf, size, "%" PRIu64 "%s%s", usec / unit, fraction, name);
}

char *timespan_format(uint64_t usec, char *buf, size_t size)
{
	size_t n = 0;

	if (usec == USEC_INFINITY || usec == 0) {
		(void)snprintf(buf, size, "%s", usec ? "infinity" : "0");
		return buf;
	}
	for (size_t i = 0; i < ELEMENTS(units) && units[i].usec >= MINUTE; i++) {
		uint64_t count = usec / units[i].usec;

		if (count == 0)
			continue;
		n += (size_t)snprintf(
			buf + n, size - n, "%s%" PRIu64 "%s", n ? " " : "", count, units[i].name);
		usec %= units[i].usec;
	}
	if (usec == 0)
		return buf;
	if (n)
		buf[n++] = ' ';
	print_rest(usec, buf + n, size - n);
	return buf;
}
