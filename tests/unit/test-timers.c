/* SPDX-License-Identifier: MIT */
/* A controller's deadlines: popped in order, each once, whatever was set, moved and switched off
 * before. */
#include "lib/unit.h"

#include <stdlib.h>

#include "base/macro.h"
#include "core/timers.h"

enum { N = 60, STEPS = 4000 };

static struct timers timers;
static struct timer all[N];

static void setup(void)
{
	ck_assert_int_eq(timers_reserve(&timers, N), 0);
	for (unsigned i = 0; i < N; i++)
		all[i].when_usec = USEC_INFINITY;
}

static void teardown(void)
{
	timers_done(&timers);
}

/* What the heap should say, the slow way. */
static uint64_t least(void)
{
	uint64_t when = USEC_INFINITY;

	for (unsigned i = 0; i < N; i++)
		when = MIN(when, all[i].when_usec);
	return when;
}

START_TEST(test_empty)
{
	ck_assert_uint_eq(timers_next(&timers), USEC_INFINITY);
	ck_assert_ptr_null(timers_pop(&timers, USEC_INFINITY - 1));
	timers_set(&timers, &all[0], USEC_INFINITY); /* off, and was never on */
	ck_assert_uint_eq(timers.n, 0);
}
END_TEST

START_TEST(test_due)
{
	timers_set(&timers, &all[0], 20);
	timers_set(&timers, &all[1], 10);
	ck_assert_ptr_null(timers_pop(&timers, 9));
	ck_assert_ptr_eq(timers_pop(&timers, 10), &all[1]); /* at its very time */
	ck_assert_uint_eq(all[1].when_usec, USEC_INFINITY);
	ck_assert_ptr_null(timers_pop(&timers, 19));
	timers_set(&timers, &all[0], 5); /* moved: still one */
	ck_assert_uint_eq(timers.n, 1);
	ck_assert_ptr_eq(timers_pop(&timers, 7), &all[0]);
	ck_assert_ptr_null(timers_pop(&timers, 1000));
}
END_TEST

/* Random sets, moves and switches against the slow way. */
START_TEST(test_random)
{
	srandom((unsigned)_i);
	for (unsigned step = 0; step < STEPS; step++) {
		struct timer *timer = &all[random() % N];
		struct timer *popped;

		timers_set(
			&timers, timer, random() % 4 ? (uint64_t)(random() % 50) : USEC_INFINITY);
		ck_assert_uint_eq(timers_next(&timers), least());
		if (random() % 3)
			continue;
		popped = timers_pop(&timers, (uint64_t)(random() % 50));
		ck_assert(!popped || popped->when_usec == USEC_INFINITY);
		ck_assert(!popped || popped->place == 0);
		ck_assert_uint_eq(timers_next(&timers), least());
	}
}
END_TEST

START_TEST(test_drain)
{
	uint64_t before = 0, next;

	srandom(99);
	for (unsigned i = 0; i < N; i++)
		timers_set(&timers, &all[i], (uint64_t)(random() % 30));
	for (unsigned i = 0; i < N; i++) {
		next = timers_next(&timers);
		ck_assert_uint_ge(next, before);
		ck_assert_ptr_nonnull(timers_pop(&timers, next));
		before = next;
	}
	ck_assert_uint_eq(timers_next(&timers), USEC_INFINITY);
}
END_TEST

START_TEST(test_reserve)
{
	timers_set(&timers, &all[0], 3);
	ck_assert_int_eq(timers_reserve(&timers, 2), 0); /* never less */
	ck_assert_uint_eq(timers.reserved, N);
	ck_assert_int_eq(timers_reserve(&timers, 2 * N), 0);
	ck_assert_uint_eq(timers_next(&timers), 3);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("timers");

	add(suite, "empty", test_empty, 1);
	add(suite, "due", test_due, 1);
	add(suite, "random", test_random, 5);
	add(suite, "drain", test_drain, 1);
	add(suite, "reserve", test_reserve, 1);
	return unit_main(suite);
}
