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

enum { HELPER_STACK = 64 * 1024 };

int hook_queue_init(struct hook_queue *queue, struct task *task)
{
	list_init(&queue->hooks);
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

void hook_queue_cancel(struct hook_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	if (queue->present)
		hook_cancel_call_off(&queue->present->cancel);
	list_for_each (link, &queue->hooks)
		hook_cancel_call_off(&container_of(link, struct hook, link)->cancel);
	pthread_mutex_unlock(&queue->lock);
}

static void tell_failure(struct hook_queue *queue, const struct hook *hook)
{
	char text[300];

	if (hook->result == 0 || hook->result == -ECANCELED || hook->command->ignore_failure)
		return;
	if (strcmp(hook->name, "on_start") == 0) /* who asked makes a veto or a failure of it */
		return;
	snprintf(text, sizeof(text), "%s: %s", hook->name, hook->message ?: "failed");
	task_event(queue->task, &(struct event){ .type = EVENT_HOOK_FAILED, .text = text });
}

static void run_one(struct hook_queue *queue, struct hook *hook)
{
	const struct tree_config *config = &queue->task->tree->config;

	if (config->run_hook)
		hook->result = config->run_hook(hook->command, hook->environment,
			hook->timeout_usec, &hook->cancel, &hook->message);
	else
		hook->result = -ENOSYS;
	tell_failure(queue, hook);
}

/* Under the lock. The asker's mailbox is told before the lock goes: an asker that has dropped out
 * is not told any more. */
static void end_one(struct hook *hook)
{
	if (hook->dropped || !hook->box) {
		hook_free(hook);
		return;
	}
	hook->ended = true;
	mailbox_post(hook->box, hook->letter, hook->fact);
}

static void *helper_main(void *userdata)
{
	struct hook_queue *queue = userdata;
	struct task *task = queue->task;
	struct list *first;

	pthread_mutex_lock(&queue->lock);
	while ((first = list_take(&queue->hooks))) {
		struct hook *hook = container_of(first, struct hook, link);

		queue->present = hook;
		pthread_mutex_unlock(&queue->lock);
		run_one(queue, hook);
		pthread_mutex_lock(&queue->lock);
		queue->present = NULL;
		end_one(hook);
	}
	queue->running = false;
	task_tell_hook(task);
	pthread_mutex_unlock(&queue->lock);
	tree_thread_ended(task->tree, false);
	return NULL;
}

int hook_run(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec, struct mailbox *box, struct letter *letter,
	unsigned fact, struct hook **ret)
{
	struct hook *hook = environment ? calloc(1, sizeof(*hook)) : NULL;
	int r = 0;

	if (!hook) {
		environment_free(environment);
		return -ENOMEM;
	}
	*hook = (struct hook){ .name = name,
		.command = command,
		.environment = environment,
		.timeout_usec = timeout_usec,
		.box = box,
		.letter = letter,
		.fact = fact,
		.cancel = { .lock = &queue->lock } };
	letter_init(&hook->cancel.letter);

	pthread_mutex_lock(&queue->lock);
	if (!queue->running)
		r = tree_thread_start(queue->task->tree, HELPER_STACK, helper_main, queue, NULL);
	if (r >= 0) {
		queue->running = true;
		list_append(&queue->hooks, &hook->link);
	}
	pthread_mutex_unlock(&queue->lock);

	if (r < 0) {
		hook_free(hook);
		return r;
	}
	if (ret)
		*ret = hook;
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
	idle = !queue->running;
	pthread_mutex_unlock(&queue->lock);
	return idle;
}
