/* SPDX-License-Identifier: MIT */
/*
 * From a trip to green, or to exhaustion: who is reset and how often, which failures count, what an
 * episode says in the end, and how groups inside groups hand it on.
 */
#include "lib/tree-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define QUICK "backoff=1ms backoff_max=1ms"

static void trip(const char *name)
{
	ck_assert_int_eq(ask_to_fail(name, "enough", true), 0);
}

static void await_closed(const char *name, const char *result, unsigned n)
{
	await(.type = EVENT_EPISODE_CLOSED, .who = name, .text = result, .n = n);
}

/* ---- one reset */

static const struct planned trio[] = {
	{ .group = "g", .with = QUICK },
	{ .loop = "a", .in = "g", .with = "max_loop_failures=2 " QUICK },
	{ .loop = "b", .in = "g", .with = "max_loop_failures=2 " QUICK },
	{ .loop = "c", .in = "g", .with = "max_loop_failures=2 " QUICK },
};

/* One fails too often: all three get one new generation; what the others do while they are stopped
 * counts nothing. */
START_TEST(test_one_reset)
{
	struct episode episode;

	fixture_start(trio, ELEMENTS(trio));
	actor_order(actor("b"), ACT_SULK);
	actor_order(actor("c"), ACT_SULK);
	await_act("b", ACT_SULK);
	await_act("c", ACT_SULK);
	for (unsigned n = 0; n < 3; n++)
		actor_order(actor("a"), ACT_FAIL);
	await_closed("g", "green", 1);
	ck_assert_uint_eq(loop_now("b").failures, 0);
	episode = episode_now("g");
	ck_assert_str_eq(episode.cause_loop, "a");
	ck_assert_str_eq(episode.cause.reason, "a fails");
	ck_assert_int_eq(episode.cause.kind, FAILURE_ERROR);
	ck_assert_str_eq(episode.throughline, "g/a:0#3");
	ck_assert_str_eq(episode.result, "green");
	ck_assert_uint_eq(episode.resets, 1);
	ck_assert_uint_eq(episode.n_attached, 2);
	barrier("a"); /* that step is over */
	ck_assert_int_eq(group_now("g").color, COLOR_GREEN);
	ck_assert_uint_eq(group_now("g").resets, 1);

	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_uint_eq(loop_now("b").starts, 2);
	ck_assert_uint_eq(loop_now("c").starts, 2);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_RED), 0);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_CLOSED), 1);
	ck_assert_uint_eq(count(.type = EVENT_RESET, .value = IS(1)), 1);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .who = "a", .counted = IS(1)), 3);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .who = "b", .counted = IS(1)), 0);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .who = "c", .counted = IS(0)), 1);
	ck_assert_uint_eq(count(.type = EVENT_TRIP), 1);
	fixture_free();
}
END_TEST

/* All at the same time, from three threads: still one. */
START_TEST(test_all_at_once)
{
	static const char *const names[] = { "a", "b", "c" };
	struct actor *actors[ELEMENTS(names)];

	fixture_start(trio, ELEMENTS(trio));
	for (unsigned i = 0; i < ELEMENTS(names); i++) {
		await_act(names[i], ACT_WAIT);
		actors[i] = actor(names[i]);
	}
	await_state("g", "running", 1);
	actors_order(actors, ELEMENTS(actors), ACT_FAIL, 3);
	await_closed("g", "green", 1);
	fixture_halt();
	for (unsigned i = 0; i < ELEMENTS(names); i++)
		ck_assert_uint_eq(loop_now(names[i]).starts, 2);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), 1);
	ck_assert_uint_eq(count(.type = EVENT_RESET), 1);
	fixture_free();
}
END_TEST

/* Suspended and not yet stopped, for it waits for d: its failure is noted, and no new cycle begins.
 */
static const enum act last_acts[] = { ACT_FAIL, ACT_SUCCEED, ACT_REPORT };

