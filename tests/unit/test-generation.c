/* SPDX-License-Identifier: MIT */
/*
 * Generations: what a function finds in its thread, what it may return, and what becomes of a
 * thread that does not end: condemned for ever, while the next generation runs.
 */
#include "lib/tree-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "core/root.h"

#define QUICK "backoff=1ms backoff_max=1ms "
#define SHORT "grace_period=1ms "

/* ---- functions, as a module or a program gives them */

static struct {
	pthread_mutex_t lock;
	int slept, checked_before, checked_after, cleanup_slept; /* what the calls returned */
	uint64_t generation;
	unsigned cycles, stops;
	char thread[16];
	bool states_differ;
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int sleeping_cycle(_unused_ gloop_loop *self, _unused_ void *state)
{
	int before = host_table.check_stop(), slept = host_table.sleep(GLOOP_INFINITY);

	pthread_mutex_lock(&seen.lock);
	seen.cycles++;
	seen.checked_before = before;
	seen.slept = slept;
	seen.checked_after = host_table.check_stop();
	seen.generation = host_table.generation(self);
	pthread_getname_np(pthread_self(), seen.thread, sizeof(seen.thread));
	pthread_mutex_unlock(&seen.lock);
	return slept;
}

static void note_stop(_unused_ gloop_loop *self, _unused_ void *state)
{
	int r = host_table.sleep(1); /* cleaning up may wait */

	pthread_mutex_lock(&seen.lock);
	seen.stops++;
	seen.cleanup_slept = r;
	pthread_mutex_unlock(&seen.lock);
}

static const struct gloop_functions sleeper = { .cycle = sleeping_cycle,
	.on_thread_stop = note_stop };

/* Sleeps until it is stopped, at once then; a stop is no failure. */
START_TEST(test_sleep)
{
	static const struct planned plan[] = { { .loop = "a-rather-long-name",
		.functions = &sleeper } };

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a-rather-long-name", 0);
	ck_assert_int_eq(ask(CALL_RESTART, "a-rather-long-name"), 0);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_FAILURE), 0);
	ck_assert_uint_eq(count(.type = EVENT_HARD), 0);
	ck_assert_uint_eq(seen.stops, 2);
	ck_assert_int_eq(seen.cleanup_slept, 0);
	if (seen.cycles == 2) { /* a stop may come before the first cycle */
		ck_assert_int_eq(seen.slept, -ECANCELED);
		ck_assert_int_eq(seen.checked_after, -ECANCELED);
	}
	fixture_free();
}
END_TEST

static int one_sleep(gloop_loop *self, void *state)
{
	return host_table.sleep(1000) < 0 ? -ECANCELED : sleeping_cycle(self, state);
}

static const struct gloop_functions two_sleeps = { .cycle = one_sleep };

/* The thread is named after loop and generation, the number whole; a stop shows itself in every
 * call. */
START_TEST(test_thread)
{
	static const struct planned plan[] = { { .loop = "a-rather-long-name",
		.functions = &two_sleeps } };
	unsigned cycles = 0;

	fixture_start(plan, ELEMENTS(plan));
	while (cycles == 0) {
		ck_assert_int_eq(ask(CALL_RESTART, "a-rather-long-name"), 0);
		host_table.sleep(
			5000); /* outside of a loop: a plain sleep; long enough, sooner or later */
		ck_assert_int_eq(host_table.check_stop(), 0);
		ck_assert_int_eq(ask(CALL_STOP, "a-rather-long-name"), 0);
		cycles = seen.cycles;
	}
	ck_assert_int_eq(seen.slept, -ECANCELED);
	ck_assert_int_eq(seen.checked_before, 0);
	ck_assert_int_eq(seen.checked_after, -ECANCELED);
	ck_assert_uint_ge(seen.generation, 1);
	ck_assert_uint_eq(seen.generation, host_table.generation(loop("a-rather-long-name")));
	ck_assert_ptr_nonnull(strchr(seen.thread, '_'));
	ck_assert_uint_eq((uint64_t)atoi(strchr(seen.thread, '_') + 1), seen.generation);
	ck_assert_uint_eq(strncmp(seen.thread, "a-rather-long", 13 - (seen.generation > 9)), 0);
	fixture_stop();
}
END_TEST

/* What a cycle returns, and what is made of it. */
static int returns(_unused_ gloop_loop *self, void *state)
{
	int *result = state, r = *result;

	*result = GLOOP_DONE; /* the next one ends it */
	return r == -ESRCH ? host_table.error(self, -EIO, "its own words") : r;
}

