/* SPDX-License-Identifier: MIT */
#include "core/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/group.h"
#include "core/loop.h"
#include "core/root.h"

int task_init(struct task *task, struct tree *tree, const char *name, struct gloop_group *parent)
{
	task->name = strdup(name);
	if (!task->name)
		return -ENOMEM;
	task->tree = tree;
	task->parent = parent;
	letter_init(&task->letter);
	task->timer.when_usec = USEC_INFINITY;
	list_init(&task->calls);
	list_init(&task->unsettled);
	return hook_queue_init(&task->hooks, task);
}

void task_done(struct task *task)
{
	hook_queue_done(&task->hooks);
	expression_free(task->after);
	free(task->successors);
	free(task->predecessors);
	free(task->name);
}

const char *task_name(const struct task *task)
{
	return task->name;
}

const char *task_group_name(const struct task *task)
{
	return task->parent && !group_is_root(task->parent) ? task->parent->task.name : NULL;
}

struct gloop_loop *task_loop(struct task *task)
{
	return task->is_group ? NULL : loop_of(task);
}

struct gloop_group *task_group(struct task *task)
{
	return task->is_group ? group_of(task) : NULL;
}

void task_event(struct task *task, struct event *event)
{
	if (task->is_group)
		group_event(group_of(task), event);
	else
		loop_event(loop_of(task), NULL, event);
}

char *task_note(struct task *task)
{
	pthread_mutex_t *lock = task->is_group ? &group_of(task)->lock : &loop_of(task)->lock;
	char *note;

	pthread_mutex_lock(lock);
	note = strdup((task->is_group ? group_of(task)->note : loop_of(task)->note) ?: "");
	pthread_mutex_unlock(lock);
	return note;
}

void task_tell_hook(struct task *task)
{
	if (task->is_group)
		mailbox_post(&group_of(task)->box, &group_of(task)->control, GROUP_HOOK);
	else
		mailbox_post(&task->parent->box, &task->letter, MEMBER_HOOK);
}