START_TEST(test_suspended)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0 " QUICK },
		{ .loop = "c", .in = "g" },
		{ .loop = "d", .in = "g", .with = "after=a grace_period=1h" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("d", 0);
	await_act("a", ACT_WAIT);
	actor_order(actor("d"), ACT_CRAWL);
	await_act("d", ACT_CRAWL);
	trip("c");
	await_state("d", "stopping", 1);
	actor_order(actor("a"), last_acts[_i]);
	if (last_acts[_i] == ACT_SUCCEED)
		while (loop_now("a").cycles_succeeded == 0)
			barrier("a");
	else
		await(.type = EVENT_FAILURE, .who = "a", .counted = IS(0));
	actor_release(actor("d"));
	await_ready("a", 1);
	await_act("a", ACT_WAIT);
	await_closed("g", "green", 1);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_TRIP, .who = "a"), 0);
	ck_assert_uint_eq(loop_now("a").failures_total, 0);
	ck_assert_uint_eq(actor("a")->cycles, 2); /* one of each generation */
	fixture_free();
}
END_TEST

/* A reset calls off the on_start that runs; it runs again for the restart. */
START_TEST(test_during_start_hook)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g" },
		{ .loop = "b", .in = "g", .with = "\"on_start=heed b\"" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	await_hook("b", 1);
	trip("a");
	await_hook("b", 2);
	await_ready("a", 1);
	ck_assert_int_eq(ask(CALL_STOP, "b"), 0);
	await_closed("g", "green", 1);
	fixture_halt();
	ck_assert_uint_eq(loop_now("b").starts, 0);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .who = "b"), 0);
	fixture_free();
}
END_TEST

/* A reset forgets the backoffs, not the failures. */
START_TEST(test_backoff_forgotten)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "backoff=1h backoff_max=1h" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_FAIL);
	actor_order(actor("a"), ACT_FAIL);
	await_state("a", "backoff", 1);
	ck_assert_int_eq(ask(CALL_RESET, "g"), 0);
	ck_assert_uint_eq(loop_now("a").failures, 2);
	actor_order(actor("a"), ACT_FAIL);
	await(.type = EVENT_FAILURE, .who = "a", .n = 3);
	await_act("a", ACT_WAIT); /* the first retry is at once again */
	fixture_stop();
}
END_TEST

/* Of those that are done, a reset runs oneshots again, the start of the group all. */
static const struct {
	const char *with;
	unsigned after_reset, after_start;
} dones[] = { { "type=oneshot", 1, 2 }, { "type=module", 0, 1 } };

START_TEST(test_done)
{
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = dones[_i].with },
		{ .loop = "b", .in = "g" },
	};

	fixture_build(plan, ELEMENTS(plan));
	actor_set_habit(actor("a"), ACT_DONE);
	ck_assert_int_eq(tree_start(fixture_tree()), 0);
	await_state("a", "done", 1);
	await_ready("b", 0);
	ck_assert_int_eq(ask(CALL_RESET, "g"), 0);
	await_state("a", "done", dones[_i].after_reset + 1);
	ck_assert_uint_eq(loop_now("a").generation, dones[_i].after_reset);
	ck_assert_int_eq(ask(CALL_RESTART, "g"), 0);
	await_state("a", "done", dones[_i].after_start + 1);
	ck_assert_uint_eq(loop_now("a").generation, dones[_i].after_start);
	fixture_stop();
}
END_TEST

/* trip_on, at the first failure; fatal: failed alone, until somebody starts it. */
START_TEST(test_at_once)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = QUICK },
		{ .loop = "a", .in = "g", .with = "trip_on=exit:3" },
		{ .loop = "b", .in = "g", .with = "fatal_exit_status=3" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("b", 0);
	actor_order(actor("a"), ACT_EXIT_3);
	await_closed("g", "green", 1);
	await_ready("b", 1);
	actor_order(actor("b"), ACT_EXIT_3);
	await_state("b", "failed", 1);
	ck_assert_str_eq(loop_now("b").outcome, "failed");
	ck_assert_int_eq(group_now("g").color, COLOR_RED); /* a wanted member has given up */
	ck_assert(group_now("g").light);
	trip("a");
	await_closed(
		"g", "green", 2); /* one that has failed holds up no light, and is not started */
	ck_assert_uint_eq(loop_now("b").starts, 2);
	ck_assert_int_eq(ask(CALL_START, "b"), 0);
	ck_assert_uint_eq(loop_now("b").generation, 2);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 3);
	ck_assert_uint_eq(count(.type = EVENT_RESET), 2);
	fixture_free();
}
END_TEST

