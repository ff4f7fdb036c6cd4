/* SPDX-License-Identifier: MIT */
/*
 * A generation as the core itself sees it: what it is made of, and what its controller and its
 * thread do with it. Bodies have core/generation.h.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "core/generation.h"

struct messages;

enum { /* facts in a generation's own letter */
	GENERATION_STOP = 1 << 0,
	GENERATION_HOOK = 1 << 1, /* a hook that the loop's thread asked for has ended */
};

/* Why the generation is over, or shall be: set once, by whoever finds out first; acted on by the
 * controller. */
enum giveup {
	GIVEUP_NONE,
	GIVEUP_DONE,     /* its work is done */
	GIVEUP_FAILED,   /* failed until somebody starts it */
	GIVEUP_COOLDOWN, /* failed, tries again later */
	GIVEUP_VETO,     /* on_start said no */
	GIVEUP_RENEW,    /* the next generation after the backoff */
	GIVEUP_ACTED,    /* the controller has seen to it */
};

enum fate {
	FATE_LIVES,
	FATE_ENDED,     /* the thread's last word */
	FATE_CONDEMNED, /* given up for ever by the controller: nothing that it does counts */
};

struct generation {
	atomic_int references;
	struct gloop_loop *loop;
	uint64_t number, birth_turn;
	struct mailbox box;
	struct letter control;

	atomic_bool stopped; /* the stop token; also set under the loop's lock */
	atomic_int fate;     /* enum fate; leaves FATE_LIVES once */
	atomic_bool ready;
	bool leaving, set_aside; /* under the tree's lock: the thread is on its way out; the tree
				    does not wait for it */
	atomic_bool tripped;     /* a failure ended it */
	atomic_bool lapsed; /* the controller has stopped to watch its cycles: tell it of the next
			       one */
	atomic_bool stop_hook_due; /* on_stop is owed */
	atomic_int giveup;         /* enum giveup */
	atomic_uint_fast64_t cycle;
	atomic_uint_fast64_t cycle_begin_usec; /* monotonic; 0: between cycles */
	uint64_t stop_begin_usec;              /* set before `stopped` */
	atomic_uint_fast64_t stop_until_usec;  /* its grace was extended until then */

	/* the thread's own */
	bool stop_told;            /* generation_wait() has said so */
	uint64_t ready_due_usec;   /* `ready = delay` */
	unsigned troubles;         /* in a row */
	bool cleaning;             /* in on_thread_stop: waits go on although the token is set */
	struct messages *messages; /* made when first used */
	char *error_reason;        /* of gloop_error(), for the failure that follows */

	_Alignas(16) char body[];
};

int generation_start(struct gloop_loop *loop,
	struct generation **ret); /* the controller's: makes the thread; -EAGAIN, -ENOMEM */
void generation_stop(struct generation *generation); /* sets the token, wakes the thread */
struct generation *generation_unref(struct generation *generation);
void generation_give_up(struct generation *generation,
	enum giveup giveup); /* first one stands; tells the controller */
bool generation_decide(struct generation *generation,
	enum giveup giveup); /* the same, seen when the thread ends, which it does by itself */
void generation_renew(struct generation
		*generation); /* gives it up for the next one, unless something else was decided */
void generation_tell(struct generation *generation); /* MEMBER_LOOK to the controller */
enum success { SUCCESS_EXECUTED, SUCCESS_READY, SUCCESS_CYCLE };
void generation_healthy(struct generation *generation,
	enum success success); /* for the budget; all but a mere exec ends an ignored trip */
bool generation_pause(
	struct generation *generation, uint64_t until_usec); /* waits, with ticks; false: stopped */
void generation_set_ready(struct generation *generation, bool ready);
bool generation_condemn(struct generation *generation); /* false: it has ended by itself */
bool generation_condemned(const struct generation *generation);
struct generation *generation_current(void); /* of the calling thread; NULL outside */

/* core/cycle.c: what the thread does between its first and its last moment. */
void generation_run(struct generation *generation);
