/* SPDX-License-Identifier: MIT */
/* What calls ask of a controller, and when they are answered. Its thread only, except where said.
 */
#pragma once

struct call;
struct gloop_group;
struct task;

void request_handle(struct gloop_group *group, struct call *call);
void request_member_changed(struct task *member); /* answers what can be answered now */
void request_reloaded(struct task *member, int status, const char *message); /* by its command */
void request_group_settled(struct gloop_group *group);
void requests_refuse(
	struct gloop_group *group); /* the controller ends: what nobody will answer any more */
