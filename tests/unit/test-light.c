/* SPDX-License-Identifier: MIT */
/* The green light by itself, of a tree that never starts: turns, whom each suspends, what the
 * episodes keep. */
#include "lib/tree-fixture.h"

#include <stdio.h>
#include <string.h>

/* Start order: a, b, c, d, e; e and the child group "sub" take no part in resets that others cause.
 */
static const struct planned plan_format[] = {
	{ .group = "g" },
	{ .loop = "c", .in = "g", .with = "after=b" },
	{ .loop = "a", .in = "g" },
	{ .loop = "b", .in = "g", .with = "after=a" },
	{ .loop = "d", .in = "g", .with = "after=c" },
	{ .loop = "e", .in = "g", .with = "after=d reset_globally=no" },
	{ .group = "sub", .in = "g", .with = "reset_globally=no after=e" },
	{ .loop = "z" },
};

static void build(const char *strategy)
{
	struct planned plan[ELEMENTS(plan_format)];
	char with[40];

	memcpy(plan, plan_format, sizeof(plan));
	snprintf(with, sizeof(with), "strategy=%s", strategy);
	plan[0].with = with;
	fixture_build(plan, ELEMENTS(plan));
}

static uint64_t turn(void)
{
	return group("g")->light.turn;
}

/* As the controller does when it has seen to every turn. */
static void turn_on(void)
{
	group("g")->handled_turn = turn();
	ck_assert(light_green(group("g")));
}

static enum red red(const char *who, uint64_t birth_turn)
{
	struct failure failure;

	failure_set(&failure, FAILURE_EXIT, 1, "%s: exit 1", who);
	return light_red(group("g"), task(who), birth_turn, &failure, who, "behind");
}

static void attach(const char *who)
{
	struct failure failure;

	failure_set(&failure, FAILURE_EXIT, 2, "too");
	light_attach(group("g"), task(who), &failure);
}

/* Names of all members whose suspension is of this turn, in order of the table. */
static const char *suspended_by(uint64_t nth)
{
	static char names[80];
	struct gloop_group *g = group("g");

	names[0] = 0;
	for (unsigned i = 0; i < g->n_members; i++)
		if (g->members[i]->suspended_turn == nth)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ",
				g->members[i]->name);
	return names;
}

static const struct {
	const char *strategy, *cause, *suspended;
} sets[] = {
	{ "one_for_all", "b", "c a b d " },
	{ "one_for_all", "e", "c a b d e " }, /* who fails is always one of them */
	{ "one_for_all", "sub", "c a b d sub " },
	{ "rest_for_one", "a", "c a b d " },
	{ "rest_for_one", "c", "c d " },
	{ "rest_for_one", "d", "d " },
	{ "rest_for_one", "e", "e " },
	{ "rest_for_one", "sub", "sub " },
	{ "one_for_one", "b", "b " },
	{ "one_for_one", "e", "e " },
};

START_TEST(test_sets)
{
	build(sets[_i].strategy);
	turn_on();
	ck_assert_int_eq(red(sets[_i].cause, 0), RED_OPENED);
	ck_assert_str_eq(suspended_by(1), sets[_i].suspended);
	ck_assert_uint_eq(task("z")->suspended_turn, 0);
	fixture_free();
}
END_TEST

START_TEST(test_by_hand)
{
	struct failure failure;

	failure_set(&failure, FAILURE_EXPLICIT, 0, "reset by uid 0");
	build("rest_for_one");
	ck_assert_int_eq(light_red_by_hand(group("g"), &failure), RED_IGNORED);
	turn_on();
	ck_assert_int_eq(light_red_by_hand(group("g"), &failure), RED_OPENED);
	ck_assert_str_eq(suspended_by(1), "c a b d ");
	ck_assert_uint_eq(light_free_turns(&group("g")->light), 1);
	ck_assert_str_eq(episode_now("g").cause_loop, "operator");
	ck_assert_int_eq(red("a", 1), RED_AGAIN);
	ck_assert_uint_eq(light_free_turns(&group("g")->light), 1);
	ck_assert_int_eq(light_red_by_hand(group("g"), &failure), RED_AGAIN);
	ck_assert_uint_eq(light_free_turns(&group("g")->light), 2);
	ck_assert_uint_eq(turn(), 3);
	fixture_free();
}
END_TEST

/* Those that die together are one; whoever was born since, or was left alone, is a turn of its own.
 */
START_TEST(test_joined_and_again)
{
	build("rest_for_one");
	turn_on();
	ck_assert_int_eq(red("b", 0), RED_OPENED);
	ck_assert_int_eq(red("c", 0), RED_JOINED);
	ck_assert_int_eq(red("d", 0), RED_JOINED);
	ck_assert_uint_eq(turn(), 1);
	ck_assert_int_eq(red("a", 0), RED_AGAIN); /* left alone by the first */
	ck_assert_str_eq(suspended_by(2), "c a b d ");
	ck_assert_int_eq(red("d", 1), RED_JOINED); /* was born of turn 1, suspended by turn 2 */
	ck_assert_int_eq(red("d", 2), RED_AGAIN);
	ck_assert_uint_eq(turn(), 3);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED, .who = "g", .text = "b"), 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_RED, .who = "g"), 2);
	fixture_free();
}
END_TEST