/* ---- whom a strategy restarts; start order a, b, c, n (n has reset_globally = no) */

static const struct {
	const char *strategy, *cause;
	unsigned starts[4];
} strategies[] = {
	{ "one_for_all", "b", { 2, 2, 2, 1 } },
	{ "one_for_all", "n", { 2, 2, 2, 2 } },
	{ "rest_for_one", "a", { 2, 2, 2, 1 } },
	{ "rest_for_one", "b", { 1, 2, 2, 1 } },
	{ "rest_for_one", "c", { 1, 1, 2, 1 } },
	{ "rest_for_one", "n", { 1, 1, 1, 2 } },
	{ "one_for_one", "a", { 2, 1, 1, 1 } },
	{ "one_for_one", "n", { 1, 1, 1, 2 } },
};

START_TEST(test_strategies)
{
	static const char *const names[] = { "a", "b", "c", "n" };
	char with[40];
	struct planned plan[] = {
		{ .group = "g", .with = with },
		{ .loop = "c", .in = "g", .with = "after=b" },
		{ .loop = "b", .in = "g", .with = "after=a" },
		{ .loop = "a", .in = "g" },
		{ .loop = "n", .in = "g", .with = "reset_globally=no" },
	};

	snprintf(with, sizeof(with), "strategy=%s", strategies[_i].strategy);
	fixture_start(plan, ELEMENTS(plan));
	for (unsigned i = 0; i < ELEMENTS(names); i++)
		await_ready(names[i], 0);
	trip(strategies[_i].cause);
	await_closed("g", "green", 1);
	fixture_halt();
	for (unsigned i = 0; i < ELEMENTS(names); i++)
		ck_assert_msg(loop_now(names[i]).starts == strategies[_i].starts[i],
			"%s: %u starts", names[i], (unsigned)loop_now(names[i]).starts);
	fixture_free();
}
END_TEST

/* ---- a failure on the way to green */

static const struct planned pair[] = {
	{ .group = "g", .with = "strategy=one_for_one " QUICK },
	{ .loop = "a",
		.in = "g",
		.with = "max_loop_failures=0 ready=cycle grace_period=1h " QUICK },
	{ .loop = "b", .in = "g", .with = "max_loop_failures=0 grace_period=1h " QUICK },
};

/* Of a member that the reset has started anew: reset again, in the same episode. */
START_TEST(test_again_while_starting)
{
	fixture_start(pair, ELEMENTS(pair));
	await_ready("b", 0);
	actor_order(actor("a"), ACT_SUCCEED);
	await_ready("a", 0);
	trip("a");
	for (unsigned n = 1; n <= 3; n++) {
		await_state("a", "starting", n + 1);
		actor_order(actor("a"), ACT_FAIL);
		await(.type = EVENT_EPISODE_RED, .who = "g", .n = n);
	}
	await_state("a", "starting", 5);
	actor_order(actor("a"), ACT_SUCCEED);
	await_closed("g", "green", 1);
	ck_assert_uint_eq(episode_now("g").resets, 4);
	ck_assert_uint_eq(episode_now("g").number, 1);
	ck_assert_uint_eq(group_now("g").resets, 4);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 5);
	ck_assert_uint_eq(loop_now("b").starts, 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), 1);
	fixture_free();
}
END_TEST

/* Of a member that the reset left alone, while the other is still being stopped: both. */
START_TEST(test_again_while_stopping)
{
	fixture_start(pair, ELEMENTS(pair));
	await_ready("b", 0);
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	trip("a");
	await_state("a", "stopping", 1);
	actor_order(actor("b"), ACT_FAIL);
	await(.type = EVENT_EPISODE_RED, .who = "g");
	await_state("b", "inactive", 1);
	ck_assert_uint_eq(loop_now("b").starts, 1); /* waits for a */
	actor_set_habit(actor("a"), ACT_SUCCEED);
	actor_release(actor("a"));
	await_closed("g", "green", 1);
	ck_assert_uint_eq(episode_now("g").resets, 2);
	actor_set_habit(actor("a"), ACT_WAIT);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_uint_eq(loop_now("b").starts, 2);
	fixture_free();
}
END_TEST

