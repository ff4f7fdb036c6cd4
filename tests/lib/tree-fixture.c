/* SPDX-License-Identifier: MIT */
#include "lib/tree-fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "body/module.h"
#include "core/root.h"

enum { TEST_TIMEOUT_SEC = 60 }; /* libcheck's own, for the whole of a test */

struct fixture {
	struct tree_config config;
	struct tree *tree;
	struct actor *actors;
	size_t n_actors;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* under lock */
	bool hooks_released;
	char **hooks; /* the words of all that ran */
	unsigned n_asked;
};

#define FIXTURE_NONE                                                                               \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER                \
	}

static struct fixture fixture = FIXTURE_NONE;
char answer_text[240];

void await_ready(const char *name, uint64_t generation)
{
	await(.type = EVENT_READY, .who = name, .generation = IS(generation), .value = IS(1));
}

void await_state(const char *name, const char *state, unsigned n)
{
	await(.type = EVENT_STATE, .who = name, .to = state, .n = n);
}

/* ---- the tree */

struct tree_config *fixture_config(void)
{
	if (!fixture.config.observer.event)
		fixture.config = (struct tree_config){ .observer.event = recorder_observe,
			.max_abandoned_threads = 8 };
	return &fixture.config;
}

static void *settings_of(const struct planned *planned, enum settings_scope scope, void *values)
{
	_cleanup_vector_ char **words = NULL;
	const char *fault = NULL;

	ck_assert_int_eq(settings_init(scope,
				 memset(values, 0,
					 scope == SETTINGS_LOOP ? sizeof(struct loop_settings)
								: sizeof(struct group_settings))),
		0);
	ck_assert_int_eq(words_split(planned->with ?: "", &words, &fault), 0);
	for (char **word = words; word && *word; word++) {
		_cleanup_free_ char *reason = NULL;
		char *value = strchr(*word, '=');

		ck_assert_ptr_nonnull(value);
		*value++ = 0;
		ck_assert_msg(settings_set(scope, values, *word, value, &reason) == 0, "%s: %s",
			*word, reason);
	}
	return values;
}

static struct gloop_group *group_above(const struct planned *planned)
{
	return planned->in ? group(planned->in) : NULL;
}

static void add_group(const struct planned *planned)
{
	struct group_settings settings;
	struct gloop_group *added;

	settings_of(planned, SETTINGS_GROUP, &settings);
	ck_assert_int_eq(tree_add_group(fixture.tree, planned->group, group_above(planned),
				 &settings, &added),
		0);
	settings_done(SETTINGS_GROUP, &settings);
}

/* What a program's loop is, unless the table says otherwise; backoffs are short. */
static void add_loop(const struct planned *planned, struct actor *played_by)
{
	struct loop_settings settings;
	struct gloop_loop *added;

	settings_of(planned, SETTINGS_LOOP, &settings);
	if (settings.type == LOOP_TYPE_AUTO)
		settings.type = LOOP_TYPE_MODULE;
	ck_assert_int_eq(tree_add_loop(fixture.tree, planned->loop, group_above(planned), &settings,
				 planned->functions ? &function_body : &actor_body, &added),
		0);
	settings_done(SETTINGS_LOOP, &settings);
	ck_assert_int_eq(actor_init(played_by, planned->loop), 0);
	added->userdata = played_by;
	if (planned->functions) {
		added->functions = *planned->functions;
		added->userdata = planned->userdata;
	}
}

static int wait_for_cancel(struct hook_cancel *cancel)
{
	struct mailbox box;
	struct letter *letter;
	unsigned facts;

	if (mailbox_init(&box) < 0)
		abort();
	hook_cancel_listen(cancel, &box);
	letter = mailbox_wait(&box, deadline(), &facts);
	hook_cancel_listen(cancel, NULL);
	mailbox_done(&box);
	return letter ? -ECANCELED : -ETIMEDOUT;
}

static int run_hook(_unused_ const struct loop_settings *settings, const struct command *command,
	_unused_ char *const *environment, _unused_ uint64_t timeout_usec,
	struct hook_cancel *cancel, char **ret_message)
{
	const char *what = command->argv[0];
	int r = 0;

	pthread_mutex_lock(&fixture.lock);
	for (char **word = command->argv; *word; word++)
		r |= vector_append(&fixture.hooks, *word);
	pthread_cond_broadcast(&fixture.cond);
	while (strcmp(what, "wait") == 0 && !fixture.hooks_released)
		pthread_cond_wait(&fixture.cond, &fixture.lock);
	pthread_mutex_unlock(&fixture.lock);
	if (r < 0)
		abort();
	if (strcmp(what, "veto") == 0)
		return HOOK_EXIT_VETO;
	if (strcmp(what, "heed") == 0)
		return wait_for_cancel(cancel);
	if (strcmp(what, "fail") != 0)
		return 0;
	*ret_message = strdup("exit status 3");
	return 3;
}

