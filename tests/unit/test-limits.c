/* SPDX-License-Identifier: MIT */
/* The limits of a cycle, and the window of its probes: time is a parameter. */
#include "base/clock.h"
#include "base/macro.h"
#include "body/limits.h"
#include "body/probe.h"
#include "lib/unit.h"

static struct loop_settings settings;
static struct limits limits;

static void setup(void)
{
	settings = (struct loop_settings){ .type = LOOP_TYPE_CYCLE,
		.start_timeout_usec = 10,
		.cycle_timeout_usec = 30,
		.grace_period_usec = 5 };
	limits_begin(&limits, &settings, 100);
}

static const struct {
	enum loop_type type;
	enum ready_kind ready;
	bool said;
	uint64_t start_due, cycle_due;
} begins[] = {
	{ LOOP_TYPE_SERVICE, READY_AUTO, false, 110, USEC_INFINITY },
	{ LOOP_TYPE_SERVICE, READY_NOTIFY, false, 110, USEC_INFINITY },
	{ LOOP_TYPE_CYCLE, READY_START, false, 110, 130 },
	{ LOOP_TYPE_CYCLE, READY_CYCLE, false, USEC_INFINITY, 130 },
	{ LOOP_TYPE_CYCLE, READY_CYCLE, true, 110, 130 },
	{ LOOP_TYPE_ONESHOT, READY_AUTO, false, USEC_INFINITY, 130 },
	{ LOOP_TYPE_ONESHOT, READY_AUTO, true, 110, 130 },
};

START_TEST(test_begin)
{
	settings.type = begins[_i].type;
	settings.ready.kind = begins[_i].ready;
	settings.start_timeout_said = begins[_i].said;
	limits_begin(&limits, &settings, 100);
	ck_assert_uint_eq(limits.start_due_usec, begins[_i].start_due);
	ck_assert_uint_eq(limits.cycle_due_usec, begins[_i].cycle_due);
	ck_assert_uint_eq(limits_due(&limits), MIN(begins[_i].start_due, begins[_i].cycle_due));
	ck_assert(!limits_kill(&limits, UINT64_MAX - 1));
}
END_TEST

START_TEST(test_pass)
{
	ck_assert_int_eq(limits_passed(&limits, false, 109), FAILURE_NONE);
	ck_assert_int_eq(limits_passed(&limits, false, 110), FAILURE_START_TIMEOUT);
	ck_assert_int_eq(limits_passed(&limits, true, 110), FAILURE_NONE);
	ck_assert_int_eq(limits_passed(&limits, false, 129), FAILURE_NONE); /* it was ready once */
	ck_assert_int_eq(limits_passed(&limits, true, 130), FAILURE_CYCLE_TIMEOUT);
}
END_TEST

START_TEST(test_expire)
{
	limits_expire(&limits, &settings, FAILURE_WATCHDOG, 200);
	ck_assert_int_eq(limits.expired, FAILURE_WATCHDOG);
	ck_assert_int_eq(limits_passed(&limits, false, 1000), FAILURE_NONE);
	ck_assert_uint_eq(limits_due(&limits), 205);
	ck_assert(!limits_kill(&limits, 204));
	ck_assert(limits_kill(&limits, 205));
	ck_assert(!limits_kill(&limits, 206));
}
END_TEST

START_TEST(test_extend)
{
	limits_extend(&limits, &settings, 1, 101); /* it shortens nothing */
	ck_assert_uint_eq(limits.start_due_usec, 110);
	limits_extend(&limits, &settings, 50, 105);
	ck_assert_uint_eq(limits.start_due_usec, 155);
	ck_assert_uint_eq(limits.cycle_due_usec, 155);
	limits_extend(&limits, &settings, UINT64_MAX, 105); /* ten times, no more */
	ck_assert_uint_eq(limits.start_due_usec, 200);
	ck_assert_uint_eq(limits.cycle_due_usec, 400);
	ck_assert_uint_eq(limits.kill_due_usec, USEC_INFINITY);
	limits_expire(&limits, &settings, FAILURE_CYCLE_TIMEOUT, 400);
	limits_extend(&limits, &settings, 1000, 401);
	ck_assert_uint_eq(limits.kill_due_usec, 450);
	ck_assert_uint_eq(limits.start_due_usec, USEC_INFINITY);
	settings.grace_period_usec = USEC_INFINITY;
	ck_assert_uint_eq(limits_extended_max(1, USEC_INFINITY), USEC_INFINITY);
}
END_TEST

static const struct {
	struct share share;
	const char *results; /* s: succeeded; f: failed; F: and that is enough */
} windows[] = {
	{ { 1, 1 }, "sFsF" },
	{ { 3, 3 }, "ffsffFFs" },
	{ { 2, 5 }, "fsssFssssfssssfFs" },
	{ { 1, 64 }, "sFs" },
};

START_TEST(test_window)
{
	uint64_t window = 0;

	for (const char *r = windows[_i].results; *r; r++)
		ck_assert_msg(
			probe_window_add(&window, &windows[_i].share, *r != 's') == (*r == 'F'),
			"%s", r);
}
END_TEST

START_TEST(test_widest_window)
{
	static const struct share share = { 2, 64 };

	for (unsigned between = 62; between <= 63; between++) {
		uint64_t window = 0;

		ck_assert(!probe_window_add(&window, &share, true));
		for (unsigned i = 0; i < between; i++)
			ck_assert(!probe_window_add(&window, &share, false));
		ck_assert_int_eq(probe_window_add(&window, &share, true), between == 62);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");

	tcase_add_checked_fixture(
		unit_add_table(suite, "begin", test_begin, ELEMENTS(begins)), setup, NULL);
	tcase_add_checked_fixture(unit_add(suite, "pass", test_pass), setup, NULL);
	tcase_add_checked_fixture(unit_add(suite, "expire", test_expire), setup, NULL);
	tcase_add_checked_fixture(unit_add(suite, "extend", test_extend), setup, NULL);
	unit_add_table(suite, "window", test_window, ELEMENTS(windows));
	unit_add(suite, "widest_window", test_widest_window);
	return unit_main(suite);
}
