/* SPDX-License-Identifier: MIT */
#include "lib/actor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/loop.h"

struct life { /* the body's memory in each generation */
	struct list link;
	struct generation *generation;
	struct letter letter; /* an order has come */
	bool killed;          /* under the actor's lock */
};

enum { ORDER = 1 };

int actor_init(struct actor *actor, const char *name)
{
	pthread_condattr_t attributes;
	int r;

	*actor = (struct actor){ .name = name };
	list_init(&actor->lives);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	r = pthread_cond_init(&actor->cond, &attributes);
	pthread_condattr_destroy(&attributes);
	return r ? -r : -pthread_mutex_init(&actor->lock, NULL);
}

void actor_done(struct actor *actor)
{
	pthread_cond_destroy(&actor->cond);
	pthread_mutex_destroy(&actor->lock);
}

static struct actor *actor_of(struct generation *generation)
{
	return generation_loop(generation)->userdata;
}

/* Under the lock. */
static void wake_lives(struct actor *actor)
{
	list_for_each (link, &actor->lives) {
		struct life *life = container_of(link, struct life, link);

		mailbox_post(generation_box(life->generation), &life->letter, ORDER);
	}
	pthread_cond_broadcast(&actor->cond);
}

void actor_set_habit(struct actor *actor, enum act act)
{
	pthread_mutex_lock(&actor->lock);
	actor->habit = act;
	wake_lives(actor);
	pthread_mutex_unlock(&actor->lock);
}

void actor_order(struct actor *actor, enum act act)
{
	pthread_mutex_lock(&actor->lock);
	if (actor->n_orders < ACTOR_ORDERS_MAX)
		actor->orders[actor->n_orders++] = act;
	wake_lives(actor);
	pthread_mutex_unlock(&actor->lock);
}

void actors_order(struct actor *const *actors, unsigned n, enum act act, unsigned times)
{
	for (unsigned i = 0; i < n; i++)
		pthread_mutex_lock(&actors[i]->lock);
	for (unsigned i = 0; i < n; i++) {
		while (actors[i]->n_orders < times)
			actors[i]->orders[actors[i]->n_orders++] = act;
		wake_lives(actors[i]);
	}
	for (unsigned i = 0; i < n; i++)
		pthread_mutex_unlock(&actors[i]->lock);
}

void actor_release(struct actor *actor)
{
	pthread_mutex_lock(&actor->lock);
	actor->released = true;
	pthread_cond_broadcast(&actor->cond);
	pthread_mutex_unlock(&actor->lock);
}

void actor_fail_starts(struct actor *actor, bool fail)
{
	pthread_mutex_lock(&actor->lock);
	actor->start_fails = fail;
	pthread_mutex_unlock(&actor->lock);
}

static bool wait_until(struct actor *actor, uint64_t deadline_usec)
{
	struct timespec deadline = { .tv_sec = (time_t)(deadline_usec / USEC_PER_SEC),
		.tv_nsec = (long)(deadline_usec % USEC_PER_SEC * 1000) };

	return pthread_cond_timedwait(&actor->cond, &actor->lock, &deadline) != ETIMEDOUT;
}

bool actor_await(struct actor *actor, enum act act, unsigned n, uint64_t deadline_usec)
{
	bool reached;

	pthread_mutex_lock(&actor->lock);
	while (actor->performing[act] != n && wait_until(actor, deadline_usec))
		;
	reached = actor->performing[act] == n;
	pthread_mutex_unlock(&actor->lock);
	return reached;
}

static unsigned count_lives(const struct actor *actor, bool condemned_too)
{
	unsigned n = 0;

	list_for_each (link, &actor->lives)
		n += condemned_too ||
		     !generation_condemned(container_of(link, struct life, link)->generation);
	return n;
}

bool actor_await_lives(struct actor *actor, unsigned n, uint64_t deadline_usec)
{
	bool reached;

	pthread_mutex_lock(&actor->lock);
	while (count_lives(actor, true) != n && wait_until(actor, deadline_usec))
		;
	reached = count_lives(actor, true) == n;
	pthread_mutex_unlock(&actor->lock);
	return reached;
}

unsigned actor_lives(struct actor *actor)
{
	unsigned n;

	pthread_mutex_lock(&actor->lock);
	n = count_lives(actor, false);
	pthread_mutex_unlock(&actor->lock);
	return n;
}

/* Under the lock. */
static void check_birth(struct actor *actor, uint64_t number)
{
	if (*actor->breach)
		return;
	if (count_lives(actor, false) > 0)
		snprintf(actor->breach, sizeof(actor->breach),
			"%s: generation %u starts while another lives", actor->name,
			(unsigned)number);
	else if (number < actor->next_generation)
		snprintf(actor->breach, sizeof(actor->breach), "%s: generation %u comes after %u",
			actor->name, (unsigned)number, (unsigned)actor->next_generation - 1);
}

static void end_life(struct actor *actor, struct life *life)
{
	list_remove(&life->link);
	actor->ends++;
	if (!generation_condemned(life->generation))
		actor->n_orders = 0;
	pthread_cond_broadcast(&actor->cond);
}

static int actor_start(struct generation *generation, struct failure *failure)
{
	struct actor *actor = actor_of(generation);
	struct life *life = generation_body(generation);
	int r = 0;

	pthread_mutex_lock(&actor->lock);
	check_birth(actor, generation_number(generation));
	actor->next_generation = generation_number(generation) + 1;
	actor->starts++;
	life->generation = generation;
	letter_init(&life->letter);
	list_append(&actor->lives, &life->link);
	if (actor->start_fails) {
		failure_set(failure, FAILURE_HOOK, EIO, "%s cannot start", actor->name);
		end_life(actor, life);
		r = -EIO;
	}
	pthread_cond_broadcast(&actor->cond);
	pthread_mutex_unlock(&actor->lock);
	if (r == 0 && generation_settings(generation)->type != LOOP_TYPE_SERVICE)
		generation_up(generation, 0);
	return r;
}

