/* SPDX-License-Identifier: MIT */
/* Generations: made by the controller, run by their thread, asked after by both. */
#include "core/loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"
#include "core/failing.h"
#include "core/group.h"
#include "core/loop-hooks.h"
#include "core/message.h"
#include "core/root.h"

/* Only what is touched counts. Who looks up users runs modules of the system. */
enum { COMMAND_STACK = 64 * 1024, LOOKUP_STACK = 256 * 1024 };
enum { MESSAGES_MAX = 64 }; /* that a command can set */

static _Thread_local struct generation *current;

struct generation *generation_current(void)
{
	return current;
}

static struct generation *generation_new(struct gloop_loop *loop)
{
	struct generation *generation = calloc(1, sizeof(*generation) + loop->ops->body_size);

	if (!generation)
		return NULL;
	if (mailbox_init(&generation->box) < 0) {
		free(generation);
		return NULL;
	}
	letter_init(&generation->control);
	generation->references = 2;
	generation->loop = loop;
	generation->number = loop->next_generation;
	generation->birth_turn = loop->task.parent->handled_turn;
	generation->ready_due_usec = USEC_INFINITY;
	generation->stop_hook_due = loop->settings.type != LOOP_TYPE_SERVICE;
	return generation;
}

struct generation *generation_unref(struct generation *generation)
{
	if (!generation || atomic_fetch_sub(&generation->references, 1) > 1)
		return NULL;
	if (generation->loop->ops->release)
		generation->loop->ops->release(generation);
	mailbox_done(&generation->box);
	messages_free(generation->messages);
	free(generation->error_reason);
	free(generation);
	return NULL;
}

static void name_thread(const struct generation *generation)
{
	char number[16], name[16 + sizeof(number)];
	int length = snprintf(number, sizeof(number), "_%u", (unsigned)generation->number);

	snprintf(name, sizeof(name), "%.*s%s", MAX(0, 15 - length), generation->loop->task.name,
		number);
	pthread_setname_np(pthread_self(), name);
}

/* Whoever leaves FATE_LIVES first accounts for the thread. */
static bool generation_end(struct generation *generation)
{
	int lives = FATE_LIVES;

	return atomic_compare_exchange_strong(&generation->fate, &lives, FATE_ENDED);
}

bool generation_condemn(struct generation *generation)
{
	int lives = FATE_LIVES;
	bool won;

	pthread_mutex_lock(&generation->loop->lock);
	won = atomic_compare_exchange_strong(&generation->fate, &lives, FATE_CONDEMNED);
	pthread_mutex_unlock(&generation->loop->lock);
	return won;
}

bool generation_condemned(const struct generation *generation)
{
	return atomic_load(&generation->fate) == FATE_CONDEMNED;
}

/* Under the loop's lock: may it still say something about its loop? */
static bool speaks(const struct generation *generation)
{
	return generation->number == generation->loop->number && !generation_condemned(generation);
}

static void *generation_main(void *userdata)
{
	struct generation *generation = userdata;
	struct tree *tree = generation->loop->task.tree;
	bool set_aside;

	current = generation;
	name_thread(generation);
	generation_run(generation);

	if (generation_end(generation))
		generation_tell(generation);
	else
		tree_abandoned_returned(tree);
	set_aside = tree_thread_leaves(tree, generation);
	generation_unref(generation);
	tree_thread_ended(tree, set_aside);
	return NULL;
}

static size_t stack_of(const struct loop_settings *settings)
{
	size_t stack = settings->setup ? LOOKUP_STACK : COMMAND_STACK;

	return settings->type == LOOP_TYPE_MODULE ? settings->stack_size : stack;
}

int generation_start(struct gloop_loop *loop, struct generation **ret)
{
	struct generation *generation = generation_new(loop);
	int r;

	if (!generation)
		return -ENOMEM;

	pthread_mutex_lock(&loop->lock);
	loop->number = generation->number;
	loop->cycle = 0;
	loop->ready = false;
	loop->starts++;
	vector_free(TAKE_PTR(loop->routine));
	pthread_mutex_unlock(&loop->lock);
	loop_set_state(loop, NULL, LOOP_STARTING);

	r = tree_thread_start(
		loop->task.tree, stack_of(&loop->settings), generation_main, generation, NULL);
	if (r < 0) {
		atomic_store(&generation->references, 1);
		generation_unref(generation);
		return r;
	}
	loop->next_generation++;
	*ret = generation;
	return 0;
}

void generation_stop(struct generation *generation)
{
	generation->stop_begin_usec = clock_now();
	pthread_mutex_lock(&generation->loop->lock);
	atomic_store(&generation->stopped, true);
	generation->loop->ready = false;
	pthread_mutex_unlock(&generation->loop->lock);
	mailbox_post(&generation->box, &generation->control, GENERATION_STOP);
}

