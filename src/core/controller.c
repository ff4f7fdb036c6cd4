/* SPDX-License-Identifier: MIT */
/*
 * The controller: a group's own thread. It takes one letter or one timer at a time, lets the
 * members take their next steps, and then looks whether a phase of the group is complete. A step
 * never waits, spawns, runs foreign code or writes a file.
 */
#include "core/group.h"

#include <stdio.h>

#include "base/clock.h"
#include "core/call.h"
#include "core/loop.h"
#include "core/request.h"
#include "core/reset.h"
#include "core/root.h"

enum { CONTROLLER_STACK = 256 * 1024 };

static _Thread_local bool is_controller;

bool controller_is_self(void)
{
	return is_controller;
}

static void report(struct gloop_group *group, unsigned bits)
{
	uint64_t number = atomic_load(&group->order) >> ORDER_BITS;
	uint64_t word = number << REPORT_BITS | bits;
	uint64_t before = atomic_exchange(&group->report, word);

	if (before == word || group_is_root(group))
		return;
	if ((before ^ word) & REPORT_READY)
		group_event(group,
			&(struct event){ .type = EVENT_READY, .value = bits & REPORT_READY });
	mailbox_post(&group->task.parent->box, &group->task.letter, MEMBER_LOOK);
}

void group_settle_members(struct gloop_group *group, bool reverse)
{
	for (unsigned i = 0; i < group->n_members; i++)
		member_settle(group->ranked[reverse ? group->n_members - 1 - i : i]);
}

void group_run_hook(struct gloop_group *group, const char *name, const struct command *command)
{
	bool asks = command == &group->settings.on_reset;
	char text[120];
	int r;

	if (!command->argv)
		return;
	if (asks)
		hook_drop(&group->task.hooks, &group->reset_hook);
	r = hook_run(&group->task.hooks, name, command, group_hook_environment(group),
		GROUP_HOOK_TIMEOUT_USEC, asks ? &group->box : NULL, asks ? &group->control : NULL,
		GROUP_HOOK, asks ? &group->reset_hook : NULL);
	if (r >= 0)
		return;
	snprintf(text, sizeof(text), "cannot run %s", name);
	group_event(group, &(struct event){ .type = EVENT_TROUBLE, .text = text });
}

/* What a start makes new: done oneshots run again, vetoes are asked again; what an operator stopped
 * stays stopped. */
static void refresh_member(struct task *task, bool fresh)
{
	member_hold(task, false);
	task->done = task->vetoed = task->renew = task->hard = false;
	if (fresh || task->is_group || !task->failed)
		member_forget(task);
	task->fresh = fresh;
}

void group_begin(struct gloop_group *group, bool fresh)
{
	if (group->started_once)
		group->generation++;
	group->started_once = group->running = true;
	group->exhausted = group->hurry = group->stop_overdue = false;
	reset_budget_empty(&group->budget);
	group->handled_turn = atomic_load(&group->light.turn);
	group->handled_free_turns = light_free_turns(&group->light);
	if (!group_is_root(group))
		(void)light_green(group);
	group_set_state(group, GROUP_STARTING);
	for (unsigned i = 0; i < group->n_members; i++)
		refresh_member(group->members[i], fresh);
	report(group, 0);
	group_settle_members(group, false);
}

static void set_stop_deadline(struct gloop_group *group)
{
	group->stop_overdue = false;
	timers_set(&group->timers, &group->stop_timer,
		usec_add(clock_now(), group->settings.stop_timeout_usec));
}

void group_end(struct gloop_group *group, const char *result)
{
	group->running = false;
	reset_cancel(group);
	light_off(group, result);
	reset_budget_light(&group->budget, false, clock_now());
	set_stop_deadline(group);
	group_set_state(group, GROUP_STOPPING);
	group_settle_members(group, true);
}

void group_exhaust(struct gloop_group *group)
{
	group->exhausted = true;
	group_end(group, "exhausted");
	group_event(group, &(struct event){ .type = EVENT_EXHAUSTED });
}

void group_kill_all(struct gloop_group *group)
{
	for (unsigned i = 0; i < group->n_members; i++) {
		struct task *task = group->members[i];

		if (task->phase == PHASE_ASKED)
			member_hurry(task);
		else if (task->is_group && group->hurry)
			mailbox_post(&group_of(task)->box, &group_of(task)->control, GROUP_HURRY);
	}
	if (!group->running)
		hook_queue_cancel(&group->task.hooks);
	group_settle_members(group, true);
}

/* The exhausted group is down: its own exhausted_action. */
static void act_exhausted(struct gloop_group *group)
{
	const struct action *action = &group->settings.exhausted_action;
	struct failure failure;
	char cause[200];

	group_run_hook(group, "on_exhausted", &group->settings.on_exhausted);
	light_cause(&group->light, cause, sizeof(cause));
	group_set_note(group, "exhausted (%s)", cause);
	if (action->kind == ACTION_EXIT)
		tree_exit(group->task.tree, action->status, group->task.name);
	if (action->kind != ACTION_ESCALATE)
		return;
	if (group_is_root(group->task.parent)) {
		tree_exhausted(group->task.tree, group->task.name);
		return;
	}
	failure_set(&failure, FAILURE_GROUP, 0, "group %s is exhausted", group->task.name);
	light_red(group->task.parent, &group->task, atomic_load(&group->parent_turn), &failure,
		group->task.name, cause);
}

