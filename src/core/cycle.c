/* SPDX-License-Identifier: MIT */
/*
 * What a loop's thread does: one cycle after the other, and what follows from each one's end. All
 * types of loops run through here.
 *
 *   start → ( on_start of a service's later processes → cycle → verdict → pause until the next slot
 * or backoff )* → stop
 *
 * A generation whose light went red parks: it starts nothing more and waits for the controller, who
 * is on its way.
 */
#include "core/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/failing.h"
#include "core/group.h"
#include "core/root.h"

enum next {
	NEXT_CYCLE, /* after the wait */
	NEXT_PARK,  /* the controller decides */
	NEXT_END,
};

static void publish_backoff(struct generation *generation, uint64_t wait_usec)
{
	struct gloop_loop *loop = generation->loop;

	pthread_mutex_lock(&loop->lock);
	loop->next_start_realtime_usec = usec_add(clock_realtime(), wait_usec);
	pthread_mutex_unlock(&loop->lock);
	loop_set_state(loop, generation, LOOP_BACKOFF);
}

static uint32_t any_number(void)
{
	static atomic_uint_fast32_t seed = 2463534242;
	uint32_t x = (uint32_t)atomic_load_explicit(&seed, memory_order_relaxed);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	atomic_store_explicit(&seed, x, memory_order_relaxed);
	return x;
}

/* The start of the next cycle: its slot, or after the backoff, where that is later. */
static uint64_t next_slot(const struct generation *generation, uint64_t begin_usec)
{
	uint64_t interval = generation->loop->settings.interval_usec;

	return interval == USEC_INFINITY ? 0 : usec_add(begin_usec, interval);
}

static void succeeded(struct generation *generation)
{
	struct gloop_loop *loop = generation->loop;

	generation->troubles = 0;
	generation_healthy(generation, SUCCESS_CYCLE);
	if (loop->settings.ready.kind == READY_CYCLE)
		generation_set_ready(generation, true);
}

static enum next backed_off(struct generation *generation, uint64_t begin_usec,
	uint64_t backoff_usec, uint64_t *ret_until)
{
	uint64_t now = clock_now();
	uint64_t slot = next_slot(generation, begin_usec);

	*ret_until = MAX(slot, usec_add(now, backoff_usec));
	if (*ret_until > now)
		publish_backoff(generation, *ret_until - now);
	return NEXT_CYCLE;
}

/* A service that is down is not ready; what runs in cycles stays as ready as it was. */
static void failed_readiness(struct generation *generation)
{
	enum loop_type type = generation->loop->settings.type;

	if (type == LOOP_TYPE_SERVICE || type == LOOP_TYPE_ONESHOT)
		generation_set_ready(generation, false);
}

static enum next failed(struct generation *generation, const struct failure *failure,
	uint64_t begin_usec, uint64_t *ret_until)
{
	struct gloop_loop *loop = generation->loop;
	enum failing failing = loop_fail(loop, generation, failure, false);

	failed_readiness(generation);
	if (failing == FAILING_NOTED || atomic_load(&generation->giveup) != GIVEUP_NONE ||
		generation_suspended(generation))
		return NEXT_PARK;
	return backed_off(generation, begin_usec,
		budget_backoff(&loop->budget, &loop->settings, any_number()), ret_until);
}

/* The daemon could not carry it out: no descriptor, memory, process. Said, retried, never counted.
 */
static enum next troubled(struct generation *generation, const struct failure *failure,
	uint64_t begin_usec, uint64_t *ret_until)
{
	struct gloop_loop *loop = generation->loop;
	const struct loop_settings *settings = &loop->settings;

	loop_event(loop, generation,
		&(struct event){ .type = EVENT_TROUBLE, .text = failure->reason });
	generation->troubles++;
	failed_readiness(generation);
	return backed_off(generation, begin_usec,
		backoff_nth(
			settings->backoff_usec, settings->backoff_max_usec, generation->troubles),
		ret_until);
}

static enum next after_cycle(struct generation *generation, enum cycle_result result,
	struct failure *failure, uint64_t begin_usec, uint64_t *ret_until)
{
	switch (result) {
	case CYCLE_AGAIN:
		succeeded(generation);
		*ret_until = next_slot(generation, begin_usec);
		return NEXT_CYCLE;
	case CYCLE_DONE:
		succeeded(generation);
		(void)generation_decide(generation, GIVEUP_DONE);
		return NEXT_END;
	case CYCLE_FAILED:
		return failed(generation, failure, begin_usec, ret_until);
	case CYCLE_TROUBLE:
		return troubled(generation, failure, begin_usec, ret_until);
	case CYCLE_ENDED:
		break;
	}
	return NEXT_END;
}

/* Runs a hook of a service's process and waits for its end. -ECANCELED: asked to stop meanwhile;
 * -errno: it could not be run. */