/* While the group starts for the first time. */
START_TEST(test_while_group_starts)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = QUICK },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0 ready=cycle" },
		{ .loop = "b", .in = "g", .with = "after=a" },
		{ .loop = "c", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("c", 0);
	await_act("a", ACT_WAIT);
	ck_assert_int_eq(group_now("g").state, GROUP_STARTING);
	actor_order(actor("a"), ACT_FAIL);
	await_ready("c", 1);
	ck_assert_int_eq(group_now("g").state, GROUP_RESETTING);
	actor_order(actor("a"), ACT_SUCCEED);
	await_closed("g", "green", 1);
	await_ready("b", 0);
	ck_assert_uint_eq(loop_now("b").starts, 1);
	ck_assert_uint_eq(loop_now("a").generation, 1);
	fixture_stop();
}
END_TEST

/* ---- exhaustion */

static const unsigned maxima[] = { 0, 1, 4 };

/* Exactly max_resets resets, exhausted by the next red; the group is failed, its members are
 * stopped. */
START_TEST(test_exhausted)
{
	char with[80];
	struct planned plan[] = {
		{ .group = "g", .with = with },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=1 " QUICK },
		{ .loop = "b", .in = "g" },
	};
	unsigned resets = maxima[_i];

	snprintf(with, sizeof(with), "max_resets=%u " QUICK, resets);
	fixture_start(plan, ELEMENTS(plan));
	actor_set_habit(actor("a"), ACT_FAIL);
	await_state("g", "failed", 1);
	ck_assert_int_eq(group_now("g").color, COLOR_RED);
	ck_assert(!group_now("g").light);
	ck_assert_uint_eq(actor_lives(actor("b")), 0);
	ck_assert_str_eq(episode_now("g").result, "exhausted");
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_RESET), resets);
	ck_assert_uint_eq(count(.type = EVENT_RESET, .value = IS(resets)), resets > 0);
	ck_assert_uint_eq(count(.type = EVENT_TRIP, .who = "a"), resets + 1);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .counted = IS(1)), 2 * (resets + 1));
	ck_assert_uint_eq(count(.type = EVENT_EXHAUSTED, .who = "g"), 1);
	ck_assert_uint_eq(loop_now("a").starts, resets + 1);
	ck_assert_uint_eq(count(.type = EVENT_EXIT), 0);
	fixture_free();
}
END_TEST

/* An operator's start empties the budget; so does forgiveness, which starts it, too. */
static const enum call_op revivals[] = { CALL_START, CALL_RESTART, CALL_FORGIVE };

START_TEST(test_revived)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=1 " QUICK },
		{ .loop = "a", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	trip("a");
	await_closed("g", "green", 1);
	ck_assert_uint_eq(group_now("g").resets, 1);
	trip("a");
	await_state("g", "failed", 1);
	ck_assert_int_eq(ask(revivals[_i], "g"), 0);
	await_ready("a", 2);
	ck_assert_uint_eq(group_now("g").resets, 0);
	trip("a");
	await_closed("g", "green", 2);
	barrier("a");
	ck_assert_int_eq(group_now("g").state, GROUP_RUNNING);
	fixture_stop();
}
END_TEST

/* Resets by hand use up nothing. */
START_TEST(test_by_hand)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=0 strategy=one_for_one" },
		{ .loop = "a", .in = "g" },
		{ .loop = "b", .in = "g" },
		{ .loop = "n", .in = "g", .with = "reset_globally=no" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("n", 0);
	for (unsigned n = 1; n <= 3; n++) {
		ck_assert_int_eq(ask(CALL_RESET, "g"), 0);
		ck_assert_int_eq(group_now("g").state, GROUP_RUNNING);
		ck_assert_uint_eq(loop_now("a").generation, n);
		ck_assert_uint_eq(loop_now("b").generation, n);
		ck_assert_uint_eq(loop_now("n").generation, 0);
	}
	ck_assert_uint_eq(group_now("g").resets, 0);
	ck_assert_str_eq(episode_now("g").cause_loop, "operator");
	fixture_stop();
}
END_TEST

