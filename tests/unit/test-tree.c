/* SPDX-License-Identifier: MIT */
/*
 * The tree of tasks under its operators: start order and gates, wishes and who wins, strangers
 * under the root, what the daemon does when something has failed for good, hooks that hold nobody
 * else up.
 */
#include "lib/tree-fixture.h"

#include <errno.h>
#include <string.h>

#include "core/root.h"

/* ---- order */

static const struct planned chain[] = {
	{ .group = "g" },
	{ .loop = "c", .in = "g", .with = "after=b" },
	{ .loop = "b", .in = "g", .with = "after=a ready=cycle" },
	{ .loop = "a", .in = "g", .with = "ready=cycle" },
};

/* Up: each waits for its `after`; down: the other way round, each waits for the end of those after
 * it. */
START_TEST(test_chain)
{
	fixture_start(chain, ELEMENTS(chain));
	await_act("a", ACT_WAIT);
	barrier("a");
	ck_assert_uint_eq(loop_now("b").starts, 0);
	actor_order(actor("a"), ACT_SUCCEED);
	await_act("b", ACT_WAIT);
	ck_assert_uint_eq(loop_now("c").starts, 0);
	ck_assert_int_eq(group_now("g").color, COLOR_AMBER);
	ck_assert_int_eq(group_now("g").state, GROUP_STARTING);
	actor_order(actor("b"), ACT_SUCCEED);
	await_ready("c", 0);
	await_state("g", "running", 1);
	ck_assert_int_eq(group_now("g").color, COLOR_GREEN);

	ck_assert_int_eq(ask(CALL_STOP, "g"), 0);
	ck_assert_uint_lt(place(.type = EVENT_STATE, .who = "c", .to = "inactive"),
		place(.type = EVENT_STATE, .who = "b", .to = "stopping"));
	ck_assert_uint_lt(place(.type = EVENT_STATE, .who = "b", .to = "inactive"),
		place(.type = EVENT_STATE, .who = "a", .to = "stopping"));
	ck_assert_int_eq(group_now("g").color, COLOR_GREY);
	fixture_stop();
}
END_TEST

static const struct planned crowd[] = {
	{ .group = "g" },
	{ .loop = "x", .in = "g", .with = "grace_period=20ms" },
	{ .loop = "y", .in = "g", .with = "grace_period=20ms" },
	{ .loop = "z", .in = "g", .with = "grace_period=20ms" },
};

/* Those without an order stop side by side: all are asked before the grace of any has passed. */
START_TEST(test_parallel_stop)
{
	static const char *const names[] = { "x", "y", "z" };
	unsigned last_asked = 0;

	fixture_start(crowd, ELEMENTS(crowd));
	for (unsigned i = 0; i < ELEMENTS(names); i++) {
		actor_order(actor(names[i]), ACT_CRAWL);
		await_act(names[i], ACT_CRAWL);
	}
	ck_assert_int_eq(ask(CALL_STOP, "g"), 0);
	for (unsigned i = 0; i < ELEMENTS(names); i++)
		last_asked = MAX(
			last_asked, place(.type = EVENT_STATE, .who = names[i], .to = "stopping"));
	ck_assert_uint_lt(last_asked, place(.type = EVENT_HARD));
	ck_assert_uint_eq(count(.type = EVENT_HARD, .value = IS(0)), 3);
	ck_assert_uint_eq(count(.type = EVENT_HARD, .value = IS(1)), 0);
	fixture_stop();
}
END_TEST

/* ---- gates: after how many of those that become ready, one by one, may d start? */

static const struct {
	const char *after, *order;
	unsigned opens; /* after so many; 9: never */
} gates[] = {
	{ "after=a", "abc", 1 },
	{ "after=a&b", "acb", 3 },
	{ "after=a|b", "cba", 2 },
	{ "after=(a&b)|c", "abc", 2 },
	{ "after=(a&b)|c", "cab", 1 },
	{ "after=(a&b)|c", "bca", 2 },
	{ "after=a&(b|c)", "bca", 3 },
	{ "after=a&(b|c)", "cab", 2 },
	{ "after=a|b&c", "bca", 2 },
	{ "after=a&b", "ac", 9 },
};

