/* SPDX-License-Identifier: MIT */
/* The group as a thing that is seen: its published state, its color, its record of episodes. */
#include "core/group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/environment.h"
#include "core/loop.h"
#include "core/root.h"

struct gloop_group *group_of(struct task *task)
{
	return container_of(task, struct gloop_group, task);
}

int group_init(
	struct gloop_group *group, struct tree *tree, const char *name, struct gloop_group *parent)
{
	int r;

	r = task_init(&group->task, tree, name, parent);
	if (r < 0)
		return r;
	r = light_init(&group->light);
	if (r < 0)
		return r;
	r = mailbox_init(&group->box);
	if (r < 0)
		return r;
	letter_init(&group->control);
	list_init(&group->calls);
	list_init(&group->unsettled);
	group->task.is_group = true;
	group->reset_timer.when_usec = group->stop_timer.when_usec = USEC_INFINITY;
	group->budget.green_since_usec = USEC_INFINITY;
	group->since_realtime_usec = clock_realtime();
	atomic_store(&group->report, REPORT_DOWN);
	return -pthread_mutex_init(&group->lock, NULL);
}

void group_done(struct gloop_group *group)
{
	hook_drop(&group->task.hooks, &group->reset_hook);
	reset_budget_done(&group->budget);
	timers_done(&group->timers);
	light_done(&group->light);
	mailbox_done(&group->box);
	pthread_mutex_destroy(&group->lock);
	settings_done(SETTINGS_GROUP, &group->settings);
	free(group->members);
	free(group->ranked);
	task_done(&group->task);
}

void group_event(struct gloop_group *group, struct event *event)
{
	const struct observer *observer = &group->task.tree->config.observer;

	if (!observer->event)
		return;
	event->group = group_is_root(group) ? NULL : group->task.name;
	pthread_mutex_lock(&group->lock);
	event->generation = group->published_generation;
	pthread_mutex_unlock(&group->lock);
	if (!event->throughline)
		event->throughline = group->task.name;
	observer->event(event, observer->userdata);
}

void group_set_state(struct gloop_group *group, enum group_state state)
{
	enum group_state from = group->state; /* written by this thread only */
	char text[80];

	if (from == state)
		return;
	if (!group_state_may(from, state)) {
		snprintf(text, sizeof(text), "refused: %s → %s", group_state_to_string(from),
			group_state_to_string(state));
		group_event(group, &(struct event){ .type = EVENT_BUG, .text = text });
		return;
	}
	pthread_mutex_lock(&group->lock);
	group->state = state;
	group->since_realtime_usec = clock_realtime();
	group->published_generation = group->generation;
	pthread_mutex_unlock(&group->lock);
	if (group_is_root(group))
		group_event(group, &(struct event){ .type = EVENT_CHANGED });
	else
		group_event(group, &(struct event){ .type = EVENT_STATE,
					   .from = group_state_to_string(from),
					   .to = group_state_to_string(state) });
}

void group_set_note(struct gloop_group *group, const char *format, ...)
{
	va_list arguments;

	pthread_mutex_lock(&group->lock);
	va_start(arguments, format);
	vsnprintf(group->note, sizeof(group->note), format, arguments);
	va_end(arguments);
	pthread_mutex_unlock(&group->lock);
}

/* The worst of its own and its members' colors. */
static void add_members(struct gloop_group *group, struct group_snapshot *ret)
{
	for (unsigned i = 0; i < group->n_members; i++) {
		struct task *task = group->members[i];

		if (task->is_group) {
			struct group_snapshot child;

			group_snapshot(group_of(task), &child);
			ret->color = MAX(ret->color, child.color);
			ret->n_loops += child.n_loops;
			ret->n_ready += child.n_ready;
		} else {
			struct loop_brief child;

			loop_brief(loop_of(task), &child);
			ret->color = MAX(ret->color, child.color);
			ret->n_loops += child.wanted;
			ret->n_ready += child.wanted && child.ready;
		}
	}
}

bool group_is_wanted(struct gloop_group *group)
{
	for (; !group_is_root(group); group = group->task.parent) {
		bool wanted;

		pthread_mutex_lock(&group->lock);
		wanted = group->wanted;
		pthread_mutex_unlock(&group->lock);
		if (!wanted)
			return false;
	}
	return true;
}