static int run_hook(struct generation *generation, const char *name, const struct command *command,
	int *ret_status, char **ret_message)
{
	struct gloop_loop *loop = generation->loop;
	struct hook *hook = NULL;
	int r;

	r = hook_run(&loop->task.hooks, name, command,
		loop_hook_environment(loop, generation->number, atomic_load(&generation->cycle),
			command == &loop->settings.on_start),
		loop->settings.hook_timeout_usec, &generation->box, &generation->control,
		GENERATION_HOOK, &hook);
	if (r < 0)
		return r;
	while (!hook_take(&loop->task.hooks, &hook, ret_status, ret_message)) {
		unsigned facts;
		bool stopped;

		generation_wait(generation, USEC_INFINITY, &facts, &stopped);
		if (generation_stopped(generation)) {
			hook_drop(&loop->task.hooks, &hook);
			return -ECANCELED;
		}
	}
	return 0;
}

/* The process of a service has ended: its on_stop, before anything else of it starts. */
static void service_stop_hook(struct generation *generation)
{
	struct gloop_loop *loop = generation->loop;
	_cleanup_free_ char *message = NULL;
	int status, r = 0;

	if (loop->settings.type != LOOP_TYPE_SERVICE ||
		!atomic_exchange(&generation->stop_hook_due, false))
		return;
	if (loop->settings.on_stop.argv)
		r = run_hook(generation, "on_stop", &loop->settings.on_stop, &status, &message);
	if (r < 0 && r != -ECANCELED)
		loop_event(loop, generation,
			&(struct event){ .type = EVENT_TROUBLE, .text = "cannot run on_stop" });
}

/* on_start of a service's second and later processes. true: go on; else the cycle's end in
 * *ret_result. */
static bool service_start_hook(
	struct generation *generation, struct failure *failure, enum cycle_result *ret_result)
{
	struct gloop_loop *loop = generation->loop;
	_cleanup_free_ char *message = NULL;
	int status = 0;
	int r = run_hook(generation, "on_start", &loop->settings.on_start, &status, &message);

	*ret_result = CYCLE_ENDED;
	if (r == -ECANCELED)
		return false;
	if (r < 0) {
		failure_set(failure, FAILURE_HOOK, -r, "cannot run on_start: %s", strerror(-r));
		*ret_result = CYCLE_TROUBLE;
		return false;
	}
	if (status == 0 || loop->settings.on_start.ignore_failure)
		return true;
	if (status == HOOK_EXIT_VETO) {
		(void)generation_decide(generation, GIVEUP_VETO);
		return false;
	}
	failure_set(failure, FAILURE_HOOK, status, "on_start: %s", message ?: "failed");
	*ret_result = CYCLE_FAILED;
	return false;
}

static enum cycle_result one_cycle(struct generation *generation, struct failure *failure)
{
	struct gloop_loop *loop = generation->loop;
	uint64_t cycle = atomic_fetch_add(&generation->cycle, 1) + 1;
	enum cycle_result result;

	pthread_mutex_lock(&loop->lock);
	if (generation->number == loop->number && !generation_condemned(generation))
		loop->cycle = cycle;
	pthread_mutex_unlock(&loop->lock);

	if (cycle > 1 && loop->settings.type == LOOP_TYPE_SERVICE && loop->settings.on_start.argv &&
		!service_start_hook(generation, failure, &result))
		return result;

	atomic_store(&generation->cycle_begin_usec, clock_now());
	if (atomic_exchange(&generation->lapsed, false))
		generation_tell(generation);
	result = loop->ops->cycle(generation, failure);
	atomic_store(&generation->cycle_begin_usec, 0);
	return result;
}

static void cycles(struct generation *generation)
{
	struct gloop_loop *loop = generation->loop;
	enum next next = NEXT_CYCLE;

	while (next == NEXT_CYCLE && !generation_stopped(generation)) {
		struct failure failure = { 0 };
		uint64_t begin = clock_now(), until = 0;
		enum cycle_result result;

		if (generation_suspended(generation)) {
			next = NEXT_PARK;
			break;
		}
		if (!generation_ready(generation))
			loop_set_state(loop, generation, LOOP_STARTING);
		else
			loop_set_state(loop, generation, LOOP_RUNNING);
		result = one_cycle(generation, &failure);
		next = after_cycle(generation, result, &failure, begin, &until);
		service_stop_hook(generation);
		if (next == NEXT_CYCLE && until > 0 && !generation_pause(generation, until))
			break;
		generation_tick(generation);
	}
	if (next == NEXT_PARK)
		generation_pause(generation, USEC_INFINITY);
}

/* Apart from the cycles, for what lies on the stack of a thread that waits for years counts as
 * memory. */
static bool __attribute__((noinline)) begin(struct generation *generation)
{
	struct gloop_loop *loop = generation->loop;
	struct failure failure = { 0 };

	if (!loop->ops->start || loop->ops->start(generation, &failure) >= 0)
		return true;
	loop_fail(loop, generation, &failure, false);
	generation_renew(generation); /* only a new one can try that again */
	return false;
}

void generation_run(struct generation *generation)
{
	if (!begin(generation)) {
		generation_pause(generation, USEC_INFINITY);
		return;
	}
	cycles(generation);
	generation->cleaning = true;
	if (generation->loop->ops->stop)
		generation->loop->ops->stop(generation);
}