/* Who asked for a reset hears that it came to nothing. */
START_TEST(test_by_hand_exhausted)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=0" },
		{ .loop = "a", .in = "g", .with = "grace_period=1h" },
		{ .loop = "n", .in = "g", .with = "reset_globally=no" },
	};
	struct asked *asked;

	fixture_start(plan, ELEMENTS(plan));
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	await_ready("n", 0);
	asked = ask_later(CALL_RESET, "g", false);
	await_state("a", "stopping", 1);
	trip("n");
	ck_assert_int_eq(asked_result(asked), -EIO);
	fixture_stop();
}
END_TEST

/* Without grace. */
START_TEST(test_hard_by_hand)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "grace_period=1h" },
	};

	fixture_start(plan, ELEMENTS(plan));
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	ck_assert_int_eq(ask(CALL_HARD_RESET, "g"), 0);
	ck_assert_uint_eq(count(.type = EVENT_HARD, .who = "a"), 1);
	trip("a"); /* that was for once */
	await_closed("g", "green", 2);
	ck_assert_uint_eq(count(.type = EVENT_HARD, .who = "a"), 1);
	ck_assert_uint_eq(loop_now("a").generation, 2);
	fixture_stop();
}
END_TEST

/* A failed group comes back by itself. */
START_TEST(test_group_cooldown)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=0 exhausted_action=cooldown:10ms" },
		{ .loop = "a", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	for (unsigned n = 0; n < 3; n++) {
		await_ready("a", n);
		await_state("g", "running", n + 1);
		trip("a");
	}
	await_ready("a", 3);
	ck_assert_uint_eq(group_now("g").generation, 3);
	ck_assert_uint_eq(count(.type = EVENT_EXHAUSTED, .who = "g"), 3);
	fixture_stop();
}
END_TEST

/* An hour of it is an hour that an operator need not wait. */
START_TEST(test_group_cooldown_ended)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=0 exhausted_action=cooldown:1h" },
		{ .loop = "a", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	trip("a");
	await_state("g", "failed", 1);
	ck_assert_int_eq(ask(_i == 0 ? CALL_START : CALL_STOP, "g"), 0);
	if (_i == 0)
		await_ready("a", 1);
	else
		ck_assert_int_eq(group_now("g").color, COLOR_GREY);
	fixture_stop();
}
END_TEST

/* ---- hooks of a group: red → reset → green, and exhausted; a restart waits for on_reset */

START_TEST(test_hooks)
{
	static const struct planned plan[] = {
		{ .group = "g",
			.with = "max_resets=1 \"on_red=ok red\" \"on_reset=wait reset\" "
				"\"on_green=ok green\" "
				"\"on_exhausted=ok exhausted\"" },
		{ .loop = "a", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	trip("a");
	await_hook("reset", 1);
	await_state("a", "inactive", 1);
	barrier("a");
	ck_assert_uint_eq(hook_count("red"), 1);
	ck_assert_uint_eq(hook_count("green"), 0);
	ck_assert_uint_eq(loop_now("a").starts, 1);
	hooks_release();
	await_hook("green", 1);
	await_ready("a", 1);
	trip("a");
	await_hook("exhausted", 1);
	fixture_halt();
	ck_assert_uint_eq(hook_count("red"), 2);
	ck_assert_uint_eq(hook_count("reset"), 1);
	ck_assert_uint_eq(hook_count("green"), 1);
	fixture_free();
}
END_TEST

/* A stop does not wait for on_reset to say yes. */
START_TEST(test_stop_during_hook)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "\"on_reset=wait reset\"" },
		{ .loop = "a", .in = "g" },
	};
	struct asked *stopped;

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	trip("a");
	await_hook("reset", 1);
	stopped = ask_later(CALL_STOP, "g", false);
	await_closed("g", "stopped", 1);
	hooks_release();
	ck_assert_int_eq(asked_result(stopped), 0);
	ck_assert_uint_eq(loop_now("a").starts, 1);
	fixture_stop();
}
END_TEST

