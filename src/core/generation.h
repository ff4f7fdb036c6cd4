/* SPDX-License-Identifier: MIT */
/*
 * One run of a loop's thread, as the body and the host functions see it. Reference counted: the
 * loop's controller and the thread hold one each, so that an abandoned thread never touches what
 * its successor uses.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"
#include "core/body.h"
#include "core/settings.h"

struct event_lines;
struct gloop_loop;
struct generation;

/* The thread's mailbox: a body may have letters of its own posted there (process ends, readable
 * pipes). Waiting is only done through generation_wait(), so that a stop is never missed. */
struct mailbox *generation_box(struct generation *generation);
void *generation_body(struct generation *generation);
struct gloop_loop *generation_loop(struct generation *generation);
const struct loop_settings *generation_settings(struct generation *generation);
const char *generation_name(const struct generation *generation); /* its loop's */
uint64_t generation_number(const struct generation *generation);
uint64_t generation_cycle(const struct generation *generation);

/* The stop token: set once, never reset. */
bool generation_stopped(const struct generation *generation);

/*
 * Loop's thread: the next letter of the body's, or NULL. When NULL: the deadline has passed, or
 * (once per stop, in *ret_stopped) the generation was asked to stop meanwhile. A body that must go
 * on waiting after a stop (for its process to end) just calls again.
 */
struct letter *generation_wait(struct generation *generation, uint64_t deadline_usec,
	unsigned *ret_facts, bool *ret_stopped);

/* Loop's thread: the body is up (exec succeeded, thread up, …). Starts the clocks of `ready =
 * delay` and of health. */
void generation_up(struct generation *generation, pid_t pid);
void generation_replaced(struct generation *generation, pid_t pid); /* its process, by another */
void generation_down(struct generation *generation);                /* its process has gone */

/* When generation_tick() is due next: for `ready = delay`; USEC_INFINITY: never. A body that waits
 * uses it as one more deadline. */
uint64_t generation_tick_due(const struct generation *generation);
void generation_tick(struct generation *generation);
bool generation_ready(const struct generation *generation);

/* Loop's thread, from a body that finds out by itself: it is ready now, or no longer. */
void generation_became_ready(struct generation *generation);
void generation_became_unready(struct generation *generation);

/* After a stop was asked for: it is not killed before that time. */
void generation_extend_stop(struct generation *generation, uint64_t until_usec);
uint64_t generation_stop_begin(const struct generation *generation);

/* Loop's thread: one of its `routine` messages. -ENOMEM; -ENOSPC: there are too many. */
int generation_set_message(struct generation *generation, const char *key, const char *value);

/* Any thread: counts a failure of kind explicit (or another), while the generation is the present
 * one. Returns 1 when it tripped, 0 when it was counted, -ESTALE when the generation is suspended,
 * asked to stop or condemned: noted, not counted. */
int generation_fail(struct generation *generation, const struct failure *failure);
void generation_set_status(
	struct generation *generation, const char *text); /* one line about itself */

/* Loop's thread: the reason that gloop_error() kept, now the caller's; NULL: none. */
char *generation_take_error(struct generation *generation);

/* Lines of output: to the observers, with the loop's throughline; and kept. How many bytes of them
 * were taken, as observer.output says. */
size_t generation_output(struct generation *generation, const struct event_lines *lines);

struct environment_room;
/* The environment of a child of this cycle, as environment_new() makes it: to be given to
 * environment_free(); NULL: no memory. */
char **generation_environment(struct generation *generation, struct environment_room *room);
