/* SPDX-License-Identifier: MIT */
/*
 * Deferred calls: whatever changes the tree is asked for by a call, carried out by the controller
 * that owns the target, between two of its steps, and answered exactly once. Nobody waits inside a
 * controller.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mailbox.h"

struct task;
struct tree;

enum call_op {
	CALL_START,   /* loop, group: wanted; answered when it is ready, done, failed or vetoed */
	CALL_STOP,    /* loop, group: not wanted; answered when nothing of it runs */
	CALL_RESTART, /* loop, group: stop, then start */
	CALL_RESET,   /* group: a full reset by hand; answered when green again, or not */
	CALL_HARD_RESET, /* loop: the next generation at once, without grace; group: all its members
			    so */
	CALL_KILL,       /* loop: a signal to its process */
	CALL_FAIL,       /* loop: report a failure by hand */
	CALL_RELOAD,     /* loop: lets its program reload, by its own way */
	CALL_FORGIVE,    /* loop, group: counters and backoff to 0, `failed` cleared */
};

struct call {
	struct letter
		letter; /* the caller fills the rest with call_init(), the controller answers */
	struct list waiting; /* the controller's */
	enum call_op op;
	struct task *target;
	int signal;       /* CALL_KILL */
	bool trip;        /* CALL_FAIL: use up the budget */
	char reason[160]; /* CALL_FAIL; others: the operator's -m REASON; "" for none */
	uid_t uid;        /* who asks: for the notes */
	bool oneway;      /* answered as soon as it is accepted (or refused) */

	int result; /* 0, or -errno: -EPERM refused in this state, -ECANCELED overtaken by another
		       wish, -EIO it failed, … */
	char message[240];                   /* the answer as a sentence; "" for none */
	void (*answered)(struct call *call); /* on the controller's thread, must not block; from
						then on the caller's again */
	void *userdata;

	uint64_t after_run; /* the controller's: answered by a run later than this */
};

struct call *call_new(
	enum call_op op, struct task *target); /* zeroed, initialised; free() it after the answer */
void call_post(struct call *call);             /* any thread; never blocks */

/* Posts and waits; -ETIMEDOUT: the work goes on, the answer is dropped; -EDEADLK from a
 * controller's own thread. Consumes the call. *ret_message (may be NULL) is malloc()ed. */
int call_sync(struct call *call, uint64_t timeout_usec, char **ret_message);
