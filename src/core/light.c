/* SPDX-License-Identifier: MIT */
#include "core/light.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/group.h"
#include "core/root.h"

int light_init(struct light *light)
{
	return -pthread_mutex_init(&light->lock, NULL);
}

void light_done(struct light *light)
{
	for (size_t i = 0; i < LIGHT_EPISODES_KEPT; i++)
		free(light->episodes[i]);
	pthread_mutex_destroy(&light->lock);
}

bool light_covers(enum strategy strategy, const struct task *cause, const struct task *task)
{
	if (task == cause)
		return true;
	if (!task->reset_globally)
		return false;
	switch (strategy) {
	case STRATEGY_ONE_FOR_ALL:
		return true;
	case STRATEGY_REST_FOR_ONE:
		return task->rank >= cause->rank;
	case STRATEGY_ONE_FOR_ONE:
		return false;
	}
	return false;
}

/* Under the lock. The record may be missing when there is no memory for it; the number counts all
 * the same. */
static void open_episode(struct light *light, struct gloop_group *group, const char *cause,
	const struct failure *failure, const char *throughline, const char *origin)
{
	struct episode *episode = calloc(1, sizeof(*episode));

	light->number = tree_next_episode(group->task.tree);
	free(light->episodes[LIGHT_EPISODES_KEPT - 1]);
	memmove(light->episodes + 1, light->episodes,
		sizeof(light->episodes) - sizeof(light->episodes[0]));
	light->episodes[0] = episode;
	if (!episode)
		return;
	episode->number = light->number;
	episode->group = group->task.name;
	episode->cause = *failure;
	episode->opened_usec = clock_realtime();
	snprintf(episode->cause_loop, sizeof(episode->cause_loop), "%s", cause);
	snprintf(episode->throughline, sizeof(episode->throughline), "%s", throughline ?: cause);
	snprintf(episode->origin, sizeof(episode->origin), "%s", origin ?: "");
}

static void attach(struct light *light, const char *who, const struct failure *failure)
{
	struct episode *episode = light->episodes[0];
	struct attached_failure *attached;

	if (!episode || light->state != LIGHT_RED)
		return;
	if (episode->n_attached < EPISODE_ATTACHED_MAX) {
		attached = &episode->attached[episode->n_attached];
		attached->failure = *failure;
		snprintf(attached->loop, sizeof(attached->loop), "%s", who);
	}
	episode->n_attached++;
}

/* Under the lock: a new turn suspends every member of the set. */
static void suspend(struct gloop_group *group, const struct task *cause, bool all)
{
	uint64_t turn = atomic_fetch_add(&group->light.turn, 1) + 1;

	for (unsigned i = 0; i < group->n_members; i++) {
		struct task *task = group->members[i];

		if (all || (cause ? light_covers(group->settings.strategy, cause, task)
				  : task->reset_globally))
			atomic_store_explicit(&task->suspended_turn, turn, memory_order_release);
	}
}

static void tell(struct gloop_group *group, enum red red, uint64_t episode, const char *who,
	const struct failure *failure, const char *throughline)
{
	if (red == RED_IGNORED || red == RED_JOINED)
		return;
	group_event(group, &(struct event){ .type = red == RED_OPENED ? EVENT_EPISODE_OPENED
								      : EVENT_EPISODE_RED,
				   .text = who,
				   .failure = failure,
				   .episode = episode,
				   .throughline = throughline });
	mailbox_post(&group->box, &group->control, GROUP_RED);
}

