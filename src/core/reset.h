/* SPDX-License-Identifier: MIT */
/* A controller's way from red to green. Its thread only. */
#pragma once

struct gloop_group;

void reset_handle_red(struct gloop_group *group);
void reset_settle(struct gloop_group *group);
void reset_timer_due(struct gloop_group *group);
void reset_cancel(struct gloop_group *group); /* a stop overtakes it */
