/* SPDX-License-Identifier: MIT */
/* Hooks of a loop beside those of each start and end. */
#pragma once

#include <stdbool.h>

struct failure;
struct generation;
struct gloop_loop;
struct task;

/* Any thread; nobody waits for the end. */
void loop_tell_ready(struct gloop_loop *loop, struct generation *generation);
void loop_tell_failure(struct gloop_loop *loop, const struct failure *failure);

/* The controller's, when nothing of it runs: if the tree is stopped for good and the loop has
 * lived, runs on_close and on_terminated, once. Whether a hook runs now. */
bool loop_close_life(struct task *task);
