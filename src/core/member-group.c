/* SPDX-License-Identifier: MIT */
/* A group as a member of another: the parent's order and the child's report, each one word,
 * compared by number. */
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
