/* SPDX-License-Identifier: MIT */
/*
 * What calls ask of a controller. The operator's wish is noted in the member's flags at once; the
 * answer comes when the member has got there, or cannot get there any more. Every call is answered
 * exactly once.
 */
#include "core/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/failing.h"
#include "core/group.h"
#include "core/loop-ways.h"
#include "core/loop.h"
#include "core/request.h"
#include "core/reset.h"
#include "core/root.h"

static void answer(struct call *call, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void answer(struct call *call, int result, const char *format, ...)
{
	va_list arguments;

	list_remove(&call->waiting);
	call->result = result;
	va_start(arguments, format);
	vsnprintf(call->message, sizeof(call->message), format, arguments);
	va_end(arguments);
	call->answered(call);
}

/* How often it was started: a restart is answered by a later run only. */
static uint64_t run_number(struct task *task)
{
	return task->is_group ? atomic_load(&group_of(task)->order) >> ORDER_BITS
			      : loop_of(task)->next_generation;
}

static void note_wish(struct task *task, const struct call *call, const char *wish)
{
	const char *colon = *call->reason ? ": " : "";

	if (task->is_group)
		group_set_note(
			group_of(task), "%s by uid %u%s%s", wish, call->uid, colon, call->reason);
	else
		loop_set_note(
			loop_of(task), "%s by uid %u%s%s", wish, call->uid, colon, call->reason);
}

static void clear_note(struct task *task)
{
	if (task->is_group)
		group_set_note(group_of(task), "%s", "");
	else
		loop_set_note(loop_of(task), "%s", "");
}

static void answer_failed(struct task *task, struct call *call)
{
	struct failure last;

	if (task->is_group)
		answer(call, -EIO, "has failed");
	else if (loop_failures_copy(loop_of(task), &last, 1) > 0)
		answer(call, -EIO, "has failed: %s", last.reason);
	else
		answer(call, -EIO, "has failed");
}

static void try_answer_stop(struct task *task, struct call *call)
{
	if (task->phase == PHASE_STUCK)
		answer(call, -EIO, "cannot be killed");
	else if (task->wanted)
		answer(call, -ECANCELED, "was started again");
	else if (task->phase == PHASE_DOWN)
		answer(call, 0, "%s", "");
}

static void try_answer_start(struct task *task, struct call *call)
{
	bool later = run_number(task) > call->after_run;

	if (!task->wanted || !task->parent->running)
		answer(call, -ECANCELED, task->wanted ? "its group was stopped" : "was stopped");
	else if (task->vetoed)
		answer(call, -EPERM, "vetoed by on_start");
	else if (task->failed && task_is_down(task))
		answer_failed(task, call);
	else if (later && task->done)
		answer(call, 0, "%s", "");
	else if (later && task->ready && task->phase == PHASE_UP && !task->renew)
		answer(call, 0, "%s", "");
}

void request_member_changed(struct task *task)
{
	list_for_each_safe (link, &task->calls) {
		struct call *call = container_of(link, struct call, waiting);

		if (call->op == CALL_RELOAD)
			continue;
		if (call->op == CALL_STOP)
			try_answer_stop(task, call);
		else
			try_answer_start(task, call);
	}
}

/* Accepted: answered now, or when it is done. */
static void accept(struct call *call, struct list *calls)
{
	if (call->oneway)
		answer(call, 0, "%s", "");
	else
		list_append(calls, &call->waiting);
}

static bool refuse_in_stopped_group(struct task *task, struct call *call)
{
	struct gloop_group *group = task->parent;
	const char *name = group->task.name;

	if (group->running)
		return false;
	if (group_is_root(group))
		answer(call, -EPERM, "the daemon is stopping");
	else if (group->exhausted || group->state == GROUP_FAILED)
		answer(call, -EPERM, "group %s has failed: start %s", name, name);
	else
		answer(call, -EPERM, "group %s is stopped: start %s", name, name);
	return true;
}

static bool refuse_stuck(struct task *task, struct call *call)
{
	if (task->phase != PHASE_STUCK)
		return false;
	answer(call, -EIO, "cannot be killed, and is not started again while it lives");
	return true;
}

static void start(struct task *task, struct call *call)
{
	bool up = task->phase == PHASE_UP && !task->renew && !task->failed;

	if (refuse_stuck(task, call))
		return;
	task->wanted = true;
	member_publish(task);
	clear_note(task);
	if (refuse_in_stopped_group(task, call))
		return;
	call->after_run = run_number(task) - up;
	if (!up) {
		member_forget(task);
		task->done = false;
		task->fresh = true;
	}
	accept(call, &task->calls);
	member_settle(task);
}

/* What lies there inactive, failed, done or in backoff is just inactive now. */
static void settle_stopped(struct task *task)
{
	if (task->phase == PHASE_STUCK)
		return;
	member_forget(task);
	task->done = false;
	if (task->phase != PHASE_DOWN)
		return;
	if (task->is_group)
		group_member_clear(task);
	else if (loop_of(task)->state != LOOP_INACTIVE)
		loop_set_state(loop_of(task), NULL, LOOP_INACTIVE);
}

static void stop(struct task *task, struct call *call)
{
	task->wanted = task->renew = false;
	note_wish(task, call, "stopped");
	accept(call, &task->calls);
	settle_stopped(task);
	member_settle(task);
}

static void restart(struct task *task, struct call *call, bool hard)
{
	if (hard && task->phase == PHASE_DOWN && !task->wanted) {
		answer(call, 0, "does not run: nothing to reset");
		return;
	}
	if (refuse_stuck(task, call))
		return;
	task->wanted = true;
	member_publish(task);
	if (refuse_in_stopped_group(task, call))
		return;
	clear_note(task);
	member_forget(task);
	task->done = false;
	task->fresh = true;
	task->renew = !task_is_down(task) && task->phase != PHASE_HOOK;
	task->hard = hard && task->renew;
	call->after_run = run_number(task);
	accept(call, &task->calls);
	member_settle(task);
}

static void send_signal(struct task *task, struct call *call)
{
	struct gloop_loop *loop = task_loop(task);
	int r;

	if (!loop || !loop->ops->signal) {
		answer(call, -EINVAL, "is not a command: it has no process");
		return;
	}
	r = loop->generation ? loop->ops->signal(loop->generation, call->signal) : -ESRCH;
	if (r == -ESRCH)
		answer(call, r, "has no process");
	else if (r < 0)
		answer(call, r, "cannot be signalled: %s", strerror(-r));
	else
		answer(call, 0, "%s", "");
}

static void reload(struct task *task, struct call *call)
{
	struct gloop_loop *loop = task_loop(task);
	bool later;
	int r;

	if (!loop) {
		answer(call, -EINVAL, "is a group: it is loops that can be reloaded");
		return;
	}
	r = loop_reload(loop, &later);
	if (r == -EOPNOTSUPP)
		answer(call, r, "has neither reload_signal nor reload_command");
	else if (r == -ESRCH)
		answer(call, r, "has no process");
	else if (r == -EALREADY)
		answer(call, r, "is being reloaded already");
	else if (r < 0)
		answer(call, r, "cannot be reloaded: %s", strerror(-r));
	else if (later)
		accept(call, &task->calls);
	else
		answer(call, 0, "%s", "");
}

void request_reloaded(struct task *task, int status, const char *message)
{
	list_for_each_safe (link, &task->calls) {
		struct call *call = container_of(link, struct call, waiting);

		if (call->op != CALL_RELOAD)
			continue;
		if (status == 0)
			answer(call, 0, "%s", "");
		else if (status == -ECANCELED)
			answer(call, status, "was stopped meanwhile");
		else
			answer(call, -EIO, "reload_command: %s", message ? message : "failed");
	}
}

static void fail(struct task *task, struct call *call)
{
	static const char *const answers[] = {
		[FAILING_COUNTED] = "counted",
		[FAILING_TRIPPED] = "tripped",
		[FAILING_NOTED] = "noted, it is being stopped already",
	};
	struct gloop_loop *loop = task_loop(task);
	struct failure failure;
	enum failing failing;

	if (!loop) {
		answer(call, -EINVAL, "is a group: failures are a loop's");
		return;
	}
	failure_set(&failure, FAILURE_EXPLICIT, 0, "%s",
		*call->reason ? call->reason : "reported by an operator");
	failing = loop_fail(loop, loop->generation, &failure, call->trip);
	if (loop->generation)
		loop_member_look(task);
	else if (task->failed && loop->state != LOOP_FAILED)
		loop_set_state(loop, NULL, LOOP_FAILED);
	answer(call, 0, "%s", answers[failing]);
	member_settle(task);
}

static void forgive_member(struct task *task)
{
	struct gloop_loop *loop = task_loop(task);
	bool failed = task->failed;

	if (task->phase == PHASE_STUCK)
		return;
	if (loop) {
		budget_forgive(&loop->budget);
		pthread_mutex_lock(&loop->lock);
		loop->ignored_trip = false;
		pthread_mutex_unlock(&loop->lock);
	}
	member_forget(task);
	if (failed && task->phase == PHASE_DOWN) {
		if (loop)
			loop_set_state(loop, NULL, LOOP_INACTIVE);
		else
			group_member_clear(task);
	}
	task->fresh = failed;
	member_settle(task);
}

/* Of a group: first its own controller, for members and resets; then its parent's, for its being
 * failed. */
static void forgive(struct gloop_group *group, struct call *call)
{
	if (call->target->is_group && group == group_of(call->target)) {
		reset_budget_empty(&group->budget);
		for (unsigned i = 0; i < group->n_members; i++)
			forgive_member(group->members[i]);
		mailbox_post(&group->task.parent->box, &call->letter, CALL_FACT);
		return;
	}
	forgive_member(call->target);
	answer(call, 0, "%s", "");
}

static void reset_by_hand(struct gloop_group *group, struct call *call)
{
	struct failure failure;

	if (!group->running) {
		answer(call, -EPERM, "is %s: start %s",
			group->state == GROUP_FAILED ? "failed" : "stopped", group->task.name);
		return;
	}
	failure_set(&failure, FAILURE_EXPLICIT, 0, "reset by uid %u%s%s", call->uid,
		*call->reason ? ": " : "", call->reason);
	group->reset_hard = call->op == CALL_HARD_RESET;
	light_red_by_hand(group, &failure);
	accept(call, &group->calls);
	reset_handle_red(group);
}

void request_group_settled(struct gloop_group *group)
{
	list_for_each_safe (link, &group->calls) {
		struct call *call = container_of(link, struct call, waiting);

		if (group->exhausted)
			answer(call, -EIO, "is exhausted");
		else if (!group->running)
			answer(call, -ECANCELED, "was stopped");
		else if (group->reset_phase == RESET_NONE && group->state == GROUP_RUNNING)
			answer(call, 0, "%s", "");
	}
}

void requests_refuse(struct gloop_group *group)
{
	struct letter *letter;
	unsigned facts;

	for (unsigned i = 0; i < group->n_members; i++)
		list_for_each_safe (link, &group->members[i]->calls)
			answer(container_of(link, struct call, waiting), -ESHUTDOWN,
				"everything is stopped");
	list_for_each_safe (link, &group->calls)
		answer(container_of(link, struct call, waiting), -ESHUTDOWN,
			"everything is stopped");
	while ((letter = mailbox_wait(&group->box, 0, &facts)))
		if (facts & CALL_FACT)
			answer(container_of(letter, struct call, letter), -ESHUTDOWN,
				"everything is stopped");
}

void request_handle(struct gloop_group *group, struct call *call)
{
	switch (call->op) {
	case CALL_START:
		start(call->target, call);
		break;
	case CALL_STOP:
		stop(call->target, call);
		break;
	case CALL_RESTART:
		restart(call->target, call, false);
		break;
	case CALL_HARD_RESET:
		if (call->target->is_group)
			reset_by_hand(group, call);
		else
			restart(call->target, call, true);
		break;
	case CALL_RESET:
		reset_by_hand(group, call);
		break;
	case CALL_KILL:
		send_signal(call->target, call);
		break;
	case CALL_RELOAD:
		reload(call->target, call);
		break;
	case CALL_FAIL:
		fail(call->target, call);
		break;
	case CALL_FORGIVE:
		forgive(group, call);
		break;
	}
}
