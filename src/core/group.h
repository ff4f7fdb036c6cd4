/* SPDX-License-Identifier: MIT */
/*
 * A group and its controller: the thread that starts, stops and resets the members, watches the
 * green light, and answers calls. The root of the tree is such a group, too, without a light: its
 * members are strangers to each other.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/budget.h"
#include "core/light.h"
#include "core/state.h"
#include "core/task.h"
#include "core/timers.h"

#define GROUP_HOOK_TIMEOUT_USEC (10 * USEC_PER_SEC)

enum {                        /* facts in a group's own letter to its controller */
	GROUP_RED = 1 << 0,   /* the light was turned red */
	GROUP_ORDER = 1 << 1, /* the parent's controller has changed the order */
	GROUP_HURRY = 1 << 2, /* no grace any more */
	GROUP_PING = 1 << 3,
	GROUP_QUIT = 1 << 4,
	GROUP_HOOK = 1 << 5,  /* a hook of the group has ended */
	GROUP_CLOSE = 1 << 6, /* the life of its members ends; nothing of it runs */
	CALL_FACT = 1 << 30,  /* the letter is a call's */
};

enum reset_phase {
	RESET_NONE,
	RESET_STOPPING, /* until all held members are down */
	RESET_WAITING,  /* backoff of the group, and on_reset */
	RESET_STARTING, /* until all wanted members are ready */
};

/* What a parent orders and what a child reports, each one word: level, not edge, so that nothing
 * stale can arrive. */
enum {
	ORDER_RUN = 1 << 0,
	ORDER_BY_HAND = 1 << 1, /* an operator's wish: a start forgets the members' failures, a stop
				   closes the episode as "stopped" */
	ORDER_BITS = 2
};
enum {
	REPORT_READY = 1 << 0,
	REPORT_DOWN = 1 << 1,
	REPORT_FAILED = 1 << 2,
	REPORT_LAME = 1 << 3,
	REPORT_CLOSED = 1 << 4, /* and never anything again */
	REPORT_BITS = 5
};

struct gloop_group {
	struct task task;
	struct group_settings settings;
	struct light light;
	struct mailbox box;
	struct letter control;
	pthread_t thread;
	bool thread_runs;

	struct task **members; /* order of appearance; fixed once sealed */
	struct task **ranked;  /* the same in start order */
	unsigned n_members;

	atomic_uint_fast64_t order;       /* the parent's: number << ORDER_BITS | … */
	atomic_uint_fast64_t report;      /* for the parent: number << REPORT_BITS | … */
	atomic_uint_fast64_t done_number; /* of the start in which a member's end was to stop it */
	_Atomic(const char *) done_name;  /* that member's */
	atomic_uint_fast64_t parent_turn; /* of the parent's light, when this was started */
	atomic_uint_fast64_t ping, answered;

	/* the controller's own */
	struct timers timers;
	struct timer reset_timer; /* backoff between stop and restart */
	struct timer stop_timer;  /* stop_timeout */
	struct reset_budget budget;
	uint64_t handled_turn, handled_free_turns;
	uint64_t generation; /* of the present start */
	enum reset_phase reset_phase;
	struct hook *reset_hook;
	bool reset_due;     /* the backoff of the reset is over */
	bool reset_hard;    /* without grace, by an operator */
	unsigned reset_nth; /* within the window */
	bool started_once;
	bool running; /* told to run, and neither exhausted nor stopping */
	bool exhausted;
	bool closing;                 /* told to close, and not over yet */
	bool hurry;                   /* every grace is 0 */
	bool stop_overdue;            /* stop_timeout has passed in the present stop or reset */
	unsigned n_up;                /* members that are not down */
	unsigned n_held_up;           /* held members that are not down */
	unsigned tallies[TALLY_MAX_]; /* how many members are what to the light */
	struct list unsettled; /* members that have cause for another step: struct task.unsettled */
	struct list calls;     /* reset by hand: struct call.waiting */

	/* published under lock */
	pthread_mutex_t lock;
	enum group_state state; /* written by the controller only */
	bool wanted;            /* written by the parent's controller */
	uint64_t since_realtime_usec, published_generation, resets_total;
	unsigned resets_used;
	char note[160];
};

int group_init(
	struct gloop_group *group, struct tree *tree, const char *name, struct gloop_group *parent);
void group_done(struct gloop_group *group);
int group_start_thread(struct gloop_group *group);

static inline bool group_is_root(const struct gloop_group *group)
{
	return !group->task.parent;
}

struct event;
struct gloop_group *group_of(struct task *task); /* container_of, for groups only */

void group_set_state(struct gloop_group *group, enum group_state state);
bool group_is_wanted(struct gloop_group *group); /* with all groups above it; any thread */
char **group_hook_environment(struct gloop_group *group);
void group_set_note(struct gloop_group *group, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool controller_is_self(void); /* does a controller's thread ask? */

/* The controller's thread. */
void group_event(struct gloop_group *group,
	struct event *event); /* fills in who, and tells the observer; any thread */
void group_begin(struct gloop_group *group, bool fresh); /* start all wanted members */
void group_end(
	struct gloop_group *group, const char *result); /* stop all; result: of an open episode */
void group_exhaust(struct gloop_group *group);
void group_settle_members(
	struct gloop_group *group, bool reverse); /* all of them, in start order or against it */
void members_settle(struct gloop_group *group);   /* all steps that are due */
void group_settle(struct gloop_group *group);     /* after each step: is a phase complete? */
void group_handle_order(struct gloop_group *group);
void group_kill_all(struct gloop_group *group);
void group_done_by(struct gloop_group *group, const char *name); /* asks its parent to stop it */
void group_run_hook(struct gloop_group *group, const char *name, const struct command *command);
