/* SPDX-License-Identifier: MIT */
/*
 * A loop as a member: on_start → generation → ask → grace → kill → (abandon) → on_stop → down. The
 * controller's thread only.
 */
#include "core/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"
#include "core/failing.h"
#include "core/group.h"
#include "core/loop-hooks.h"
#include "core/loop-ways.h"
#include "core/root.h"

/* After the hard stop: how long a thread may take to end, and a process to die. */
#define THREAD_END_USEC  (1 * USEC_PER_SEC)
#define PROCESS_END_USEC (10 * USEC_PER_SEC)

static void set_timer(struct task *task, uint64_t when_usec)
{
	timers_set(&task->parent->timers, &task->timer, when_usec);
}

/* It could not be started now; the next attempt after wait. */
static void put_off(struct task *task, uint64_t wait_usec)
{
	struct gloop_loop *loop = loop_of(task);

	task->not_before_usec = usec_add(clock_now(), wait_usec);
	pthread_mutex_lock(&loop->lock);
	loop->next_start_realtime_usec = usec_add(clock_realtime(), wait_usec);
	pthread_mutex_unlock(&loop->lock);
	loop_set_state(loop, NULL, LOOP_BACKOFF);
	member_set_phase(task, PHASE_DOWN);
}

static void put_off_troubled(struct task *task, const char *what, int error)
{
	const struct loop_settings *settings = &loop_of(task)->settings;

	loop_trouble(loop_of(task), what, error);
	put_off(task, backoff_nth(settings->backoff_usec, settings->backoff_max_usec,
			      ++task->start_troubles));
}

static void watch_cycle(struct task *task)
{
	const struct loop_settings *settings = &loop_of(task)->settings;

	if (settings->type == LOOP_TYPE_MODULE && settings->cycle_timeout_usec != USEC_INFINITY)
		set_timer(task, usec_add(clock_now(), settings->cycle_timeout_usec));
}

static void begin_generation(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	int r;

	loop_note_absent(loop);
	member_set_phase(task, PHASE_UP);
	r = generation_start(loop, &loop->generation);
	if (r < 0) {
		put_off_troubled(task, "cannot make a thread", r);
		return;
	}
	task->start_troubles = 0;
	watch_cycle(task);
}

static void run_start_hook(struct task *task, const char *name, const struct command *command)
{
	struct gloop_loop *loop = loop_of(task);
	char what[32];
	int r;

	loop_set_state(loop, NULL, LOOP_STARTING);
	member_set_phase(task, PHASE_HOOK);
	r = hook_run(&task->hooks, name, command,
		loop_hook_environment(loop, loop->next_generation, 0, true),
		loop->settings.hook_timeout_usec, &task->parent->box, &task->letter, MEMBER_HOOK,
		&loop->start_hook);
	if (r >= 0)
		return;
	snprintf(what, sizeof(what), "cannot run %s", name);
	put_off_troubled(task, what, r);
}

static void start_opened(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	if (loop->settings.on_start.argv)
		run_start_hook(task, "on_start", &loop->settings.on_start);
	else
		begin_generation(task);
}

void loop_member_start(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	set_timer(task, USEC_INFINITY);
	loop->lived = true;
	loop->opened = loop->opened || !loop_ways(&loop->settings)->on_open.argv;
	if (loop->opened)
		start_opened(task);
	else
		run_start_hook(task, "on_open", &loop_ways(&loop->settings)->on_open);
}

void loop_member_call_off(struct task *task)
{
	hook_call_off(&task->hooks, loop_of(task)->start_hook);
	if (task->parent->hurry || task->parent->stop_overdue)
		hook_queue_cancel(&task->hooks);
}

/* It will not start again by itself. */
static bool leaves(const struct task *task)
{
	return !task->parent->running || !task->wanted || task->done || task->vetoed ||
	       task->failed;
}

/* A start need not wait for what only tells of something; who says that it is down must. */
static bool hooks_are_over(struct task *task)
{
	return leaves(task) ? hook_queue_idle(&task->hooks) : hook_queue_settled(&task->hooks);
}

void loop_member_rest(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	bool closing = leaves(task) && (!hook_queue_idle(&task->hooks) || loop_close_life(task));

	if (loop->state == LOOP_BACKOFF) { /* when down, only this thread changes it */
		set_timer(task, USEC_INFINITY);
		loop_set_state(loop, NULL, closing ? LOOP_STOPPING : LOOP_INACTIVE);
	}
	if (!closing)
		return;
	member_set_phase(task, PHASE_CLOSING);
	if (task->parent->hurry || task->parent->stop_overdue)
		hook_queue_cancel(&task->hooks);
}

static void publish_outcome(struct gloop_loop *loop, const char *outcome)
{
	pthread_mutex_lock(&loop->lock);
	loop->outcome = outcome;
	loop->ready = false;
	loop->pid = 0;
	pthread_mutex_unlock(&loop->lock);
}

static void is_down(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	set_timer(task, USEC_INFINITY);
	task->hard = false;
	if (task->done)
		loop_set_state(loop, NULL, LOOP_DONE);
	else if (task->failed)
		loop_set_state(loop, NULL, LOOP_FAILED);
	else
		loop_set_state(loop, NULL, LOOP_INACTIVE);
	member_set_phase(task, PHASE_DOWN);
}