void fixture_make(const struct planned *plan, size_t n)
{
	fixture_config()->run_hook = run_hook;
	ck_assert_int_eq(tree_new(&fixture.tree, &fixture.config), 0);
	fixture.actors = calloc(n + 1, sizeof(*fixture.actors));
	ck_assert_ptr_nonnull(fixture.actors);
	for (size_t i = 0; i < n; i++)
		if (plan[i].group)
			add_group(&plan[i]);
		else
			add_loop(&plan[i], &fixture.actors[fixture.n_actors++]);
}

void fixture_build(const struct planned *plan, size_t n)
{
	_cleanup_free_ char *reason = NULL;
	struct task *at_fault;
	int r;

	fixture_make(plan, n);
	r = tree_seal(fixture.tree, &at_fault, &reason);
	ck_assert_msg(r == 0, "%s", reason);
}

void fixture_start(const struct planned *plan, size_t n)
{
	fixture_build(plan, n);
	ck_assert_int_eq(tree_start(fixture.tree), 0);
}

static void forget(void)
{
	for (size_t i = 0; i < fixture.n_actors; i++)
		actor_done(&fixture.actors[i]);
	free(fixture.actors);
	recorder_forget();
	vector_free(fixture.hooks);
	fixture = (struct fixture)FIXTURE_NONE;
}

/* Abandoned threads have been released; the tree must outlive them. */
static void await_abandoned(void)
{
	struct tree *tree = fixture.tree;
	struct timespec until = deadline_timespec();

	pthread_mutex_lock(&tree->lock);
	while (tree->n_aside > 0)
		ck_assert_int_eq(pthread_cond_timedwait(&tree->cond, &tree->lock, &until), 0);
	pthread_mutex_unlock(&tree->lock);
}

static void check_actors(void)
{
	for (size_t i = 0; i < fixture.n_actors; i++) {
		struct actor *one = &fixture.actors[i];

		ck_assert_msg(!*one->breach, "%s", one->breach);
		ck_assert_msg(one->starts == one->ends, "%s: %u of %u generations have ended",
			one->name, one->ends, one->starts);
	}
}

void fixture_halt(void)
{
	tree_stop(fixture.tree);
	for (size_t i = 0; i < fixture.n_actors; i++)
		actor_release(&fixture.actors[i]);
	hooks_release();
	await(.type = EVENT_STOPPED);
	tree_join(fixture.tree);
	await_abandoned();
	if (count(.type = EVENT_BUG) > 0)
		recorder_dump();
	ck_assert_uint_eq(count(.type = EVENT_BUG), 0);
	check_actors();
}

void fixture_stop(void)
{
	fixture_halt();
	fixture_free();
}

void fixture_free(void)
{
	tree_free(fixture.tree);
	ck_assert_uint_eq(fixture.n_asked, 0); /* the last ones were answered by this */
	forget();
}

struct tree *fixture_tree(void)
{
	return fixture.tree;
}

struct task *task(const char *name)
{
	struct task *found = tree_find(fixture.tree, name);

	ck_assert_msg(found != NULL, "no task %s", name);
	return found;
}

struct gloop_loop *loop(const char *name)
{
	return task_loop(task(name));
}

struct gloop_group *group(const char *name)
{
	return task_group(task(name));
}

struct actor *actor(const char *name)
{
	return loop(name)->userdata;
}

void await_act(const char *name, enum act act)
{
	ck_assert_msg(actor_await(actor(name), act, 1, deadline()), "%s does not come to act %d",
		name, act);
}

/* ---- snapshots */

struct loop_snapshot loop_now(const char *name)
{
	struct loop_snapshot snapshot;

	loop_snapshot(loop(name), &snapshot);
	return snapshot;
}

struct group_snapshot group_now(const char *name)
{
	struct group_snapshot snapshot;

	group_snapshot(group(name), &snapshot);
	return snapshot;
}

struct episode episode_now(const char *name)
{
	_cleanup_free_ struct episode *episodes = NULL;
	size_t n = 0;

	ck_assert_int_eq(episodes_copy(fixture.tree, group(name), 0, &episodes, &n), 0);
	ck_assert_uint_ge(n, 1);
	return episodes[0];
}

