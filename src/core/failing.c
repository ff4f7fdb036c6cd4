/* SPDX-License-Identifier: MIT */
/*
 * From a failure to its consequence: noted, counted, or a trip and what the loop does about it. Any
 * thread may come here with a failure; the budget tells exactly one of them "trip".
 */
#include "core/failing.h"

#include <stdio.h>

#include "base/clock.h"
#include "core/group.h"
#include "core/loop-hooks.h"
#include "core/loop.h"
#include "core/root.h"

bool generation_suspended(const struct generation *generation)
{
	return atomic_load_explicit(&generation->loop->task.suspended_turn, memory_order_acquire) >
	       generation->birth_turn;
}

static void report(
	struct gloop_loop *loop, struct generation *generation, const struct failure *failure)
{
	loop_event(loop, generation,
		&(struct event){ .type = EVENT_FAILURE,
			.failure = failure,
			.counted = failure->nth > 0,
			.cycle = failure->cycle,
			.value = failure->nth });
}

static void give_up(struct gloop_loop *loop, struct generation *generation, enum giveup giveup)
{
	if (generation)
		generation_give_up(generation, giveup);
	else
		member_give_up(&loop->task,
			giveup); /* no thread of it lives: the caller is its controller */
}

static void escalate(
	struct gloop_loop *loop, struct generation *generation, const struct failure *failure)
{
	char throughline[128];

	if (group_is_root(loop->task.parent)) {
		give_up(loop, generation, GIVEUP_FAILED);
		tree_exhausted(loop->task.tree, loop->task.name);
		return;
	}
	loop_throughline(
		loop, failure->generation, failure->cycle, throughline, sizeof(throughline));
	light_red(loop->task.parent, &loop->task,
		generation ? generation->birth_turn : loop->task.parent->handled_turn, failure,
		throughline, NULL);
}

static void trip(
	struct gloop_loop *loop, struct generation *generation, const struct failure *failure)
{
	const struct action *action = &loop->settings.exhausted_action;

	pthread_mutex_lock(&loop->lock);
	loop->trips++;
	if (generation)
		atomic_store(&generation->tripped, true);
	loop->ignored_trip = action->kind == ACTION_IGNORE;
	pthread_mutex_unlock(&loop->lock);
	loop_event(loop, generation,
		&(struct event){ .type = EVENT_TRIP, .failure = failure, .cycle = failure->cycle });

	switch (action->kind) {
	case ACTION_ESCALATE:
		escalate(loop, generation, failure);
		break;
	case ACTION_STAY:
		give_up(loop, generation, GIVEUP_FAILED);
		break;
	case ACTION_COOLDOWN:
		give_up(loop, generation, GIVEUP_COOLDOWN);
		break;
	case ACTION_EXIT:
		give_up(loop, generation, GIVEUP_FAILED);
		tree_exit(loop->task.tree, action->status, loop->task.name);
		break;
	case ACTION_IGNORE:
		if (loop->settings.stop_on_failure)
			give_up(loop, generation, GIVEUP_FAILED);
		break;
	case ACTION_STOP_GROUP: /* of those that are done */
		break;
	}
}

/* With stop_on_failure the loop stops itself before anything else is done (SL-48); the controller
 * learns the rest. */
static void stop_itself(struct gloop_loop *loop, struct generation *generation)
{
	if (generation && loop->settings.stop_on_failure)
		loop->ops->ask(generation);
}

/* false: it does not count, for its generation is being stopped or was given up. Under the lock
 * that a stop takes, too. */
static bool count(struct gloop_loop *loop, struct generation *generation, struct failure *failure,
	bool use_up, enum verdict *ret)
{
	bool counts;

	pthread_mutex_lock(&loop->lock);
	counts = generation
			 ? !(generation_condemned(generation) || generation_stopped(generation) ||
				   generation_suspended(generation))
			 : !loop->task.held && loop->task.phase != PHASE_CLOSING;
	if (counts && use_up)
		budget_trip(&loop->budget, &loop->settings, failure, clock_now());
	else if (counts)
		*ret = budget_fail(&loop->budget, &loop->settings, failure, clock_now());
	if (counts) {
		failure->nth = *ret == VERDICT_TRIP ? budget_trip_failures(&loop->budget)
						    : budget_failures(&loop->budget);
		failure->of = loop->settings.max_loop_failures;
	}
	pthread_mutex_unlock(&loop->lock);
	return counts;
}

enum failing loop_fail(struct gloop_loop *loop, struct generation *generation,
	const struct failure *failure, bool use_up)
{
	struct failure stamped = *failure;
	enum verdict verdict = VERDICT_TRIP;

	stamped.generation = generation ? generation->number : loop->number;
	stamped.cycle = generation ? atomic_load(&generation->cycle) : 0;
	if (!count(loop, generation, &stamped, use_up, &verdict)) {
		if (generation && generation_condemned(generation))
			return FAILING_NOTED;
		light_attach(loop->task.parent, &loop->task, &stamped);
		report(loop, generation, &stamped);
		return FAILING_NOTED;
	}
	loop_record(loop, &stamped);
	report(loop, generation, &stamped);
	loop_tell_failure(loop, &stamped);
	switch (verdict) {
	case VERDICT_WITHIN:
		return FAILING_COUNTED;
	case VERDICT_FATAL:
		give_up(loop, generation, GIVEUP_FAILED);
		if (group_is_root(loop->task.parent))
			tree_exhausted(loop->task.tree, loop->task.name);
		return FAILING_TRIPPED;
	case VERDICT_TRIP:
		stop_itself(loop, generation);
		trip(loop, generation, &stamped);
		return FAILING_TRIPPED;
	}
	return FAILING_COUNTED;
}