static void note_veto(struct gloop_loop *loop)
{
	static const char text[] = "vetoed by on_start";

	loop_set_note(loop, "%s", text);
	loop_event(loop, NULL, &(struct event){ .type = EVENT_NOTE, .text = text });
}

static void start_hook_failed(struct task *task, const char *name, int status, const char *message)
{
	struct gloop_loop *loop = loop_of(task);
	struct failure failure;

	failure_set(&failure, FAILURE_HOOK, status, "%s: %s", name, message ?: "failed");
	loop_fail(loop, NULL, &failure, false);
	if (task->failed)
		is_down(task);
	else
		put_off(task,
			budget_backoff(&loop->budget, &loop->settings, (uint32_t)clock_now()));
}

static void start_hook_ended(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	bool opening = !loop->opened;
	const struct command *command =
		opening ? &loop_ways(&loop->settings)->on_open : &loop->settings.on_start;
	_cleanup_free_ char *message = NULL;
	int status;

	if (!hook_take(&task->hooks, &loop->start_hook, &status, &message))
		return;
	loop->opened = status == 0 || !opening || (command->ignore_failure && status != -ECANCELED);
	if (!task_should_run(task) || status == -ECANCELED) {
		is_down(task); /* called off; if it is wanted again meanwhile it starts anew */
	} else if (status == 0 || command->ignore_failure) {
		if (opening)
			start_opened(task);
		else
			begin_generation(task);
	} else if (status == HOOK_EXIT_VETO && !opening) {
		member_give_up(task, GIVEUP_VETO);
		publish_outcome(loop, "vetoed");
		note_veto(loop);
		is_down(task);
	} else {
		start_hook_failed(task, opening ? "on_open" : "on_start", status, message);
	}
}

/* The generation is over, or given up: on_stop, then down. */
static void close_generation(struct task *task, const char *outcome)
{
	struct gloop_loop *loop = loop_of(task);
	struct generation *generation = loop->generation;
	bool due =
		atomic_exchange(&generation->stop_hook_due, false) && loop->settings.on_stop.argv;
	int r;

	publish_outcome(loop, outcome);
	budget_unhealthy(&loop->budget, &loop->settings, clock_now());
	task->ready = false;
	set_timer(task, USEC_INFINITY);
	if (due) {
		r = hook_run(&task->hooks, "on_stop", &loop->settings.on_stop,
			loop_hook_environment(
				loop, generation->number, atomic_load(&generation->cycle), false),
			loop->settings.hook_timeout_usec, NULL, NULL, 0, NULL);
		if (r < 0)
			loop_trouble(loop, "cannot run on_stop", r);
	}
	loop->generation = generation_unref(generation);
	hook_call_off(&task->hooks, loop->reload_hook);
	if (hooks_are_over(task)) {
		is_down(task);
	} else {
		loop_set_state(loop, NULL, LOOP_STOPPING);
		member_set_phase(task, PHASE_CLOSING);
	}
}

static const char *outcome_of(const struct task *task)
{
	if (task->done)
		return "done";
	if (task->vetoed)
		return "vetoed";
	return atomic_load(&loop_of((struct task *)task)->generation->tripped) ? "failed"
									       : "stopped";
}

void loop_member_hook(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	loop_see_ways(loop);
	if (task->phase == PHASE_HOOK && loop->start_hook)
		start_hook_ended(task);
	else if (task->phase == PHASE_CLOSING && hooks_are_over(task))
		is_down(task);
}

static void act_done(struct task *task)
{
	const struct action *action = &loop_of(task)->settings.done_action;

	if (task->phase != PHASE_UP || task->held || !task->wanted || !task->parent->running)
		return; /* a stop or a reset is under way already */
	if (action->kind == ACTION_EXIT)
		tree_exit(task->tree, action->status, task->name);
	else if (action->kind == ACTION_STOP_GROUP)
		group_done_by(task->parent, task->name);
}

static void see_giveup(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	int giveup = atomic_load(&loop->generation->giveup);

	if (giveup == GIVEUP_NONE || giveup == GIVEUP_ACTED)
		return;
	atomic_store(&loop->generation->giveup, GIVEUP_ACTED);
	member_give_up(task, giveup);
	if (giveup == GIVEUP_RENEW)
		task->not_before_usec = usec_add(clock_now(),
			budget_backoff(&loop->budget, &loop->settings, (uint32_t)clock_now()));
	if (giveup == GIVEUP_RENEW || giveup == GIVEUP_FAILED || giveup == GIVEUP_COOLDOWN)
		atomic_store(&loop->generation->tripped, true);
	if (giveup == GIVEUP_VETO)
		note_veto(loop);
	if (giveup == GIVEUP_DONE)
		act_done(task);
}

void loop_member_look(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	if (!loop->generation)
		return;
	see_giveup(task);
	task->ready = atomic_load(&loop->generation->ready);
	if (task->phase == PHASE_UP && task->timer.when_usec == USEC_INFINITY)
		watch_cycle(task);
	if (atomic_load(&loop->generation->fate) == FATE_ENDED)
		close_generation(task, outcome_of(task));
}