static const struct gloop_functions returner = { .cycle = returns };

static const struct {
	int result;
	unsigned failures;
	const char *reason;
	int status;
} returned[] = {
	{ GLOOP_AGAIN, 0, "", 0 },
	{ GLOOP_DONE, 0, "", 0 },
	{ -EIO, 1, "cycle() returned -5: Input/output error", EIO },
	{ -ECANCELED, 1, "cycle() returned -125: Operation canceled",
		ECANCELED }, /* nobody stopped it */
	{ 7, 1, "cycle() returned 7", 0 },
	{ -ESRCH, 1, "its own words", EIO },
};

START_TEST(test_returned)
{
	int result = returned[_i].result;
	struct planned plan[] = { { .loop = "a", .functions = &returner, .userdata = &result } };
	struct loop_snapshot now;

	fixture_start(plan, ELEMENTS(plan));
	await_state("a", "done", 1);
	barrier("a");
	now = loop_now("a");
	ck_assert_uint_eq(now.failures_total, returned[_i].failures);
	if (returned[_i].failures) {
		ck_assert_int_eq(now.last_failure.kind, FAILURE_ERROR);
		ck_assert_str_eq(now.last_failure.reason, returned[_i].reason);
		ck_assert_int_eq(now.last_failure.status, returned[_i].status);
		ck_assert_uint_eq(now.last_failure.cycle, 1);
	}
	ck_assert_str_eq(now.outcome, "done");
	ck_assert_uint_eq(now.starts, 1);
	ck_assert_int_eq(now.color, COLOR_GREY);
	fixture_stop();
}
END_TEST

static struct {
	unsigned starts, fails; /* the first so many starts fail */
} starting;

static int start_counted(_unused_ gloop_loop *self, void **state)
{
	ck_assert_ptr_eq(*state, &starting); /* at first the program's own */
	*state = malloc(1);
	if (++starting.starts > starting.fails)
		return 0;
	free(*state);
	return host_table.error(self, -EBADF, "not today");
}

static int sleep_with_state(_unused_ gloop_loop *self, void *state)
{
	ck_assert_ptr_ne(state, &starting);
	return host_table.sleep(GLOOP_INFINITY);
}

static void free_state(_unused_ gloop_loop *self, void *state)
{
	free(state);
}

static const struct gloop_functions stateful = {
	.cycle = sleep_with_state,
	.on_thread_start = start_counted,
	.on_thread_stop = free_state,
};

/* A thread whose start fails: a failure of kind hook, the next generation tries again; its stop is
 * not called. */
static const struct {
	const char *with;
	unsigned fails;
	bool comes; /* to run */
} thread_starts[] = {
	{ "", 0, true },
	{ "", 2, true },
	{ "max_loop_failures=1", 2, false },
	{ "max_loop_failures=0 exhausted_action=ignore", 2, true },
};

START_TEST(test_thread_start)
{
	char with[100];
	struct planned plan[] = {
		{ .loop = "a", .with = with, .functions = &stateful, .userdata = &starting },
	};

	starting.fails = thread_starts[_i].fails;
	snprintf(with, sizeof(with), QUICK "%s", thread_starts[_i].with);
	fixture_start(plan, ELEMENTS(plan));
	if (thread_starts[_i].comes)
		await_ready("a", thread_starts[_i].fails);
	else
		await_state("a", "failed", 1);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .text = "on_thread_start: not today",
				  .counted = IS(1)),
		thread_starts[_i].fails);
	ck_assert_uint_eq(starting.starts, thread_starts[_i].fails + thread_starts[_i].comes);
	fixture_free();
}
END_TEST

/* What only the loop's own thread may do; and failures from any thread. */
static int report_twice(gloop_loop *self, void *state)
{
	int *results = state;

	if (host_table.generation(self) > 0)
		return host_table.sleep(GLOOP_INFINITY);
	results[0] = host_table.failure(self, "mine");
	results[1] = host_table.failure(self, "mine, too");
	results[2] = host_table.status(self, "busy");
	host_table.sleep(GLOOP_INFINITY);
	results[3] = host_table.failure(self, "too late");
	return -ECANCELED;
}

static const struct gloop_functions reporter = { .cycle = report_twice };

