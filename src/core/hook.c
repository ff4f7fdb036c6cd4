/* SPDX-License-Identifier: MIT */
#include "core/hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "core/environment.h"
#include "core/group.h"
#include "core/root.h"

enum { HELPER_STACK = 256 * 1024 }; /* it may look up users */

int hook_queue_init(struct hook_queue *queue, struct task *task)
{
	list_init(&queue->hooks);
	list_init(&queue->present);
	queue->task = task;
	return -pthread_mutex_init(&queue->lock, NULL);
}

static void hook_free(struct hook *hook)
{
	environment_free(hook->environment);
	free(hook->message);
	free(hook);
}

void hook_queue_done(struct hook_queue *queue)
{
	pthread_mutex_destroy(&queue->lock);
}

static void call_off_all(struct list *hooks)
{
	list_for_each (link, hooks)
		hook_cancel_call_off(&container_of(link, struct hook, link)->cancel);
}

void hook_queue_cancel(struct hook_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	call_off_all(&queue->present);
	call_off_all(&queue->hooks);
	pthread_mutex_unlock(&queue->lock);
}

void hook_call_off(struct hook_queue *queue, struct hook *hook)
{
	if (!hook)
		return;
	pthread_mutex_lock(&queue->lock);
	if (!hook->ended)
		hook_cancel_call_off(&hook->cancel);
	pthread_mutex_unlock(&queue->lock);
}

/* Who asked for these makes a veto or a failure of their end. */
static bool is_told_otherwise(const struct hook *hook)
{
	return strcmp(hook->name, "on_start") == 0 || strcmp(hook->name, "on_open") == 0;
}

static void tell_failure(struct hook_queue *queue, const struct hook *hook)
{
	char text[300];

	if (hook->result == 0 || hook->result == -ECANCELED || hook->command->ignore_failure ||
		is_told_otherwise(hook))
		return;
	snprintf(text, sizeof(text), "%s: %s", hook->name, hook->message ?: "failed");
	task_event(queue->task, &(struct event){ .type = EVENT_HOOK_FAILED, .text = text });
}

static void run_one(struct hook_queue *queue, struct hook *hook)
{
	const struct tree_config *config = &queue->task->tree->config;
	const struct gloop_loop *loop = task_loop(queue->task);

	if (config->run_hook)
		hook->result = config->run_hook(loop ? loop_settings(loop) : NULL, hook->command,
			hook->environment, hook->timeout_usec, &hook->cancel, &hook->message);
	else
		hook->result = -ENOSYS;
	tell_failure(queue, hook);
}

/* Under the lock. The asker's mailbox is told before the lock goes: an asker that has dropped out
 * is not told any more. */
static void end_one(struct hook_queue *queue, struct hook *hook)
{
	list_remove(&hook->link);
	if (hook->news)
		queue->n_news--;
	else if (--queue->n_due == 0 && queue->n_news > 0)
		task_tell_hook(queue->task);
	if (hook->dropped || !hook->box) {
		hook_free(hook);
		return;
	}
	hook->ended = true;
	mailbox_post(hook->box, hook->letter, hook->fact);
}

/* Under the lock, which it gives up for as long as the hook runs. */
static void carry_out(struct hook_queue *queue, struct hook *hook)
{
	list_append(&queue->present, &hook->link);
	if (hook->cancel.called_off) {
		hook->result = -ECANCELED;
	} else {
		pthread_mutex_unlock(&queue->lock);
		run_one(queue, hook);
		pthread_mutex_lock(&queue->lock);
	}
	end_one(queue, hook);
}

/* Under the lock, which goes: a thread's last act. */
static void leave(struct hook_queue *queue)
{
	struct task *task = queue->task;

	if (!queue->running && queue->n_urgent == 0)
		task_tell_hook(task);
	pthread_mutex_unlock(&queue->lock);
	tree_thread_ended(task->tree, false);
}

static void *helper_main(void *userdata)
{
	struct hook_queue *queue = userdata;
	struct list *first;

	pthread_mutex_lock(&queue->lock);
	while ((first = list_take(&queue->hooks)))
		carry_out(queue, container_of(first, struct hook, link));
	queue->running = false;
	leave(queue);
	return NULL;
}

static void *urgent_main(void *userdata)
{
	struct hook *hook = userdata;
	struct hook_queue *queue = hook->queue;

	pthread_mutex_lock(&queue->lock);
	carry_out(queue, hook);
	queue->n_urgent--;
	leave(queue);
	return NULL;
}

static struct hook *hook_new(struct hook_queue *queue, const char *name,
	const struct command *command, char **environment, uint64_t timeout_usec)
{
	struct hook *hook = environment ? calloc(1, sizeof(*hook)) : NULL;

	if (!hook) {
		environment_free(environment);
		return NULL;
	}
	*hook = (struct hook){ .queue = queue,
		.name = name,
		.command = command,
		.environment = environment,
		.timeout_usec = timeout_usec,
		.cancel = { .lock = &queue->lock } };
	letter_init(&hook->cancel.letter);
	list_init(&hook->link);
	return hook;
}

