/* SPDX-License-Identifier: MIT */
/* The tree as a whole: made, started, stopped, looked at by its owner; and its threads, counted. */
#include "core/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "base/thread.h"
#include "core/group.h"
#include "core/loop.h"
#include "core/request.h"

int tree_new(struct tree **ret, const struct tree_config *config)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int r;

	if (!tree)
		return -ENOMEM;
	tree->config = *config;
	pthread_mutex_init(&tree->lock, NULL);
	pthread_cond_init(&tree->cond, NULL);
	r = settings_init(SETTINGS_GROUP, &tree->root.settings);
	if (r >= 0)
		r = group_init(&tree->root, tree, "root", NULL);
	if (r < 0) {
		free(tree);
		return r;
	}
	*ret = tree;
	return 0;
}

static void free_task(struct task *task)
{
	struct gloop_loop *loop = task_loop(task);
	struct gloop_group *group = task_group(task);

	if (loop)
		loop_done(loop);
	else
		group_done(group);
	free(loop ? (void *)loop : (void *)group);
}

static struct gloop_group *nth_group(struct tree *tree, size_t i)
{
	if (i == 0)
		return &tree->root;
	return i <= tree->n_tasks ? task_group(tree->tasks[i - 1]) : NULL;
}

struct tree *tree_free(struct tree *tree)
{
	struct gloop_group *group;

	unsigned n_aside;

	if (!tree)
		return NULL;
	for (size_t i = 0; i <= tree->n_tasks;
		i++) /* calls that came after the controllers had ended */
		if ((group = nth_group(tree, i)))
			requests_refuse(group);
	pthread_mutex_lock(&tree->lock);
	n_aside = tree->n_aside;
	pthread_mutex_unlock(&tree->lock);
	if (n_aside > 0) /* such a thread may still come back to what it was given */
		return tree;
	for (size_t i = tree->n_tasks; i > 0; i--)
		free_task(tree->tasks[i - 1]);
	group_done(&tree->root);
	map_done(&tree->names);
	free(tree->tasks);
	pthread_cond_destroy(&tree->cond);
	pthread_mutex_destroy(&tree->lock);
	free(tree);
	return NULL;
}

