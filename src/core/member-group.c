/* SPDX-License-Identifier: MIT */
/* A group as a member of another: the parent's order and the child's report, each one word,
 * compared by number. */
#include <stdio.h>

#include "core/group.h"
#include "core/loop.h"
#include "core/root.h"

static void give_order(struct gloop_group *child, uint64_t order)
{
	atomic_store(&child->order, order);
	mailbox_post(&child->box, &child->control, GROUP_ORDER);
}

void group_member_start(struct task *task)
{
	struct gloop_group *child = group_of(task);
	uint64_t number = (atomic_load(&child->order) >> ORDER_BITS) + 1;

	timers_set(&task->parent->timers, &task->timer, USEC_INFINITY);
	member_set_phase(task, PHASE_UP);
	atomic_store(&child->parent_turn, task->parent->handled_turn);
	give_order(child, number << ORDER_BITS | ORDER_RUN | (task->fresh ? ORDER_BY_HAND : 0));
	task->fresh = false;
}

void group_member_ask(struct task *task)
{
	struct gloop_group *child = group_of(task);
	uint64_t order = atomic_load(&child->order);
	bool by_hand = !task->wanted || (group_is_root(task->parent) && !task->parent->running);

	member_set_phase(task, PHASE_ASKED);
	give_order(child, (order & ~(uint64_t)ORDER_RUN & ~(uint64_t)ORDER_BY_HAND) |
				  (by_hand ? ORDER_BY_HAND : 0));
	if (task->hard || task->parent->hurry || task->parent->stop_overdue)
		member_hurry(task);
}

void group_member_close(struct task *task)
{
	if (task->closed || task->parent->running || !atomic_load(&task->tree->ending))
		return;
	task->closed = true;
	member_set_phase(task, PHASE_ASKED);
	mailbox_post(&group_of(task)->box, &group_of(task)->control, GROUP_CLOSE);
}

/* Nothing of it runs: a failed one is plainly inactive again. */
void group_member_clear(struct task *task)
{
	struct gloop_group *child = group_of(task);

	give_order(child, (atomic_load(&child->order) & ~(uint64_t)ORDER_RUN) | ORDER_BY_HAND);
}

void group_member_look(struct task *task)
{
	struct gloop_group *child = group_of(task);
	uint64_t report = atomic_load(&child->report);

	if (report >> REPORT_BITS != atomic_load(&child->order) >> ORDER_BITS)
		return; /* of an earlier start */
	task->ready = report & REPORT_READY;
	task->lame = report & REPORT_LAME;
	if (task->closed && report & REPORT_CLOSED && task->phase == PHASE_ASKED)
		member_set_phase(task, PHASE_DOWN);
	if (!(report & REPORT_DOWN) || task->closed || task_is_down(task))
		return;
	if (task->phase == PHASE_UP && report & REPORT_FAILED) {
		const struct action *action = &child->settings.exhausted_action;

		member_give_up(
			task, action->kind == ACTION_COOLDOWN ? GIVEUP_COOLDOWN : GIVEUP_FAILED);
		member_set_phase(task, PHASE_DOWN);
	} else if (task->phase == PHASE_ASKED && !(report & REPORT_FAILED)) {
		task->hard = false;
		member_set_phase(task, PHASE_DOWN);
	}
}

/* By the child's controller. */
void group_done_by(struct gloop_group *group, const char *name)
{
	if (group_is_root(group))
		return;
	atomic_store(&group->done_name, name);
	atomic_store(&group->done_number, atomic_load(&group->order) >> ORDER_BITS);
	mailbox_post(&group->task.parent->box, &group->task.letter, MEMBER_DONE);
}

/* As an operator's stop, unless an operator was there before: it has been started anew since then,
 * or is about to be. */
void group_member_done(struct task *task)
{
	struct gloop_group *child = group_of(task);
	char text[80];

	if (atomic_load(&child->done_number) != atomic_load(&child->order) >> ORDER_BITS ||
		task->phase != PHASE_UP || !task->wanted || task->renew)
		return;
	task->wanted = false;
	snprintf(text, sizeof(text), "stopped: %s is done", atomic_load(&child->done_name));
	group_set_note(child, "%s", text);
	group_event(child, &(struct event){ .type = EVENT_NOTE, .text = text });
}

void group_member_publish(struct task *task)
{
	struct gloop_group *child = group_of(task);
	bool changed;

	pthread_mutex_lock(&child->lock);
	changed = child->wanted != task->wanted;
	child->wanted = task->wanted;
	pthread_mutex_unlock(&child->lock);
	if (changed)
		group_event(child, &(struct event){ .type = EVENT_CHANGED });
}