START_TEST(test_reports)
{
	int results[4] = { 99, 99, 99, 99 };
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a",
			.in = "g",
			.with = "max_loop_failures=2",
			.functions = &reporter,
			.userdata = results },
	};
	struct gloop_value value;

	fixture_start(plan, ELEMENTS(plan));
	await(.type = EVENT_FAILURE, .who = "a", .n = 2);
	ck_assert_int_eq(host_table.failure(loop("a"), "from outside"), 0);
	await(.type = EVENT_TRIP, .who = "a");
	await_ready("a", 1);
	ck_assert_str_eq(episode_now("g").cause.reason, "from outside");
	ck_assert_int_eq(host_table.status(loop("a"), "not mine"), -EPERM);
	ck_assert_int_eq(
		host_table.get(loop("a"), GLOOP_ROUTINE, "key", GLOOP_INT, &value), -EPERM);
	fixture_halt();
	ck_assert_int_eq(results[0], 0);
	ck_assert_int_eq(results[1], 0);
	ck_assert_int_eq(results[2], 0);
	ck_assert_int_eq(results[3], -ESTALE);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .text = "too late", .counted = IS(0)), 1);
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .text = "too late", .counted = IS(1)), 0);
	fixture_free();
}
END_TEST

/* ---- readiness */

START_TEST(test_ready_delay)
{
	static const struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = "ready=delay:20ms" },
		{ .loop = "b", .in = "g", .with = "ready=delay:1h" },
		{ .loop = "f", .in = "g", .with = "ready=delay:20ms", .functions = &sleeper },
	};

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	await_ready("f", 0);
	ck_assert(!loop_now("b").ready);
	ck_assert_int_eq(loop_now("b").state, LOOP_STARTING);
	ck_assert_int_eq(group_now("g").color, COLOR_AMBER);
	fixture_stop();
}
END_TEST

/* A service is as ready as its process; what runs in cycles stays ready. */
static const struct {
	const char *type;
	bool stays;
} types[] = { { "service", false }, { "cycle", true }, { "module", true } };

START_TEST(test_ready_after_failure)
{
	char with[100];
	struct planned plan[] = { { .loop = "a", .with = with } };

	snprintf(with, sizeof(with), "type=%s backoff=1h backoff_max=1h", types[_i].type);
	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	actor_order(actor("a"), ACT_FAIL);
	actor_order(actor("a"), ACT_FAIL); /* the first retry comes at once */
	await_state("a", "backoff", 1);
	ck_assert_int_eq(loop_now("a").ready, types[_i].stays);
	ck_assert_uint_gt(loop_now("a").next_start_usec, loop_now("a").since_usec);
	fixture_stop();
}
END_TEST

/* ---- trouble is the daemon's: said, retried, not counted */

START_TEST(test_trouble)
{
	static const struct planned plan[] = { { .loop = "a",
		.with = "max_loop_failures=0 " QUICK } };

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	for (unsigned n = 1; n <= 5; n++) {
		actor_order(actor("a"), ACT_TROUBLE);
		await(.type = EVENT_TROUBLE, .who = "a", .text = "no process", .n = n);
	}
	await_act("a", ACT_WAIT);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").failures_total, 0);
	ck_assert_uint_eq(loop_now("a").starts, 1);
	fixture_free();
}
END_TEST

/* ---- stuck threads */

static const struct planned stuck[] = {
	{ .group = "g", .with = "max_resets=5 " QUICK },
	{ .loop = "a", .in = "g", .with = SHORT },
	{ .loop = "b", .in = "g" },
};

/*
 * Given up 1 s after the hard stop; generation 1 runs; generation 0 returns much later, fails and
 * reports, or succeeds, and changes nothing. From then on one generation lives.
 */
START_TEST(test_abandoned)
{
	enum act act = _i == 0 ? ACT_HANG_FAIL : ACT_HANG; /* fails in the end, or succeeds */
	struct tree_snapshot now;

	fixture_start(stuck, ELEMENTS(stuck));
	actor_order(actor("a"), act);
	await_act("a", act);
	ck_assert_int_eq(ask(_i == 0 ? CALL_RESET : CALL_RESTART, _i == 0 ? "g" : "a"), 0);
	await_ready("a", 1);
	await(.type = EVENT_HARD, .who = "a", .value = IS(1), .generation = IS(0));
	ck_assert_uint_eq(actor_lives(actor("a")), 1);
	tree_snapshot(fixture_tree(), &now);
	ck_assert_uint_eq(now.n_abandoned, 1);

	actor_release(actor("a"));
	ck_assert(actor_await_lives(actor("a"), 1, deadline()));
	ck_assert_int_eq(ask_to_fail("a", "of the present one", false), 0);
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_uint_eq(loop_now("a").failures_total, 1);
	ck_assert_uint_eq(loop_now("a").cycles_succeeded, 0);
	ck_assert_uint_eq(
		count(.type = EVENT_FAILURE, .who = "a", .generation = IS(0), .counted = IS(1)), 0);
	ck_assert_uint_eq(
		count(.type = EVENT_STATE, .who = "a", .generation = IS(0), .from = "inactive"), 1);
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED), _i == 0);
	ck_assert_uint_eq(count(.type = EVENT_HARD, .who = "b"), 0);
	tree_snapshot(fixture_tree(), &now);
	ck_assert_uint_eq(now.n_abandoned, 0);
	fixture_free();
}
END_TEST

