/* SPDX-License-Identifier: MIT */
/* Time spans as text, both ways, and sums that do not wrap around. */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/macro.h"
#include "lib/unit.h"

#define SEC  USEC_PER_SEC
#define HOUR (3600 * SEC)
#define DAY  (24 * HOUR)
#define YEAR (8766 * HOUR)

static const struct parse_row {
	const char *text;
	int r;
	uint64_t usec;
} parse_rows[] = {
	{ "5", 0, 5 * SEC },
	{ "0", 0, 0 },
	{ "5s", 0, 5 * SEC },
	{ "5sec", 0, 5 * SEC },
	{ "5 seconds", 0, 5 * SEC },
	{ "\t 5 s \n", 0, 5 * SEC },
	{ "250ms", 0, 250000 },
	{ "250msec", 0, 250000 },
	{ "7us", 0, 7 },
	{ "7usec", 0, 7 },
	{ "7µs", 0, 7 },
	{ "2m", 0, 120 * SEC },
	{ "2min", 0, 120 * SEC },
	{ "2h", 0, 2 * HOUR },
	{ "2hr", 0, 2 * HOUR },
	{ "2d", 0, 2 * DAY },
	{ "2w", 0, 14 * DAY },
	{ "2M", 0, YEAR / 6 },
	{ "2y", 0, 2 * YEAR },
	{ "1min 30s", 0, 90 * SEC },
	{ "1min30s", 0, 90 * SEC },
	{ "1min 30", 0, 90 * SEC },
	{ "30s 1min", 0, 90 * SEC },
	{ "1y 2M 3w 4d 5h 6min 7s 8ms 9us", 0,
		YEAR + YEAR / 6 + 25 * DAY + 5 * HOUR + 367 * SEC + 8009 },
	{ "1.5s", 0, 1500000 },
	{ "1.5", 0, 1500000 },
	{ ".5s", 0, 500000 },
	{ "0.25h", 0, 900 * SEC },
	{ "1.0000019s", 0, 1000001 },
	{ "1.9us", 0, 1 },
	{ "infinity", 0, USEC_INFINITY },
	{ " infinity ", 0, USEC_INFINITY },
	{ "18446744073709551614us", 0, UINT64_MAX - 1 },
	{ "18446744073709551615us", -ERANGE, 0 },
	{ "18446744073709551616us", -ERANGE, 0 },
	{ "99999999999999999999999us", -ERANGE, 0 },
	{ "18446744073710s", -ERANGE, 0 },
	{ "584542y 1y 1000y", -ERANGE, 0 },
	{ "18446744073709.551615s", -ERANGE, 0 },
	{ "18446744073709.9s", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "  ", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "-5s", -EINVAL, 0 },
	{ "1s -5s", -EINVAL, 0 },
	{ "+5s", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ "5x", -EINVAL, 0 },
	{ "5S", -EINVAL, 0 },
	{ "5s,", -EINVAL, 0 },
	{ "5.s", -EINVAL, 0 },
	{ ".", -EINVAL, 0 },
	{ "1.2.3s", -EINVAL, 0 },
	{ "1..2", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "infinity 5s", -EINVAL, 0 },
	{ "5s infinity", -EINVAL, 0 },
	{ "infinityx", -EINVAL, 0 },
	{ "Infinity", -EINVAL, 0 },
};

START_TEST(test_parse)
{
	const struct parse_row *row = &parse_rows[_i];
	uint64_t usec = 4711;

	ck_assert_msg(
		timespan_parse(row->text, &usec) == row->r, "\"%s\": wrong result", row->text);
	ck_assert_msg(usec == (row->r < 0 ? 4711 : row->usec), "\"%s\": %" PRIu64, row->text, usec);
}
END_TEST

static const struct format_row {
	uint64_t usec;
	const char *text;
} format_rows[] = {
	{ 0, "0" }, { 1, "1us" }, { 999, "999us" }, { 1000, "1ms" }, { 1500, "1.5ms" },
	{ 250000, "250ms" }, { 999999, "999.999ms" }, { 1 * SEC, "1s" }, { 1500000, "1.5s" },
	{ 1000001, "1.000001s" }, { 59 * SEC, "59s" }, { 60 * SEC, "1min" },
	{ 90 * SEC, "1min 30s" }, { 90 * SEC + 250000, "1min 30.25s" },
	{ 60 * SEC + 1, "1min 1us" }, { 600 * SEC, "10min" }, { HOUR, "1h" },
	{ 25 * HOUR, "1d 1h" }, { 30 * DAY, "4w 2d" }, { YEAR, "1y" },
	{ USEC_INFINITY, "infinity" },
	{ USEC_INFINITY - 1, NULL }, /* any text, if only it can be read back */
};

START_TEST(test_format)
{
	const struct format_row *row = &format_rows[_i];
	uint64_t usec = 4711;
	char buf[64];

	ck_assert_ptr_eq(timespan_format(row->usec, buf, sizeof(buf)), buf);
	if (row->text)
		ck_assert_str_eq(buf, row->text);
	ck_assert_int_eq(timespan_parse(buf, &usec), 0);
	ck_assert_uint_eq(usec, row->usec);
}
END_TEST

START_TEST(test_add)
{
	ck_assert_uint_eq(usec_add(1, 2), 3);
	ck_assert_uint_eq(usec_add(USEC_INFINITY, 0), USEC_INFINITY);
	ck_assert_uint_eq(usec_add(5, USEC_INFINITY), USEC_INFINITY);
	ck_assert_uint_eq(usec_add(USEC_INFINITY, USEC_INFINITY), USEC_INFINITY);
	ck_assert_uint_eq(usec_add(USEC_INFINITY - 1, 2), USEC_INFINITY);
}
END_TEST

START_TEST(test_clocks)
{
	uint64_t before = clock_now();

	ck_assert_uint_gt(before, 0);
	ck_assert_uint_ge(clock_now(), before);
	ck_assert_uint_gt(clock_realtime(), 50 * YEAR); /* since 1970 */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");

	unit_add_table(suite, "parse", test_parse, ELEMENTS(parse_rows));
	unit_add_table(suite, "format", test_format, ELEMENTS(format_rows));
	unit_add(suite, "add", test_add);
	unit_add(suite, "clocks", test_clocks);
	return unit_main(suite);
}
