/* SPDX-License-Identifier: MIT */
/* status and is-green: they share the answer, and what it is worth as an exit status. */
#include <stdlib.h>
#include <string.h>

#include "ctl/status.h"

/* Without a name a tree in which nothing is wanted (grey) is as good as green; a named loop or
 * group is not. */
static int verdict(const struct view *view, bool named)
{
	if (!named)
		return strcmp(view->daemon.color, "green") == 0 ||
				       strcmp(view->daemon.color, "grey") == 0
			       ? EXIT_DONE
			       : EXIT_NOT_GREEN;
	for (size_t i = 0; i < view->n_loops; i++)
		if (view->loops[i].selected && strcmp(view->loops[i].color, "green") != 0)
			return EXIT_NOT_GREEN;
	for (size_t i = 0; i < view->n_groups; i++)
		if (view->groups[i].selected && strcmp(view->groups[i].color, "green") != 0)
			return EXIT_NOT_GREEN;
	return EXIT_DONE;
}

static int print_json(const struct view *view, const struct options *options)
{
	json_auto_t *document = json_document();
	json_t *groups = json_array(), *loops = json_array();

	json_put(document, "daemon", daemon_row_json(&view->daemon));
	json_put(document, "groups", groups);
	json_put(document, "loops", loops);
	for (size_t i = 0; i < view->n_groups; i++)
		if (view_shows_group(view, &view->groups[i]))
			json_add(groups, group_row_json(&view->groups[i]));
	for (size_t i = 0; i < view->n_loops; i++)
		if (view_shows_loop(view, &view->loops[i]))
			json_add(loops, loop_row_json(&view->loops[i]));
	return json_print(document, options->json);
}

/* One loop in full, with its last failures out of Why(). */
static int print_loop(struct client *client, const struct loop_row *row)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct failure_row *failures = NULL;
	size_t n = 0;
	int r = client_ask(client, "Why", "s", row->name, &reply);

	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_skip(reply, "a" BUS_EPISODE_ROW);
	if (r >= 0)
		r = rows_read_failures(reply, &failures, &n);
	r = r < 0 ? client_garbled(r) : status_loop(row, failures, n);
	free(failures);
	return r;
}

static int print(
	struct client *client, const struct view *view, const struct options *options, bool named)
{
	if (options->quiet)
		return EXIT_DONE;
	if (options->json != JSON_OFF)
		return print_json(view, options);
	if (!named || view->n_selected_groups > 0 || view->n_selected_loops != 1)
		return status_tree(view, options, !named);
	for (size_t i = 0; i < view->n_loops; i++)
		if (view->loops[i].selected)
			return print_loop(client, &view->loops[i]);
	return EXIT_DONE;
}

int verb_status(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_view_ struct view view = VIEW_INIT;
	int r = client_open(&client, options);

	if (r == EXIT_DONE)
		r = view_read(&view, &client);
	if (r == EXIT_DONE)
		r = view_select(&view, names);
	if (r == EXIT_DONE)
		r = view_read_daemon(&view, &client);
	if (r == EXIT_DONE)
		r = print(&client, &view, options, *names != NULL);
	return r != EXIT_DONE ? r : verdict(&view, *names != NULL);
}

int verb_is_green(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_view_ struct view view = VIEW_INIT;
	int r = client_open(&client, options);

	if (r == EXIT_DONE && *names)
		r = view_read(&view, &client);
	if (r == EXIT_DONE && *names)
		r = view_select(&view, names);
	if (r == EXIT_DONE && !*names)
		r = view_read_daemon(&view, &client);
	return r != EXIT_DONE ? r : verdict(&view, *names != NULL);
}
