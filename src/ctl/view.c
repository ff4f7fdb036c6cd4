/* SPDX-License-Identifier: MIT */
#include "ctl/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"

void view_done(struct view *view)
{
	map_done(&view->by_name);
	free(view->loops);
	free(view->groups);
	sd_bus_message_unref(view->loops_reply);
	sd_bus_message_unref(view->groups_reply);
	sd_bus_message_unref(view->daemon_reply);
	*view = (struct view)VIEW_INIT;
}

/* From the last to the first, each becomes the first of its group: so they keep the daemon's order.
 */
static void link_tree(struct view *view)
{
	for (size_t i = view->n_loops; i-- > 0;) {
		struct loop_row *loop = &view->loops[i];
		struct group_row *group = view_parent(view, loop->group);
		struct loop_row **first = group ? &group->loops : &view->root_loops;

		loop->next = *first;
		*first = loop;
	}
	for (size_t i = view->n_groups; i-- > 0;) {
		struct group_row *group = &view->groups[i];
		struct group_row *parent = view_parent(view, group->parent);
		struct group_row **first = parent ? &parent->groups : &view->root_groups;

		group->next = *first;
		*first = group;
	}
}

int view_read(struct view *view, struct client *client)
{
	int r;

	view_done(view);
	r = client_ask(client, "ListLoops", "as", NULL, &view->loops_reply);
	if (r == EXIT_DONE)
		r = client_ask(client, "ListGroups", "as", NULL, &view->groups_reply);
	if (r != EXIT_DONE)
		return r;
	r = rows_read_loops(view->loops_reply, &view->loops, &view->n_loops);
	if (r >= 0)
		r = rows_read_groups(view->groups_reply, &view->groups, &view->n_groups);
	for (size_t i = 0; r >= 0 && i < view->n_groups; i++)
		r = map_put(&view->by_name, view->groups[i].name, &view->groups[i]);
	if (r < 0)
		return client_garbled(r);
	link_tree(view);
	return EXIT_DONE;
}

int view_read_daemon(struct view *view, struct client *client)
{
	int r = client_ask(client, "Daemon", NULL, NULL, &view->daemon_reply);

	if (r != EXIT_DONE)
		return r;
	r = rows_read_daemon(view->daemon_reply, &view->daemon);
	return r < 0 ? client_garbled(r) : EXIT_DONE;
}

static bool select_one(struct view *view, const char *pattern)
{
	bool some = false;

	for (size_t i = 0; i < view->n_loops; i++)
		if (pattern_matches(pattern, view->loops[i].group, view->loops[i].name))
			some = view->loops[i].selected = true;
	for (size_t i = 0; i < view->n_groups; i++)
		if (pattern_matches(pattern, view->groups[i].parent, view->groups[i].name))
			some = view->groups[i].selected = true;
	return some;
}

int view_select(struct view *view, char **names)
{
	for (size_t i = 0; i < view->n_loops; i++)
		view->loops[i].selected = !*names;
	for (size_t i = 0; i < view->n_groups; i++)
		view->groups[i].selected = !*names;
	for (; *names; names++)
		if (!select_one(view, *names))
			return exit_say(EXIT_NO_SUCH, "no such loop or group: %s", *names);
	view->n_selected_loops = view->n_selected_groups = 0;
	for (size_t i = 0; i < view->n_loops; i++)
		view->n_selected_loops += view->loops[i].selected;
	for (size_t i = 0; i < view->n_groups; i++)
		view->n_selected_groups += view->groups[i].selected;
	return EXIT_DONE;
}

struct group_row *view_parent(const struct view *view, const char *group)
{
	return *group ? map_get(&view->by_name, group) : NULL;
}

bool view_shows_group(const struct view *view, const struct group_row *group)
{
	for (; group; group = view_parent(view, group->parent))
		if (group->selected)
			return true;
	return false;
}

bool view_shows_loop(const struct view *view, const struct loop_row *loop)
{
	return loop->selected || view_shows_group(view, view_parent(view, loop->group));
}
