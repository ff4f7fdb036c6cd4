/* SPDX-License-Identifier: MIT */
/* The queue of hooks of one task: in order, one at a time but for urgent ones, on a thread that is
 * there only while there is work. */
#include "lib/tree-fixture.h"

#include <errno.h>

#include "core/root.h"

enum { FACT = 4 };

static const struct planned plan[] = { { .loop = "a" } };
static struct mailbox box;
static struct letter letter;

static void setup(void)
{
	fixture_build(plan, ELEMENTS(plan));
	ck_assert_int_eq(mailbox_init(&box), 0);
	letter_init(&letter);
}

/* Not a free of the tree only: its helper threads must have gone. */
static void teardown(void)
{
	hooks_release();
	tree_join(fixture_tree());
	mailbox_done(&box);
	fixture_free();
}

static struct hook_queue *queue(void)
{
	return &task("a")->hooks;
}

/* A command of up to two words, for as long as the test. */
static struct command command(const char *what, const char *name)
{
	static char *words[16][3];
	static unsigned n;
	char **argv = words[n++ % ELEMENTS(words)];

	argv[0] = (char *)what;
	argv[1] = (char *)name;
	argv[2] = NULL;
	return (struct command){ .argv = argv };
}

static int run(const struct command *it, struct hook **ret)
{
	return hook_run(queue(), "on_stop", it, loop_hook_environment(loop("a"), 0, 0, false),
		USEC_PER_SEC, ret ? &box : NULL, ret ? &letter : NULL, ret ? FACT : 0, ret);
}

/* The asker's wait. */
static int result_of(struct hook **hook, char **ret_message)
{
	int result;

	while (!hook_take(queue(), hook, &result, ret_message)) {
		unsigned facts = 0;

		ck_assert_ptr_eq(mailbox_wait(&box, deadline(), &facts), &letter);
		ck_assert_uint_eq(facts, FACT);
	}
	ck_assert_ptr_null(*hook);
	return result;
}

/* Its task's controller is told when the queue is idle. */
static void await_idle(void)
{
	unsigned facts = 0;

	while (!hook_queue_idle(queue())) {
		ck_assert_ptr_eq(mailbox_wait(&fixture_tree()->root.box, deadline(), &facts),
			&task("a")->letter);
		ck_assert_uint_eq(facts, MEMBER_HOOK);
	}
}

static unsigned n_threads(void)
{
	struct tree *tree = fixture_tree();
	unsigned n;

	pthread_mutex_lock(&tree->lock);
	n = tree->n_threads;
	pthread_mutex_unlock(&tree->lock);
	return n;
}

/* Idle is said a moment before the thread's very end. */
static void await_no_thread(void)
{
	struct tree *tree = fixture_tree();

	pthread_mutex_lock(&tree->lock);
	while (tree->n_threads > 0)
		pthread_cond_wait(&tree->cond, &tree->lock);
	pthread_mutex_unlock(&tree->lock);
}

static const struct {
	const char *what;
	int result;
	bool message;
} results[] = { { "ok", 0, false }, { "veto", HOOK_EXIT_VETO, false }, { "fail", 3, true } };

START_TEST(test_result)
{
	struct command it = command(results[_i].what, NULL);
	_cleanup_free_ char *message = NULL;
	struct hook *hook;

	ck_assert_int_eq(run(&it, &hook), 0);
	ck_assert_int_eq(result_of(&hook, &message), results[_i].result);
	ck_assert_int_eq(message != NULL, results[_i].message);
	ck_assert_uint_eq(count(.type = EVENT_HOOK_FAILED, .who = "a", .text = "on_stop"), _i > 0);
}
END_TEST

START_TEST(test_failure_ignored)
{
	struct command it = command("fail", NULL);
	_cleanup_free_ char *message = NULL;
	struct hook *hook;

	it.ignore_failure = true;
	ck_assert_int_eq(run(&it, &hook), 0);
	ck_assert_int_eq(result_of(&hook, &message), 3);
	ck_assert_uint_eq(count(.type = EVENT_HOOK_FAILED), 0);
}
END_TEST

