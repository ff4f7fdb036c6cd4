/* SPDX-License-Identifier: MIT */
/*
 * A task: one node of the tree, a loop or a group, as the controller of its group sees it. The
 * controller is the only one that starts, stops and resets it, and everything below `the
 * controller's` is touched by its thread alone.
 *
 * The controller steers by level, not by edge: what a member should do follows from a few flags
 * (task_should_run()), what it does is its phase, and member_settle() takes the next step between
 * the two. Nothing is queued, so nothing stale can be carried out.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/mailbox.h"
#include "core/hook.h"
#include "core/order.h"
#include "core/timers.h"

struct gloop_group;
struct gloop_loop;
struct tree;

enum phase {
	PHASE_DOWN,    /* nothing of it runs */
	PHASE_HOOK,    /* on_open or on_start runs, before a generation */
	PHASE_UP,      /* a generation lives */
	PHASE_ASKED,   /* asked to stop, its grace runs */
	PHASE_KILLED,  /* stopped hard, its end is awaited */
	PHASE_CLOSING, /* nothing else of it is left than hooks */
	PHASE_STUCK, /* cannot be killed: counts as down, but is not started while its tree lives */
};

enum tally {           /* what a member is to its group's light */
	TALLY_ASIDE,   /* not wanted, done or vetoed */
	TALLY_WANTING, /* wanted and not ready */
	TALLY_READY,
	TALLY_FAILED, /* wanted, and has given up */
	TALLY_MAX_,
};

enum { /* facts in a member's letter to its controller */
	MEMBER_LOOK =
		1 << 0, /* its generation, or its child controller, has something new to see */
	MEMBER_HOOK = 1 << 1, /* a hook has ended */
	MEMBER_DONE = 1 << 2, /* a group: one of its members is done, and it is to be stopped */
};

struct task {
	char *name;
	struct tree *tree;
	struct gloop_group *parent; /* NULL: this is the root */
	bool is_group;
	unsigned index; /* place among its siblings: order of appearance */
	unsigned rank;  /* place in the start order */
	struct expression *after;
	struct task **successors; /* siblings whose `after` names this one */
	unsigned n_successors;
	struct task **predecessors; /* siblings that its `after` names */
	unsigned n_predecessors;
	bool reset_globally;

	/* How often the light of its group had been turned red when this one was last suspended by
	 * it. Written under the light's lock, read by its own thread without. */
	atomic_uint_fast64_t suspended_turn;

	/* the controller's */
	struct letter letter;
	struct timer timer; /* of its phase: grace, hard stop, retry, cooldown */
	struct hook_queue hooks;
	struct list calls;     /* struct call.waiting, not yet answered */
	struct list unsettled; /* in the group's, while a step is due */
	enum phase phase;
	bool wanted; /* its own desired state */
	bool held;   /* in the set of the present reset: not to run until all of the set are down */
	bool fresh;  /* a group: its members forget their failures at its next start */
	bool renew;  /* to be stopped and then started again */
	bool hard;   /* without grace */
	bool closed; /* a group: told that all is over */
	bool done, vetoed;        /* not wanted for the time being */
	bool failed;              /* gave up */
	bool ready;               /* as last seen */
	bool lame;                /* a group that is up, but with a member that has given up */
	enum tally tally;         /* as counted in its group */
	enum gate gate;           /* as its neighbours saw it last */
	bool was_down;            /* likewise */
	uint64_t not_before_usec; /* monotonic: the earliest next start; 0: at once */
	unsigned start_troubles;  /* starts in a row that the daemon could not carry out */
};

int task_init(struct task *task, struct tree *tree, const char *name, struct gloop_group *parent);
void task_done(struct task *task);
struct event;
void task_event(struct task *task, struct event *event); /* fills in who, and tells the observer */
char *task_note(struct task *task);                      /* malloc()ed copy; any thread */
void task_tell_hook(struct task *task);                  /* any thread: its hooks are idle */

static inline bool task_is_down(const struct task *task)
{
	return task->phase == PHASE_DOWN || task->phase == PHASE_STUCK;
}

/* What the parent's controller does with a member, whatever it is. */
bool task_should_run(const struct task *task);

enum gate task_gate(const struct task *task); /* for its successors */

/* Something about it has changed: one more step towards what it should do is due, before the
 * controller waits again. */
void member_settle(struct task *task);
void member_facts(struct task *task, unsigned facts);
void member_timer(struct task *task);
void member_hurry(struct task *task);               /* the grace of a stop under way ends now */
void member_give_up(struct task *task, int giveup); /* enum giveup */
void member_publish(struct task *task);             /* its flags, for snapshots */
void member_hold(struct task *task, bool held);     /* in the set of a reset, or out of it */
void member_forget(
	struct task *task); /* what keeps it from running again: failed, vetoed, backoff */
/* core/member-loop.c and core/member-group.c: the same steps, for the one and the other. */
void loop_member_start(struct task *task);
void loop_member_rest(struct task *task); /* down, and not to run: no attempt is planned any more */
void loop_member_call_off(struct task *task); /* the hook before a start */
void loop_member_ask(struct task *task);
void loop_member_kill(struct task *task);
void loop_member_look(struct task *task);
void loop_member_hook(struct task *task);
void loop_member_timer(struct task *task);
void loop_member_publish(struct task *task);
void group_member_start(struct task *task);
void group_member_ask(struct task *task);
void group_member_close(struct task *task); /* down: if the tree is stopped for good, once */
void group_member_look(struct task *task);
void group_member_done(struct task *task);
void group_member_clear(struct task *task);
void group_member_publish(struct task *task);
void member_set_phase(struct task *task, enum phase phase); /* keeps the group's counts */