START_TEST(test_gates)
{
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "d", .in = "g", .with = gates[_i].after },
		{ .loop = "a", .in = "g", .with = "ready=cycle" },
		{ .loop = "b", .in = "g", .with = "ready=cycle" },
		{ .loop = "c", .in = "g", .with = "ready=cycle" },
	};

	fixture_start(plan, ELEMENTS(plan));
	for (unsigned n = 0; gates[_i].order[n]; n++) {
		char name[] = { gates[_i].order[n], 0 };

		if (n == gates[_i].opens)
			await_ready("d", 0);
		else if (n < gates[_i].opens)
			ck_assert_uint_eq(loop_now("d").starts, 0);
		actor_order(actor(name), ACT_SUCCEED);
		await_ready(name, 0);
		barrier("d");
	}
	if (gates[_i].opens <= strlen(gates[_i].order))
		await_ready("d", 0);
	else
		ck_assert_uint_eq(loop_now("d").starts, 0);
	fixture_stop();
}
END_TEST

/* Who is not wanted, vetoed or done gates nobody; who is wanted and has failed does. */
static const struct {
	const char *with, *note;
	enum act act;
	bool gates;
} siblings[] = {
	{ "autostart=no", "started without b", ACT_WAIT, false },
	{ "on_start=veto", "started without b", ACT_WAIT, false },
	{ "ready=cycle", "", ACT_DONE, false },
	{ "ready=cycle exhausted_action=stay max_loop_failures=0", "", ACT_FAIL, true },
	{ "ready=cycle", "", ACT_WAIT, true },
};

START_TEST(test_siblings)
{
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "d", .in = "g", .with = "after=a&b" },
		{ .loop = "b", .in = "g", .with = siblings[_i].with },
		{ .loop = "a", .in = "g", .with = "ready=cycle" },
	};

	fixture_start(plan, ELEMENTS(plan));
	actor_set_habit(actor("b"), siblings[_i].act);
	if (siblings[_i].act == ACT_DONE)
		await_state("b", "done", 1);
	if (siblings[_i].act == ACT_FAIL)
		await_state("b", "failed", 1);
	if (strstr(siblings[_i].with, "veto"))
		await_state("b", "inactive", 1);
	await_act("a", ACT_WAIT);
	barrier("a");
	ck_assert_uint_eq(loop_now("d").starts, 0);
	actor_order(actor("a"), ACT_SUCCEED);
	if (siblings[_i].gates) {
		await_ready("a", 0);
		barrier("a");
		ck_assert_uint_eq(loop_now("d").starts, 0);
	} else {
		await_ready("d", 0);
		ck_assert_ptr_nonnull(strstr(loop_now("d").note, siblings[_i].note));
	}
	fixture_stop();
}
END_TEST

/* One that waits for a sibling starts when that one is stopped on purpose. */
START_TEST(test_stopped_sibling_opens)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "d", .in = "g", .with = "after=b" },
		{ .loop = "b", .in = "g", .with = "ready=cycle" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_act("b", ACT_WAIT);
	ck_assert_int_eq(ask(CALL_STOP, "b"), 0);
	await_ready("d", 0);
	ck_assert_ptr_nonnull(strstr(loop_now("d").note, "started without b"));
	fixture_stop();
}
END_TEST

static const struct {
	const char *a, *b, *c;
	int result;
	const char *reason;
} faults[] = {
	{ "after=b", "after=c", "after=a", -ELOOP, "a after b after c after a" },
	{ "after=a", "", "", -ELOOP, "a after a" },
	{ "", "after=c", "after=b", -ELOOP, "b after c after b" },
	{ "", "after=z", "", -EINVAL, "z" }, /* known, and not a sibling */
	{ "", "after=nobody", "", -EINVAL, "nobody" },
	{ "", "\"after=a &\"", "", -EINVAL, "" },
};

START_TEST(test_faults)
{
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = faults[_i].a },
		{ .loop = "b", .in = "g", .with = faults[_i].b },
		{ .loop = "c", .in = "g", .with = faults[_i].c },
		{ .loop = "z" },
	};
	_cleanup_free_ char *reason = NULL;
	struct task *at_fault = NULL;

	fixture_make(plan, ELEMENTS(plan));
	ck_assert_int_eq(tree_seal(fixture_tree(), &at_fault, &reason), faults[_i].result);
	ck_assert_ptr_nonnull(at_fault);
	ck_assert_ptr_nonnull(reason);
	ck_assert_msg(strstr(reason, faults[_i].reason) != NULL, "%s", reason);
	fixture_free();
}
END_TEST

