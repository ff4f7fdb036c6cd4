/* SPDX-License-Identifier: MIT */
/*
 * How a controller steers one member: from a few flags follows what it should do, and each call
 * here takes the next step towards it. Everything runs on the controller's thread, nothing waits.
 */
#include "core/task.h"

#include "base/clock.h"
#include "core/group.h"
#include "core/loop.h"
#include "core/request.h"

bool task_should_run(const struct task *task)
{
	return task->parent->running && task->wanted && !task->done && !task->vetoed &&
	       !task->failed && !task->held;
}

enum gate task_gate(const struct task *task)
{
	if (!task->wanted || task->vetoed)
		return GATE_ABSENT;
	if (task->done)
		return GATE_OPEN;
	return task->ready && task->phase == PHASE_UP ? GATE_OPEN : GATE_CLOSED;
}

static enum gate sibling_gate(unsigned index, void *userdata)
{
	struct gloop_group *group = userdata;

	return task_gate(group->members[index]);
}

/* In a stop, those that come after it go first. One that goes on running holds nobody. */
static bool may_stop(const struct task *task)
{
	for (unsigned i = 0; i < task->n_successors; i++) {
		const struct task *successor = task->successors[i];

		if (!task_is_down(successor) && (successor->renew || !task_should_run(successor)))
			return false;
	}
	return true;
}

static enum tally tally_of(const struct task *task)
{
	if (!task->wanted || task->done || task->vetoed)
		return TALLY_ASIDE;
	if (task->failed || task->lame)
		return TALLY_FAILED;
	return task->ready && task->phase == PHASE_UP ? TALLY_READY : TALLY_WANTING;
}

static void count(struct task *task)
{
	struct gloop_group *group = task->parent;
	enum tally tally = tally_of(task);

	if (tally == task->tally)
		return;
	group->tallies[task->tally]--;
	group->tallies[tally]++;
	task->tally = tally;
}

void member_set_phase(struct task *task, enum phase phase)
{
	struct gloop_group *group = task->parent;
	bool was_down = task_is_down(task);

	task->phase = phase;
	if (was_down && !task_is_down(task)) {
		group->n_up++;
		if (task->held)
			group->n_held_up++;
	} else if (!was_down && task_is_down(task)) {
		group->n_up--;
		if (task->held)
			group->n_held_up--;
	}
}

static void start(struct task *task)
{
	struct gloop_group *group = task->parent;

	task->renew = task->hard = false;
	if (task->not_before_usec > clock_now()) {
		timers_set(&group->timers, &task->timer, task->not_before_usec);
		if (!task->is_group)
			loop_set_state(loop_of(task), NULL, LOOP_BACKOFF);
		return;
	}
	if (!expression_open(task->after, sibling_gate, group))
		return;
	if (task->is_group)
		group_member_start(task);
	else
		loop_member_start(task);
}

static void stop(struct task *task)
{
	if (!may_stop(task))
		return;
	if (task->is_group)
		group_member_ask(task);
	else
		loop_member_ask(task);
}

void member_settle(struct task *task)
{
	if (list_empty(&task->unsettled))
		list_append(&task->parent->unsettled, &task->unsettled);
}

/* Those that wait for it to be ready. */
static void settle_successors(struct task *task)
{
	for (unsigned i = 0; i < task->n_successors; i++)
		member_settle(task->successors[i]);
}

/* Those that wait for it to have ended. */
static void settle_predecessors(struct task *task)
{
	for (unsigned i = 0; i < task->n_predecessors; i++)
		member_settle(task->predecessors[i]);
}

void member_publish(struct task *task)
{
	if (task->is_group)
		group_member_publish(task);
	else
		loop_member_publish(task);
}

/* By a red whose letter is still on its way to this thread. */
static bool suspended(const struct task *task)
{
	return atomic_load(&task->suspended_turn) > task->parent->handled_turn;
}