/* Its own part in its color. */
static enum color own_color(const struct group_snapshot *snapshot, bool wanted)
{
	if (!wanted)
		return COLOR_GREY;
	if (snapshot->state == GROUP_FAILED || snapshot->state == GROUP_RESETTING ||
		snapshot->episode_open)
		return COLOR_RED;
	return snapshot->state == GROUP_RUNNING ? COLOR_GREY : COLOR_AMBER;
}

void group_snapshot(struct gloop_group *group, struct group_snapshot *ret)
{
	*ret = (struct group_snapshot){
		.name = group->task.name,
		.parent = task_group_name(&group->task),
		.max_resets = group->settings.max_resets,
	};
	pthread_mutex_lock(&group->light.lock);
	ret->light = group->light.state == LIGHT_GREEN;
	ret->episode_open = group->light.state == LIGHT_RED;
	ret->episode = group->light.number;
	pthread_mutex_unlock(&group->light.lock);

	pthread_mutex_lock(&group->lock);
	ret->state = group->state;
	ret->wanted = group->wanted;
	ret->generation = group->published_generation;
	ret->resets = group->resets_used;
	ret->resets_total = group->resets_total;
	ret->since_usec = group->since_realtime_usec;
	snprintf(ret->note, sizeof(ret->note), "%s", group->note);
	pthread_mutex_unlock(&group->lock);

	ret->ready = atomic_load(&group->report) & REPORT_READY;
	add_members(group, ret);
	if (!group_is_root(group)) /* which has no light: its members' colors are all */
		ret->color = MAX(ret->color, own_color(ret, group_is_wanted(group)));
}

char **group_hook_environment(struct gloop_group *group)
{
	char cause[200], generation[24], episode[24];
	const struct variable variables[] = {
		{ "GREENLOOP_GROUP", group->task.name },
		{ "GREENLOOP_GENERATION", generation },
		{ "GREENLOOP_THROUGHLINE", group->task.name },
		{ "GREENLOOP_EPISODE", episode },
		{ "GREENLOOP_REASON", cause },
		{ "GREENLOOP_SOCKET", group->task.tree->config.socket_path },
	};

	snprintf(episode, sizeof(episode), "%" PRIu64,
		light_cause(&group->light, cause, sizeof(cause)));
	snprintf(generation, sizeof(generation), "%" PRIu64, group->generation);
	return environment_new(NULL, NULL, variables, ELEMENTS(variables));
}

static size_t copy_of_group(
	struct gloop_group *group, uint64_t number, struct episode *ret, size_t room)
{
	size_t n = 0;

	pthread_mutex_lock(&group->light.lock);
	for (size_t i = 0; i < LIGHT_EPISODES_KEPT && n < room; i++)
		if (group->light.episodes[i] &&
			(number == 0 || group->light.episodes[i]->number == number))
			ret[n++] = *group->light.episodes[i];
	pthread_mutex_unlock(&group->light.lock);
	return n;
}

static int newer_first(const void *a, const void *b)
{
	const struct episode *left = a, *right = b;

	return (left->number < right->number) - (left->number > right->number);
}

int episodes_copy(struct tree *tree, struct gloop_group *group, uint64_t number,
	struct episode **ret, size_t *ret_length)
{
	struct episode *episodes = NULL;
	size_t n = 0;

	for (size_t i = 0; tree_task(tree, i); i++) {
		struct gloop_group *one = task_group(tree_task(tree, i));
		struct episode *larger;

		if (!one || (group && one != group))
			continue;
		larger = reallocarray(episodes, n + LIGHT_EPISODES_KEPT, sizeof(*episodes));
		if (!larger) {
			free(episodes);
			return -ENOMEM;
		}
		episodes = larger;
		n += copy_of_group(one, number, episodes + n, LIGHT_EPISODES_KEPT);
	}
	if (n > 1)
		qsort(episodes, n, sizeof(*episodes), newer_first);
	*ret = episodes;
	*ret_length = n;
	return 0;
}