/* One after the other: the second begins when the first has ended. */
START_TEST(test_order)
{
	struct command first = command("wait", "first"), second = command("ok", "second");
	_cleanup_free_ char *message = NULL;
	struct hook *hook;
	int result;

	ck_assert_int_eq(run(&first, NULL), 0);
	ck_assert_int_eq(run(&second, &hook), 0);
	await_hook("first", 1);
	ck_assert_uint_eq(n_threads(), 1);
	ck_assert(!hook_take(queue(), &hook, &result, &message));
	ck_assert_uint_eq(hook_count("second"), 0);
	hooks_release();
	ck_assert_int_eq(result_of(&hook, &message), 0);
	ck_assert_uint_eq(hook_count("second"), 1);
}
END_TEST

START_TEST(test_idle)
{
	struct command it = command("ok", "once");

	ck_assert(hook_queue_idle(queue()));
	ck_assert_uint_eq(n_threads(), 0);
	for (unsigned round = 1; round <= 3; round++) {
		ck_assert_int_eq(run(&it, NULL), 0);
		await_idle();
		ck_assert_uint_eq(hook_count("once"), round);
		await_no_thread();
	}
}
END_TEST

/* An asker that has dropped out gets no letter, and nothing leaks. */
START_TEST(test_drop)
{
	struct command waits = command("wait", "dropped"), ok = command("ok", "waiting"),
		       quick = command("ok", NULL);
	struct hook *running, *waiting, *ended, *none = NULL;
	unsigned facts = 0;

	ck_assert_int_eq(run(&waits, &running), 0);
	ck_assert_int_eq(run(&ok, &waiting), 0);
	await_hook("dropped", 1);
	hook_drop(queue(), &running);
	hook_drop(queue(), &waiting);
	ck_assert(!running && !waiting);
	hook_drop(queue(), &none);
	hooks_release();
	await_idle();
	ck_assert_uint_eq(hook_count("waiting"), 1); /* it ran all the same */
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));

	ck_assert_int_eq(run(&quick, &ended), 0);
	ck_assert_ptr_eq(mailbox_wait(&box, deadline(), &facts), &letter);
	hook_drop(queue(), &ended); /* after its end */
	ck_assert_ptr_null(ended);
}
END_TEST

/* What runs is told, what waits will find that it was called off; neither failed. */
START_TEST(test_cancel)
{
	struct command first = command("heed", "first"), second = command("heed", "second");
	_cleanup_free_ char *message = NULL;
	struct hook *hook;

	ck_assert_int_eq(run(&first, NULL), 0);
	ck_assert_int_eq(run(&second, &hook), 0);
	await_hook("first", 1);
	hook_queue_cancel(queue());
	hook_queue_cancel(queue());
	ck_assert_int_eq(result_of(&hook, &message), -ECANCELED);
	ck_assert_uint_eq(count(.type = EVENT_HOOK_FAILED), 0);
	await_idle();
	hook_queue_cancel(queue()); /* nothing is there */
}
END_TEST

/* One is called off, the others go on; what has not begun never does. */
START_TEST(test_call_off)
{
	struct command first = command("wait", "first"), second = command("ok", "second"),
		       third = command("ok", "third");
	_cleanup_free_ char *message = NULL;
	struct hook *waiting;

	ck_assert_int_eq(run(&first, NULL), 0);
	ck_assert_int_eq(run(&second, &waiting), 0);
	ck_assert_int_eq(run(&third, NULL), 0);
	await_hook("first", 1);
	hook_call_off(queue(), NULL);
	hook_call_off(queue(), waiting);
	hooks_release();
	ck_assert_int_eq(result_of(&waiting, &message), -ECANCELED);
	await_idle();
	ck_assert_uint_eq(hook_count("second"), 0);
	ck_assert_uint_eq(hook_count("third"), 1);
}
END_TEST

static int run_urgent(const struct command *it, struct hook **ret)
{
	return hook_run_urgent(queue(), "stop_command", it,
		loop_hook_environment(loop("a"), 0, 0, false), USEC_PER_SEC, &box, &letter, FACT,
		ret);
}

