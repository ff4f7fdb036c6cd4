/* SPDX-License-Identifier: MIT */
#include "ctl/wait.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"

static const char *const words[] = {
	[WAIT_READY] = "ready",
	[WAIT_GREEN] = "green",
	[WAIT_RUNNING] = "running",
	[WAIT_INACTIVE] = "inactive",
	[WAIT_DONE] = "done",
	[WAIT_FAILED] = "failed",
};

int wait_for_parse(const char *text, enum wait_for *ret)
{
	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (string_equal(words[i], text)) {
			*ret = (enum wait_for)i;
			return 0;
		}
	return -EINVAL;
}

/* Is a reset under way that will start members anew? */
static bool is_resetting(const struct wait *wait, const struct group_row *group)
{
	for (; group; group = view_parent(wait->view, group->parent))
		if (group->episode_open)
			return true;
	return false;
}

/* Why nothing in this group (NULL: the root) will start by itself; NULL: it may. */
static const char *group_stands_still(const struct wait *wait, const struct group_row *group)
{
	for (const struct group_row *g = group; g; g = view_parent(wait->view, g->parent))
		if (string_equal(g->desired, "stopped"))
			return g == group ? "the group is stopped" : "a group above it is stopped";
	/* A failed group whose failure goes up is started anew by its parent, or fails with it. */
	for (; group && string_equal(group->state, "failed");
		group = view_parent(wait->view, group->parent)) {
		const char *action = wait->exhausted_action(group->name, wait->userdata);

		if (is_resetting(wait, group) || (action && strncmp(action, "cooldown", 8) == 0))
			return NULL;
		if (!*group->parent || !string_equal(action, "escalate"))
			return "the group has failed";
	}
	return NULL;
}

/* Why this loop will not start by itself; NULL: it may, or it is up. */
static const char *loop_stands_still(const struct wait *wait, const struct loop_row *loop)
{
	const struct group_row *group = view_parent(wait->view, loop->group);
	const char *reason = group_stands_still(wait, group);

	if (string_equal(loop->desired, "stopped"))
		return "it is stopped";
	if (reason || is_resetting(wait, group))
		return reason;
	if (string_equal(loop->state, "failed") && loop->next_start_usec == 0)
		return "it has failed";
	if (string_equal(loop->state, "done"))
		return "it is done";
	if (string_equal(loop->state, "inactive") && string_equal(loop->outcome, "vetoed"))
		return "its on_start hook vetoed the start";
	return NULL;
}

static bool is_reached(enum wait_for what, const char *state, const char *color, bool ready)
{
	if (what == WAIT_READY)
		return ready;
	return string_equal(what == WAIT_GREEN ? color : state, words[what]);
}

/* Nothing but a start moves it on. */
static bool is_settled(const char *state)
{
	return string_equal(state, "inactive") || string_equal(state, "failed") ||
	       string_equal(state, "done");
}

enum prospect wait_loop(
	const struct wait *wait, const struct loop_row *loop, const char **ret_reason)
{
	enum wait_for what = wait->what == WAIT_DEFAULT ? WAIT_READY : wait->what;
	bool upward = what == WAIT_READY || what == WAIT_GREEN || what == WAIT_RUNNING;

	if (is_reached(what, loop->state, loop->color, loop->ready))
		return PROSPECT_REACHED;
	/* A oneshot's success is its readiness. */
	if (what == WAIT_READY && string_equal(loop->type, "oneshot") &&
		string_equal(loop->state, "done"))
		return PROSPECT_REACHED;
	*ret_reason = loop_stands_still(wait, loop);
	/* What is stopped may still be on its way to inactive, done or failed. */
	if (!upward && !is_settled(loop->state))
		return PROSPECT_OPEN;
	return *ret_reason ? PROSPECT_NEVER : PROSPECT_OPEN;
}

/* Why a group cannot become green by itself although it may start: a member that keeps it red, or
 * none that is wanted. */
static const char *group_stays_red(const struct wait *wait, const struct group_row *group)
{
	const char *reason;

	for (const struct loop_row *loop = group->loops; loop; loop = loop->next)
		if (string_equal(loop->state, "failed") && loop_stands_still(wait, loop) &&
			string_equal(loop->desired, "started"))
			return "a loop in it has failed";
	for (const struct group_row *child = group->groups; child; child = child->next) {
		if (!string_equal(child->desired, "started"))
			continue;
		reason = group_stands_still(wait, child);
		if (reason)
			return "a group in it has failed";
		reason = group_stays_red(wait, child);
		if (reason)
			return reason;
	}
	return NULL;
}

enum prospect wait_group(
	const struct wait *wait, const struct group_row *group, const char **ret_reason)
{
	enum wait_for what = wait->what == WAIT_DEFAULT ? WAIT_GREEN : wait->what;
	bool upward = what == WAIT_READY || what == WAIT_GREEN || what == WAIT_RUNNING;

	if (is_reached(what, group->state, group->color, group->ready))
		return PROSPECT_REACHED;
	*ret_reason = "a group is never done";
	if (what == WAIT_DONE)
		return PROSPECT_NEVER;
	if (!upward && !is_settled(group->state))
		return PROSPECT_OPEN;
	*ret_reason = group_stands_still(wait, group);
	if (!*ret_reason && upward && what != WAIT_RUNNING)
		*ret_reason = group_stays_red(wait, group);
	if (!*ret_reason && what == WAIT_GREEN && group->n_loops == 0 &&
		string_equal(group->color, "grey") && !is_resetting(wait, group))
		*ret_reason = "nothing in it is wanted";
	return *ret_reason ? PROSPECT_NEVER : PROSPECT_OPEN;
}
