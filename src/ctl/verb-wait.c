/* SPDX-License-Identifier: MIT */
/* wait: looks, and looks again at each signal of the daemon; no timer but --timeout. */
#include <string.h>

#include "base/strings.h"
#include "ctl/wait.h"

struct waiter {
	struct client *client;
	struct wait wait;
	bool any;
	sd_bus_message *reply; /* the last Show()'s, which owns what was found in it */
};

static int on_signal(
	sd_bus_message *message _unused_, void *userdata _unused_, sd_bus_error *error _unused_)
{
	return 0; /* that one came is all that matters */
}

/* Looks the action up among the group's settings. */
static const char *exhausted_action(const char *group, void *userdata)
{
	struct waiter *waiter = userdata;
	const char *key, *value;

	waiter->reply = sd_bus_message_unref(waiter->reply);
	if (client_ask(waiter->client, "Show", "s", group, &waiter->reply) != EXIT_DONE)
		return NULL;
	if (sd_bus_message_skip(waiter->reply, "s") < 0 ||
		sd_bus_message_enter_container(waiter->reply, 'a', "{ss}") < 0)
		return NULL;
	while (sd_bus_message_read(waiter->reply, "{ss}", &key, &value) > 0)
		if ((string_equal(key, "exhausted_action") || string_equal(key, "ExhaustedAction")))
			return value;
	return NULL;
}

struct tally {
	unsigned reached, open, never;
	const char *name, *reason; /* of the first that cannot */
};

static void count(struct tally *tally, enum prospect prospect, const char *name, const char *reason)
{
	tally->reached += prospect == PROSPECT_REACHED;
	tally->open += prospect == PROSPECT_OPEN;
	if (prospect == PROSPECT_NEVER && tally->never++ == 0) {
		tally->name = name;
		tally->reason = reason;
	}
}

/* > 0: an exit status, said; 0: reached; < 0: go on waiting. */
static int judge(struct waiter *waiter, const struct view *view)
{
	struct tally tally = { 0 };
	const char *reason = NULL;
	enum prospect prospect;

	waiter->wait.view = view;
	for (size_t i = 0; i < view->n_loops; i++)
		if (view->loops[i].selected) {
			prospect = wait_loop(&waiter->wait, &view->loops[i], &reason);
			count(&tally, prospect, view->loops[i].name, reason);
		}
	for (size_t i = 0; i < view->n_groups; i++)
		if (view->groups[i].selected) {
			prospect = wait_group(&waiter->wait, &view->groups[i], &reason);
			count(&tally, prospect, view->groups[i].name, reason);
		}
	if (waiter->any ? tally.reached > 0 : tally.open + tally.never == 0)
		return EXIT_DONE;
	if (waiter->any ? tally.open == 0 : tally.never > 0)
		return exit_say(EXIT_FAILED, "%s: %s", tally.name, tally.reason);
	return -1;
}

static int wait_until(struct waiter *waiter, char **names)
{
	int r;

	for (;;) {
		_cleanup_view_ struct view view = VIEW_INIT;

		r = view_read(&view, waiter->client);
		if (r == EXIT_DONE)
			r = view_select(&view, names);
		if (r != EXIT_DONE)
			return r;
		r = judge(waiter, &view);
		if (r >= 0)
			return r;
		r = client_wait(waiter->client, NULL);
		if (r != EXIT_DONE)
			return r;
	}
}

int verb_wait(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	struct waiter waiter = {
		.client = &client,
		.any = options->any,
		.wait = { WAIT_DEFAULT, NULL, exhausted_action, &waiter },
	};
	int r;

	if (options->any && options->all)
		return exit_say(EXIT_USAGE, "--any and --all exclude each other");
	if (options->wait_for && wait_for_parse(options->wait_for, &waiter.wait.what) < 0)
		return exit_say(EXIT_USAGE,
			"--for=%s: ready, green, running, inactive, done or failed",
			options->wait_for);
	r = client_open(&client, options);
	if (r == EXIT_DONE)
		r = client_subscribe(&client, on_signal, NULL);
	if (r == EXIT_DONE)
		r = wait_until(&waiter, names);
	sd_bus_message_unref(waiter.reply);
	return r;
}
