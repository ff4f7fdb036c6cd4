/* SPDX-License-Identifier: MIT */
/* How a hook that is not wanted any more is called off: its runner says in which mailbox it waits,
 * and finds a letter there. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/mailbox.h"

enum { HOOK_CANCELED = 1 << 0 }; /* the fact in that letter */

struct hook_cancel {
	pthread_mutex_t *lock; /* of what follows: its queue's */
	struct letter letter;
	struct mailbox *box; /* NULL: the runner does not wait */
	bool called_off;
};

/* The runner's: from now on its box is told; box NULL: it does not wait any more. */
void hook_cancel_listen(struct hook_cancel *cancel, struct mailbox *box);

/* Under the lock. */
void hook_cancel_call_off(struct hook_cancel *cancel);