START_TEST(test_ignored)
{
	build("one_for_all");
	ck_assert_int_eq(red("a", 0), RED_IGNORED);
	ck_assert_uint_eq(turn(), 0);
	ck_assert_uint_eq(task("a")->suspended_turn, 0);
	turn_on();
	light_off(group("g"), "stopped"); /* nothing was open: nothing to close */
	ck_assert_int_eq(red("a", 0), RED_IGNORED);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_CLOSED), 0);
	ck_assert_uint_eq(group("g")->light.number, 0);
	fixture_free();
}
END_TEST

/* The first cause stands; all others are attached, the first few in full. */
START_TEST(test_record)
{
	struct episode episode;
	char cause[200];

	build("one_for_all");
	attach("a"); /* nothing is open */
	turn_on();
	attach("a");
	red("b", 0);
	red("c", 0);
	for (int i = 0; i < EPISODE_ATTACHED_MAX + 3; i++)
		attach("d");
	light_count_reset(group("g"));
	episode = episode_now("g");
	ck_assert_uint_eq(episode.number, 1);
	ck_assert_str_eq(episode.group, "g");
	ck_assert_str_eq(episode.cause_loop, "b");
	ck_assert_str_eq(episode.cause.reason, "b: exit 1");
	ck_assert_str_eq(episode.origin, "behind");
	ck_assert_str_eq(episode.result, "");
	ck_assert_uint_eq(episode.resets, 1);
	ck_assert_uint_eq(episode.n_attached, EPISODE_ATTACHED_MAX + 4);
	ck_assert_str_eq(episode.attached[0].loop, "c");
	ck_assert_str_eq(episode.attached[EPISODE_ATTACHED_MAX - 1].loop, "d");
	ck_assert_uint_eq(light_cause(&group("g")->light, cause, sizeof(cause)), 1);
	ck_assert_str_eq(cause, "b: b: exit 1: behind");

	turn_on();
	await(.type = EVENT_EPISODE_CLOSED, .who = "g", .text = "green");
	attach("a"); /* too late */
	episode = episode_now("g");
	ck_assert_str_eq(episode.result, "green");
	ck_assert_uint_ge(episode.closed_usec, episode.opened_usec);
	ck_assert_uint_eq(episode.n_attached, EPISODE_ATTACHED_MAX + 4);
	light_count_reset(group("g")); /* no episode is open */
	ck_assert_uint_eq(episode_now("g").resets, 1);
	fixture_free();
}
END_TEST

/* A red that the controller has not seen yet is not painted over. */
START_TEST(test_unseen)
{
	build("one_for_all");
	turn_on();
	red("a", 0);
	ck_assert(!light_green(group("g")));
	ck_assert_int_eq(group("g")->light.state, LIGHT_RED);
	ck_assert_str_eq(episode_now("g").result, "");
	turn_on();
	ck_assert_int_eq(group("g")->light.state, LIGHT_GREEN);
	fixture_free();
}
END_TEST

static const char *const results[] = { "stopped", "exhausted", "superseded" };

START_TEST(test_results)
{
	build("one_for_all");
	turn_on();
	red("a", 0);
	light_off(group("g"), results[_i]);
	ck_assert_str_eq(episode_now("g").result, results[_i]);
	ck_assert_int_eq(group("g")->light.state, LIGHT_OFF);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_CLOSED, .text = results[_i]), 1);
	light_off(group("g"), "again"); /* closed once */
	ck_assert_str_eq(episode_now("g").result, results[_i]);
	fixture_free();
}
END_TEST

/* The last eight are kept, newest first; numbers go on. */
START_TEST(test_kept)
{
	enum { OPENED = LIGHT_EPISODES_KEPT + 3 };
	_cleanup_free_ struct episode *episodes = NULL;
	_cleanup_free_ struct episode *none = NULL;
	size_t n = 0;

	build("one_for_all");
	for (uint64_t i = 0; i < OPENED; i++) {
		turn_on();
		ck_assert_int_eq(red("a", i), RED_OPENED);
	}
	ck_assert_int_eq(episodes_copy(fixture_tree(), NULL, 0, &episodes, &n), 0);
	ck_assert_uint_eq(n, LIGHT_EPISODES_KEPT);
	for (unsigned i = 0; i < n; i++)
		ck_assert_uint_eq(episodes[i].number, OPENED - i);
	ck_assert_int_eq(episodes_copy(fixture_tree(), group("g"), 1, &none, &n), 0);
	ck_assert_uint_eq(n, 0);
	fixture_free();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("light");

	fixture_add(suite, "sets", test_sets, ELEMENTS(sets));
	fixture_add(suite, "by-hand", test_by_hand, 1);
	fixture_add(suite, "joined-and-again", test_joined_and_again, 1);
	fixture_add(suite, "ignored", test_ignored, 1);
	fixture_add(suite, "record", test_record, 1);
	fixture_add(suite, "unseen", test_unseen, 1);
	fixture_add(suite, "results", test_results, ELEMENTS(results));
	fixture_add(suite, "kept", test_kept, 1);
	return unit_main(suite);
}