void await_line(const char *line)
{
	uint64_t until = deadline();
	struct tree_snapshot now;

	for (;;) {
		tree_snapshot(fixture.tree, &now);
		if (strcmp(now.line, line) == 0)
			return;
		ck_assert_msg(clock_now() < until, "not \"%s\" but \"%s\"", line, now.line);
		poll(NULL, 0, 1);
	}
}

/* ---- calls */

static int ask_call(struct call *call, uint64_t timeout_usec)
{
	_cleanup_free_ char *message = NULL;
	int r = call_sync(call, timeout_usec, &message);

	snprintf(answer_text, sizeof(answer_text), "%s", message ?: "");
	return r;
}

int ask_within(enum call_op op, const char *target, uint64_t timeout_usec)
{
	return ask_call(call_new(op, task(target)), timeout_usec);
}

int ask(enum call_op op, const char *target)
{
	int r = ask_within(op, target, patience());

	if (r == -ETIMEDOUT) {
		recorder_dump();
		ck_abort_msg("no answer: call %d to %s", op, target);
	}
	return r;
}

int ask_to_fail(const char *name, const char *reason, bool trip)
{
	struct call *call = call_new(CALL_FAIL, task(name));

	snprintf(call->reason, sizeof(call->reason), "%s", reason);
	call->trip = trip;
	return ask_call(call, patience());
}

/* A signal to what has no process is refused on the spot. */
void barrier(const char *member)
{
	ck_assert_int_eq(ask(CALL_KILL, member), -EINVAL);
}

struct asked {
	struct call *call;
	unsigned answers; /* under the fixture's lock */
};

static void note_answer(struct call *call)
{
	struct asked *asked = call->userdata;

	pthread_mutex_lock(&fixture.lock);
	asked->answers++;
	fixture.n_asked--;
	pthread_cond_broadcast(&fixture.cond);
	pthread_mutex_unlock(&fixture.lock);
}

struct asked *ask_later(enum call_op op, const char *target, bool oneway)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	asked->call = call_new(op, task(target));
	asked->call->oneway = oneway;
	asked->call->answered = note_answer;
	asked->call->userdata = asked;
	pthread_mutex_lock(&fixture.lock);
	fixture.n_asked++;
	pthread_mutex_unlock(&fixture.lock);
	call_post(asked->call);
	return asked;
}

bool asked_answered(struct asked *asked)
{
	bool answered;

	pthread_mutex_lock(&fixture.lock);
	answered = asked->answers > 0;
	pthread_mutex_unlock(&fixture.lock);
	return answered;
}

int asked_result(struct asked *asked)
{
	struct timespec until = deadline_timespec();
	int r = 0, result;

	pthread_mutex_lock(&fixture.lock);
	while (asked->answers == 0 && r == 0)
		r = pthread_cond_timedwait(&fixture.cond, &fixture.lock, &until);
	pthread_mutex_unlock(&fixture.lock);
	if (r != 0)
		recorder_dump();
	ck_assert_msg(r == 0, "a call was never answered");
	ck_assert_uint_eq(asked->answers, 1);
	result = asked->call->result;
	snprintf(answer_text, sizeof(answer_text), "%s", asked->call->message);
	free(asked->call);
	free(asked);
	return result;
}

/* ---- hooks */

void hooks_release(void)
{
	pthread_mutex_lock(&fixture.lock);
	fixture.hooks_released = true;
	pthread_cond_broadcast(&fixture.cond);
	pthread_mutex_unlock(&fixture.lock);
}

/* Under the lock. */
static unsigned count_words(const char *argument)
{
	unsigned n = 0;

	for (char **word = fixture.hooks; word && *word; word++)
		n += strcmp(*word, argument) == 0;
	return n;
}

unsigned hook_count(const char *argument)
{
	unsigned n;

	pthread_mutex_lock(&fixture.lock);
	n = count_words(argument);
	pthread_mutex_unlock(&fixture.lock);
	return n;
}

void await_hook(const char *argument, unsigned n)
{
	struct timespec until = deadline_timespec();
	int r = 0;

	pthread_mutex_lock(&fixture.lock);
	while (count_words(argument) < n && r == 0)
		r = pthread_cond_timedwait(&fixture.cond, &fixture.lock, &until);
	pthread_mutex_unlock(&fixture.lock);
	ck_assert_msg(r == 0, "the hook %s never ran for the %u. time", argument, n);
}

TCase *fixture_add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	TCase *tcase = unit_add_table(suite, name, test, n_rows);

	tcase_set_timeout(tcase, TEST_TIMEOUT_SEC);
	return tcase;
}