/* With one more than is allowed the loop is failed and the daemon's exhausted_action is done. */
START_TEST(test_too_many_abandoned)
{
	fixture_config()->max_abandoned_threads = 1;
	fixture_config()->exhausted_action = (struct action){ .kind = ACTION_EXIT, .status = 3 };
	fixture_start(stuck, ELEMENTS(stuck));
	for (unsigned n = 0; n < 2; n++) {
		await_ready("a", n);
		ck_assert_uint_eq(count(.type = EVENT_EXIT), 0);
		actor_order(actor("a"), ACT_HANG);
		ck_assert(actor_await(actor("a"), ACT_HANG, n + 1, deadline()));
		ck_assert_int_eq(ask(CALL_RESTART, "a"), n == 0 ? 0 : -EIO);
	}
	await(.type = EVENT_EXIT, .value = IS(3));
	ck_assert_int_eq(loop_now("a").state, LOOP_FAILED);
	ck_assert_int_eq(loop_now("b").state, LOOP_RUNNING);
	actor_release(actor("a"));
	ck_assert(actor_await_lives(actor("a"), 0, deadline()));
	ck_assert_int_eq(ask(CALL_START, "a"), 0); /* they have returned: there is room again */
	fixture_stop();
}
END_TEST

/* A stop wins over a thread that does not end: it is answered when the thread was given up, and
 * nothing of it counts. */
START_TEST(test_stop_stuck)
{
	fixture_start(stuck, ELEMENTS(stuck));
	actor_order(actor("a"), ACT_HANG);
	await_act("a", ACT_HANG);
	ck_assert_int_eq(ask(CALL_STOP, "g"), 0);
	ck_assert_str_eq(loop_now("a").outcome, "abandoned");
	ck_assert_int_eq(loop_now("a").state, LOOP_INACTIVE);
	ck_assert_uint_eq(actor_lives(actor("a")), 0);
	tree_stop(fixture_tree());
	await(.type = EVENT_STOPPED); /* does not wait for it, either */
	tree_join(fixture_tree());
	await_act("a", ACT_HANG); /* it is still there */
	fixture_stop();
}
END_TEST

/* ---- cycle_timeout of a function: the failure is counted, the generation renewed; with a trip,
 * the group is reset */

static const struct {
	const char *with;
	unsigned resets, cycles; /* so many that are quick enough */
} timeouts[] = {
	{ "", 0, 100 },
	{ "interval=20ms", 0, 3 }, /* the time runs out between two cycles, and that is no matter */
	{ "max_loop_failures=0", 1, 100 },
	{ "trip_on=cycle-timeout", 1, 100 },
};

START_TEST(test_cycle_timeout)
{
	char with[100];
	struct planned plan[] = {
		{ .group = "g" },
		{ .loop = "a", .in = "g", .with = with },
		{ .loop = "b", .in = "g" },
	};
	struct failure failure;

	snprintf(with, sizeof(with), "cycle_timeout=10ms " SHORT QUICK "%s", timeouts[_i].with);
	fixture_build(plan, ELEMENTS(plan));
	actor_set_habit(actor("a"), ACT_SUCCEED); /* one that is quick enough goes on */
	ck_assert_int_eq(tree_start(fixture_tree()), 0);
	while (loop_now("a").cycles_succeeded < timeouts[_i].cycles)
		barrier("a");
	actor_order(actor("a"), ACT_CRAWL);
	await(.type = EVENT_FAILURE, .who = "a", .text = "the cycle took longer than 10ms",
		.counted = IS(1));
	await_ready("a", 1);
	ck_assert_uint_ge(loop_failures_copy(loop("a"), &failure, 1), 1);
	ck_assert_int_eq(failure.kind, FAILURE_CYCLE_TIMEOUT);
	actor_set_habit(actor("a"), ACT_SUCCEED);
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_EPISODE_OPENED) > 0, timeouts[_i].resets > 0);
	ck_assert_uint_eq(loop_now("b").starts > 1, timeouts[_i].resets > 0);
	fixture_free();
}
END_TEST

/* ---- the counter survives generations; success forgives */

