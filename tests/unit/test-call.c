/* SPDX-License-Identifier: MIT */
/* Deferred calls: each is answered exactly once, with what came of it; whose wish is overtaken
 * hears so; nobody waits in a controller. */
#include "lib/tree-fixture.h"

#include <errno.h>
#include <string.h>

#define QUICK "backoff=1ms backoff_max=1ms"

static const struct planned plan[] = {
	{ .group = "g", .with = QUICK },
	{ .loop = "a", .in = "g", .with = "grace_period=1h " QUICK },
	{ .loop = "b", .in = "g" },
	{ .loop = "off", .in = "g", .with = "autostart=no" },
};

static void start(void)
{
	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	await_ready("b", 0);
	await_state("g", "running", 1);
}

/* ---- waiting for the answer */

START_TEST(test_start_and_stop)
{
	start();
	ck_assert_int_eq(ask(CALL_START, "a"), 0); /* it runs already */
	ck_assert_uint_eq(loop_now("a").starts, 1);
	ck_assert_int_eq(ask(CALL_STOP, "a"), 0);
	ck_assert_uint_eq(actor_lives(actor("a")), 0);
	ck_assert_int_eq(loop_now("a").state, LOOP_INACTIVE);
	ck_assert_str_eq(loop_now("a").outcome, "stopped");
	ck_assert_int_eq(ask(CALL_STOP, "a"), 0); /* again */
	ck_assert_int_eq(ask(CALL_START, "a"), 0);
	ck_assert_int_eq(loop_now("a").state, LOOP_RUNNING);
	ck_assert_uint_eq(loop_now("a").generation, 1);
	ck_assert_int_eq(ask(CALL_START, "off"), 0);
	ck_assert_int_eq(ask(CALL_RESTART, "off"), 0);
	ck_assert_uint_eq(loop_now("off").generation, 1);
	ck_assert_int_eq(ask(CALL_STOP, "off"), 0);
	ck_assert_int_eq(ask(CALL_RESTART, "off"), 0); /* also a start */
	ck_assert_uint_eq(loop_now("off").generation, 2);
	fixture_stop();
}
END_TEST

/* What it does when it is asked to stop is no failure. */
START_TEST(test_stop_is_no_failure)
{
	static const struct planned one[] = { { .loop = "a", .with = "max_loop_failures=0" } };

	fixture_start(one, ELEMENTS(one));
	actor_order(actor("a"), ACT_SULK);
	await_act("a", ACT_SULK);
	ck_assert_int_eq(ask(CALL_RESTART, "a"), 0);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .who = "a", .counted = IS(0)), 1);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .counted = IS(1)), 0);
	ck_assert_uint_eq(loop_now("a").failures_total, 0);
	fixture_free();
}
END_TEST

START_TEST(test_restart_group)
{
	start();
	ck_assert_int_eq(ask(CALL_RESTART, "g"), 0);
	ck_assert_uint_eq(loop_now("a").generation, 1);
	ck_assert_uint_eq(loop_now("b").generation, 1);
	ck_assert_uint_eq(group_now("g").generation, 1);
	ck_assert_uint_eq(loop_now("off").starts, 0);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), 0);
	fixture_stop();
}
END_TEST

/* At once, without grace. */
START_TEST(test_hard_reset)
{
	start();
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	ck_assert_int_eq(ask(CALL_HARD_RESET, "a"), 0);
	ck_assert_uint_eq(loop_now("a").generation, 1);
	ck_assert_uint_eq(loop_now("b").generation, 0);
	ck_assert_uint_eq(count(.type = EVENT_HARD, .who = "a", .value = IS(0)), 1);
	ck_assert_uint_eq(actor("a")->asked, 0);
	ck_assert_int_eq(ask(CALL_RESTART, "a"), 0); /* that was for once */
	ck_assert_uint_eq(count(.type = EVENT_HARD), 1);
	ck_assert_int_eq(ask(CALL_HARD_RESET, "off"), 0);
	ck_assert_uint_eq(loop_now("off").starts, 0);
	fixture_stop();
}
END_TEST

/* The answer to a start comes when it is ready, not before. */
START_TEST(test_answer_when_ready)
{
	static const struct planned slow[] = { { .loop = "a",
		.with = "ready=cycle autostart=no" } };
	struct asked *asked;

	fixture_start(slow, ELEMENTS(slow));
	asked = ask_later(CALL_START, "a", false);
	await_act("a", ACT_WAIT);
	barrier("a");
	ck_assert(!asked_answered(asked));
	actor_order(actor("a"), ACT_SUCCEED);
	ck_assert_int_eq(asked_result(asked), 0);
	fixture_stop();
}
END_TEST