static enum red turn_red(struct gloop_group *group, struct task *cause, const char *who,
	uint64_t birth_turn, const struct failure *failure, const char *throughline,
	const char *origin)
{
	struct light *light = &group->light;
	enum red red = RED_IGNORED;
	uint64_t number;

	pthread_mutex_lock(&light->lock);
	if (light->state == LIGHT_GREEN) {
		open_episode(light, group, who, failure, throughline, origin);
		red = RED_OPENED;
	} else if (light->state == LIGHT_RED) {
		attach(light, who, failure);
		red = cause && atomic_load(&cause->suspended_turn) > birth_turn ? RED_JOINED
										: RED_AGAIN;
	}
	if (red == RED_OPENED || red == RED_AGAIN) {
		light->state = LIGHT_RED;
		suspend(group, cause, false);
		if (!cause)
			light->free_turns++;
	}
	number = light->number;
	pthread_mutex_unlock(&light->lock);

	tell(group, red, number, who, failure, throughline);
	return red;
}

enum red light_red(struct gloop_group *group, struct task *cause, uint64_t birth_turn,
	const struct failure *failure, const char *throughline, const char *origin)
{
	return turn_red(group, cause, cause->name, birth_turn, failure, throughline, origin);
}

enum red light_red_by_hand(struct gloop_group *group, const struct failure *failure)
{
	return turn_red(group, NULL, "operator", 0, failure, group->task.name, NULL);
}

void light_attach(struct gloop_group *group, struct task *member, const struct failure *failure)
{
	pthread_mutex_lock(&group->light.lock);
	attach(&group->light, member->name, failure);
	pthread_mutex_unlock(&group->light.lock);
}

/* Under the lock; fills in what there is to tell, if an episode was open. */
static void close_episode(
	struct light *light, enum light_state state, const char *result, struct event *ret)
{
	struct episode *episode = light->episodes[0];

	if (light->state == LIGHT_RED) {
		*ret = (struct event){
			.type = EVENT_EPISODE_CLOSED, .text = result, .episode = light->number
		};
		if (episode) {
			snprintf(episode->result, sizeof(episode->result), "%s", result);
			episode->closed_usec = clock_realtime();
			ret->value = episode->closed_usec -
				     MIN(episode->opened_usec, episode->closed_usec);
			ret->cycle = episode->resets;
		}
	}
	light->state = state;
}

bool light_green(struct gloop_group *group)
{
	struct light *light = &group->light;
	struct event event = { 0 };
	bool current;

	pthread_mutex_lock(&light->lock);
	current = atomic_load(&light->turn) == group->handled_turn;
	if (current)
		close_episode(light, LIGHT_GREEN, "green", &event);
	pthread_mutex_unlock(&light->lock);
	if (event.episode)
		group_event(group, &event);
	return current;
}

void light_off(struct gloop_group *group, const char *result)
{
	struct light *light = &group->light;
	struct event event = { 0 };

	pthread_mutex_lock(&light->lock);
	close_episode(light, LIGHT_OFF, result, &event);
	suspend(group, NULL, true);
	group->handled_turn = atomic_load(&light->turn);
	group->handled_free_turns = light->free_turns;
	pthread_mutex_unlock(&light->lock);
	if (event.episode)
		group_event(group, &event);
}

uint64_t light_free_turns(struct light *light)
{
	uint64_t turns;

	pthread_mutex_lock(&light->lock);
	turns = light->free_turns;
	pthread_mutex_unlock(&light->lock);
	return turns;
}

void light_count_reset(struct gloop_group *group)
{
	pthread_mutex_lock(&group->light.lock);
	if (group->light.state == LIGHT_RED && group->light.episodes[0])
		group->light.episodes[0]->resets++;
	pthread_mutex_unlock(&group->light.lock);
}

uint64_t light_cause(struct light *light, char *buf, size_t size)
{
	const struct episode *episode;
	char count[32] = "";
	uint64_t number;

	buf[0] = 0;
	pthread_mutex_lock(&light->lock);
	episode = light->episodes[0];
	number = light->number;
	if (number && episode && episode->cause.nth)
		snprintf(count, sizeof(count), ", %u of %u", episode->cause.nth, episode->cause.of);
	if (number && episode)
		snprintf(buf, size, "%s: %s%s%s%s", episode->cause_loop, episode->cause.reason,
			count, *episode->origin ? ": " : "", episode->origin);
	pthread_mutex_unlock(&light->lock);
	return number;
}