START_TEST(test_names)
{
	static const struct planned plan[] = { { .group = "g" }, { .loop = "a", .in = "g" } };
	struct loop_settings settings;
	struct gloop_loop *added;

	fixture_make(plan, ELEMENTS(plan));
	ck_assert_int_eq(settings_init(SETTINGS_LOOP, &settings), 0);
	ck_assert_int_eq(
		tree_add_loop(fixture_tree(), "a", NULL, &settings, &actor_body, &added), -EEXIST);
	ck_assert_int_eq(
		tree_add_loop(fixture_tree(), "g", NULL, &settings, &actor_body, &added), -EEXIST);
	settings_done(SETTINGS_LOOP, &settings);
	ck_assert_ptr_eq(tree_find(fixture_tree(), "a"), tree_task(fixture_tree(), 1));
	ck_assert_ptr_null(tree_find(fixture_tree(), "b"));
	ck_assert_ptr_null(tree_task(fixture_tree(), 2));
	ck_assert_str_eq(task_group_name(task("a")), "g");
	ck_assert_ptr_null(task_group_name(task("g")));
	fixture_free();
}
END_TEST

/* ---- wishes */

static const struct planned wishes[] = {
	{ .group = "g", .with = "autostart=no" },
	{ .loop = "a", .in = "g" },
	{ .loop = "b", .in = "g", .with = "autostart=no" },
};

/* A member's start in a stopped group is refused, and remembered. */
START_TEST(test_stopped_group)
{
	fixture_start(wishes, ELEMENTS(wishes));
	ck_assert_int_eq(ask(CALL_START, "b"), -EPERM);
	ck_assert_str_eq(answer_text, "group g is stopped: start g");
	ck_assert(loop_now("b").wanted);
	ck_assert_uint_eq(loop_now("a").starts + loop_now("b").starts, 0);
	ck_assert_int_eq(ask(CALL_STOP, "a"), 0);
	ck_assert_int_eq(ask(CALL_START, "g"), 0);
	await_ready("b", 0);
	ck_assert_uint_eq(loop_now("a").starts, 0);
	fixture_stop();
}
END_TEST

START_TEST(test_failed_group)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=0" },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0" },
		{ .loop = "b", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	await_ready("b", 0);
	actor_order(actor("a"), ACT_FAIL);
	await_state("g", "failed", 1);
	ck_assert_int_eq(ask(CALL_START, "b"), -EPERM);
	ck_assert_str_eq(answer_text, "group g has failed: start g");
	ck_assert_int_eq(ask(CALL_START, "g"), 0);
	await_ready("b", 1);
	ck_assert_int_eq(group_now("g").state, GROUP_RUNNING);
	ck_assert_uint_eq(group_now("g").generation, 1);
	fixture_stop();
}
END_TEST

/* Neither a reset nor the group's start brings back who was stopped by himself. */
START_TEST(test_stopped_member_stays)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g" },
		{ .loop = "b", .in = "g" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("b", 0);
	ck_assert_int_eq(ask(CALL_STOP, "b"), 0);
	ck_assert_ptr_nonnull(strstr(loop_now("b").note, "stopped by uid"));
	ck_assert_int_eq(ask(CALL_RESET, "g"), 0);
	await_ready("a", 1);
	ck_assert_int_eq(ask(CALL_STOP, "g"), 0);
	ck_assert_int_eq(ask(CALL_START, "g"), 0);
	await_ready("a", 2);
	ck_assert_uint_eq(loop_now("b").starts, 1);
	ck_assert(!loop_now("b").wanted);
	ck_assert_int_eq(loop_now("b").color, COLOR_GREY);
	ck_assert_int_eq(ask(CALL_START, "b"), 0);
	ck_assert_uint_eq(loop_now("b").generation, 1);
	fixture_stop();
}
END_TEST

/* ---- a stop wins, at once, and nothing runs after its answer */

static const struct planned stoppable[] = {
	{ .group = "g", .with = "backoff=1h backoff_max=1h" },
	{ .loop = "a", .in = "g", .with = "backoff=1h backoff_max=1h grace_period=1h" },
	{ .loop = "b", .in = "g", .with = "grace_period=1h" },
};

static void expect_nothing_runs(const char *target)
{
	unsigned starts = loop_now("a").starts;

	ck_assert_uint_eq(actor_lives(actor("a")), 0);
	ck_assert_int_eq(loop_now("a").state, LOOP_INACTIVE);
	ck_assert_int_eq(loop_now("a").color, COLOR_GREY);
	barrier(target);
	ck_assert_uint_eq(loop_now("a").starts, starts);
}