static void actor_stop(struct generation *generation)
{
	struct actor *actor = actor_of(generation);

	pthread_mutex_lock(&actor->lock);
	end_life(actor, generation_body(generation));
	pthread_mutex_unlock(&actor->lock);
}

/* The next order; else its habit. */
static enum act next_act(struct actor *actor)
{
	enum act act;

	pthread_mutex_lock(&actor->lock);
	act = actor->n_orders > 0 ? actor->orders[0] : actor->habit;
	if (actor->n_orders > 0)
		memmove(actor->orders, actor->orders + 1,
			--actor->n_orders * sizeof(actor->orders[0]));
	pthread_mutex_unlock(&actor->lock);
	return act;
}

static void perform(struct actor *actor, enum act act, int more)
{
	pthread_mutex_lock(&actor->lock);
	actor->performing[act] += (unsigned)more;
	pthread_cond_broadcast(&actor->cond);
	pthread_mutex_unlock(&actor->lock);
}

/* false: it has been stopped. */
static bool wait_for_order(struct generation *generation)
{
	struct letter *letter;
	unsigned facts;
	bool stopped;

	do {
		letter = generation_wait(
			generation, generation_tick_due(generation), &facts, &stopped);
		generation_tick(generation);
	} while (!letter && !generation_stopped(generation));
	return !generation_stopped(generation);
}

static void hang(struct actor *actor)
{
	pthread_mutex_lock(&actor->lock);
	while (!actor->released)
		pthread_cond_wait(&actor->cond, &actor->lock);
	pthread_mutex_unlock(&actor->lock);
}

static void crawl(struct actor *actor, const struct life *life)
{
	pthread_mutex_lock(&actor->lock);
	while (!life->killed && !actor->released)
		pthread_cond_wait(&actor->cond, &actor->lock);
	pthread_mutex_unlock(&actor->lock);
}

static enum cycle_result fail(struct actor *actor, struct failure *failure)
{
	failure_set(failure, FAILURE_ERROR, EIO, "%s fails", actor->name);
	return CYCLE_FAILED;
}

static void report(struct generation *generation, const char *name)
{
	struct failure failure;

	failure_set(&failure, FAILURE_EXPLICIT, 0, "%s reports", name);
	generation_fail(generation, &failure);
}

static enum cycle_result carry_out(
	struct generation *generation, enum act act, struct failure *failure)
{
	struct actor *actor = actor_of(generation);

	switch (act) {
	case ACT_EXIT_3:
		failure_set(failure, FAILURE_EXIT, 3, "exit status 3");
		return CYCLE_FAILED;
	case ACT_REPORT:
		report(generation, actor->name);
		return CYCLE_AGAIN;
	case ACT_FAIL:
		return fail(actor, failure);
	case ACT_TROUBLE:
		failure_set(failure, FAILURE_EXEC, EAGAIN, "no process");
		return CYCLE_TROUBLE;
	case ACT_DONE:
		return CYCLE_DONE;
	case ACT_SULK:
		while (wait_for_order(generation))
			;
		return fail(actor, failure);
	case ACT_CRAWL:
		crawl(actor, generation_body(generation));
		return generation_stopped(generation) ? CYCLE_ENDED : CYCLE_AGAIN;
	case ACT_HANG_FAIL:
		hang(actor);
		report(generation, actor->name);
		return fail(actor, failure);
	case ACT_HANG:
		hang(actor);
		return CYCLE_AGAIN;
	case ACT_WAIT:
	case ACT_SUCCEED:
	case ACT_MAX_:
		break;
	}
	return CYCLE_AGAIN;
}

static enum cycle_result actor_cycle(struct generation *generation, struct failure *failure)
{
	struct actor *actor = actor_of(generation);
	bool service = generation_settings(generation)->type == LOOP_TYPE_SERVICE;
	enum cycle_result result;
	enum act act;

	pthread_mutex_lock(&actor->lock);
	actor->cycles++;
	pthread_mutex_unlock(&actor->lock);
	if (service)
		generation_up(generation, 0);
	/* One that waits is the same cycle as the order that it waits for. */
	while ((act = next_act(actor)) == ACT_WAIT) {
		bool ordered;

		perform(actor, ACT_WAIT, 1);
		ordered = wait_for_order(generation);
		perform(actor, ACT_WAIT, -1);
		if (!ordered)
			break;
	}
	if (act == ACT_WAIT) {
		result = CYCLE_ENDED;
	} else {
		perform(actor, act, 1);
		result = carry_out(generation, act, failure);
		perform(actor, act, -1);
	}
	if (service)
		generation_down(generation);
	return result;
}

static void actor_ask(struct generation *generation)
{
	struct actor *actor = actor_of(generation);

	pthread_mutex_lock(&actor->lock);
	actor->asked++;
	pthread_cond_broadcast(&actor->cond);
	pthread_mutex_unlock(&actor->lock);
}

static void actor_kill(struct generation *generation)
{
	struct actor *actor = actor_of(generation);
	struct life *life = generation_body(generation);

	pthread_mutex_lock(&actor->lock);
	actor->killed++;
	life->killed = true;
	pthread_cond_broadcast(&actor->cond);
	pthread_mutex_unlock(&actor->lock);
}

const struct body_ops actor_body = {
	.name = "actor",
	.body_size = sizeof(struct life),
	.start = actor_start,
	.cycle = actor_cycle,
	.stop = actor_stop,
	.ask = actor_ask,
	.kill = actor_kill,
};