static void take_step(struct task *task)
{
	struct gloop_group *group = task->parent;

	if (task->phase == PHASE_CLOSING && task_should_run(task))
		loop_member_hook(task); /* wanted again: it waits for less */
	if (task->phase == PHASE_DOWN && task_should_run(task) && !suspended(task))
		start(task);
	else if (task->phase == PHASE_DOWN && !task->is_group)
		loop_member_rest(task);
	else if (task->phase == PHASE_DOWN)
		group_member_close(task);
	else if (task->phase == PHASE_UP && (task->renew || !task_should_run(task)))
		stop(task);
	else if (task->phase == PHASE_ASKED && (task->hard || group->hurry || group->stop_overdue))
		member_hurry(task);
	else if (task->phase == PHASE_HOOK && !task_should_run(task))
		loop_member_call_off(task);
	else if (task->phase == PHASE_CLOSING && (group->hurry || group->stop_overdue))
		hook_queue_cancel(&task->hooks);
	if (task->phase == PHASE_DOWN && task->failed && task->wanted && group->running)
		timers_set(&group->timers, &task->timer, task->not_before_usec);
}

static void settle(struct task *task)
{
	take_step(task);
	count(task);
	member_publish(task);
	request_member_changed(task);
	if (task->gate != task_gate(task) || task->was_down != task_is_down(task)) {
		task->gate = task_gate(task);
		task->was_down = task_is_down(task);
		settle_successors(task);
		settle_predecessors(task);
	}
}

/* In the order of their causes, one after the other: a chain of thousands takes no stack. */
void members_settle(struct gloop_group *group)
{
	struct list *first;

	while ((first = list_take(&group->unsettled)))
		settle(container_of(first, struct task, unsettled));
}

void member_facts(struct task *task, unsigned facts)
{
	if (task->is_group) {
		group_member_look(task);
		if (facts & MEMBER_DONE)
			group_member_done(task);
	} else {
		if (facts & MEMBER_LOOK)
			loop_member_look(task);
		if (facts & MEMBER_HOOK)
			loop_member_hook(task);
	}
	member_settle(task);
}

void member_timer(struct task *task)
{
	if (!task->is_group)
		loop_member_timer(task);
	if (task->phase == PHASE_DOWN && task->failed && task->not_before_usec <= clock_now())
		member_forget(task); /* its cooldown is over */
	member_settle(task);
}

void member_hold(struct task *task, bool held)
{
	if (task->held == held)
		return;
	task->held = held;
	if (!task_is_down(task))
		task->parent->n_held_up += held ? 1 : -1u;
}

void member_hurry(struct task *task)
{
	if (task->is_group)
		mailbox_post(&group_of(task)->box, &group_of(task)->control, GROUP_HURRY);
	else if (task->phase == PHASE_ASKED)
		loop_member_kill(task);
}

static uint64_t cooldown(const struct task *task)
{
	const struct action *action =
		task->is_group ? &group_of((struct task *)task)->settings.exhausted_action
			       : &loop_of((struct task *)task)->settings.exhausted_action;

	return action->kind == ACTION_COOLDOWN ? action->usec : USEC_INFINITY;
}

void member_give_up(struct task *task, int giveup)
{
	switch (giveup) {
	case GIVEUP_DONE:
		task->done = true;
		break;
	case GIVEUP_VETO:
		task->vetoed = true;
		break;
	case GIVEUP_FAILED:
		task->failed = true;
		task->not_before_usec = USEC_INFINITY;
		break;
	case GIVEUP_COOLDOWN:
		task->failed = true;
		task->not_before_usec = usec_add(clock_now(), cooldown(task));
		break;
	case GIVEUP_RENEW:
		task->renew = true;
		break;
	default:
		break;
	}
}

void member_forget(struct task *task)
{
	if (task->phase == PHASE_STUCK) /* not as long as its tree lives */
		return;
	task->failed = task->vetoed = false;
	task->not_before_usec = 0;
	task->start_troubles = 0;
	if (task->phase == PHASE_DOWN)
		timers_set(&task->parent->timers, &task->timer, USEC_INFINITY);
	if (!task->is_group)
		budget_forget_backoff(&loop_of(task)->budget);
}
