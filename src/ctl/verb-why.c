/* SPDX-License-Identifier: MIT */
/* why: what happened first, what it dragged along, what was done, how it ended. Shows the episodes
 * that are open, else the last one; or the one that was asked for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ctl/client.h"
#include "ctl/color.h"
#include "ctl/format.h"
#include "ctl/line.h"
#include "ctl/rows.h"

struct record {
	struct episode_row *episodes;
	struct failure_row *failures;
	size_t n_episodes, n_failures;
};

static void record_done(struct record *record)
{
	episode_rows_free(record->episodes, record->n_episodes);
	free(record->failures);
}

/* All text comes from here: a child's words may stand in it. */
static void print_safe(enum paint paint, const char *text)
{
	_cleanup_free_ char *safe = string_escape(text);

	(void)printf("%s%s%s", color_on(paint), safe ? safe : "?", color_off(paint));
}

/* What was said before a failure. */
static void print_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		(void)printf("           %s|%s ", color_on(PAINT_GREY), color_off(PAINT_GREY));
		line_print(text, length);
		text += length + (text[length] == '\n');
	}
}

static void print_failure(const char *before, const struct failure_row *row)
{
	char date[FORMAT_MAX];

	(void)printf("%s%s  ", before, format_date(row->realtime_usec, date));
	print_safe(PAINT_BOLD, row->loop);
	(void)printf(": ");
	print_safe(PAINT_RED, row->kind);
	(void)printf(": ");
	print_safe(PAINT_NONE, row->reason);
	if (row->nth > 0)
		(void)printf(", %" PRIu32 " of %" PRIu32, row->nth, row->of);
	(void)putchar('\n');
	print_lines(row->lines);
}

static void print_times(const struct episode_row *row)
{
	char opened[FORMAT_MAX], closed[FORMAT_MAX];

	(void)printf("  opened:  %s\n", format_date(row->opened_usec, opened));
	if (row->closed_usec == 0)
		(void)printf("  result:  %sopen%s\n", color_on(PAINT_RED), color_off(PAINT_RED));
	else
		(void)printf("  closed:  %s\n  result:  %s%s%s\n",
			format_date(row->closed_usec, closed), color_on(color_of(row->result)),
			row->result, color_off(color_of(row->result)));
	(void)printf("  resets:  %" PRIu32 "\n", row->resets);
}

static void print_episode(const struct episode_row *row)
{
	(void)printf("%sepisode #%" PRIu64 " of group %s%s\n", color_on(PAINT_BOLD), row->number,
		*row->group ? row->group : "root", color_off(PAINT_BOLD));
	if (*row->cause.kind)
		print_failure("  cause:   ", &row->cause);
	if (*row->throughline) {
		(void)printf("  where:   ");
		print_safe(PAINT_NONE, row->throughline);
		(void)putchar('\n');
	}
	if (*row->origin) {
		(void)printf("  origin:  ");
		print_safe(PAINT_NONE, row->origin);
		(void)putchar('\n');
	}
	print_times(row);
	for (size_t i = 0; i < row->n_failures; i++)
		print_failure("  then:    ", &row->failures[i]);
	if (row->n_attached > row->n_failures)
		(void)printf("  then:    %zu more failures\n", row->n_attached - row->n_failures);
}

/* Was this one asked for: by its number, or because it is open, or the last when none is? */
static bool is_wanted(const struct record *record, size_t i, const char *target)
{
	bool some_open = false;

	if (*target == '#')
		return true;
	for (size_t k = 0; k < record->n_episodes; k++)
		some_open |= record->episodes[k].closed_usec == 0;
	return some_open ? record->episodes[i].closed_usec == 0 : i == 0;
}

static int print_text(const struct record *record, const char *target)
{
	for (size_t i = 0; i < record->n_episodes; i++)
		if (is_wanted(record, i, target))
			print_episode(&record->episodes[i]);
	if (record->n_episodes == 0 && record->n_failures == 0)
		(void)puts("nothing has failed");
	if (record->n_failures > 0)
		(void)printf("%slast failures%s\n", color_on(PAINT_BOLD), color_off(PAINT_BOLD));
	for (size_t i = 0; i < record->n_failures; i++)
		print_failure("  ", &record->failures[i]);
	return EXIT_DONE;
}

static int print_json(const struct record *record, const char *target, enum json_mode mode)
{
	json_auto_t *document = json_document();
	json_t *episodes = json_array();

	json_put(document, "episodes", episodes);
	for (size_t i = 0; i < record->n_episodes; i++)
		if (is_wanted(record, i, target))
			json_add(episodes, episode_row_json(&record->episodes[i]));
	json_put(document, "failures", failure_rows_json(record->failures, record->n_failures));
	return json_print(document, mode);
}

int verb_why(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(record_done) struct record record = { 0 };
	const char *target = *names ? *names : "";
	int r = client_open(&client, options);

	if (r == EXIT_DONE)
		r = client_ask(&client, "Why", "s", target, &reply);
	if (r != EXIT_DONE)
		return r;
	r = rows_read_episodes(reply, &record.episodes, &record.n_episodes);
	if (r >= 0)
		r = rows_read_failures(reply, &record.failures, &record.n_failures);
	if (r < 0)
		return client_garbled(r);
	if (options->json != JSON_OFF)
		return print_json(&record, target, options->json);
	return print_text(&record, target);
}