void generation_tell(struct generation *generation)
{
	struct task *task = &generation->loop->task;

	mailbox_post(&task->parent->box, &task->letter, MEMBER_LOOK);
}

bool generation_decide(struct generation *generation, enum giveup giveup)
{
	int none = GIVEUP_NONE;

	return atomic_compare_exchange_strong(&generation->giveup, &none, giveup);
}

void generation_give_up(struct generation *generation, enum giveup giveup)
{
	if (generation_decide(generation, giveup))
		generation_tell(generation);
}

void generation_renew(struct generation *generation)
{
	if (!generation_stopped(generation) && !generation_suspended(generation))
		generation_give_up(generation, GIVEUP_RENEW);
}

struct mailbox *generation_box(struct generation *generation)
{
	return &generation->box;
}

void *generation_body(struct generation *generation)
{
	return generation->body;
}

struct gloop_loop *generation_loop(struct generation *generation)
{
	return generation->loop;
}

const struct loop_settings *generation_settings(struct generation *generation)
{
	return &generation->loop->settings;
}

const char *generation_name(const struct generation *generation)
{
	return generation->loop->task.name;
}

uint64_t generation_number(const struct generation *generation)
{
	return generation->number;
}

uint64_t generation_cycle(const struct generation *generation)
{
	return atomic_load(&generation->cycle);
}

bool generation_stopped(const struct generation *generation)
{
	return atomic_load_explicit(&generation->stopped, memory_order_acquire);
}

struct letter *generation_wait(struct generation *generation, uint64_t deadline_usec,
	unsigned *ret_facts, bool *ret_stopped)
{
	struct letter *letter;

	*ret_stopped = false;
	for (;;) {
		if (generation_stopped(generation) && !generation->stop_told) {
			generation->stop_told = true;
			*ret_stopped = true;
			return NULL;
		}
		letter = mailbox_wait(&generation->box, deadline_usec, ret_facts);
		if (letter != &generation->control)
			return letter;
		if (*ret_facts & GENERATION_HOOK)
			return letter;
	}
}

void generation_healthy(struct generation *generation, enum success success)
{
	struct gloop_loop *loop = generation->loop;
	bool cleared = false;

	pthread_mutex_lock(&loop->lock);
	if (speaks(generation) && !generation_stopped(generation)) {
		bool forgiven = budget_healthy(&loop->budget, &loop->settings, clock_now());

		loop->cycles_succeeded += success == SUCCESS_CYCLE;
		cleared = loop->ignored_trip && (success != SUCCESS_EXECUTED || forgiven);
		loop->ignored_trip = loop->ignored_trip && !cleared;
	}
	pthread_mutex_unlock(&loop->lock);
	if (cleared)
		loop_event(loop, generation, &(struct event){ .type = EVENT_CHANGED });
}

bool generation_pause(struct generation *generation, uint64_t until_usec)
{
	unsigned facts;
	bool stopped;

	while (!generation_stopped(generation)) {
		if (until_usec <= clock_now())
			return true;
		generation_wait(generation, MIN(until_usec, generation_tick_due(generation)),
			&facts, &stopped);
		generation_tick(generation);
	}
	return false;
}

void generation_set_ready(struct generation *generation, bool ready)
{
	struct gloop_loop *loop = generation->loop;

	bool heard;

	if (atomic_exchange(&generation->ready, ready) == ready)
		return;
	pthread_mutex_lock(&loop->lock);
	heard = speaks(generation);
	if (heard)
		loop->ready = ready && !atomic_load(&generation->stopped);
	pthread_mutex_unlock(&loop->lock);
	if (!heard)
		return;
	if (ready)
		loop_set_state(loop, generation, LOOP_RUNNING);
	loop_event(loop, generation, &(struct event){ .type = EVENT_READY, .value = ready });
	if (ready)
		loop_tell_ready(loop, generation);
	generation_tell(generation);
}

bool generation_ready(const struct generation *generation)
{
	return atomic_load(&generation->ready);
}

void generation_up(struct generation *generation, pid_t pid)
{
	struct gloop_loop *loop = generation->loop;
	const struct loop_settings *settings = &loop->settings;

	generation->troubles = 0;
	if (settings->type == LOOP_TYPE_SERVICE)
		atomic_store(&generation->stop_hook_due, true);
	pthread_mutex_lock(&loop->lock);
	if (speaks(generation))
		loop->pid = pid;
	pthread_mutex_unlock(&loop->lock);

	if (atomic_load(&generation->ready)) {
		loop_set_state(loop, generation, LOOP_RUNNING);
		return;
	}
	if (settings->ready.kind == READY_DELAY)
		generation->ready_due_usec = usec_add(clock_now(), settings->ready.usec);
	else if (settings->ready.kind == READY_START ||
		 (settings->ready.kind == READY_AUTO && settings->type != LOOP_TYPE_ONESHOT))
		generation_set_ready(generation, true);
	if (generation_ready(generation) && settings->type == LOOP_TYPE_SERVICE)
		generation_healthy(generation, SUCCESS_EXECUTED);
}

