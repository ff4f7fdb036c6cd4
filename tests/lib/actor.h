/* SPDX-License-Identifier: MIT */
/*
 * Scripted bodies: what a loop's cycles do is said by the test, while it watches. Each loop of a
 * test tree has one actor, which knows all generations of its loop that are alive, and notes
 * whatever must never be (struct actor.breach).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/body.h"

enum act {
	ACT_WAIT, /* until the next order, or its stop */
	ACT_SUCCEED,
	ACT_FAIL,   /* kind error */
	ACT_EXIT_3, /* kind exit, status 3 */
	ACT_REPORT, /* counts an explicit failure, goes on */
	ACT_DONE,
	ACT_TROUBLE,   /* the daemon's own */
	ACT_SULK,      /* waits; when it is stopped, it fails */
	ACT_CRAWL,     /* heeds the hard stop only */
	ACT_HANG,      /* heeds nothing until actor_release(), then succeeds */
	ACT_HANG_FAIL, /* the same, then fails and reports one more failure */
	ACT_MAX_,
};

enum { ACTOR_ORDERS_MAX = 32 };

struct actor {
	const char *name; /* borrowed */
	pthread_mutex_t lock;
	pthread_cond_t cond; /* CLOCK_MONOTONIC */

	/* under lock */
	enum act habit;
	enum act orders[ACTOR_ORDERS_MAX];
	unsigned n_orders;
	bool released;
	bool start_fails;
	struct list lives; /* threads between start() and the end of stop(), condemned ones too */
	unsigned starts, ends;         /* ends: also those of condemned ones */
	unsigned cycles;               /* begun */
	unsigned asked, killed;        /* how often by the controller, or by the loop itself */
	unsigned performing[ACT_MAX_]; /* how many lives are in this act now */
	uint64_t next_generation;      /* the least number that may come */
	char breach[160];              /* the first thing seen that must never be; "" none */
};

int actor_init(struct actor *actor, const char *name);
void actor_done(struct actor *actor);

extern const struct body_ops actor_body; /* loop.userdata is its actor */

/* What each cycle does that has no order; heeded at once by one that waits. */
void actor_set_habit(struct actor *actor, enum act act);

/* One cycle of the present generation, or else of the next one, does this; orders that it leaves
 * undone die with it. */
void actor_order(struct actor *actor, enum act act);

/* So many cycles of each of them; none begins before all have been told. */
void actors_order(struct actor *const *actors, unsigned n, enum act act, unsigned times);

void actor_release(struct actor *actor); /* hanging cycles return, for ever */
void actor_fail_starts(struct actor *actor, bool fail);

/* Until n lives are in this act; n lives in all are left (false: not by this time). */
bool actor_await(struct actor *actor, enum act act, unsigned n, uint64_t deadline_usec);
bool actor_await_lives(struct actor *actor, unsigned n, uint64_t deadline_usec);

unsigned actor_lives(struct actor *actor); /* that are not condemned */
