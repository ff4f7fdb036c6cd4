/* SPDX-License-Identifier: MIT */
/*
 * A controller's way from red to green: stop the set → wait its backoff, run on_reset → start in
 * order → all ready. A new red on the way goes back to the beginning with a larger set; nothing is
 * ever lost, for the light counts its turns.
 */
#include "core/group.h"

#include "base/clock.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/reset.h"

/* Every member that a turn since `turn` has suspended. */
static void hold_suspended(struct gloop_group *group, uint64_t turn)
{
	for (unsigned i = 0; i < group->n_members; i++)
		if (atomic_load(&group->members[i]->suspended_turn) > turn) {
			member_hold(group->members[i], true);
			group->members[i]->hard |= group->reset_hard;
		}
}

/* The how-manieth reset this is; 0: the budget is used up. Without memory for the record it counts
 * as the last one that is allowed. */
static unsigned take_from_budget(struct gloop_group *group, uint64_t turns)
{
	unsigned nth = 1;

	for (uint64_t i = 0; i < turns; i++) {
		int r = reset_budget_take(&group->budget, &group->settings, clock_now());

		if (r == 0)
			return 0;
		nth = r > 0 ? (unsigned)r : group->settings.max_resets;
	}
	return nth;
}

static void begin_reset(struct gloop_group *group, uint64_t handled_turn, unsigned nth)
{
	if (group->reset_phase != RESET_STOPPING)
		timers_set(&group->timers, &group->stop_timer,
			usec_add(clock_now(), group->settings.stop_timeout_usec));
	group->reset_phase = RESET_STOPPING;
	group->reset_nth = nth;
	timers_set(&group->timers, &group->reset_timer, USEC_INFINITY);
	hold_suspended(group, handled_turn);
	light_count_reset(group);
	pthread_mutex_lock(&group->lock);
	group->resets_total++;
	pthread_mutex_unlock(&group->lock);
	group_set_state(group, GROUP_RESETTING);
	group_event(group, &(struct event){ .type = EVENT_RESET, .value = nth });
	group_settle_members(group, true);
}

void reset_handle_red(struct gloop_group *group)
{
	uint64_t turn, free_turns, handled = group->handled_turn, counted;
	unsigned nth;

	pthread_mutex_lock(&group->light.lock);
	turn = atomic_load(&group->light.turn);
	free_turns = group->light.free_turns;
	pthread_mutex_unlock(&group->light.lock);

	counted = (turn - handled) - (free_turns - group->handled_free_turns);
	group->handled_turn = turn;
	group->handled_free_turns = free_turns;
	if (turn == handled || !group->running)
		return;
	reset_budget_light(&group->budget, false, clock_now());
	if (group->reset_phase == RESET_NONE)
		group_run_hook(group, "on_red", &group->settings.on_red);
	nth = take_from_budget(group, counted);
	if (nth == 0)
		group_exhaust(group);
	else
		begin_reset(group, handled, nth);
}

static void wait_before_restart(struct gloop_group *group)
{
	uint64_t wait;

	group->reset_phase = RESET_WAITING;
	group->reset_hard = false;
	group->stop_overdue = false;
	timers_set(&group->timers, &group->stop_timer, USEC_INFINITY);
	group_run_hook(group, "on_reset", &group->settings.on_reset);
	wait = reset_backoff(&group->settings, group->reset_nth);
	group->reset_due = wait == 0;
	if (wait > 0)
		timers_set(&group->timers, &group->reset_timer, usec_add(clock_now(), wait));
}

void reset_timer_due(struct gloop_group *group)
{
	group->reset_due = true;
}

/* The result of on_reset is logged where it ends; here only its end matters. */
static bool hook_ended(struct gloop_group *group)
{
	_cleanup_free_ char *message = NULL;
	int status;

	return !group->reset_hook ||
	       hook_take(&group->task.hooks, &group->reset_hook, &status, &message);
}

static void release(struct task *task)
{
	if (!task->held)
		return;
	member_hold(task, false);
	task->vetoed = false;
	if (!task->is_group && loop_of(task)->settings.type == LOOP_TYPE_ONESHOT)
		task->done = false;
	if (task->is_group || !task->failed)
		member_forget(task);
}

static void restart(struct gloop_group *group)
{
	group->reset_phase = RESET_STARTING;
	for (unsigned i = 0; i < group->n_members; i++)
		release(group->members[i]);
	group_settle_members(group, false);
}

static void complete(struct gloop_group *group)
{
	if (!light_green(group))
		return; /* red again: its letter is on the way */
	group->reset_phase = RESET_NONE;
	group_set_state(group, GROUP_RUNNING);
	group_run_hook(group, "on_green", &group->settings.on_green);
}

void reset_settle(struct gloop_group *group)
{
	if (group->reset_phase == RESET_STOPPING && group->n_held_up == 0)
		wait_before_restart(group);
	if (group->reset_phase == RESET_WAITING && group->reset_due && hook_ended(group))
		restart(group);
	if (group->reset_phase == RESET_STARTING && group->tallies[TALLY_WANTING] == 0)
		complete(group);
}

void reset_cancel(struct gloop_group *group)
{
	group->reset_phase = RESET_NONE;
	group->reset_hard = false;
	timers_set(&group->timers, &group->reset_timer, USEC_INFINITY);
	hook_drop(&group->task.hooks, &group->reset_hook);
	for (unsigned i = 0; i < group->n_members; i++)
		member_hold(group->members[i], false);
}
