/* SPDX-License-Identifier: MIT */
/* A thousand loops in ten groups: started, reset together, stopped; as many threads, no more, and
 * none left. */
#include "lib/tree-fixture.h"

#include <dirent.h>
#include <stdio.h>

enum { N_GROUPS = 10, N_LOOPS = 1000, NAME = 12 };

static struct planned plan[N_GROUPS + N_LOOPS];
static char names[N_GROUPS + N_LOOPS][NAME];

static void make_plan(void)
{
	for (unsigned i = 0; i < N_GROUPS + N_LOOPS; i++) {
		bool is_group = i < N_GROUPS;

		snprintf(names[i], NAME, "%s%u", is_group ? "g" : "l", i);
		plan[i] = (struct planned){ .group = is_group ? names[i] : NULL,
			.loop = is_group ? NULL : names[i],
			.in = is_group ? NULL : names[i % N_GROUPS],
			.with = is_group ? NULL : "stack_size=64K" };
	}
}

static unsigned count_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned n = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n - 2; /* . and .. */
}

static void expect_generation(uint64_t generation)
{
	for (unsigned i = N_GROUPS; i < N_GROUPS + N_LOOPS; i++) {
		struct loop_snapshot now = loop_now(names[i]);

		ck_assert_uint_eq(now.generation, generation);
		ck_assert(now.ready);
		ck_assert_uint_eq(actor_lives(actor(names[i])), 1);
	}
}

START_TEST(test_all)
{
	struct asked *asked[N_GROUPS];
	unsigned threads;

	make_plan();
	fixture_start(plan, ELEMENTS(plan));
	for (unsigned i = 0; i < N_GROUPS; i++)
		await_state(names[i], "running", 1);
	expect_generation(0);
	threads = count_threads();
	ck_assert_uint_ge(threads, N_LOOPS + N_GROUPS);
	ck_assert_uint_le(threads, N_LOOPS + N_GROUPS + 4); /* main, root, a sanitizer's own */

	for (unsigned i = 0; i < N_GROUPS; i++)
		asked[i] = ask_later(CALL_RESET, names[i], false);
	for (unsigned i = 0; i < N_GROUPS; i++)
		ck_assert_int_eq(asked_result(asked[i]), 0);
	expect_generation(1);
	await_line("green: 1000/1000 loops ready");

	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_HARD), 0);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE), 0);
	for (unsigned i = N_GROUPS; i < N_GROUPS + N_LOOPS; i++)
		ck_assert_uint_eq(loop_now(names[i]).starts, 2);
	fixture_free();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("thousand");

	fixture_add(suite, "all", test_all, 1);
	return unit_main(suite);
}