START_TEST(test_renewed)
{
	static const struct planned plan[] = {
		{ .loop = "a", .with = "max_loop_failures=3 cycle_timeout=10ms " SHORT QUICK },
	};

	fixture_build(plan, ELEMENTS(plan));
	actor_set_habit(actor("a"), ACT_CRAWL);
	ck_assert_int_eq(tree_start(fixture_tree()), 0);
	await_state("a", "failed", 1);
	ck_assert_uint_eq(loop_now("a").generation, 3);
	ck_assert_str_eq(loop_now("a").outcome, "failed");
	fixture_halt();
	ck_assert_uint_eq(count(.type = EVENT_FAILURE, .counted = IS(1)), 4);
	fixture_free();
}
END_TEST

/* The first renewal is at once, the next one after the backoff. */
START_TEST(test_renewed_later)
{
	static const struct planned plan[] = {
		{ .loop = "a", .with = "cycle_timeout=10ms backoff=1h backoff_max=1h " SHORT },
	};

	fixture_build(plan, ELEMENTS(plan));
	actor_set_habit(actor("a"), ACT_CRAWL);
	ck_assert_int_eq(tree_start(fixture_tree()), 0);
	await_state("a", "backoff", 1);
	ck_assert_uint_eq(loop_now("a").starts, 2);
	ck_assert_uint_eq(loop_now("a").failures, 2);
	fixture_stop();
}
END_TEST

START_TEST(test_forgiven)
{
	static const struct planned plan[] = { { .loop = "a",
		.with = "max_loop_failures=1 forgive_after=0 " QUICK } };

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	for (unsigned n = 1; n <= 5; n++) {
		actor_order(actor("a"), ACT_FAIL);
		await(.type = EVENT_FAILURE, .who = "a", .n = n);
		ck_assert_uint_eq(loop_now("a").trips, 0);
		actor_order(actor("a"), ACT_SUCCEED);
		while (loop_now("a").failures > 0)
			await_act("a", ACT_WAIT);
	}
	fixture_halt();
	ck_assert_uint_eq(loop_now("a").starts, 1);
	fixture_free();
}
END_TEST

/* The last eight failures are kept, newest first. */
START_TEST(test_history)
{
	static const struct planned plan[] = { { .loop = "a" } };
	struct failure failures[LOOP_FAILURES_KEPT + 2];
	char reason[20];

	fixture_start(plan, ELEMENTS(plan));
	await_ready("a", 0);
	ck_assert_uint_eq(loop_failures_copy(loop("a"), failures, ELEMENTS(failures)), 0);
	for (unsigned n = 0; n < LOOP_FAILURES_KEPT + 1; n++) {
		snprintf(reason, sizeof(reason), "number %u", n);
		ck_assert_int_eq(ask_to_fail("a", reason, false), 0);
	}
	ck_assert_uint_eq(
		loop_failures_copy(loop("a"), failures, ELEMENTS(failures)), LOOP_FAILURES_KEPT);
	for (unsigned i = 0; i < LOOP_FAILURES_KEPT; i++) {
		snprintf(reason, sizeof(reason), "number %u", LOOP_FAILURES_KEPT - i);
		ck_assert_str_eq(failures[i].reason, reason);
	}
	ck_assert_uint_eq(loop_failures_copy(loop("a"), failures, 2), 2);
	fixture_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generation");

	fixture_add(suite, "sleep", test_sleep, 1);
	fixture_add(suite, "thread", test_thread, 1);
	fixture_add(suite, "returned", test_returned, ELEMENTS(returned));
	fixture_add(suite, "thread-start", test_thread_start, ELEMENTS(thread_starts));
	fixture_add(suite, "reports", test_reports, 1);
	fixture_add(suite, "ready-delay", test_ready_delay, 1);
	fixture_add(suite, "ready-after-failure", test_ready_after_failure, ELEMENTS(types));
	fixture_add(suite, "trouble", test_trouble, 1);
	fixture_add(suite, "abandoned", test_abandoned, 2);
	fixture_add(suite, "too-many-abandoned", test_too_many_abandoned, 1);
	fixture_add(suite, "stop-stuck", test_stop_stuck, 1);
	fixture_add(suite, "cycle-timeout", test_cycle_timeout, ELEMENTS(timeouts));
	fixture_add(suite, "renewed", test_renewed, 1);
	fixture_add(suite, "renewed-later", test_renewed_later, 1);
	fixture_add(suite, "forgiven", test_forgiven, 1);
	fixture_add(suite, "history", test_history, 1);
	return unit_main(suite);
}
