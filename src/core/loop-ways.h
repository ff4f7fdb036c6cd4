/* SPDX-License-Identifier: MIT */
/* A program's own ways to stop and to reload. The controller's thread only. */
#pragma once

#include <stdbool.h>

struct gloop_loop;

/* Asks the present generation to stop: by stop_command first, if there is one and a process. */
void loop_ask(struct gloop_loop *loop);

/* 0: the signal was sent, or (*ret_later) the command runs and request_reloaded() will be called.
 * -EOPNOTSUPP: it has no way to be reloaded; -ESRCH: no process; -EALREADY; -errno. */
int loop_reload(struct gloop_loop *loop, bool *ret_later);

void loop_see_ways(struct gloop_loop *loop); /* some hook has ended: one of these? */
void loop_ways_done(struct gloop_loop *loop);