/* ---- groups in groups */

static const struct planned nested[] = {
	{ .group = "outer", .with = "strategy=one_for_all " QUICK },
	{ .group = "inner", .in = "outer", .with = "max_resets=1 " QUICK },
	{ .loop = "a", .in = "inner", .with = "grace_period=1h" },
	{ .loop = "b", .in = "inner" },
	{ .loop = "c", .in = "outer" },
	{ .loop = "z" },
};

/* The child's reset is its own affair; its exhaustion is its parent's. */
START_TEST(test_escalation)
{
	fixture_start(nested, ELEMENTS(nested));
	await_ready("b", 0);
	await_ready("c", 0);
	await_ready("z", 0);
	trip("a");
	await_closed("inner", "green", 1);
	ck_assert_uint_eq(loop_now("c").starts, 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED, .who = "outer"), 0);
	trip("a");
	await_closed("outer", "green", 1);
	ck_assert_str_eq(episode_now("inner").result, "exhausted");
	ck_assert_str_eq(episode_now("outer").cause_loop, "inner");
	ck_assert_int_eq(episode_now("outer").cause.kind, FAILURE_GROUP);
	ck_assert_ptr_nonnull(strstr(episode_now("outer").origin, "enough"));
	ck_assert_uint_eq(group_now("inner").resets, 0); /* begins anew */
	ck_assert_int_eq(group_now("inner").state, GROUP_RUNNING);
	barrier("c");
	ck_assert_int_eq(group_now("outer").color, COLOR_GREEN);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 3);
	ck_assert_uint_eq(loop_now("b").starts, 3);
	ck_assert_uint_eq(loop_now("c").starts, 2);
	ck_assert_uint_eq(loop_now("z").starts, 1);
	ck_assert_uint_eq(count(.type = EVENT_RESET, .who = "outer"), 1);
	fixture_free();
}
END_TEST

/* All the way up: who always fails is reset max_resets times by each group above it for each of
 * theirs. */
START_TEST(test_escalation_to_the_top)
{
	static const struct planned plan[] = {
		{ .group = "outer", .with = "max_resets=2 " QUICK },
		{ .group = "inner", .in = "outer", .with = "after=c max_resets=1 " QUICK },
		{ .loop = "a", .in = "inner", .with = "max_loop_failures=0" },
		{ .loop = "c", .in = "outer" },
		{ .loop = "z" },
	};

	fixture_config()->exhausted_action = (struct action){ .kind = ACTION_EXIT, .status = 1 };
	fixture_start(plan, ELEMENTS(plan));
	actor_set_habit(actor("a"), ACT_FAIL);
	await(.type = EVENT_EXIT, .value = IS(1));
	await_state("outer", "failed", 1);
	ck_assert_int_eq(loop_now("z").color, COLOR_GREEN);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_RESET, .who = "outer"), 2);
	ck_assert_uint_eq(count(.type = EVENT_EXHAUSTED, .who = "inner"), 3);
	ck_assert_uint_eq(count(.type = EVENT_RESET, .who = "inner"), 3);
	ck_assert_uint_eq(loop_now("a").starts, 6);
	ck_assert_uint_eq(loop_now("c").starts, 3);
	ck_assert_uint_eq(loop_now("z").starts, 1);
	fixture_free();
}
END_TEST

/* A child in the middle of its own reset is stopped by its parent's: that one is superseded. */
START_TEST(test_superseded)
{
	fixture_start(nested, ELEMENTS(nested));
	await_ready("b", 0);
	await_ready("c", 0);
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	trip("b");
	await_state("inner", "resetting", 1);
	trip("c");
	await_closed("inner", "superseded", 1);
	ck_assert_str_eq(episode_now("outer").result, "");
	ck_assert_uint_eq(loop_now("b").starts, 1);
	actor_release(actor("a"));
	await_closed("outer", "green", 1);
	await_ready("a", 1);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_uint_eq(loop_now("b").starts, 2);
	ck_assert_uint_eq(loop_now("c").starts, 2);
	ck_assert_uint_eq(count(.type = EVENT_EXHAUSTED), 0);
	fixture_free();
}
END_TEST