/* It does not wait for the one that runs; nor does it overtake when it need not. */
START_TEST(test_urgent)
{
	struct command slow = command("wait", "slow"), urgent = command("ok", "urgent"),
		       heeds = command("heed", "heeds");
	_cleanup_free_ char *message = NULL, *other = NULL;
	struct hook *hook;

	ck_assert_int_eq(run_urgent(&urgent, &hook), 0);
	ck_assert_int_eq(result_of(&hook, &message), 0);
	await_idle();
	await_no_thread();

	ck_assert_int_eq(run(&slow, NULL), 0);
	await_hook("slow", 1);
	ck_assert_int_eq(run_urgent(&urgent, &hook), 0);
	ck_assert_int_eq(result_of(&hook, &message), 0);
	ck_assert(!hook_queue_idle(queue()));
	ck_assert_int_eq(run_urgent(&heeds, &hook), 0);
	await_hook("heeds", 1);
	hook_call_off(queue(), hook);
	ck_assert_int_eq(result_of(&hook, &other), -ECANCELED);
	hooks_release();
	await_idle();
	await_no_thread();
}
END_TEST

static int run_news(const struct command *it)
{
	return hook_run_news(queue(), "on_failure", it,
		loop_hook_environment(loop("a"), 0, 0, false), USEC_PER_SEC);
}

/* A few at a time; how many were left out is said once there is room again. */
START_TEST(test_news)
{
	struct command news = command("wait", "news"), due = command("ok", "due");

	ck_assert(hook_queue_settled(queue()));
	for (unsigned i = 0; i < HOOK_NEWS_MAX + 3; i++)
		ck_assert_int_eq(run_news(&news), 0);
	ck_assert(!hook_queue_idle(queue()));
	ck_assert(hook_queue_settled(queue()));
	ck_assert_uint_eq(count(.type = EVENT_HOOK_FAILED, .who = "a", .text = "left out"), 1);
	ck_assert_int_eq(run(&due, NULL), 0);
	ck_assert(!hook_queue_settled(queue()));
	hooks_release();
	await_idle();
	ck_assert(hook_queue_settled(queue()));
	ck_assert_uint_eq(hook_count("news"), HOOK_NEWS_MAX);
	ck_assert_int_eq(run_news(&news), 0);
	await_idle();
	ck_assert_uint_eq(count(.type = EVENT_HOOK_FAILED, .text = "3 runs were left out"), 1);
	ck_assert_uint_eq(hook_count("news"), HOOK_NEWS_MAX + 1);
}
END_TEST

/* The controller hears of the last one that is due, although news go on. */
START_TEST(test_settled)
{
	struct command due = command("heed", "due"), news = command("wait", "news");
	_cleanup_free_ char *message = NULL;
	struct hook *hook;
	unsigned facts = 0;

	ck_assert_int_eq(run(&due, &hook), 0);
	ck_assert_int_eq(run_news(&news), 0);
	await_hook("due", 1);
	ck_assert(!hook_queue_settled(queue()));
	hook_call_off(queue(), hook);
	ck_assert_ptr_eq(
		mailbox_wait(&fixture_tree()->root.box, deadline(), &facts), &task("a")->letter);
	ck_assert(hook_queue_settled(queue()));
	ck_assert(!hook_queue_idle(queue()));
	ck_assert_int_eq(result_of(&hook, &message), -ECANCELED);
	hooks_release();
	await_idle();
}
END_TEST

START_TEST(test_no_runner)
{
	struct command it = command("ok", "never");
	_cleanup_free_ char *message = NULL;
	struct hook *hook;

	fixture_tree()->config.run_hook = NULL;
	ck_assert_int_eq(run(&it, &hook), 0);
	ck_assert_int_eq(result_of(&hook, &message), -ENOSYS);
	ck_assert_uint_eq(count(.type = EVENT_HOOK_FAILED, .who = "a"), 1);
}
END_TEST

START_TEST(test_no_memory)
{
	struct command it = command("ok", "never");

	ck_assert_int_eq(hook_run(queue(), "on_stop", &it, NULL, 1, NULL, NULL, 0, NULL), -ENOMEM);
	ck_assert(hook_queue_idle(queue()));
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(fixture_add(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("hook");

	add(suite, "result", test_result, ELEMENTS(results));
	add(suite, "failure-ignored", test_failure_ignored, 1);
	add(suite, "order", test_order, 1);
	add(suite, "idle", test_idle, 1);
	add(suite, "drop", test_drop, 1);
	add(suite, "cancel", test_cancel, 1);
	add(suite, "call-off", test_call_off, 1);
	add(suite, "urgent", test_urgent, 1);
	add(suite, "news", test_news, 1);
	add(suite, "settled", test_settled, 1);
	add(suite, "no-runner", test_no_runner, 1);
	add(suite, "no-memory", test_no_memory, 1);
	return unit_main(suite);
}
