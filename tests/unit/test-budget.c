/* SPDX-License-Identifier: MIT */
/* The failure budget of loops and the reset budget of groups; the clock is a parameter. */
#include "lib/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "core/budget.h"

#define SEC(n) ((uint64_t)(n)*USEC_PER_SEC)
#define MINUTE SEC(60)

static struct loop_settings loop;
static struct budget budget;

static void setup(void)
{
	ck_assert_int_eq(settings_init(SETTINGS_LOOP, &loop), 0);
	ck_assert_int_eq(budget_init(&budget), 0);
}

static void teardown(void)
{
	budget_done(&budget);
	settings_done(SETTINGS_LOOP, &loop);
}

static void set(const char *key, const char *text)
{
	char *reason = NULL;

	ck_assert_msg(settings_set(SETTINGS_LOOP, &loop, key, text, &reason) == 0, "%s", reason);
}

static enum verdict fail_as(enum failure_kind kind, int status, uint64_t now)
{
	struct failure failure = { .kind = kind, .status = status };

	return budget_fail(&budget, &loop, &failure, now);
}

static enum verdict crash(uint64_t now)
{
	return fail_as(FAILURE_EXIT, 1, now);
}

/* SL-47: default 10: the 11th; 3: the 4th; 0: the first. SL-48: the counter is at 0 again. */
static const struct {
	const char *maximum;
	unsigned trips_at;
} thresholds[] = { { "", 11 }, { "3", 4 }, { "1", 2 }, { "0", 1 } };

START_TEST(test_threshold)
{
	set("max_loop_failures", thresholds[_i].maximum);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned n = 1; n < thresholds[_i].trips_at; n++) {
			ck_assert_int_eq(crash(n), VERDICT_WITHIN);
			ck_assert_uint_eq(budget_failures(&budget), n);
		}
		ck_assert_int_eq(crash(99), VERDICT_TRIP);
		ck_assert_uint_eq(budget_failures(&budget), 0);
		ck_assert_uint_eq(budget_trip_failures(&budget), thresholds[_i].trips_at);
	}
	ck_assert_uint_eq(budget.total, 2 * thresholds[_i].trips_at);
}
END_TEST

static const struct {
	const char *trip_on, *fatal;
	enum failure_kind kind;
	int status;
	enum verdict verdict;
} verdicts[] = {
	{ "", "", FAILURE_EXIT, 1, VERDICT_WITHIN },
	{ "exit", "", FAILURE_EXIT, 1, VERDICT_TRIP },
	{ "exit", "", FAILURE_SIGNAL, 1, VERDICT_WITHIN },
	{ "exit:3", "", FAILURE_EXIT, 3, VERDICT_TRIP },
	{ "exit:3", "", FAILURE_EXIT, 4, VERDICT_WITHIN },
	{ "exit:3", "", FAILURE_SIGNAL, 3, VERDICT_WITHIN },
	{ "watchdog, signal", "", FAILURE_SIGNAL, 11, VERDICT_TRIP },
	{ "watchdog, signal", "", FAILURE_WATCHDOG, 0, VERDICT_TRIP },
	{ "explicit", "", FAILURE_EXPLICIT, 0, VERDICT_TRIP },
	{ "", "78", FAILURE_EXIT, 78, VERDICT_FATAL },
	{ "", "78", FAILURE_EXIT, 77, VERDICT_WITHIN },
	{ "", "9", FAILURE_SIGNAL, 9, VERDICT_WITHIN },
	{ "exit", "78", FAILURE_EXIT, 78, VERDICT_FATAL },
};

START_TEST(test_verdict)
{
	set("trip_on", verdicts[_i].trip_on);
	set("fatal_exit_status", verdicts[_i].fatal);
	ck_assert_int_eq(fail_as(verdicts[_i].kind, verdicts[_i].status, 1), verdicts[_i].verdict);
	ck_assert_uint_eq(budget_failures(&budget), verdicts[_i].verdict == VERDICT_TRIP ? 0 : 1);
}
END_TEST

START_TEST(test_trip_by_hand)
{
	struct failure failure = { .kind = FAILURE_EXPLICIT };

	crash(1);
	budget_trip(&budget, &loop, &failure, 2);
	ck_assert_uint_eq(budget_failures(&budget), 0);
	ck_assert_uint_eq(budget_trip_failures(&budget), 2);
	ck_assert_uint_eq(budget.total, 2);
}
END_TEST

/* Healthy for 10 minutes since the last failure: forgiven by whoever looks next, not a moment
 * before. */