void generation_replaced(struct generation *generation, pid_t pid)
{
	struct gloop_loop *loop = generation->loop;

	pthread_mutex_lock(&loop->lock);
	if (speaks(generation))
		loop->pid = pid;
	pthread_mutex_unlock(&loop->lock);
	loop_event(loop, generation,
		&(struct event){ .type = EVENT_NOTE, .text = "another process goes on" });
}

void generation_down(struct generation *generation)
{
	struct gloop_loop *loop = generation->loop;

	generation->ready_due_usec = USEC_INFINITY;
	pthread_mutex_lock(&loop->lock);
	if (speaks(generation))
		loop->pid = 0;
	pthread_mutex_unlock(&loop->lock);
}

uint64_t generation_tick_due(const struct generation *generation)
{
	return generation->ready_due_usec;
}

void generation_tick(struct generation *generation)
{
	if (generation->ready_due_usec > clock_now())
		return;
	generation->ready_due_usec = USEC_INFINITY;
	generation_became_ready(generation);
}

void generation_became_ready(struct generation *generation)
{
	generation_set_ready(generation, true);
	if (generation->loop->settings.type == LOOP_TYPE_SERVICE)
		generation_healthy(generation, SUCCESS_READY);
}

void generation_became_unready(struct generation *generation)
{
	generation_set_ready(generation, false);
}

void generation_extend_stop(struct generation *generation, uint64_t until_usec)
{
	atomic_store(&generation->stop_until_usec, until_usec);
}

uint64_t generation_stop_begin(const struct generation *generation)
{
	return generation->stop_begin_usec;
}

/* A child may say whatever it likes, but not fill the memory: only so many keys are known. */
static int publish_message(char ***routine, const char *key, const char *value)
{
	size_t length = strlen(key), n = 0;
	char *pair = string_printf("%s=%s", key, value), **known = *routine;

	if (!pair)
		return -ENOMEM;
	for (; known && *known; known++, n++)
		if (strncmp(*known, pair, length + 1) == 0) {
			free(*known);
			*known = pair;
			return 0;
		}
	if (n < MESSAGES_MAX)
		return vector_append_take(routine, pair);
	free(pair);
	return -ENOSPC;
}

int generation_set_message(struct generation *generation, const char *key, const char *value)
{
	struct gloop_loop *loop = generation->loop;
	int r = -ESHUTDOWN;

	if (!generation->messages)
		generation->messages = messages_new(loop->settings.parameters);
	if (!generation->messages)
		return -ENOMEM;
	pthread_mutex_lock(&loop->lock);
	if (speaks(generation))
		r = publish_message(&loop->routine, key, value);
	pthread_mutex_unlock(&loop->lock);
	return r < 0 ? r
		     : messages_set(generation->messages, GLOOP_ROUTINE, key,
			       &(struct gloop_value){ .type = GLOOP_STRING, .as.string = value });
}

void generation_set_status(struct generation *generation, const char *text)
{
	struct gloop_loop *loop = generation->loop;
	char *copy = *text ? strdup(text) : NULL;

	pthread_mutex_lock(&loop->lock);
	if (speaks(generation)) {
		char *old = loop->status;

		loop->status = copy;
		copy = old;
	}
	pthread_mutex_unlock(&loop->lock);
	free(copy);
}

char *generation_take_error(struct generation *generation)
{
	return TAKE_PTR(generation->error_reason);
}

int generation_fail(struct generation *generation, const struct failure *failure)
{
	switch (loop_fail(generation->loop, generation, failure, false)) {
	case FAILING_TRIPPED:
		return 1;
	case FAILING_COUNTED:
		return 0;
	default:
		return -ESTALE;
	}
}

size_t generation_output(struct generation *generation, const struct event_lines *lines)
{
	struct gloop_loop *loop = generation->loop;
	const struct observer *observer = &loop->task.tree->config.observer;
	uint64_t cycle = atomic_load(&generation->cycle);
	size_t taken = lines->length;
	char throughline[128];

	if (observer->output) {
		loop_throughline(loop, generation->number, cycle, throughline, sizeof(throughline));
		taken = observer->output(&(struct event){ .loop = loop->task.name,
						 .group = task_group_name(&loop->task),
						 .generation = generation->number,
						 .cycle = cycle,
						 .throughline = throughline },
			lines, observer->userdata);
	}
	if (taken > 0)
		loop_keep_lines(loop, generation->number, cycle, lines, taken);
	return taken;
}

char **generation_environment(struct generation *generation, struct environment_room *room)
{
	struct gloop_loop *loop = generation->loop;

	return loop_facts_environment(loop, generation->number, atomic_load(&generation->cycle),
		&(struct hook_facts){
			.notify_path = loop->task.tree->config.notify_path, .room = room });
}