/* A child group that takes no part in others' resets goes on. */
START_TEST(test_child_left_alone)
{
	static const struct planned plan[] = {
		{ .group = "outer", .with = QUICK },
		{ .group = "inner", .in = "outer", .with = "reset_globally=no max_resets=0" },
		{ .loop = "a", .in = "inner" },
		{ .loop = "c", .in = "outer" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	await_ready("c", 0);
	await_state("outer", "running", 1);
	trip("c");
	await_closed("outer", "green", 1);
	ck_assert_uint_eq(loop_now("a").starts, 1);
	trip("a"); /* unless it is the one that failed */
	await_closed("outer", "green", 2);
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_uint_eq(loop_now("c").starts, 3);
	fixture_stop();
}
END_TEST

/* A child group is named in `after` like a loop, and is ready when it is green. */
START_TEST(test_child_gates)
{
	static const struct planned plan[] = {
		{ .group = "outer" },
		{ .group = "inner", .in = "outer" },
		{ .loop = "a", .in = "inner", .with = "ready=cycle" },
		{ .loop = "b", .in = "inner" },
		{ .loop = "c", .in = "outer", .with = "after=inner" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("b", 0);
	await_act("a", ACT_WAIT);
	barrier("b");
	barrier("c");
	ck_assert_uint_eq(loop_now("c").starts, 0);
	actor_order(actor("a"), ACT_SUCCEED);
	await_ready("c", 0);
	ck_assert_int_eq(ask(CALL_STOP, "outer"), 0);
	ck_assert_uint_lt(place(.type = EVENT_STATE, .who = "c", .to = "inactive"),
		place(.type = EVENT_STATE, .who = "a", .to = "stopping"));
	fixture_stop();
}
END_TEST

/* An operator who stops the child while it is red: it stays stopped, and its parent does not mind.
 */
START_TEST(test_child_stopped)
{
	fixture_start(nested, ELEMENTS(nested));
	await_ready("b", 0);
	await_ready("c", 0);
	await_state("outer", "running", 1);
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	trip("b");
	await_state("inner", "resetting", 1);
	actor_release(actor("a"));
	ck_assert_int_eq(ask(CALL_STOP, "inner"), 0);
	ck_assert_uint_eq(actor_lives(actor("a")) + actor_lives(actor("b")), 0);
	ck_assert_int_eq(ask(CALL_RESET, "outer"), 0);
	ck_assert_int_eq(group_now("inner").state, GROUP_INACTIVE);
	ck_assert_int_eq(group_now("inner").color, COLOR_GREY);
	ck_assert_uint_eq(loop_now("c").starts, 2);
	ck_assert_uint_eq(count(.type = EVENT_EXHAUSTED), 0);
	fixture_stop();
}
END_TEST

/* ---- what a loop does instead of turning the light red */

static const struct {
	const char *with;
	const char *state; /* that it comes to */
	bool again;        /* by itself */
} actions[] = {
	{ "exhausted_action=stay", "failed", false },
	{ "exhausted_action=cooldown:10ms", "failed", true },
	{ "exhausted_action=ignore stop_on_failure=yes", "failed", false },
	{ "exhausted_action=exit:9", "failed", false },
};

START_TEST(test_actions)
{
	char with[100];
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = with },
		{ .loop = "b", .in = "g" },
	};

	snprintf(with, sizeof(with), "max_loop_failures=0 %s", actions[_i].with);
	fixture_start(plan, ELEMENTS(plan));
	await_state("g", "running", 1);
	actor_order(actor("a"), ACT_FAIL);
	await_state("a", actions[_i].state, 1);
	if (actions[_i].again) {
		await_ready("a", 1);
	} else {
		barrier("a");
		ck_assert_int_eq(loop_now("a").color, COLOR_RED);
		ck_assert_int_eq(group_now("g").state, GROUP_RUNNING);
		ck_assert_int_eq(ask(CALL_START, "a"), 0);
		ck_assert_uint_eq(loop_now("a").generation, 1);
	}
	fixture_halt();
	ck_assert_uint_eq(loop_now("b").starts, 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), 0);
	ck_assert_uint_eq(count(.type = EVENT_EXIT, .value = IS(9)), _i == 3);
	fixture_free();
}
END_TEST

/* Ignored: the same generation goes on, red until its next success. */
START_TEST(test_ignore)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a",
			.in = "g",
			.with = "max_loop_failures=0 exhausted_action=ignore " QUICK },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_FAIL);
	actor_order(actor("a"), ACT_FAIL);
	await(.type = EVENT_TRIP, .who = "a", .n = 2);
	await_act("a", ACT_WAIT);
	ck_assert_int_eq(loop_now("a").color, COLOR_RED);
	ck_assert_uint_eq(loop_now("a").trips, 2);
	actor_order(actor("a"), ACT_SUCCEED);
	while (loop_now("a").cycles_succeeded == 0)
		await_act("a", ACT_WAIT);
	ck_assert_int_eq(loop_now("a").color, COLOR_GREEN);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 1);
	fixture_free();
}
END_TEST