START_TEST(test_forgiven_in_time)
{
	uint64_t when;

	crash(SEC(1));
	crash(SEC(2));
	ck_assert(!budget_settle(&budget, &loop, SEC(3), &when));
	ck_assert_uint_eq(when, USEC_INFINITY);

	ck_assert(!budget_healthy(&budget, &loop, SEC(10)));
	ck_assert(!budget_healthy(&budget, &loop, SEC(300)));
	ck_assert(!budget_settle(&budget, &loop, SEC(610) - 1, &when));
	ck_assert_uint_eq(when, SEC(610));
	ck_assert_uint_eq(budget_failures(&budget), 2);
	ck_assert(budget_settle(&budget, &loop, SEC(610), &when));
	ck_assert_uint_eq(when, USEC_INFINITY);
	ck_assert_uint_eq(budget_failures(&budget), 0);
	ck_assert(!budget_settle(&budget, &loop, SEC(9999), &when));
}
END_TEST

/* The failure that ends a long health is the first of a new series. */
START_TEST(test_failure_settles_first)
{
	set("max_loop_failures", "1");
	crash(SEC(1));
	budget_healthy(&budget, &loop, SEC(2));
	ck_assert_int_eq(crash(SEC(2) + 10 * MINUTE), VERDICT_WITHIN);
	ck_assert_uint_eq(budget_failures(&budget), 1);
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 0), 0);

	budget_healthy(&budget, &loop, SEC(1000));
	ck_assert_int_eq(crash(SEC(1000) + 10 * MINUTE - 1), VERDICT_TRIP);
}
END_TEST

START_TEST(test_never_healthy_never_forgiven)
{
	for (unsigned hour = 1; hour <= 10; hour++)
		ck_assert_int_eq(crash(hour * 60 * MINUTE), VERDICT_WITHIN);
	ck_assert_int_eq(crash(11 * 60 * MINUTE), VERDICT_TRIP);
}
END_TEST

START_TEST(test_explicit_restarts_health)
{
	uint64_t when;

	budget_healthy(&budget, &loop, SEC(1));
	fail_as(FAILURE_EXPLICIT, 0, SEC(100));
	budget_settle(&budget, &loop, SEC(100), &when);
	ck_assert_uint_eq(when, SEC(700));
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 0), 0);
	fail_as(FAILURE_EXPLICIT, 0, SEC(110));
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 0), 0);
	ck_assert(budget_settle(&budget, &loop, SEC(710), &when));

	/* Of a loop that is not healthy it makes none. */
	crash(SEC(800));
	fail_as(FAILURE_EXPLICIT, 0, SEC(801));
	budget_settle(&budget, &loop, SEC(9999), &when);
	ck_assert_uint_eq(when, USEC_INFINITY);
}
END_TEST

START_TEST(test_stopped_is_not_healthy)
{
	uint64_t when;

	crash(SEC(1));
	budget_healthy(&budget, &loop, SEC(2));
	ck_assert(!budget_unhealthy(&budget, &loop, SEC(3)));
	ck_assert(!budget_settle(&budget, &loop, SEC(9999), &when));
	ck_assert_uint_eq(budget_failures(&budget), 1);
	budget_healthy(&budget, &loop, SEC(10000));
	ck_assert(budget_unhealthy(&budget, &loop, SEC(10600)));
}
END_TEST

START_TEST(test_first_success_forgives)
{
	uint64_t when;

	set("forgive_after", "0");
	crash(SEC(1));
	ck_assert(!budget_settle(&budget, &loop, SEC(9999), &when));
	ck_assert(budget_healthy(&budget, &loop, SEC(10000)));
	ck_assert_uint_eq(budget_failures(&budget), 0);

	/* Healthy, but the next success is still to come. */
	fail_as(FAILURE_EXPLICIT, 0, SEC(10001));
	fail_as(FAILURE_EXPLICIT, 0, SEC(10002));
	ck_assert_uint_eq(budget_failures(&budget), 2);
	ck_assert(budget_healthy(&budget, &loop, SEC(10003)));
}
END_TEST

START_TEST(test_never_forgives)
{
	uint64_t when;

	set("forgive_after", "infinity");
	crash(SEC(1));
	ck_assert(!budget_healthy(&budget, &loop, SEC(2)));
	ck_assert(!budget_settle(&budget, &loop, USEC_INFINITY - 1, &when));
	ck_assert_uint_eq(when, USEC_INFINITY);
	budget_forgive(&budget);
	ck_assert_uint_eq(budget_failures(&budget), 0);
}
END_TEST