static void is_down(struct gloop_group *group)
{
	timers_set(&group->timers, &group->stop_timer, USEC_INFINITY);
	group->stop_overdue = false;
	if (group->exhausted) {
		/* The parent is told before anybody can see the state: a call that follows from it
		 * finds the parent knowing. */
		act_exhausted(group);
		report(group, REPORT_DOWN | REPORT_FAILED);
		group_set_state(group, GROUP_FAILED);
		return;
	}
	group_set_state(group, GROUP_INACTIVE);
	report(group, REPORT_DOWN);
	if (group_is_root(group))
		tree_stopped(group->task.tree);
}

static void publish(struct gloop_group *group, bool green)
{
	uint64_t now = clock_now();

	reset_budget_light(&group->budget, green, now);
	pthread_mutex_lock(&group->lock);
	group->resets_used = reset_budget_used(&group->budget, &group->settings, now);
	group->published_generation = group->generation;
	pthread_mutex_unlock(&group->lock);
}

/* And no red is under way to this thread. */
static bool all_ready(const struct gloop_group *group)
{
	return group->running && group->reset_phase == RESET_NONE &&
	       group->tallies[TALLY_WANTING] == 0 &&
	       atomic_load(&group->light.turn) == group->handled_turn;
}

/* Members take their steps until none of them has cause for another one; then the group looks at
 * itself. */
static void settle_phases(struct gloop_group *group)
{
	do {
		members_settle(group);
		if (group->state == GROUP_STOPPING && group->n_up == 0 &&
			hook_queue_idle(&group->task.hooks))
			is_down(group);
		if (group->closing && group->n_up == 0 && hook_queue_idle(&group->task.hooks)) {
			group->closing = false;
			report(group, REPORT_DOWN | REPORT_CLOSED);
		}
		if (group->running)
			reset_settle(group);
		if (group->state == GROUP_STARTING && all_ready(group))
			group_set_state(group, GROUP_RUNNING);
	} while (!list_empty(&group->unsettled));
}

void group_settle(struct gloop_group *group)
{
	bool green;

	settle_phases(group);
	green = group->state == GROUP_RUNNING && all_ready(group);
	if (group->running)
		report(group, !green                         ? 0
			      : group->tallies[TALLY_FAILED] ? REPORT_LAME
							     : REPORT_READY);
	publish(group, green);
	request_group_settled(group);
}

void group_handle_order(struct gloop_group *group)
{
	uint64_t order = atomic_load(&group->order);
	bool run = order & ORDER_RUN;
	bool over = atomic_load(&group->task.tree->ending); /* no start is begun any more */

	if (run && !group->running && !over &&
		(group->state == GROUP_INACTIVE || group->state == GROUP_FAILED)) {
		group_set_note(group, "%s", "");
		group_begin(group, order & ORDER_BY_HAND);
	} else if (!run && group->running) {
		group_end(group, order & ORDER_BY_HAND ? "stopped" : "superseded");
	} else if (!run && group->state == GROUP_STOPPING) {
		group->exhausted = false; /* the stop overtakes what exhaustion would do */
	} else if (!run) {
		group_set_state(group, GROUP_INACTIVE);
		report(group, REPORT_DOWN);
		if (group_is_root(group))
			tree_stopped(group->task.tree);
	}
}

static void handle_control(struct gloop_group *group, unsigned facts)
{
	if (facts & GROUP_ORDER)
		group_handle_order(group);
	if (facts & GROUP_RED)
		reset_handle_red(group);
	if (facts & GROUP_CLOSE) {
		group->closing = true;
		group_settle_members(group, true);
	}
	if (facts & GROUP_HURRY && !group->running) { /* of a stop; a later one is told again */
		group->hurry = true;
		group_kill_all(group);
	}
	if (facts & GROUP_PING)
		atomic_store(&group->answered, atomic_load(&group->ping));
}

static void handle_timer(struct gloop_group *group, struct timer *timer)
{
	if (timer == &group->reset_timer) {
		reset_timer_due(group);
	} else if (timer == &group->stop_timer) {
		group->stop_overdue = true;
		group_kill_all(group);
	} else {
		member_timer(container_of(timer, struct task, timer));
	}
}

static void *controller_main(void *userdata)
{
	struct gloop_group *group = userdata;
	unsigned facts = 0;
	char name[16];

	is_controller = true;
	snprintf(name, sizeof(name), "ctl/%s", group->task.name);
	pthread_setname_np(pthread_self(), name);
	for (;;) {
		struct letter *letter =
			mailbox_wait(&group->box, timers_next(&group->timers), &facts);
		struct timer *timer;

		if (letter == &group->control && facts & GROUP_QUIT)
			break;
		if (letter == &group->control)
			handle_control(group, facts);
		else if (letter && facts & CALL_FACT)
			request_handle(group, container_of(letter, struct call, letter));
		else if (letter)
			member_facts(container_of(letter, struct task, letter), facts);
		while ((timer = timers_pop(&group->timers, clock_now())))
			handle_timer(group, timer);
		group_settle(group);
	}
	requests_refuse(group);
	return NULL;
}

int group_start_thread(struct gloop_group *group)
{
	int r = tree_thread_start(
		group->task.tree, CONTROLLER_STACK, controller_main, group, &group->thread);

	group->thread_runs = r >= 0;
	return r;
}
