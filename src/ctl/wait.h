/* SPDX-License-Identifier: MIT */
/*
 * What `wait` waits for, and whether it can still come: pure decisions over a view. "Cannot" means:
 * not without an operator's act or a reload.
 */
#pragma once

#include "ctl/view.h"

enum wait_for {
	WAIT_READY,
	WAIT_GREEN,
	WAIT_RUNNING,
	WAIT_INACTIVE,
	WAIT_DONE,
	WAIT_FAILED,
	WAIT_DEFAULT
};
int wait_for_parse(const char *text, enum wait_for *ret); /* -EINVAL */

enum prospect { PROSPECT_OPEN, PROSPECT_REACHED, PROSPECT_NEVER };

struct wait {
	enum wait_for what;
	const struct view *view;
	/* What a failed group does next: its exhausted_action. Asked for failed groups only; NULL:
	 * unknown. */
	const char *(*exhausted_action)(const char *group, void *userdata);
	void *userdata;
};

/* With PROSPECT_NEVER *ret_reason is a literal that says why. */
enum prospect wait_loop(
	const struct wait *wait, const struct loop_row *loop, const char **ret_reason);
enum prospect wait_group(
	const struct wait *wait, const struct group_row *group, const char **ret_reason);