static const struct {
	uint64_t base, maximum;
	unsigned n;
	uint64_t wait;
} nths[] = {
	{ 100, 30000, 0, 0 },
	{ 100, 30000, 1, 100 },
	{ 100, 30000, 2, 200 },
	{ 100, 30000, 9, 25600 },
	{ 100, 30000, 10, 30000 },
	{ 100, 30000, 4000000000, 30000 },
	{ 100, 100, 5, 100 },
	{ 1, USEC_INFINITY, 200, USEC_INFINITY },
	{ 0, 30000, 4000000000, 0 },
};

START_TEST(test_backoff_nth)
{
	ck_assert_uint_eq(backoff_nth(nths[_i].base, nths[_i].maximum, nths[_i].n), nths[_i].wait);
}
END_TEST

START_TEST(test_backoff)
{
	static const uint64_t waits[] = { 0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600,
		30000, 30000 };

	set("max_loop_failures", "5"); /* a trip does not end the backoff */
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 500), 0);
	for (size_t i = 0; i < ELEMENTS(waits); i++) {
		uint64_t wait = waits[i] * USEC_PER_MSEC;

		crash(SEC(1));
		ck_assert_uint_eq(budget_backoff(&budget, &loop, 500), wait);
		ck_assert_uint_eq(budget_backoff(&budget, &loop, 0), wait / 10 * 9);
		ck_assert_uint_eq(budget_backoff(&budget, &loop, 1000), wait / 10 * 11);
		for (uint32_t chance = UINT32_MAX; chance > 0; chance /= 2)
			ck_assert_uint_le(budget_backoff(&budget, &loop, chance), wait / 10 * 11);
	}
	budget_forget_backoff(&budget);
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 500), 0);
	ck_assert_uint_eq(budget_failures(&budget), 0);
	crash(SEC(2));
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 500), 0);
	crash(SEC(3));
	budget_forgive(&budget);
	crash(SEC(4));
	ck_assert_uint_eq(budget_backoff(&budget, &loop, 500), 0);
}
END_TEST

START_TEST(test_forget_keeps_counter)
{
	crash(1);
	crash(2);
	budget_forget_backoff(&budget);
	ck_assert_uint_eq(budget_failures(&budget), 2);
}
END_TEST

static atomic_uint trips;
static pthread_barrier_t together;

static void *fail_often(void *unused)
{
	pthread_barrier_wait(&together);
	for (unsigned i = 0; i < 11000; i++)
		if (crash(1) == VERDICT_TRIP)
			atomic_fetch_add(&trips, 1);
	return unused;
}