/* ---- the wait is over before the work */

START_TEST(test_timeout)
{
	start();
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	ck_assert_int_eq(ask_within(CALL_STOP, "a", 1000), -ETIMEDOUT);
	barrier("a");
	ck_assert_int_eq(loop_now("a").state, LOOP_STOPPING); /* it goes on */
	actor_release(actor("a"));
	await_state("a", "inactive", 1);
	fixture_stop();
}
END_TEST

START_TEST(test_oneway)
{
	struct asked *asked;

	start();
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	asked = ask_later(CALL_STOP, "a", true);
	ck_assert_int_eq(asked_result(asked), 0); /* accepted */
	ck_assert_int_eq(actor_lives(actor("a")), 1);
	ck_assert_int_eq(asked_result(ask_later(CALL_KILL, "a", true)), -EINVAL); /* refused */
	actor_release(actor("a"));
	await_state("a", "inactive", 1);
	ck_assert_int_eq(asked_result(ask_later(CALL_RESET, "g", true)), 0);
	await(.type = EVENT_EPISODE_CLOSED, .who = "g");
	fixture_stop();
}
END_TEST

struct inside { /* a call from within a controller's step */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int result;
	bool over;
};

static void ask_inside(struct call *call)
{
	struct inside *inside = call->userdata;
	int result = call_sync(call_new(CALL_STOP, task("b")), USEC_INFINITY, NULL);

	pthread_mutex_lock(&inside->lock);
	inside->result = result;
	inside->over = true;
	pthread_cond_signal(&inside->cond);
	pthread_mutex_unlock(&inside->lock);
}

START_TEST(test_deadlock)
{
	struct inside inside = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.cond = PTHREAD_COND_INITIALIZER };
	struct call *call;

	start();
	call = call_new(CALL_START, task("a"));
	call->answered = ask_inside;
	call->userdata = &inside;
	call_post(call);
	pthread_mutex_lock(&inside.lock);
	while (!inside.over)
		pthread_cond_wait(&inside.cond, &inside.lock);
	pthread_mutex_unlock(&inside.lock);
	ck_assert_int_eq(inside.result, -EDEADLK);
	free(call);
	ck_assert_int_eq(loop_now("b").state, LOOP_RUNNING);
	fixture_stop();
}
END_TEST

/* ---- overtaken */

START_TEST(test_stop_overtakes_start)
{
	static const struct planned slow[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "ready=cycle autostart=no" },
	};
	struct asked *asked;

	fixture_start(slow, ELEMENTS(slow));
	await_state("g", "running", 1);
	asked = ask_later(CALL_START, "a", false);
	await_act("a", ACT_WAIT);
	ck_assert_int_eq(ask(CALL_STOP, _i == 0 ? "a" : "g"), 0);
	ck_assert_int_eq(asked_result(asked), -ECANCELED);
	fixture_stop();
}
END_TEST

START_TEST(test_start_overtakes_stop)
{
	struct asked *stopped, *started;

	start();
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	stopped = ask_later(CALL_STOP, "a", false);
	await_state("a", "stopping", 1);
	started = ask_later(CALL_START, "a", false);
	ck_assert_int_eq(asked_result(stopped), -ECANCELED);
	ck_assert(!asked_answered(started));
	actor_release(actor("a"));
	ck_assert_int_eq(asked_result(started), 0);
	ck_assert_uint_eq(loop_now("a").generation, 1);
	fixture_stop();
}
END_TEST

/* The end of everything answers, too. */
START_TEST(test_end_overtakes)
{
	static const struct planned slow[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "ready=cycle" },
		{ .loop = "c", .in = "g" },
	};
	struct asked *start_a, *restart_c, *stop_c;

	fixture_start(slow, ELEMENTS(slow));
	await_act("a", ACT_WAIT);
	await_ready("c", 0);
	actor_order(actor("c"), ACT_HANG);
	await_act("c", ACT_HANG);
	start_a = ask_later(CALL_START, "a", false);
	restart_c = ask_later(CALL_RESTART, "c", false);
	await_state("c", "stopping", 1);
	stop_c = ask_later(CALL_STOP, "c", false);
	fixture_halt();
	ck_assert_int_eq(asked_result(start_a), -ECANCELED);
	ck_assert_int_eq(asked_result(restart_c), -ECANCELED);
	ck_assert_int_eq(asked_result(stop_c), 0);
	fixture_free();
}
END_TEST

/* ---- refused, failed, vetoed */

