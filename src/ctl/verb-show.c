/* SPDX-License-Identifier: MIT */
/* show: every property and setting in the daemon's order: Key=value, a blank line between two
 * things. With --json one named thing is an object with its properties as keys; globs, several
 * names or none give arrays of such objects. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/pattern.h"
#include "base/strings.h"
#include "ctl/view.h"

/* Takes one property: into the object, or else onto standard output. */
static int take_property(json_t *object, const char *key, const char *value)
{
	_cleanup_free_ char *safe = NULL;

	if (object) {
		json_put_property(object, key, value);
		return 0;
	}
	safe = string_escape(value);
	if (!safe)
		return -ENOMEM;
	(void)printf("%s=%s\n", key, safe);
	return 0;
}

static int show_one(struct client *client, const char *name, json_t *object)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *kind, *key, *value;
	int r = client_ask(client, "Show", "s", name, &reply);

	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_read(reply, "s", &kind);
	if (r >= 0)
		r = take_property(object, "Kind", kind);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "{ss}");
	while (r >= 0) {
		r = sd_bus_message_read(reply, "{ss}", &key, &value);
		if (r <= 0)
			break;
		r = take_property(object, key, value);
	}
	return r < 0 ? client_garbled(r) : EXIT_DONE;
}

/* A thing among several: an object in the array, or text behind a blank line. */
static int show_next(struct client *client, const char *name, json_t *array)
{
	static bool some;
	json_t *object = array ? json_object() : NULL;

	if (object)
		json_add(array, object);
	else if (some)
		(void)putchar('\n');
	some = true;
	return show_one(client, name, object);
}

static int show_selected(
	struct client *client, const struct view *view, json_t *groups, json_t *loops)
{
	int r = EXIT_DONE;

	for (size_t i = 0; i < view->n_groups && r == EXIT_DONE; i++)
		if (view->groups[i].selected)
			r = show_next(client, view->groups[i].name, groups);
	for (size_t i = 0; i < view->n_loops && r == EXIT_DONE; i++)
		if (view->loops[i].selected)
			r = show_next(client, view->loops[i].name, loops);
	return r;
}

static int show_several(struct client *client, const struct options *options, char **names)
{
	_cleanup_view_ struct view view = VIEW_INIT;
	json_auto_t *document = NULL;
	json_t *groups, *loops;
	int r = view_read(&view, client);

	if (r == EXIT_DONE)
		r = view_select(&view, names);
	if (r != EXIT_DONE)
		return r;
	if (options->json == JSON_OFF)
		return show_selected(client, &view, NULL, NULL);
	document = json_document();
	groups = json_array();
	loops = json_array();
	json_put(document, "groups", groups);
	json_put(document, "loops", loops);
	r = show_selected(client, &view, groups, loops);
	return r == EXIT_DONE ? json_print(document, options->json) : r;
}

int verb_show(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	json_auto_t *document = NULL;
	int r = client_open(&client, options);

	if (r != EXIT_DONE)
		return r;
	if (!names[0] || names[1] || pattern_is_glob(names[0]) || strchr(names[0], '/'))
		return show_several(&client, options, names);
	if (options->json == JSON_OFF)
		return show_one(&client, names[0], NULL);
	document = json_document();
	r = show_one(&client, names[0], document);
	return r == EXIT_DONE ? json_print(document, options->json) : r;
}
