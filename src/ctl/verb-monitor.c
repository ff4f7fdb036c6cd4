/* SPDX-License-Identifier: MIT */
/* monitor: the daemon's signals as they come, one line each. What a signal holds is data: its types
 * and keys; only the sentence of each is code. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ctl/client.h"
#include "ctl/color.h"
#include "ctl/format.h"
#include "ctl/interrupt.h"

enum { VALUES_MAX = 6 };

struct value {
	const char *text; /* borrowed from the message */
	uint64_t number;
	int flag;
};

struct kind {
	const char *signal, *event, *types;
	const char *keys[VALUES_MAX];
	char *(*sentence)(const struct value *values); /* malloc()ed; NULL without memory */
};

struct monitor {
	const struct options *options;
	int status;
};

/* Who: "group/loop", "loop", "group", or "root". */
static char *who(const char *loop, const char *group)
{
	if (*loop && *group)
		return string_printf("%s/%s", group, loop);
	return string_printf("%s", *loop ? loop : *group ? group : "root");
}

static char *say_state(const struct value *v)
{
	_cleanup_free_ char *name = who(v[0].text, v[1].text);

	if (!*v[3].text) /* the root: it has a color only */
		return string_printf("%s: %s", name ? name : "?", v[5].text);
	if (string_equal(v[2].text, v[3].text))
		return string_printf("%s: %s, %s", name ? name : "?", v[3].text, v[5].text);
	return string_printf("%s: %s → %s (generation %" PRIu64 ", %s)", name ? name : "?",
		v[2].text, v[3].text, v[4].number, v[5].text);
}

static char *say_failure(const struct value *v)
{
	_cleanup_free_ char *name = who(v[0].text, v[1].text);

	return string_printf("%s: failure%s: %s: %s", name ? name : "?",
		v[4].flag ? "" : " (not counted)", v[2].text, v[3].text);
}

static char *say_opened(const struct value *v)
{
	return string_printf("%s: red: episode #%" PRIu64 ": %s: %s: %s", v[1].text, v[0].number,
		v[2].text, v[3].text, v[4].text);
}

static char *say_closed(const struct value *v)
{
	return string_printf(
		"%s: episode #%" PRIu64 " closed: %s", v[1].text, v[0].number, v[2].text);
}

static char *say_note(const struct value *v)
{
	_cleanup_free_ char *name = who(v[0].text, v[1].text);

	return string_printf("%s: %s", name ? name : "?", v[2].text);
}

static char *say_lost(const struct value *v)
{
	return string_printf("%" PRIu64 " events came too fast to be told", v[0].number);
}

static const struct kind kinds[] = {
	{ "StateChanged", "state_changed", "ssssts",
		{ "loop", "group", "from", "to", "generation", "color" }, say_state },
	{ "Failure", "failure", "ssssbs",
		{ "loop", "group", "kind", "reason", "counted", "throughline" }, say_failure },
	{ "EpisodeOpened", "episode_opened", "tssss",
		{ "episode", "group", "loop", "kind", "reason" }, say_opened },
	{ "EpisodeClosed", "episode_closed", "tss", { "episode", "group", "result" }, say_closed },
	{ "Note", "note", "sss", { "loop", "group", "text" }, say_note },
	{ "Lost", "lost", "t", { "count" }, say_lost },
};

static int read_values(sd_bus_message *message, const char *types, struct value *values)
{
	int r = 0;

	for (; *types && r >= 0; types++, values++) {
		void *place = *types == 's'   ? (void *)&values->text
			      : *types == 't' ? (void *)&values->number
					      : (void *)&values->flag;
		r = sd_bus_message_read_basic(message, *types, place);
	}
	return r;
}

static int print_json(const struct kind *kind, const struct value *values, enum json_mode mode)
{
	json_auto_t *document = json_document();

	json_put_text(document, "event", kind->event);
	json_put_number(document, "time", clock_realtime());
	for (size_t i = 0; kind->types[i]; i++)
		if (kind->types[i] == 's')
			json_put_text(document, kind->keys[i], values[i].text);
		else if (kind->types[i] == 't')
			json_put_number(document, kind->keys[i], values[i].number);
		else
			json_put_bool(document, kind->keys[i], values[i].flag);
	return json_print(document, mode);
}

static int print_text(const struct kind *kind, const struct value *values)
{
	_cleanup_free_ char *sentence = kind->sentence(values);
	_cleanup_free_ char *safe = sentence ? string_escape(sentence) : NULL;
	char date[FORMAT_MAX];

	if (!safe)
		return exit_errno(-ENOMEM, "monitor");
	(void)printf("%s%s%s  %s\n", color_on(PAINT_GREY), format_date(clock_realtime(), date),
		color_off(PAINT_GREY), safe);
	return EXIT_DONE;
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_)
{
	struct monitor *monitor = userdata;
	enum json_mode mode = monitor->options->json;
	struct value values[VALUES_MAX] = { 0 };

	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		if (!sd_bus_message_is_signal(message, BUS_MANAGER, kinds[i].signal))
			continue;
		if (read_values(message, kinds[i].types, values) < 0)
			monitor->status = client_garbled(-EBADMSG);
		else if (mode == JSON_OFF)
			monitor->status = print_text(&kinds[i], values);
		else
			monitor->status = print_json(&kinds[i], values, mode);
	}
	return 0;
}

int verb_monitor(
	const struct verb *verb _unused_, const struct options *options, char **names _unused_)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	struct monitor monitor = { .options = options };
	int r = client_open(&client, options);

	if (r == EXIT_DONE)
		r = client_subscribe(&client, on_message, &monitor);
	interrupt_catch();
	while (r == EXIT_DONE && monitor.status == EXIT_DONE && !interrupted) {
		r = client_wait(&client, &interrupted);
		/* Nobody reads any more: nothing is left to do. */
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
	}
	return r != EXIT_DONE ? r : monitor.status;
}