static const char *const targets[] = { "a", "g" };

START_TEST(test_stop_in_backoff)
{
	fixture_start(stoppable, ELEMENTS(stoppable));
	actor_order(actor("a"), ACT_FAIL);
	await_ready("a", 0);
	for (unsigned n = 1; n <= 2; n++) {
		actor_order(actor("a"), ACT_FAIL);
		await(.type = EVENT_FAILURE, .who = "a", .n = n);
	}
	await_state("a", "backoff", 1);
	ck_assert_int_eq(ask(CALL_STOP, targets[_i]), 0);
	if (_i == 0)
		expect_nothing_runs("a");
	fixture_stop();
}
END_TEST

/* The light is red, the reset waits for b, which crawls. */
START_TEST(test_stop_in_red)
{
	fixture_start(stoppable, ELEMENTS(stoppable));
	await_ready("a", 0);
	actor_order(actor("b"), ACT_CRAWL);
	await_act("b", ACT_CRAWL);
	ck_assert_int_eq(ask_to_fail("a", "enough", true), 0);
	await_state("a", "inactive", 1);
	ck_assert_int_eq(group_now("g").color, COLOR_RED);
	ck_assert_int_eq(ask(CALL_STOP, "a"), 0);
	expect_nothing_runs("a");
	actor_release(actor("b"));
	await(.type = EVENT_EPISODE_CLOSED, .who = "g", .text = "green");
	await_ready("b", 1);
	ck_assert_uint_eq(loop_now("a").starts, 1);
	fixture_stop();
}
END_TEST

/* Between stop and restart of the second reset the group would wait for an hour. */
START_TEST(test_stop_in_reset)
{
	fixture_start(stoppable, ELEMENTS(stoppable));
	for (unsigned n = 0; n < 2; n++) {
		await_ready("a", n);
		ck_assert_int_eq(ask_to_fail("a", "enough", true), 0);
		await_state("a", "inactive", n + 1);
		await_state("b", "inactive", n + 1);
	}
	barrier("a");
	ck_assert_int_eq(group_now("g").state, GROUP_RESETTING);
	ck_assert_int_eq(ask(CALL_STOP, "g"), 0);
	ck_assert_int_eq(group_now("g").state, GROUP_INACTIVE);
	ck_assert_str_eq(episode_now("g").result, "stopped");
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_int_eq(ask(CALL_START, "g"), 0);
	ck_assert_uint_eq(loop_now("a").starts, 3);
	ck_assert_uint_eq(group_now("g").resets, 0); /* an operator's start empties the budget */
	fixture_stop();
}
END_TEST

/* ---- strangers under the root */

START_TEST(test_strangers)
{
	static const struct planned plan[] = {
		{ .loop = "bad", .with = "max_loop_failures=3 backoff=1ms backoff_max=1ms" },
		{ .loop = "good" },
		{ .group = "g", .with = "max_resets=0" },
		{ .loop = "worse", .in = "g", .with = "max_loop_failures=0" },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("good", 0);
	await_ready("worse", 0);
	actor_set_habit(actor("bad"), ACT_FAIL);
	actor_order(actor("worse"), ACT_FAIL);
	await_state("bad", "failed", 1);
	await_state("g", "failed", 1);
	barrier("bad");
	ck_assert_int_eq(loop_now("good").state, LOOP_RUNNING);
	ck_assert_int_eq(loop_now("bad").color, COLOR_RED);
	ck_assert_int_eq(group_now("g").color, COLOR_RED);
	fixture_halt();
	ck_assert_uint_eq(loop_now("good").starts, 1);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .who = "bad", .counted = IS(1)), 4);
	ck_assert_uint_eq(count(.type = EVENT_EXIT), 0);
	fixture_free();
}
END_TEST

/* What the daemon does in the end: it is said once, by the first. */
static const struct {
	const char *group, *loop;
	enum action_kind daemon;
	unsigned status; /* 0: it goes on */
} ends[] = {
	{ "", "", ACTION_STAY, 0 },
	{ "", "", ACTION_EXIT, 7 },
	{ "exhausted_action=stay", "", ACTION_EXIT, 7 },
	{ "exhausted_action=exit", "", ACTION_STAY, 1 },
	{ "exhausted_action=exit:5", "", ACTION_EXIT, 5 },
	{ "exhausted_action=stay", "exhausted_action=stay", ACTION_EXIT, 0 },
	{ "exhausted_action=stay", "exhausted_action=exit:4", ACTION_STAY, 4 },
};

