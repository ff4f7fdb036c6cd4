/* SPDX-License-Identifier: MIT */
/*
 * logs: the last lines of loops, from where they went; with -f then each new one. What cannot be
 * read there comes from the daemon's memory, as everything does that is followed: so no line is
 * shown twice, and none is left out, between the old and the new ones.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ctl/client.h"
#include "ctl/color.h"
#include "ctl/interrupt.h"
#include "ctl/line.h"
#include "ctl/source.h"

enum { LINES_UNLESS_SAID = 64 };

struct log_row { /* of BUS_LOG_ROW */
	const char *name, *group, *output, *error_output;
	uint64_t next;
	struct source_line *lines;
	size_t n_lines;
};

struct logs {
	const struct options *options;
	struct log_row *rows;
	size_t n_rows, max;
	int status;
};

static void logs_done(struct logs *logs)
{
	for (size_t i = 0; i < logs->n_rows; i++)
		free(logs->rows[i].lines);
	free(logs->rows);
}

/* ---- from the daemon. A negative errno, or 0. */

/* Of a{BUS_LINE_ROW}; *ret is the caller's, also on failure. */
static int read_lines(sd_bus_message *message, struct source_line **ret, size_t *ret_n)
{
	size_t room = 0;
	int r = sd_bus_message_enter_container(message, 'a', BUS_LINE_ROW);

	while (r >= 0) {
		struct source_line *line;
		int error;

		if (*ret_n == room) {
			room = MAX(2 * room, (size_t)64);
			line = reallocarray(*ret, room, sizeof(**ret));
			if (!line)
				return -ENOMEM;
			*ret = line;
		}
		line = &(*ret)[*ret_n];
		r = sd_bus_message_read(
			message, BUS_LINE_ROW, &line->realtime_usec, &error, &line->text);
		if (r <= 0)
			break;
		line->length = strlen(line->text);
		line->error = error;
		(*ret_n)++;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* 1: read, 0: there are no more. */
static int read_row(sd_bus_message *message, struct logs *logs)
{
	struct log_row *row;
	int r = sd_bus_message_enter_container(message, 'r',
		"sssst"
		"a" BUS_LINE_ROW);

	if (r <= 0)
		return r;
	row = reallocarray(logs->rows, logs->n_rows + 1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	logs->rows = row;
	row = &logs->rows[logs->n_rows++];
	*row = (struct log_row){ 0 };
	r = sd_bus_message_read(message, "sssst", &row->name, &row->group, &row->output,
		&row->error_output, &row->next);
	if (r >= 0)
		r = read_lines(message, &row->lines, &row->n_lines);
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_rows(sd_bus_message *reply, struct logs *logs)
{
	int r = sd_bus_message_enter_container(reply, 'a', BUS_LOG_ROW);

	while (r >= 0) {
		r = read_row(reply, logs);
		if (r == 0)
			break;
	}
	return r < 0 ? r : sd_bus_message_exit_container(reply);
}

/* An exit status. */
static int ask(struct client *client, const char *method, char **names, const size_t *max,
	sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = client_message(client, method, &call);

	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_append_strv(call, names);
	if (r >= 0 && max)
		r = sd_bus_message_append(call, "u", (uint32_t)*max);
	if (r < 0)
		return exit_errno(r, method);
	return client_call(client, call, CLIENT_PATIENCE_SEC * USEC_PER_SEC, ret);
}

/* ---- printing */

struct printing {
	const struct log_row *row;
	bool named;                   /* with several loops each line begins with its loop's */
	json_t *lines;                /* NULL: as text */
	bool only_output, only_error; /* of what is in memory: lines of one stream */
};

static void put_line(json_t *object, const struct source_line *line)
{
	_cleanup_free_ char *text = string_utf8(line->text, line->length);

	if (line->realtime_usec > 0)
		json_put_number(object, "time", line->realtime_usec);
	json_put_bool(object, "error", line->error);
	json_put_text(object, "text", text ? text : "");
}

static void print_line(const struct source_line *line, void *userdata)
{
	struct printing *printing = userdata;
	const struct log_row *row = printing->row;

	if (printing->lines) {
		json_t *object = json_object();

		put_line(object, line);
		json_add(printing->lines, object);
		return;
	}
	if (printing->named)
		(void)printf("%s%s%s%s |%s ", color_on(PAINT_GREY), row->group,
			*row->group ? "/" : "", row->name, color_off(PAINT_GREY));
	line_print(line->text, line->length);
}

static void print_kept(struct printing *printing)
{
	for (size_t i = 0; i < printing->row->n_lines; i++) {
		const struct source_line *line = &printing->row->lines[i];

		if (!(line->error ? printing->only_output : printing->only_error))
			print_line(line, printing);
	}
}

/* One of the places that a loop writes to. */
static void print_source(struct printing *printing, const struct logs *logs, const char *output)
{
	static const char file[] = "file:";
	int r = -ENODATA;

	if (strncmp(output, file, sizeof(file) - 1) == 0) {
		r = source_read_files(output + sizeof(file) - 1, logs->max, print_line, printing);
		if (r < 0 && r != -ENOENT && !logs->options->quiet)
			(void)exit_say(EXIT_FAILED, "%s: %s: what is in memory is shown",
				output + sizeof(file) - 1, strerror(-r));
	} else if (strcmp(output, "journal") == 0) {
		r = source_read_journal(printing->row->name, logs->max, print_line, printing);
	}
	if (r < 0)
		print_kept(printing);
}

static void print_row(struct printing *printing, const struct logs *logs)
{
	const struct log_row *row = printing->row;
	bool apart = *row->error_output && strcmp(row->output, row->error_output) != 0;

	if (logs->options->follow) {
		print_kept(printing);
		return;
	}
	printing->only_output = apart;
	print_source(printing, logs, row->output);
	if (!apart)
		return;
	printing->only_output = false;
	printing->only_error = true;
	print_source(printing, logs, row->error_output);
}

static int print_text(const struct logs *logs)
{
	for (size_t i = 0; i < logs->n_rows; i++) {
		struct printing printing = { .row = &logs->rows[i], .named = logs->n_rows > 1 };

		print_row(&printing, logs);
	}
	return EXIT_DONE;
}

static int print_json(const struct logs *logs)
{
	json_auto_t *document = json_document();
	json_t *loops = json_array();

	json_put(document, "loops", loops);
	for (size_t i = 0; i < logs->n_rows; i++) {
		struct printing printing = { .row = &logs->rows[i], .lines = json_array() };
		json_t *object = json_object();

		json_put_text(object, "name", printing.row->name);
		json_put_text(object, "group", printing.row->group);
		json_put_text(object, "output", printing.row->output);
		json_put_text(object, "error_output", printing.row->error_output);
		print_row(&printing, logs);
		json_put(object, "lines", printing.lines);
		json_add(loops, object);
	}
	return json_print(document, logs->options->json);
}

/* ---- following */

/* A document for each line. */
static int print_followed_json(
	const struct log_row *row, const struct source_line *line, enum json_mode mode)
{
	json_auto_t *document = json_document();

	json_put_text(document, "loop", row->name);
	json_put_text(document, "group", row->group);
	put_line(document, line);
	return json_print(document, mode);
}

static int print_lost(const struct logs *logs, const struct log_row *row, uint64_t lost)
{
	json_auto_t *document = NULL;

	if (logs->options->json == JSON_OFF) {
		(void)exit_say(EXIT_FAILED, "%s: lost %llu", row->name, (unsigned long long)lost);
		return EXIT_DONE;
	}
	document = json_document();
	json_put_text(document, "loop", row->name);
	json_put_text(document, "group", row->group);
	json_put_number(document, "lost", lost);
	return json_print(document, logs->options->json);
}

/* What of a message came with the kept lines already: those up to the number that was then next. */
static size_t known_lines(const struct logs *logs, const struct log_row *row, uint64_t number)
{
	for (size_t i = 0; i < logs->n_rows; i++)
		if (strcmp(logs->rows[i].name, row->name) == 0)
			return logs->rows[i].next > number ? (size_t)(logs->rows[i].next - number)
							   : 0;
	return 0;
}

static int print_message(sd_bus_message *message, struct logs *logs, struct log_row *row)
{
	struct printing printing = { .row = row, .named = logs->n_rows > 1 };
	uint64_t lost, number;
	int status = EXIT_DONE;
	int r = sd_bus_message_read(message, "sstt", &row->name, &row->group, &lost, &number);

	if (r >= 0)
		r = read_lines(message, &row->lines, &row->n_lines);
	if (r < 0)
		return client_garbled(r);
	if (lost > 0)
		status = print_lost(logs, row, lost);
	for (size_t i = known_lines(logs, row, number); i < row->n_lines; i++)
		if (logs->options->json != JSON_OFF)
			status = print_followed_json(row, &row->lines[i], logs->options->json);
		else
			print_line(&row->lines[i], &printing);
	return status;
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_)
{
	struct logs *logs = userdata;
	struct log_row row = { 0 };

	if (!sd_bus_message_is_signal(message, BUS_MANAGER, "Log"))
		return 0;
	logs->status = print_message(message, logs, &row);
	free(row.lines);
	return 0;
}

static int begin_to_follow(struct client *client, struct logs *logs, char **names)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = sd_bus_match_signal(
		client->bus, NULL, NULL, BUS_PATH, BUS_MANAGER, "Log", on_message, logs);

	return r < 0 ? exit_errno(r, "Follow") : ask(client, "Follow", names, NULL, &reply);
}

static int follow(struct client *client, struct logs *logs)
{
	int r = EXIT_DONE;

	interrupt_catch();
	while (r == EXIT_DONE && logs->status == EXIT_DONE && !interrupted) {
		if (fflush(stdout) != 0) /* nobody reads any more: nothing is left to do */
			return EXIT_FAILED;
		r = client_wait(client, &interrupted);
	}
	(void)fflush(stdout);
	return r != EXIT_DONE ? r : logs->status;
}

/* ---- the verb */

static int print_first(const struct logs *logs)
{
	int status = EXIT_DONE;

	if (logs->options->json == JSON_OFF)
		return print_text(logs);
	if (!logs->options->follow)
		return print_json(logs);
	for (size_t i = 0; i < logs->n_rows; i++)
		for (size_t k = 0; status == EXIT_DONE && k < logs->rows[i].n_lines; k++)
			status = print_followed_json(
				&logs->rows[i], &logs->rows[i].lines[k], logs->options->json);
	return status;
}

static int read_max(const struct options *options, size_t *ret)
{
	char *end = NULL;
	unsigned long n;

	*ret = LINES_UNLESS_SAID;
	if (!options->lines)
		return EXIT_DONE;
	n = strtoul(options->lines, &end, 10);
	if (options->lines[0] < '0' || options->lines[0] > '9' || *end || n > INT32_MAX)
		return exit_say(EXIT_USAGE, "-n %s: not a number of lines", options->lines);
	*ret = n;
	return EXIT_DONE;
}

int verb_logs(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(logs_done) struct logs logs = { .options = options };
	int r = read_max(options, &logs.max);

	if (r == EXIT_DONE)
		r = client_open(&client, options);
	if (r == EXIT_DONE && options->follow)
		r = begin_to_follow(&client, &logs, names);
	if (r == EXIT_DONE)
		r = ask(&client, "Logs", names, &logs.max, &reply);
	if (r != EXIT_DONE)
		return r;
	r = read_rows(reply, &logs);
	if (r < 0)
		return client_garbled(r);
	r = print_first(&logs);
	return r == EXIT_DONE && options->follow ? follow(&client, &logs) : r;
}
