/* SPDX-License-Identifier: MIT */
/*
 * What a cycle can be: the interface that every body implements (a module's functions, a child
 * process, …).
 *
 * It has two sides. start, cycle and stop run on the loop's thread and may block; ask, kill and
 * signal are called by the controller, need nothing of that thread and never block: so a loop that
 * is stuck in a write, a spawn or foreign code can still be stopped.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "core/failure.h"

struct generation;
struct loop_settings;

enum cycle_result {
	CYCLE_AGAIN,   /* succeeded; the next one at its slot */
	CYCLE_DONE,    /* succeeded, and the loop's work is done */
	CYCLE_FAILED,  /* *failure is filled (kind, status, reason); the next one after the backoff
			*/
	CYCLE_ENDED,   /* asked to stop: ends the generation, nothing is counted */
	CYCLE_TROUBLE, /* no descriptor, memory, process: not the loop's fault; *failure has the
			  reason; retried, not counted */
};

struct body_ops {
	const char *name;

	/* Memory of the generation's: body_size bytes, zeroed, at generation_body(). */
	size_t body_size;

	/* Before the tree starts, owner's thread: can it be run at all (module found, ABI fits)?
	 * -errno with a sentence. May be NULL. */
	int (*check)(const struct loop_settings *settings, char **ret_reason);

	/* Loop's thread. start < 0: the generation ends; *failure is filled. stop: exactly once
	 * after a start that succeeded. */
	int (*start)(struct generation *generation, struct failure *failure);
	enum cycle_result (*cycle)(struct generation *generation, struct failure *failure);
	void (*stop)(struct generation *generation);

	/* Controller's side; any time between start of the thread and its end, also before start()
	 * has returned. */
	void (*ask)(struct generation *generation);  /* gracefully */
	void (*kill)(struct generation *generation); /* hard: everything it started */
	int (*signal)(struct generation *generation,
		int signal); /* greenloopctl kill; -ESRCH; NULL: not possible */

	/* Is a process of it still there? who: said for humans, "pid 12 (state D)". NULL: never. */
	bool (*alive)(struct generation *generation, char *who, size_t size);

	/* After the last reference is gone: no thread uses it any more. May be NULL. */
	void (*release)(struct generation *generation);
};
