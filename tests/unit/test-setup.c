/* SPDX-License-Identifier: MIT */
/* The text in which greenloop-exec gets its orders: there and back, and what is refused. */
#include "lib/unit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "process/setup.h"

static gid_t room[SETUP_GROUPS_MAX];

static void expect_same(const struct setup *a, const struct setup *b)
{
	struct setup left = *a, right = *b;

	ck_assert_uint_eq(left.n_groups, right.n_groups);
	for (size_t i = 0; i < left.n_groups; i++)
		ck_assert_uint_eq(left.groups[i], right.groups[i]);
	left.groups = right.groups = NULL;
	left.working_directory = right.working_directory = NULL;
	ck_assert_mem_eq(&left, &right, sizeof(left));
}

static void expect_round_trip(const struct setup *setup)
{
	size_t size = setup_text_size(setup);
	_cleanup_free_ char *text = malloc(size);
	struct setup back;
	int length = setup_encode(setup, text, size);

	ck_assert_int_gt(length, 0);
	ck_assert_uint_eq(strlen(text), length);
	ck_assert_int_eq(setup_decode(text, room, &back), 0);
	expect_same(setup, &back);

	/* One byte less than it takes is too little, and nothing is written behind it. */
	memset(text, 'x', size);
	ck_assert_int_eq(setup_encode(setup, text, (size_t)length), -E2BIG);
	ck_assert_int_eq(text[length], 'x');
}

START_TEST(test_nothing)
{
	expect_round_trip(&(struct setup){ 0 });
}
END_TEST

static void fill(struct setup *setup)
{
	*setup = (struct setup){
		.set = 2 * SETUP_STATUS - 1,
		.uid = UINT32_MAX,
		.gid = UINT32_MAX,
		.umask = UINT32_MAX,
		.status_fd = UINT32_MAX,
		.nice = -INT32_MAX,
		.oom_score_adjust = -INT32_MAX,
		.bounding = UINT64_MAX,
		.inheritable = UINT64_MAX,
		.ambient = UINT64_MAX,
		.soft_set = (1u << SETUP_LIMITS) - 1,
		.hard_set = (1u << SETUP_LIMITS) - 1,
	};
	memset(setup->soft, 0xff, sizeof(setup->soft));
	memset(setup->hard, 0xff, sizeof(setup->hard));
	memset(setup->cpus, 0xff, sizeof(setup->cpus));
}

START_TEST(test_all_at_their_longest)
{
	gid_t *groups = malloc(SETUP_GROUPS_MAX * sizeof(groups[0]));
	struct setup setup;

	fill(&setup);
	expect_round_trip(&setup);
	for (size_t i = 0; i < SETUP_GROUPS_MAX; i++)
		groups[i] = UINT32_MAX - (gid_t)i;
	setup.groups = groups;
	setup.n_groups = SETUP_GROUPS_MAX;
	expect_round_trip(&setup);
	free(groups);
}
END_TEST

START_TEST(test_each_alone)
{
	gid_t group = 7;
	struct setup all;

	fill(&all);
	for (unsigned bit = 1; bit <= SETUP_STATUS; bit <<= 1) {
		struct setup one = { .set = bit };

		switch (bit) {
		case SETUP_GROUPS:
			one.groups = &group;
			one.n_groups = 1;
			break;
		case SETUP_CPUS:
			one.cpus[SETUP_CPU_WORDS - 1] = 5;
			break;
		case SETUP_OOM_SCORE:
			one.oom_score_adjust = 1000;
			break;
		case SETUP_AMBIENT:
			one.ambient = all.ambient;
			break;
		}
		expect_round_trip(&one);
	}
	for (unsigned i = 0; i < SETUP_LIMITS; i++) {
		struct setup soft = { .soft_set = 1u << i }, hard = { .hard_set = 1u << i };

		soft.soft[i] = 4711;
		hard.hard[i] = UINT64_MAX;
		expect_round_trip(&soft);
		expect_round_trip(&hard);
	}
}
END_TEST

static const char *const bad[] = {
	"",
	" ",
	"0",
	"2",
	"11",
	"x",
	"1 ",
	"1x",
	"1  uid=1",
	"1 uid=1 ",
	"1 uid",
	"1 uid=",
	"1 uid=-1",
	"1 uid=4294967296",
	"1 uid=1 uid=1",
	"1 uid=1x",
	"1 unknown=1",
	"1 nice=2147483648",
	"1 nice=--1",
	"1 nice=+1",
	"1 bounding=18446744073709551616",
	"1 no_new_privileges=0",
	"1 no_new_privileges",
	"1 soft16=1",
	"1 soft=1",
	"1 soft1=",
	"1 soft1=1 soft1=1",
	"1 hard-1=1",
	"1 cpus=",
	"1 cpus=1,",
	"1 cpus=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
	"1 cpus=1 cpus=1",
	"1 groups=1,",
	"1 groups=,1",
	"1 groups=1 groups=1",
	"1 groups=4294967296",
};

START_TEST(test_bad)
{
	struct setup setup;

	ck_assert_int_eq(setup_decode(bad[_i], room, &setup), -EBADMSG);
}
END_TEST

START_TEST(test_too_many_groups)
{
	size_t length = strlen("1 groups=");
	char *text = malloc(length + 2 * (SETUP_GROUPS_MAX + 1));
	struct setup setup;

	strcpy(text, "1 groups=");
	for (size_t i = 0; i <= SETUP_GROUPS_MAX; i++) {
		text[length + 2 * i] = '1';
		text[length + 2 * i + 1] = ',';
	}
	text[length + 2 * SETUP_GROUPS_MAX + 1] = '\0';
	ck_assert_int_eq(setup_decode(text, room, &setup), -EBADMSG);
	text[length + 2 * SETUP_GROUPS_MAX - 1] = '\0';
	ck_assert_int_eq(setup_decode(text, room, &setup), 0);
	ck_assert_uint_eq(setup.n_groups, SETUP_GROUPS_MAX);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("setup");
	TCase *tests = tcase_create("setup");

	tcase_add_test(tests, test_nothing);
	tcase_add_test(tests, test_all_at_their_longest);
	tcase_add_test(tests, test_each_alone);
	tcase_add_loop_test(tests, test_bad, 0, ELEMENTS(bad));
	tcase_add_test(tests, test_too_many_groups);
	suite_add_tcase(suite, tests);
	return unit_main(suite);
}