/* Under the lock. */
static int start_or_queue(struct hook_queue *queue, struct hook *hook, bool urgent)
{
	struct tree *tree = queue->task->tree;
	int r = 0;

	if (urgent && queue->running) {
		r = tree_thread_start(tree, HELPER_STACK, urgent_main, hook, NULL);
		queue->n_urgent += r >= 0;
	} else {
		if (!queue->running)
			r = tree_thread_start(tree, HELPER_STACK, helper_main, queue, NULL);
		if (r >= 0) {
			queue->running = true;
			list_append(&queue->hooks, &hook->link);
		}
	}
	if (r >= 0 && hook->news)
		queue->n_news++;
	else if (r >= 0)
		queue->n_due++;
	return r;
}

static int run(struct hook *hook, bool urgent, struct hook **ret)
{
	struct hook_queue *queue = hook->queue;
	int r;

	pthread_mutex_lock(&queue->lock);
	r = start_or_queue(queue, hook, urgent);
	if (r >= 0 && ret)
		*ret = hook;
	pthread_mutex_unlock(&queue->lock);
	if (r < 0)
		hook_free(hook);
	return r < 0 ? r : 0;
}

static int run_for(struct hook *hook, struct mailbox *box, struct letter *letter, unsigned fact,
	bool urgent, struct hook **ret)
{
	if (!hook)
		return -ENOMEM;
	hook->box = box;
	hook->letter = letter;
	hook->fact = fact;
	return run(hook, urgent, ret);
}

int hook_run(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec, struct mailbox *box, struct letter *letter,
	unsigned fact, struct hook **ret)
{
	return run_for(hook_new(queue, name, command, environment, timeout_usec), box, letter, fact,
		false, ret);
}

int hook_run_urgent(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec, struct mailbox *box, struct letter *letter,
	unsigned fact, struct hook **ret)
{
	return run_for(hook_new(queue, name, command, environment, timeout_usec), box, letter, fact,
		true, ret);
}

/* The first one of a burst is said when it is left out, their number when there is room again. */
static void tell_left_out(struct hook_queue *queue, const char *name, bool room, unsigned n)
{
	char text[120];

	if (room)
		snprintf(text, sizeof(text), "%s: %u runs were left out", name, n);
	else
		snprintf(text, sizeof(text), "%s: left out, for %d others are not over yet", name,
			HOOK_NEWS_MAX);
	task_event(queue->task, &(struct event){ .type = EVENT_HOOK_FAILED, .text = text });
}

int hook_run_news(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec)
{
	struct hook *hook = hook_new(queue, name, command, environment, timeout_usec);
	unsigned n;
	bool room;

	if (!hook)
		return -ENOMEM;
	hook->news = true;
	pthread_mutex_lock(&queue->lock);
	room = queue->n_news < HOOK_NEWS_MAX;
	n = room ? queue->n_left_out : ++queue->n_left_out;
	if (room)
		queue->n_left_out = 0;
	pthread_mutex_unlock(&queue->lock);
	if (room ? n > 0 : n == 1)
		tell_left_out(queue, name, room, n);
	if (room)
		return run(hook, false, NULL);
	hook_free(hook);
	return 0;
}

bool hook_take(struct hook_queue *queue, struct hook **hook, int *ret_result, char **ret_message)
{
	bool ended;

	pthread_mutex_lock(&queue->lock);
	ended = (*hook)->ended;
	pthread_mutex_unlock(&queue->lock);
	if (!ended)
		return false;
	*ret_result = (*hook)->result;
	*ret_message = TAKE_PTR((*hook)->message);
	hook_free(TAKE_PTR(*hook));
	return true;
}

void hook_drop(struct hook_queue *queue, struct hook **hook)
{
	if (!*hook)
		return;
	pthread_mutex_lock(&queue->lock);
	if ((*hook)->ended)
		hook_free(*hook);
	else
		(*hook)->dropped = true;
	pthread_mutex_unlock(&queue->lock);
	*hook = NULL;
}

bool hook_queue_idle(struct hook_queue *queue)
{
	bool idle;

	pthread_mutex_lock(&queue->lock);
	idle = !queue->running && queue->n_urgent == 0;
	pthread_mutex_unlock(&queue->lock);
	return idle;
}

bool hook_queue_settled(struct hook_queue *queue)
{
	bool settled;

	pthread_mutex_lock(&queue->lock);
	settled = queue->n_due == 0;
	pthread_mutex_unlock(&queue->lock);
	return settled;
}