/* Four threads, 44 000 failures, each eleventh trips: exactly one caller is told. */
START_TEST(test_one_is_told)
{
	pthread_t threads[4];

	ck_assert_int_eq(pthread_barrier_init(&together, NULL, ELEMENTS(threads)), 0);
	for (size_t i = 0; i < ELEMENTS(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_often, NULL), 0);
	for (size_t i = 0; i < ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(atomic_load(&trips), 4000);
	ck_assert_uint_eq(budget.total, 44000);
}
END_TEST

/* ---- resets */

static struct group_settings group;
static struct reset_budget resets;

static void setup_group(void)
{
	ck_assert_int_eq(settings_init(SETTINGS_GROUP, &group), 0);
	memset(&resets, 0, sizeof(resets));
}

static void teardown_group(void)
{
	reset_budget_done(&resets);
	settings_done(SETTINGS_GROUP, &group);
}

/* A red, and after `red` of time the light is green again. */
static int one_reset(uint64_t *now, uint64_t red)
{
	int n;

	reset_budget_light(&resets, false, *now);
	n = reset_budget_take(&resets, &group, *now);
	*now += red;
	reset_budget_light(&resets, true, *now);
	return n;
}

static const struct {
	uint64_t green; /* from green to the next red */
	uint64_t red;   /* from red to green again */
	bool exhausted;
} paces[] = {
	{ SEC(1), SEC(1), true },
	/* A slowly failing member: an hour and a half from red to red, nearly none of it green. */
	{ MINUTE, 90 * MINUTE, true },
	{ 0, 90 * MINUTE, true },
	/* The sixth red comes exactly at the window's edge: five green times after the first. */
	{ 12 * MINUTE, SEC(1), true },
	{ 12 * MINUTE + 1, SEC(1), false },
	{ 60 * MINUTE, SEC(1), false },
};

START_TEST(test_window)
{
	uint64_t now = SEC(1000);
	unsigned done = 0;
	int n = 1;

	reset_budget_light(&resets, true, now);
	for (unsigned i = 0; i < 50 && n > 0; i++) {
		now += paces[_i].green;
		n = one_reset(&now, paces[_i].red);
		ck_assert_int_ge(n, 0);
		done += n > 0;
	}
	if (paces[_i].exhausted)
		ck_assert_uint_eq(done, group.max_resets);
	else
		ck_assert_uint_eq(done, 50);
}
END_TEST

START_TEST(test_window_counts)
{
	uint64_t now = 0;

	reset_budget_light(&resets, true, now);
	ck_assert_int_eq(one_reset(&now, SEC(9)), 1);
	ck_assert_int_eq(one_reset(&now, SEC(9)), 2);
	now += 30 * MINUTE;
	ck_assert_int_eq(one_reset(&now, SEC(9)), 3);
	ck_assert_uint_eq(reset_budget_used(&resets, &group, now), 3);
	now += 30 * MINUTE + 1;
	ck_assert_uint_eq(reset_budget_used(&resets, &group, now), 1);
	reset_budget_empty(&resets);
	ck_assert_uint_eq(reset_budget_used(&resets, &group, now), 0);
	ck_assert_int_eq(one_reset(&now, SEC(9)), 1);
}
END_TEST

START_TEST(test_window_light_stands)
{
	uint64_t now = 0;

	/* Told twice, it counts once; forgiven in between, the clock runs on. */
	one_reset(&now, 0);
	reset_budget_light(&resets, true, 40 * MINUTE);
	ck_assert_uint_eq(reset_budget_used(&resets, &group, 59 * MINUTE), 1);
	ck_assert_uint_eq(reset_budget_used(&resets, &group, 61 * MINUTE), 0);
	reset_budget_empty(&resets);
	ck_assert(resets.green);
}
END_TEST

START_TEST(test_max_resets)
{
	static const unsigned maxima[] = { 0, 1, 2, 100 };
	uint64_t now = 0;

	group.max_resets = maxima[_i];
	for (unsigned i = 0; i < maxima[_i]; i++)
		ck_assert_int_eq(one_reset(&now, 1), (int)i + 1);
	ck_assert_int_eq(one_reset(&now, 1), 0);
	ck_assert_uint_eq(resets.n_stamps, maxima[_i]);
}
END_TEST

START_TEST(test_max_resets_lowered)
{
	uint64_t now = 0;

	one_reset(&now, 1);
	one_reset(&now, 1);
	group.max_resets = 1;
	ck_assert_int_eq(one_reset(&now, 1), 0);
}
END_TEST

START_TEST(test_reset_backoff)
{
	static const unsigned seconds[] = { 0, 0, 1, 2, 4, 8, 16, 30, 30 };

	for (unsigned n = 0; n < ELEMENTS(seconds); n++)
		ck_assert_uint_eq(reset_backoff(&group, n), SEC(seconds[n]));
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

static void add_group(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	TCase *tcase = unit_add_table(suite, name, test, n_rows);

	tcase_add_checked_fixture(tcase, setup_group, teardown_group);
}

int main(void)
{
	Suite *suite = suite_create("budget");

	add(suite, "threshold", test_threshold, ELEMENTS(thresholds));
	add(suite, "verdict", test_verdict, ELEMENTS(verdicts));
	add(suite, "trip by hand", test_trip_by_hand, 1);
	add(suite, "forgiven in time", test_forgiven_in_time, 1);
	add(suite, "failure settles first", test_failure_settles_first, 1);
	add(suite, "never healthy", test_never_healthy_never_forgiven, 1);
	add(suite, "explicit", test_explicit_restarts_health, 1);
	add(suite, "stopped", test_stopped_is_not_healthy, 1);
	add(suite, "forgive_after = 0", test_first_success_forgives, 1);
	add(suite, "forgive_after = infinity", test_never_forgives, 1);
	add(suite, "backoff_nth", test_backoff_nth, ELEMENTS(nths));
	add(suite, "backoff", test_backoff, 1);
	add(suite, "forget backoff", test_forget_keeps_counter, 1);
	add(suite, "one is told", test_one_is_told, 1);
	add_group(suite, "window", test_window, ELEMENTS(paces));
	add_group(suite, "window counts", test_window_counts, 1);
	add_group(suite, "window light", test_window_light_stands, 1);
	add_group(suite, "max_resets", test_max_resets, 4);
	add_group(suite, "max_resets lowered", test_max_resets_lowered, 1);
	add_group(suite, "reset backoff", test_reset_backoff, 1);
	return unit_main(suite);
}