START_TEST(test_ends)
{
	char with_group[80], with_loop[80];
	struct planned plan[] = {
		{ .group = "g", .with = with_group },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0" },
		{ .loop = "lonely", .with = with_loop },
	};

	snprintf(with_group, sizeof(with_group), "max_resets=0 %s", ends[_i].group);
	snprintf(with_loop, sizeof(with_loop), "max_loop_failures=0 %s", ends[_i].loop);
	fixture_config()->exhausted_action =
		(struct action){ .kind = ends[_i].daemon, .status = 7 };
	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_FAIL);
	await_state("g", "failed", 1);
	barrier("a"); /* its controller has done what follows */
	actor_order(actor("lonely"), ACT_FAIL);
	await_state("lonely", "failed", 1);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_EXIT), ends[_i].status > 0);
	if (ends[_i].status > 0)
		ck_assert_uint_eq(count(.type = EVENT_EXIT, .value = IS(ends[_i].status)), 1);
	fixture_free();
}
END_TEST

/* ---- hooks, liveness, haste */

START_TEST(test_slow_hook)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "slow", .in = "g", .with = "\"on_stop=wait slow\"" },
		{ .loop = "late", .in = "g", .with = "\"on_start=wait late\"" },
		{ .loop = "other", .in = "g" },
	};
	const char *silent = NULL;
	struct asked *stopped;

	fixture_start(plan, ELEMENTS(plan));
	await_hook("late", 1);
	await_ready("other", 0);
	await_ready("slow", 0);
	stopped = ask_later(CALL_STOP, "slow", false);
	await_hook("slow", 1);
	tree_ping(fixture_tree(), 1);
	ck_assert_int_eq(ask(CALL_RESTART, "other"), 0);
	ck_assert_uint_eq(loop_now("other").generation, 1);
	ck_assert(tree_answered(fixture_tree(), 1, &silent) || strcmp(silent, "root") == 0);
	barrier("g");
	ck_assert(tree_answered(fixture_tree(), 1, &silent));
	ck_assert(!asked_answered(stopped)); /* its hook is a part of it */
	ck_assert_uint_eq(loop_now("late").starts, 0);
	hooks_release();
	ck_assert_int_eq(asked_result(stopped), 0);
	await_ready("late", 0);
	fixture_stop();
}
END_TEST

START_TEST(test_ping)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "stuck", .in = "g" },
		{ .loop = "z" },
	};
	const char *silent = NULL;

	fixture_start(plan, ELEMENTS(plan));
	actor_order(actor("stuck"), ACT_HANG);
	await_act("stuck", ACT_HANG);
	ck_assert(!tree_answered(fixture_tree(), 1, &silent));
	ck_assert_ptr_nonnull(silent);
	tree_ping(fixture_tree(), 1);
	barrier("stuck");
	barrier("z");
	ck_assert(tree_answered(fixture_tree(), 1, &silent));
	ck_assert(!tree_answered(fixture_tree(), 2, &silent));
	fixture_stop();
}
END_TEST

/* Every grace ends at once: of those that are being stopped, and of those whose turn is still to
 * come. */
static const struct planned hurried[] = {
	{ .group = "g" },
	{ .group = "inner", .in = "g" },
	{ .loop = "a", .in = "inner", .with = "grace_period=1h" },
	{ .loop = "b", .in = "g", .with = "grace_period=1h after=inner" },
	{ .loop = "c", .in = "g", .with = "grace_period=1h after=b" },
	{ .loop = "z", .with = "grace_period=1h" },
};

START_TEST(test_hurry)
{
	static const char *const names[] = { "a", "b", "c", "z" };

	fixture_start(hurried, ELEMENTS(hurried));
	for (unsigned i = 0; i < ELEMENTS(names); i++) {
		actor_order(actor(names[i]), ACT_CRAWL);
		await_act(names[i], ACT_CRAWL);
	}
	tree_stop(fixture_tree());
	if (_i == 1) {
		await_state("c", "stopping", 1);
		await_state("z", "stopping", 1);
	}
	tree_hurry(fixture_tree());
	await(.type = EVENT_STOPPED);
	for (unsigned i = 0; i < ELEMENTS(names); i++)
		ck_assert_uint_eq(count(.type = EVENT_HARD, .who = names[i]), 1);
	fixture_stop();
}
END_TEST