START_TEST(test_refused)
{
	start();
	ck_assert_int_eq(ask(CALL_KILL, "a"), -EINVAL);
	ck_assert_int_eq(ask(CALL_KILL, "g"), -EINVAL);
	ck_assert_int_eq(ask(CALL_FAIL, "g"), -EINVAL);
	ck_assert_int_eq(ask(CALL_STOP, "g"), 0);
	ck_assert_int_eq(ask(CALL_RESET, "g"), -EPERM);
	ck_assert_int_eq(ask(CALL_HARD_RESET, "g"), -EPERM);
	ck_assert_int_eq(ask(CALL_RESTART, "a"), -EPERM);
	ck_assert_ptr_nonnull(strstr(answer_text, "start g"));
	fixture_stop();
}
END_TEST

START_TEST(test_start_fails)
{
	static const struct planned bad[] = {
		{ .loop = "a", .with = "ready=cycle autostart=no max_loop_failures=1 " QUICK },
	};

	fixture_start(bad, ELEMENTS(bad));
	actor_set_habit(actor("a"), ACT_FAIL);
	for (unsigned n = 1; n <= 2; n++) {
		ck_assert_int_eq(ask(CALL_START, "a"), -EIO);
		ck_assert_ptr_nonnull(strstr(answer_text, "a fails"));
		ck_assert_uint_eq(loop_now("a").starts, n);
	}
	fixture_stop();
}
END_TEST

/* A veto is neither a failure nor a success. */
START_TEST(test_veto)
{
	static const struct planned vetoed[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "\"on_start=veto a\" \"on_stop=ok stop\"" },
		{ .loop = "b", .in = "g" },
	};

	fixture_start(vetoed, ELEMENTS(vetoed));
	await_state("g", "running", 1);
	ck_assert_int_eq(ask(CALL_START, "a"), -EPERM);
	ck_assert_ptr_nonnull(strstr(answer_text, "veto"));
	ck_assert_int_eq(loop_now("a").state, LOOP_INACTIVE);
	ck_assert_str_eq(loop_now("a").outcome, "vetoed");
	ck_assert_str_eq(loop_now("a").note, "vetoed by on_start");
	ck_assert_int_eq(group_now("g").color, COLOR_GREEN);
	ck_assert_int_eq(ask(CALL_RESET, "g"), 0); /* asks again */
	ck_assert_uint_eq(hook_count("a"), 3);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_FAILURE), 0);
	ck_assert_uint_eq(loop_now("a").starts, 0);
	ck_assert_uint_eq(hook_count("stop"), 0);
	fixture_free();
}
END_TEST

/* An on_start that fails: not started, a failure of kind hook, tried again; unless its failure is
 * ignored. */
START_TEST(test_start_hook_fails)
{
	static const struct planned plans[][1] = {
		{ { .loop = "a", .with = "\"on_start=fail a\" max_loop_failures=2 " QUICK } },
		{ { .loop = "a", .with = "\"on_start=-fail a\" max_loop_failures=2 " QUICK } },
	};
	struct failure failure;

	fixture_start(plans[_i], 1);
	if (_i == 0) {
		await_state("a", "failed", 1);
		ck_assert_uint_eq(loop_failures_copy(loop("a"), &failure, 1), 1);
		ck_assert_int_eq(failure.kind, FAILURE_HOOK);
		ck_assert_str_eq(failure.reason, "on_start: exit status 3");
	} else {
		await_ready("a", 0);
	}
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, _i == 0 ? 0 : 1);
	ck_assert_uint_eq(hook_count("a"), _i == 0 ? 3 : 1);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .counted = IS(1)), _i == 0 ? 3 : 0);
	fixture_free();
}
END_TEST

/* A stop calls off the on_start that runs. */
START_TEST(test_stop_in_start_hook)
{
	static const struct planned slow[] = { { .loop = "a", .with = "\"on_start=heed a\"" } };

	fixture_start(slow, ELEMENTS(slow));
	await_hook("a", 1);
	ck_assert_int_eq(ask(CALL_STOP, "a"), 0);
	ck_assert_int_eq(loop_now("a").state, LOOP_INACTIVE);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 0);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE), 0);
	fixture_free();
}
END_TEST

/* on_stop after each generation that there was, once. */
START_TEST(test_stop_hook)
{
	static const struct planned hooked[] = {
		{ .loop = "a", .with = "\"on_start=ok start\" \"on_stop=ok stop\"" },
	};

	fixture_start(hooked, ELEMENTS(hooked));
	await_ready("a", 0);
	ck_assert_int_eq(ask(CALL_RESTART, "a"), 0);
	ck_assert_uint_eq(hook_count("stop"), 1);
	ck_assert_int_eq(ask(CALL_STOP, "a"), 0);
	ck_assert_uint_eq(hook_count("stop"), 2); /* before the answer */
	fixture_halt();
	ck_assert_uint_eq(hook_count("start"), 2);
	ck_assert_uint_eq(hook_count("stop"), 2);
	fixture_free();
}
END_TEST

