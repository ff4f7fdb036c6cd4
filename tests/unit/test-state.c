/* SPDX-License-Identifier: MIT */
/* The tables of states, spelled out a second time, and the names; failures. */
#include "lib/unit.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "core/failure.h"
#include "core/state.h"

/* Rows: from; columns: to; in the order of the enum. */
static const char *const loop_allowed[LOOP_STATE_MAX_] = {
	/* inactive starting running stopping backoff failed done */
	[LOOP_INACTIVE] = "-x--xx-",
	[LOOP_STARTING] = "x-xxxxx",
	[LOOP_RUNNING] = "-x-xxxx",
	[LOOP_STOPPING] = "x----xx",
	[LOOP_BACKOFF] = "xxxx-x-",
	[LOOP_FAILED] = "xx-xx--",
	[LOOP_DONE] = "xx--xx-",
};

static const char *const group_allowed[GROUP_STATE_MAX_] = {
	/* inactive starting running resetting stopping failed */
	[GROUP_INACTIVE] = "-x----",
	[GROUP_STARTING] = "--xxxx",
	[GROUP_RUNNING] = "-x-xxx",
	[GROUP_RESETTING] = "-xx-xx",
	[GROUP_STOPPING] = "x----x",
	[GROUP_FAILED] = "xx--x-",
};

START_TEST(test_loop_transitions)
{
	for (int to = 0; to < LOOP_STATE_MAX_; to++)
		ck_assert_msg(loop_state_may(_i, to) == (loop_allowed[_i][to] == 'x'), "%s to %s",
			loop_state_to_string(_i), loop_state_to_string(to));
	ck_assert(!loop_state_may(_i, LOOP_STATE_MAX_));
	ck_assert(!loop_state_may(LOOP_STATE_MAX_, _i));
}
END_TEST

START_TEST(test_group_transitions)
{
	for (int to = 0; to < GROUP_STATE_MAX_; to++)
		ck_assert_msg(group_state_may(_i, to) == (group_allowed[_i][to] == 'x'), "%s to %s",
			group_state_to_string(_i), group_state_to_string(to));
	ck_assert(!group_state_may(_i, GROUP_STATE_MAX_));
	ck_assert(!group_state_may(GROUP_STATE_MAX_, _i));
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(loop_state_to_string(LOOP_INACTIVE), "inactive");
	ck_assert_str_eq(loop_state_to_string(LOOP_BACKOFF), "backoff");
	ck_assert_str_eq(loop_state_to_string(LOOP_DONE), "done");
	ck_assert_str_eq(group_state_to_string(GROUP_RESETTING), "resetting");
	ck_assert_str_eq(group_state_to_string(GROUP_FAILED), "failed");
	ck_assert_str_eq(color_to_string(COLOR_GREY), "grey");
	ck_assert_str_eq(color_to_string(COLOR_RED), "red");
	ck_assert(COLOR_GREY < COLOR_GREEN && COLOR_GREEN < COLOR_AMBER && COLOR_AMBER < COLOR_RED);
}
END_TEST

START_TEST(test_failure_kinds)
{
	for (int kind = 0; kind < FAILURE_KIND_MAX_; kind++)
		ck_assert_int_eq(failure_kind_from_string(failure_kind_to_string(kind)), kind);
	ck_assert_str_eq(failure_kind_to_string(FAILURE_START_TIMEOUT), "start-timeout");
	ck_assert_int_eq(failure_kind_from_string("Exit"), -EINVAL);
	ck_assert_int_eq(failure_kind_from_string(""), -EINVAL);
}
END_TEST

START_TEST(test_failure_set)
{
	struct failure failure;

	failure_set(&failure, FAILURE_EXIT, 3, "exit %d", 3);
	ck_assert_int_eq(failure.kind, FAILURE_EXIT);
	ck_assert_int_eq(failure.status, 3);
	ck_assert_str_eq(failure.reason, "exit 3");
	ck_assert_uint_gt(failure.when_usec, 0);
	ck_assert_uint_gt(failure.realtime_usec, 0);
	ck_assert_uint_eq(failure.generation, 0);

	failure_set(&failure, FAILURE_EXIT, 3, "again: %s", failure.reason);
	ck_assert_str_eq(failure.reason, "again: exit 3");
	failure_set(&failure, FAILURE_PROBE, 0, "%s", "");
	ck_assert_str_eq(failure.reason, "probe");
}
END_TEST

/* A reason that is cut within a character of two, three or four bytes stays UTF-8, and loses no
 * whole character. */
START_TEST(test_failure_cut)
{
	static const char *const characters[] = { "a", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };
	size_t width = strlen(characters[_i]);

	for (size_t shift = 0; shift < width; shift++) {
		char text[300] = "";
		struct failure failure;

		memset(text, 'x', shift);
		while (strlen(text) + width < sizeof(text))
			strncat(text, characters[_i], sizeof(text) - strlen(text) - 1);
		failure_set(&failure, FAILURE_ERROR, 0, "%s", text);
		ck_assert(utf8_valid(failure.reason, strlen(failure.reason)));
		ck_assert_uint_gt(strlen(failure.reason) + width, sizeof(failure.reason) - 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");

	unit_add_table(suite, "loop transitions", test_loop_transitions, LOOP_STATE_MAX_);
	unit_add_table(suite, "group transitions", test_group_transitions, GROUP_STATE_MAX_);
	unit_add(suite, "names", test_names);
	unit_add(suite, "failure kinds", test_failure_kinds);
	unit_add(suite, "failure", test_failure_set);
	unit_add_table(suite, "failure cut", test_failure_cut, 4);
	return unit_main(suite);
}