/* Who hurries waits for no on_stop, either. */
START_TEST(test_hurry_hook)
{
	static const struct planned plan[] = { { .loop = "a", .with = "\"on_stop=heed a\"" } };

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	tree_stop(fixture_tree());
	await_hook("a", 1);
	await_state("a", "stopping", 1);
	tree_hurry(fixture_tree());
	fixture_stop();
}
END_TEST

/* The stop of all has a limit, whatever the grace of each. */
START_TEST(test_stop_timeout)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "stop_timeout=20ms" },
		{ .loop = "a", .in = "g", .with = "grace_period=1h" },
		{ .loop = "b", .in = "g", .with = "grace_period=1h after=a" },
	};

	fixture_start(plan, ELEMENTS(plan));
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	await_ready("b", 0);
	actor_order(actor("b"), ACT_CRAWL);
	await_act("b", ACT_CRAWL);
	ck_assert_int_eq(ask(_i == 0 ? CALL_STOP : CALL_RESET, "g"), 0);
	ck_assert_uint_eq(count(.type = EVENT_HARD, .value = IS(0)), 2);
	ck_assert_uint_eq(loop_now("a").starts, _i == 0 ? 1 : 2);
	fixture_stop();
}
END_TEST

/* A tree stops from wherever it is, and says so once. */
START_TEST(test_stop_at_any_time)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "ready=cycle" },
		{ .loop = "b", .in = "g", .with = "after=a" },
		{ .group = "off", .in = "g", .with = "autostart=no" },
		{ .loop = "c", .in = "off" },
	};

	fixture_start(plan, ELEMENTS(plan));
	if (_i > 0)
		await_act("a", ACT_WAIT);
	if (_i > 1) {
		actor_order(actor("a"), ACT_SUCCEED);
		await_ready("b", 0);
	}
	tree_stop(fixture_tree());
	tree_stop(fixture_tree());
	fixture_stop();
}
END_TEST

START_TEST(test_snapshot)
{
	static const struct planned plan[] = {
		{ .group = "g", .with = "max_resets=0" },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0" },
		{ .loop = "b" },
		{ .loop = "off", .with = "autostart=no" },
	};
	struct tree_snapshot now;

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	await_ready("b", 0);
	await_state("g", "running", 1);
	await_line("green: 2/2 loops ready");
	actor_order(actor("a"), ACT_FAIL);
	await_state("g", "failed", 1);
	tree_snapshot(fixture_tree(), &now);
	ck_assert_int_eq(now.color, COLOR_RED);
	await_line("red: g failed (a: a fails, 1 of 0)");
	fixture_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");

	fixture_add(suite, "chain", test_chain, 1);
	fixture_add(suite, "parallel-stop", test_parallel_stop, 1);
	fixture_add(suite, "gates", test_gates, ELEMENTS(gates));
	fixture_add(suite, "siblings", test_siblings, ELEMENTS(siblings));
	fixture_add(suite, "stopped-sibling-opens", test_stopped_sibling_opens, 1);
	fixture_add(suite, "faults", test_faults, ELEMENTS(faults));
	fixture_add(suite, "names", test_names, 1);
	fixture_add(suite, "stopped-group", test_stopped_group, 1);
	fixture_add(suite, "failed-group", test_failed_group, 1);
	fixture_add(suite, "stopped-member-stays", test_stopped_member_stays, 1);
	fixture_add(suite, "stop-in-backoff", test_stop_in_backoff, ELEMENTS(targets));
	fixture_add(suite, "stop-in-red", test_stop_in_red, 1);
	fixture_add(suite, "stop-in-reset", test_stop_in_reset, 1);
	fixture_add(suite, "strangers", test_strangers, 1);
	fixture_add(suite, "ends", test_ends, ELEMENTS(ends));
	fixture_add(suite, "slow-hook", test_slow_hook, 1);
	fixture_add(suite, "ping", test_ping, 1);
	fixture_add(suite, "hurry", test_hurry, 2);
	fixture_add(suite, "hurry-hook", test_hurry_hook, 1);
	fixture_add(suite, "stop-timeout", test_stop_timeout, 2);
	fixture_add(suite, "stop-at-any-time", test_stop_at_any_time, 3);
	fixture_add(suite, "snapshot", test_snapshot, 1);
	return unit_main(suite);
}