/* Ignored, and yet it cannot go on in this generation: the next one. */
START_TEST(test_ignore_renewed)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a",
			.in = "g",
			.with = "max_loop_failures=0 exhausted_action=ignore grace_period=0 "
				"cycle_timeout=10ms " QUICK },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_CRAWL);
	await_ready("a", 1);
	ck_assert_uint_ge(loop_now("a").trips, 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), 0);
	fixture_stop();
}
END_TEST

/* It stops itself before anything else; the reset finds it so. */
START_TEST(test_stop_on_failure)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0 stop_on_failure=yes" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_FAIL);
	await_closed("g", "green", 1);
	ck_assert_uint_eq(actor("a")->asked, 2); /* by itself, and by the controller */
	ck_assert_uint_eq(loop_now("a").generation, 1);
	fixture_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reset");

	fixture_add(suite, "one-reset", test_one_reset, 1);
	fixture_add(suite, "all-at-once", test_all_at_once, 1);
	fixture_add(suite, "suspended", test_suspended, ELEMENTS(last_acts));
	fixture_add(suite, "during-start-hook", test_during_start_hook, 1);
	fixture_add(suite, "backoff-forgotten", test_backoff_forgotten, 1);
	fixture_add(suite, "done", test_done, ELEMENTS(dones));
	fixture_add(suite, "at-once", test_at_once, 1);
	fixture_add(suite, "strategies", test_strategies, ELEMENTS(strategies));
	fixture_add(suite, "again-while-starting", test_again_while_starting, 1);
	fixture_add(suite, "again-while-stopping", test_again_while_stopping, 1);
	fixture_add(suite, "while-group-starts", test_while_group_starts, 1);
	fixture_add(suite, "exhausted", test_exhausted, ELEMENTS(maxima));
	fixture_add(suite, "revived", test_revived, ELEMENTS(revivals));
	fixture_add(suite, "by-hand", test_by_hand, 1);
	fixture_add(suite, "by-hand-exhausted", test_by_hand_exhausted, 1);
	fixture_add(suite, "hard-by-hand", test_hard_by_hand, 1);
	fixture_add(suite, "group-cooldown", test_group_cooldown, 1);
	fixture_add(suite, "group-cooldown-ended", test_group_cooldown_ended, 2);
	fixture_add(suite, "hooks", test_hooks, 1);
	fixture_add(suite, "stop-during-hook", test_stop_during_hook, 1);
	fixture_add(suite, "escalation", test_escalation, 1);
	fixture_add(suite, "escalation-to-the-top", test_escalation_to_the_top, 1);
	fixture_add(suite, "superseded", test_superseded, 1);
	fixture_add(suite, "child-left-alone", test_child_left_alone, 1);
	fixture_add(suite, "child-gates", test_child_gates, 1);
	fixture_add(suite, "child-stopped", test_child_stopped, 1);
	fixture_add(suite, "actions", test_actions, ELEMENTS(actions));
	fixture_add(suite, "ignore", test_ignore, 1);
	fixture_add(suite, "ignore-renewed", test_ignore_renewed, 1);
	fixture_add(suite, "stop-on-failure", test_stop_on_failure, 1);
	return unit_main(suite);
}
