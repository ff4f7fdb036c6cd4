/* SPDX-License-Identifier: MIT */
/*
 * Hooks that run on behalf of a controller. A hook blocks, a controller never: so hooks of one loop
 * or group run on a helper thread of its own, in order; the thread exists only while there is work.
 * The end of a hook is a fact in somebody's mailbox.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/mailbox.h"
#include "core/hook-cancel.h"
#include "core/settings.h"

struct task;

enum { HOOK_EXIT_VETO = 77 };

struct hook { /* one run; malloc()ed, owned by the queue until the end, then by the asker if there
		 is one */
	struct list link;
	const char *name; /* "on_start", …; literal */
	const struct command *command;
	char **environment;
	uint64_t timeout_usec;
	struct mailbox *box; /* the asker's; NULL: nobody waits for the result */
	struct letter *letter;
	unsigned fact;
	struct hook_cancel cancel;
	bool ended;    /* under the queue's lock */
	bool dropped;  /* the asker has gone: the queue frees it; under the queue's lock */
	int result;    /* exit status, or -errno */
	char *message; /* what went wrong; may be NULL */
};

struct hook_queue {
	pthread_mutex_t lock;
	struct list hooks;
	bool running;         /* a helper thread exists */
	struct hook *present; /* the one that it runs; NULL: none */
	struct task *task; /* whose hooks these are; its controller gets MEMBER_HOOK when the queue
			      has become idle */
};

int hook_queue_init(struct hook_queue *queue, struct task *task);
void hook_queue_done(struct hook_queue *queue); /* idle */

/* Queues one run; environment (one block) is taken, also on failure. asker NULL: nobody waits. *ret
 * may be NULL then. -ENOMEM, -EAGAIN: not queued. */
int hook_run(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec, struct mailbox *box, struct letter *letter,
	unsigned fact, struct hook **ret);

/* For the asker: the result is there (frees it, true), or not yet (false). */
bool hook_take(struct hook_queue *queue, struct hook **hook, int *ret_result, char **ret_message);
void hook_drop(struct hook_queue *queue,
	struct hook **hook); /* the asker loses interest; accepts NULL inside */

/* Calls off what runs and what waits: a start that is not wanted any more. */
void hook_queue_cancel(struct hook_queue *queue);

bool hook_queue_idle(struct hook_queue *queue);
