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

/* How many runs that only tell of something may be queued for one task. */
enum { HOOK_NEWS_MAX = 4 };

struct hook_queue;

struct hook { /* one run; malloc()ed, owned by the queue until the end, then by the asker if there
		 is one */
	struct list link;
	struct hook_queue *queue;
	const char *name; /* "on_start", …; literal */
	const struct command *command;
	char **environment;
	uint64_t timeout_usec;
	struct mailbox *box; /* the asker's; NULL: nobody waits for the result */
	struct letter *letter;
	unsigned fact;
	struct hook_cancel cancel;
	bool news;     /* only tells of something: no start waits for its end */
	bool ended;    /* under the queue's lock */
	bool dropped;  /* the asker has gone: the queue frees it; under the queue's lock */
	int result;    /* exit status, or -errno */
	char *message; /* what went wrong; may be NULL */
};

struct hook_queue {
	pthread_mutex_t lock;
	struct list hooks;   /* that wait for the helper thread */
	struct list present; /* that run */
	bool running;        /* the helper thread exists */
	unsigned n_urgent;   /* threads of urgent ones */
	unsigned n_due, n_news, n_left_out;
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

/* The same for what must not wait for the others: when the helper is busy it gets a thread of its
 * own. */
int hook_run_urgent(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec, struct mailbox *box, struct letter *letter,
	unsigned fact, struct hook **ret);

/* One that tells of something and that nobody waits for; any thread. Beyond HOOK_NEWS_MAX it is
 * left out, which is said. 0, also then; -ENOMEM, -EAGAIN. */
int hook_run_news(struct hook_queue *queue, const char *name, const struct command *command,
	char **environment, uint64_t timeout_usec);

/* For the asker: the result is there (frees it, true), or not yet (false). */
bool hook_take(struct hook_queue *queue, struct hook **hook, int *ret_result, char **ret_message);
void hook_drop(struct hook_queue *queue,
	struct hook **hook); /* the asker loses interest; accepts NULL inside */

/* For the asker: calls off this one, whether it runs or waits; NULL: nothing. It ends with
 * -ECANCELED, if it has not ended yet. */
void hook_call_off(struct hook_queue *queue, struct hook *hook);
void hook_queue_cancel(struct hook_queue *queue); /* all of them */

bool hook_queue_idle(struct hook_queue *queue);
bool hook_queue_settled(struct hook_queue *queue); /* idle, but for what only tells */