static int add_task(struct tree *tree, struct gloop_group *parent, struct task *task)
{
	struct task **tasks, **members;
	int r;

	tasks = reallocarray(tree->tasks, tree->n_tasks + 1, sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	tree->tasks = tasks;
	members = reallocarray(parent->members, parent->n_members + 1, sizeof(*members));
	if (!members)
		return -ENOMEM;
	parent->members = members;
	r = map_put(&tree->names, task->name, task);
	if (r < 0)
		return r;
	tree->tasks[tree->n_tasks++] = task;
	task->index = parent->n_members;
	parent->members[parent->n_members++] = task;
	parent->tallies[TALLY_ASIDE]++;
	return 0;
}

int tree_add_group(struct tree *tree, const char *name, struct gloop_group *parent,
	struct group_settings *settings, struct gloop_group **ret)
{
	struct gloop_group *group = calloc(1, sizeof(*group));
	int r;

	if (!group)
		return -ENOMEM;
	r = group_init(group, tree, name, parent ?: &tree->root);
	if (r >= 0)
		r = add_task(tree, group->task.parent, &group->task);
	if (r < 0) {
		group_done(group);
		free(group);
		return r;
	}
	group->settings = *settings;
	group->task.wanted = group->wanted = settings->autostart;
	group->task.reset_globally = settings->reset_globally;
	settings_init(SETTINGS_GROUP, memset(settings, 0, sizeof(*settings)));
	*ret = group;
	return 0;
}

int tree_add_loop(struct tree *tree, const char *name, struct gloop_group *parent,
	struct loop_settings *settings, const struct body_ops *ops, struct gloop_loop **ret)
{
	struct gloop_loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	r = loop_init(loop, tree, name, parent ?: &tree->root);
	if (r >= 0)
		r = add_task(tree, loop->task.parent, &loop->task);
	if (r < 0) {
		loop_done(loop);
		free(loop);
		return r;
	}
	loop->settings = *settings;
	loop->ops = ops;
	loop->task.wanted = loop->wanted = settings->autostart;
	loop->task.reset_globally = settings->reset_globally;
	settings_init(SETTINGS_LOOP, memset(settings, 0, sizeof(*settings)));
	*ret = loop;
	return 0;
}

int tree_thread_start(struct tree *tree, size_t stack, void *(*main)(void *), void *userdata,
	pthread_t *ret_joinable)
{
	int r;

	pthread_mutex_lock(&tree->lock);
	tree->n_threads += !ret_joinable;
	pthread_mutex_unlock(&tree->lock);
	r = thread_start(ret_joinable, NULL, stack, main, userdata);
	if (r < 0 && !ret_joinable)
		tree_thread_ended(tree, false);
	return r;
}

void tree_thread_ended(struct tree *tree, bool set_aside)
{
	pthread_mutex_lock(&tree->lock);
	if (set_aside)
		tree->n_aside--;
	else
		tree->n_threads--;
	if (tree->n_threads == 0)
		pthread_cond_broadcast(&tree->cond);
	pthread_mutex_unlock(&tree->lock);
}

void tree_set_aside(struct tree *tree, struct generation *generation)
{
	pthread_mutex_lock(&tree->lock);
	if (!generation->leaving && !generation->set_aside) {
		generation->set_aside = true;
		tree->n_threads--;
		tree->n_aside++;
	}
	if (tree->n_threads == 0)
		pthread_cond_broadcast(&tree->cond);
	pthread_mutex_unlock(&tree->lock);
}

bool tree_thread_leaves(struct tree *tree, struct generation *generation)
{
	bool set_aside;

	pthread_mutex_lock(&tree->lock);
	generation->leaving = true;
	set_aside = generation->set_aside;
	pthread_mutex_unlock(&tree->lock);
	return set_aside;
}

bool tree_abandon(struct tree *tree)
{
	bool within;

	pthread_mutex_lock(&tree->lock);
	within = ++tree->n_abandoned <= tree->config.max_abandoned_threads;
	pthread_mutex_unlock(&tree->lock);
	return within;
}

void tree_abandoned_returned(struct tree *tree)
{
	pthread_mutex_lock(&tree->lock);
	tree->n_abandoned--;
	pthread_mutex_unlock(&tree->lock);
}

#define for_each_group(group, tree)                                                                \
	for (size_t i_ = 0; i_ <= (tree)->n_tasks; i_++)                                           \
		for (struct gloop_group *group = nth_group(tree, i_); group; group = NULL)

static void post_to_all(struct tree *tree, unsigned facts)
{
	for_each_group(group, tree) mailbox_post(&group->box, &group->control, facts);
}

void tree_set_notify_path(struct tree *tree, const char *path)
{
	tree->config.notify_path = path;
}

int tree_start(struct tree *tree)
{
	for_each_group(group, tree)
	{
		int r = group_start_thread(group);

		if (r < 0) {
			tree_join(tree);
			return r;
		}
	}
	atomic_store(&tree->root.order, (uint64_t)1 << ORDER_BITS | ORDER_RUN);
	mailbox_post(&tree->root.box, &tree->root.control, GROUP_ORDER);
	return 0;
}

void tree_stop(struct tree *tree)
{
	atomic_store(&tree->ending, true);
	atomic_store(&tree->root.order, (uint64_t)1 << ORDER_BITS | ORDER_BY_HAND);
	mailbox_post(&tree->root.box, &tree->root.control, GROUP_ORDER);
}

void tree_hurry(struct tree *tree)
{
	post_to_all(tree, GROUP_HURRY);
}

void tree_join(struct tree *tree)
{
	post_to_all(tree, GROUP_QUIT);
	for_each_group(group, tree) if (group->thread_runs)
	{
		pthread_join(group->thread, NULL);
		group->thread_runs = false;
	}
	pthread_mutex_lock(&tree->lock);
	while (tree->n_threads > 0)
		pthread_cond_wait(&tree->cond, &tree->lock);
	pthread_mutex_unlock(&tree->lock);
}

void tree_ping(struct tree *tree, uint64_t number)
{
	for_each_group(group, tree) atomic_store(&group->ping, number);
	post_to_all(tree, GROUP_PING);
}

bool tree_answered(struct tree *tree, uint64_t number, const char **ret_silent)
{
	for_each_group(group, tree) if (atomic_load(&group->answered) < number)
	{
		*ret_silent = group->task.name;
		return false;
	}
	return true;
}

struct task *tree_find(struct tree *tree, const char *name)
{
	return map_get(&tree->names, name);
}

struct task *tree_task(struct tree *tree, size_t index)
{
	return index < tree->n_tasks ? tree->tasks[index] : NULL;
}

const struct loop_settings *loop_settings(const struct gloop_loop *loop)
{
	return &loop->settings;
}

const struct group_settings *group_settings(const struct gloop_group *group)
{
	return &group->settings;
}

uint64_t tree_next_episode(struct tree *tree)
{
	return atomic_fetch_add(&tree->episodes, 1) + 1;
}

void tree_exit(struct tree *tree, int status, const char *who)
{
	bool no = false;

	if (tree->config.observer.event &&
		atomic_compare_exchange_strong(&tree->exit_decided, &no, true))
		tree->config.observer.event(
			&(struct event){
				.type = EVENT_EXIT, .text = who, .value = (uint64_t)status },
			tree->config.observer.userdata);
}

void tree_exhausted(struct tree *tree, const char *who)
{
	if (tree->config.exhausted_action.kind == ACTION_EXIT)
		tree_exit(tree, tree->config.exhausted_action.status, who);
}

void tree_stopped(struct tree *tree)
{
	if (tree->config.observer.event)
		tree->config.observer.event(
			&(struct event){ .type = EVENT_STOPPED }, tree->config.observer.userdata);
}

/* The worst thing to be seen, as one line. */
static void describe(struct tree *tree, struct tree_snapshot *ret)
{
	const char *color = color_to_string((enum color)ret->color);

	for (unsigned i = 0; ret->color == COLOR_RED && i < tree->n_tasks; i++) {
		struct gloop_group *group = task_group(tree->tasks[i]);
		struct gloop_loop *loop = task_loop(tree->tasks[i]);

		if (group) {
			struct group_snapshot s;
			char cause[120];

			group_snapshot(group, &s);
			light_cause(&group->light, cause, sizeof(cause));
			if (s.state == GROUP_RESETTING || s.state == GROUP_FAILED) {
				snprintf(ret->line, sizeof(ret->line), "%s: %s %s (%s)", color,
					s.name, group_state_to_string(s.state), cause);
				return;
			}
		} else {
			struct loop_snapshot s;

			loop_snapshot(loop, &s);
			if (s.color == COLOR_RED) {
				snprintf(ret->line, sizeof(ret->line), "%s: %s failed (%.120s)",
					color, s.name, s.last_failure.reason);
				return;
			}
		}
	}
	snprintf(ret->line, sizeof(ret->line), "%s: %u/%u loops ready", color, ret->n_ready,
		ret->n_loops);
}

void tree_snapshot(struct tree *tree, struct tree_snapshot *ret)
{
	struct group_snapshot root;

	group_snapshot(&tree->root, &root);
	*ret = (struct tree_snapshot){
		.color = (int)root.color, .n_loops = root.n_loops, .n_ready = root.n_ready
	};
	pthread_mutex_lock(&tree->lock);
	ret->n_abandoned = tree->n_abandoned;
	pthread_mutex_unlock(&tree->lock);
	describe(tree, ret);
}