void loop_member_ask(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	member_set_phase(task, PHASE_ASKED);
	generation_stop(loop->generation); /* from here on the thread says nothing more about the
					      loop's state */
	loop_set_state(loop, NULL, LOOP_STOPPING);
	budget_unhealthy(&loop->budget, &loop->settings, clock_now());
	if (task->hard || task->parent->hurry || task->parent->stop_overdue ||
		loop->settings.grace_period_usec == 0) {
		loop_member_kill(task);
		return;
	}
	loop_ask(loop);
	set_timer(task, usec_add(clock_now(), loop->settings.grace_period_usec));
}

void loop_member_kill(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);

	member_set_phase(task, PHASE_KILLED);
	hook_call_off(&task->hooks, loop->stop_hook);
	loop->kill_since_usec = clock_now();
	loop_event(loop, loop->generation, &(struct event){ .type = EVENT_HARD });
	loop->ops->kill(loop->generation);
	set_timer(task, usec_add(loop->kill_since_usec, THREAD_END_USEC));
}

static void abandon(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	bool within =
		tree_abandon(task->tree); /* counted first: who comes back finds itself counted */

	if (!generation_condemn(loop->generation)) {
		tree_abandoned_returned(
			task->tree); /* it has just ended: its letter is on the way */
		return;
	}
	tree_set_aside(task->tree, loop->generation);
	loop_event(loop, loop->generation, &(struct event){ .type = EVENT_HARD, .value = 1 });
	if (!within) {
		task->failed = true;
		task->not_before_usec = USEC_INFINITY;
		loop_set_note(loop, "too many abandoned threads");
		tree_exhausted(task->tree, task->name);
	}
	close_generation(task, "abandoned");
}

static void unkillable(struct task *task, const char *who)
{
	struct gloop_loop *loop = loop_of(task);
	char text[120];

	snprintf(text, sizeof(text), "cannot be killed: %s", who);
	loop_set_note(loop, "%s", text);
	loop_event(loop, loop->generation, &(struct event){ .type = EVENT_TROUBLE, .text = text });
	task->failed = true;
	task->not_before_usec = USEC_INFINITY;
	tree_set_aside(task->tree, loop->generation);
	loop_set_state(loop, NULL, LOOP_FAILED);
	member_set_phase(task, PHASE_STUCK);
}

static void killed_timer(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	uint64_t now = clock_now();
	char who[80];

	if (!loop->ops->alive || !loop->ops->alive(loop->generation, who, sizeof(who))) {
		abandon(task);
	} else if (now >= loop->kill_since_usec + PROCESS_END_USEC) {
		unkillable(task, who);
	} else {
		loop->ops->kill(loop->generation);
		set_timer(task, now + THREAD_END_USEC);
	}
}

/* A module's cycle cannot be ended alone: when it is overdue the failure is counted here, and the
 * generation renewed. */
static void cycle_timer(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	uint64_t begin = atomic_load(&loop->generation->cycle_begin_usec);
	uint64_t timeout = loop->settings.cycle_timeout_usec;
	struct failure failure;
	char span[64];

	if (timeout == USEC_INFINITY || loop->settings.type != LOOP_TYPE_MODULE)
		return;
	if (begin == 0) {
		atomic_store(&loop->generation->lapsed, true);
		begin = atomic_load(
			&loop->generation
				 ->cycle_begin_usec); /* it may have begun meanwhile, unseen */
	}
	if (begin == 0 || usec_add(begin, timeout) > clock_now()) {
		set_timer(task, begin ? usec_add(begin, timeout) : USEC_INFINITY);
		return;
	}
	failure_set(&failure, FAILURE_CYCLE_TIMEOUT, 0, "the cycle took longer than %s",
		timespan_format(timeout, span, sizeof(span)));
	loop_fail(loop, loop->generation, &failure, false);
	generation_renew(loop->generation);
	loop_member_look(task);
}

/* Its process has asked for more time. */
static bool grace_extended(struct task *task)
{
	uint64_t until = atomic_load(&loop_of(task)->generation->stop_until_usec);

	if (until <= clock_now())
		return false;
	set_timer(task, until);
	return true;
}

void loop_member_timer(struct task *task)
{
	if (task->phase == PHASE_ASKED && !grace_extended(task))
		loop_member_kill(task);
	else if (task->phase == PHASE_KILLED)
		killed_timer(task);
	else if (task->phase == PHASE_UP)
		cycle_timer(task);
}

void loop_member_publish(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	bool aside = task->done || task->vetoed, changed;

	pthread_mutex_lock(&loop->lock);
	changed = loop->wanted != task->wanted || loop->failed != task->failed ||
		  loop->aside != aside;
	loop->wanted = task->wanted;
	loop->failed = task->failed;
	loop->aside = aside;
	pthread_mutex_unlock(&loop->lock);
	if (changed)
		loop_event(loop, NULL, &(struct event){ .type = EVENT_CHANGED });
}
