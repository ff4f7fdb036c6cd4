/* SPDX-License-Identifier: MIT */
/*
 * What greenloopctl knows of the daemon at one moment: all loops, all groups, the daemon itself,
 * from one call each, and which of them the user's names select.
 */
#pragma once

#include "base/map.h"
#include "ctl/client.h"
#include "ctl/rows.h"

struct view {
	sd_bus_message *loops_reply, *groups_reply, *daemon_reply; /* own all strings */
	struct loop_row *loops;
	struct group_row *groups;
	size_t n_loops, n_groups;
	struct loop_row *root_loops; /* the first under the root */
	struct group_row *root_groups;
	struct daemon_row daemon; /* after view_read_daemon() */
	struct map by_name;       /* of groups */
	size_t n_selected_loops, n_selected_groups;
};
#define VIEW_INIT                                                                                  \
	{                                                                                          \
		0                                                                                  \
	}

/* Exit statuses, said. Reading again replaces what was read before. */
int view_read(struct view *view, struct client *client);
int view_read_daemon(struct view *view, struct client *client);
void view_done(struct view *view);
#define _cleanup_view_ __attribute__((cleanup(view_done)))

/* Marks what the names (globs, group/name) select; no names: everything. EXIT_NO_SUCH for the first
 * name that selects nothing. */
int view_select(struct view *view, char **names);

/* NULL: under the root. */
struct group_row *view_parent(const struct view *view, const char *group);

/* The row or a group above it is selected. */
bool view_shows_loop(const struct view *view, const struct loop_row *loop);
bool view_shows_group(const struct view *view, const struct group_row *group);
