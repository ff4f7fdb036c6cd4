/* SPDX-License-Identifier: MIT */
/*
 * A loop, and its generations: the runs of its thread. The controller owns the loop; each
 * generation is shared by the controller and its thread, one reference each, so that a thread that
 * was given up never touches what its successor uses.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/body.h"
#include "core/budget.h"
#include "core/generation.h"
#include "core/snapshot.h"
#include "core/state.h"
#include "core/task.h"
#include "greenloop.h"

struct messages;

enum { LOOP_FAILURES_KEPT = 8 };

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

	/* the thread's own */
	bool stop_told;            /* generation_wait() has said so */
	uint64_t ready_due_usec;   /* `ready = delay` */
	unsigned troubles;         /* in a row */
	bool cleaning;             /* in on_thread_stop: waits go on although the token is set */
	struct messages *messages; /* made when first used */
	char *error_reason;        /* of gloop_error(), for the failure that follows */

	_Alignas(16) char body[];
};

struct gloop_loop {
	struct task task;
	struct loop_settings settings;
	const struct body_ops *ops;
	struct gloop_functions functions; /* of a program's own loop, with its userdata */
	void *userdata;
	struct budget budget;

	/* the controller's */
	struct generation *generation; /* the present one; NULL: none */
	struct hook *start_hook;       /* on_open or on_start */
	bool opened;                   /* on_open has succeeded */
	bool lived;                    /* it was told to start at least once */
	bool closed;                   /* on_close and on_terminated have been run */
	uint64_t next_generation;
	uint64_t kill_since_usec;

	/* published under lock */
	pthread_mutex_t lock;
	enum loop_state state;
	bool ignored_trip; /* red until its next success: exhausted_action = ignore */
	bool ready, wanted, failed;
	bool aside; /* done or vetoed: not wanted for the time being */
	pid_t pid;
	uint64_t number, cycle, starts, cycles_succeeded, trips;
	uint64_t since_realtime_usec, next_start_realtime_usec;
	struct failure *failures; /* ring of LOOP_FAILURES_KEPT, made at the first failure */
	unsigned n_failures;      /* ever, modulo nothing: index of the next slot is n % KEPT */
	const char *outcome;      /* literal */
	char *status, *note;      /* NULL: none */
};

struct loop_brief { /* what its group's color is made of */
	enum color color;
	bool wanted, ready;
};
void loop_brief(struct gloop_loop *loop, struct loop_brief *ret);

struct gloop_loop *loop_of(struct task *task); /* container_of, for loops only */

int loop_init(
	struct gloop_loop *loop, struct tree *tree, const char *name, struct gloop_group *group);
void loop_done(struct gloop_loop *loop);

/* Any thread. A transition that the table does not have is refused and reported as a bug.
 * generation: on whose behalf, stale ones are ignored; NULL: the controller. */
bool loop_set_state(struct gloop_loop *loop, struct generation *generation, enum loop_state state);
void loop_set_note(struct gloop_loop *loop, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void loop_throughline(
	const struct gloop_loop *loop, uint64_t generation, uint64_t cycle, char *buf, size_t size);
void loop_event(struct gloop_loop *loop, struct generation *generation,
	struct event *event); /* fills in who, and tells the observer */
void loop_record(struct gloop_loop *loop, const struct failure *failure); /* into the history */
struct hook_facts { /* what a hook gets to know beside its loop; NULL: nothing of that */
	const struct failure *cause;
	const char *outcome;
};
/* As environment_new(); of a hook with the cause: the loop's last failure. */
char **loop_environment(struct gloop_loop *loop, uint64_t generation, uint64_t cycle);
char **loop_facts_environment(struct gloop_loop *loop, uint64_t generation, uint64_t cycle,
	const struct hook_facts *facts);
char **loop_hook_environment(
	struct gloop_loop *loop, uint64_t generation, uint64_t cycle, bool starting);

/* core/generation.c. */
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