/* It ended by itself, its on_stop runs: a start waits for that, then it is the next generation. */
static const struct {
	enum act act;
	enum call_op op;
} closings[] = { { ACT_DONE, CALL_START }, { ACT_DONE, CALL_STOP }, { ACT_DONE, CALL_FORGIVE },
	{ ACT_FAIL, CALL_RESTART }, { ACT_FAIL, CALL_FORGIVE }, { ACT_FAIL, CALL_STOP } };

START_TEST(test_closing)
{
	static const struct planned closing[] = {
		{ .loop = "a", .with = "max_loop_failures=0 \"on_stop=wait stop\"" },
	};
	struct asked *asked;

	fixture_start(closing, ELEMENTS(closing));
	await_ready("a", 0);
	actor_order(actor("a"), closings[_i].act);
	await_hook("stop", 1);
	asked = ask_later(closings[_i].op, "a", false);
	barrier("a");
	hooks_release();
	ck_assert_int_eq(asked_result(asked), 0);
	if (closings[_i].op == CALL_STOP)
		ck_assert_int_eq(loop_now("a").state, LOOP_INACTIVE);
	else if (closings[_i].op != CALL_FORGIVE)
		ck_assert_uint_eq(loop_now("a").generation, 1);
	fixture_stop();
}
END_TEST

/* A service's hooks run around each of its processes. */
START_TEST(test_service_hooks)
{
	static const struct planned service[] = {
		{ .loop = "a",
			.with = "type=service \"on_start=ok start\" \"on_stop=ok stop\" " QUICK },
	};

	fixture_start(service, ELEMENTS(service));
	await_ready("a", 0);
	for (unsigned n = 1; n <= 3; n++) {
		actor_order(actor("a"), ACT_FAIL);
		await(.type = EVENT_READY, .who = "a", .value = IS(1), .n = n + 1);
		ck_assert_uint_eq(hook_count("stop"), n);
		ck_assert_uint_eq(hook_count("start"), n + 1);
	}
	ck_assert_uint_eq(loop_now("a").generation, 0);
	fixture_halt();
	ck_assert_uint_eq(hook_count("stop"), 4);
	ck_assert_uint_eq(hook_count("start"), 4);
	fixture_free();
}
END_TEST

/* ---- fail and forgive */

START_TEST(test_fail)
{
	start();
	ck_assert_int_eq(ask_to_fail("a", "by hand", false), 0);
	ck_assert_ptr_nonnull(strstr(answer_text, "counted"));
	ck_assert_uint_eq(loop_now("a").failures, 1);
	ck_assert_int_eq(loop_now("a").last_failure.kind, FAILURE_EXPLICIT);
	ck_assert_str_eq(loop_now("a").last_failure.reason, "by hand");
	ck_assert_int_eq(loop_now("a").state, LOOP_RUNNING); /* explicit: counted only */
	ck_assert_int_eq(ask(CALL_FORGIVE, "a"), 0);
	ck_assert_uint_eq(loop_now("a").failures, 0);
	ck_assert_int_eq(ask_to_fail("a", "use it up", true), 0);
	ck_assert_ptr_nonnull(strstr(answer_text, "tripped"));
	await(.type = EVENT_EPISODE_CLOSED, .who = "g", .text = "green");
	ck_assert_uint_eq(loop_now("b").generation, 1);
	ck_assert_uint_eq(loop_now("a").failures, 0);
	fixture_stop();
}
END_TEST

/* What an operator says of a loop that is being stopped, or waits within a reset, is noted only. */
START_TEST(test_fail_while_stopping)
{
	static const struct planned one[] = {
		{ .group = "g", .with = "max_resets=1" },
		{ .loop = "a", .in = "g", .with = "grace_period=1h" },
		{ .loop = "b", .in = "g", .with = "grace_period=1h" },
	};

	fixture_start(one, ELEMENTS(one));
	actor_order(actor("a"), ACT_CRAWL);
	await_act("a", ACT_CRAWL);
	await_ready("b", 0);
	ck_assert_int_eq(ask_to_fail("b", "first", true), 0);
	await_state("a", "stopping", 1);
	await_state("b", "inactive", 1);
	ck_assert_int_eq(ask_to_fail(_i == 0 ? "a" : "b", "second", true), 0);
	ck_assert_ptr_nonnull(strstr(answer_text, "noted"));
	actor_release(actor("a"));
	await(.type = EVENT_EPISODE_CLOSED, .who = "g", .text = "green");
	ck_assert_uint_eq(episode_now("g").n_attached, 1);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_RESET), 1);
	fixture_free();
}
END_TEST

/* Forgiven: counter, backoff, and being failed; a wanted one starts again. */
START_TEST(test_forgive_failed)
{
	static const struct planned bad[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "max_loop_failures=0 exhausted_action=stay" },
	};

	fixture_start(bad, ELEMENTS(bad));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_FAIL);
	await_state("a", "failed", 1);
	ck_assert_int_eq(group_now("g").color, COLOR_RED);
	ck_assert_int_eq(ask(CALL_FORGIVE, _i == 0 ? "a" : "g"), 0);
	await_ready("a", 1);
	barrier("a");
	ck_assert_int_eq(group_now("g").color, COLOR_GREEN);
	fixture_stop();
}
END_TEST

START_TEST(test_forgive_group)
{
	start();
	ck_assert_int_eq(ask_to_fail("a", "by hand", true), 0);
	await(.type = EVENT_EPISODE_CLOSED, .who = "g", .text = "green");
	ck_assert_uint_eq(group_now("g").resets, 1);
	ck_assert_int_eq(ask_to_fail("b", "by hand", false), 0);
	ck_assert_int_eq(ask(CALL_FORGIVE, "g"), 0);
	barrier("a");
	ck_assert_uint_eq(group_now("g").resets, 0);
	ck_assert_uint_eq(loop_now("b").failures, 0);
	ck_assert_uint_eq(loop_now("b").generation, 1); /* nobody is restarted */
	fixture_stop();
}
END_TEST

/* ---- the same from many threads at once: each has its answer */

enum { N_THREADS = 4, N_CALLS = 40 };

static void *call_often(void *userdata)
{
	static const enum call_op ops[] = { CALL_START, CALL_STOP, CALL_RESTART, CALL_FAIL,
		CALL_FORGIVE, CALL_KILL };
	unsigned *n_odd = userdata;

	for (unsigned i = 0; i < N_CALLS; i++) {
		int r = call_sync(call_new(ops[i % ELEMENTS(ops)], task("a")), USEC_INFINITY, NULL);

		*n_odd += r != 0 && r != -ECANCELED && r != -EINVAL && r != -EIO;
	}
	return NULL;
}

START_TEST(test_many)
{
	pthread_t threads[N_THREADS];
	unsigned odd[N_THREADS] = { 0 };

	start();
	for (unsigned i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &odd[i]), 0);
	for (unsigned i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(odd[i], 0);
	}
	fixture_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("call");

	fixture_add(suite, "start-and-stop", test_start_and_stop, 1);
	fixture_add(suite, "stop-is-no-failure", test_stop_is_no_failure, 1);
	fixture_add(suite, "restart-group", test_restart_group, 1);
	fixture_add(suite, "hard-reset", test_hard_reset, 1);
	fixture_add(suite, "answer-when-ready", test_answer_when_ready, 1);
	fixture_add(suite, "timeout", test_timeout, 1);
	fixture_add(suite, "oneway", test_oneway, 1);
	fixture_add(suite, "deadlock", test_deadlock, 1);
	fixture_add(suite, "stop-overtakes-start", test_stop_overtakes_start, 2);
	fixture_add(suite, "start-overtakes-stop", test_start_overtakes_stop, 1);
	fixture_add(suite, "end-overtakes", test_end_overtakes, 1);
	fixture_add(suite, "refused", test_refused, 1);
	fixture_add(suite, "start-fails", test_start_fails, 1);
	fixture_add(suite, "veto", test_veto, 1);
	fixture_add(suite, "start-hook-fails", test_start_hook_fails, 2);
	fixture_add(suite, "stop-in-start-hook", test_stop_in_start_hook, 1);
	fixture_add(suite, "stop-hook", test_stop_hook, 1);
	fixture_add(suite, "closing", test_closing, ELEMENTS(closings));
	fixture_add(suite, "service-hooks", test_service_hooks, 1);
	fixture_add(suite, "fail", test_fail, 1);
	fixture_add(suite, "fail-while-stopping", test_fail_while_stopping, 2);
	fixture_add(suite, "forgive-failed", test_forgive_failed, 2);
	fixture_add(suite, "forgive-group", test_forgive_group, 1);
	fixture_add(suite, "many", test_many, 1);
	return unit_main(suite);
}
