/* SPDX-License-Identifier: MIT */
/* Values that own memory or hold several things: strings, commands, lists of statuses and paths. */
#include "core/settings-value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/signal-name.h"
#include "base/strings.h"
#include "core/failure.h"

static const char separators[] = " \t\n\r,";

int value_next_item(const char **text, char **ret_item)
{
	const char *start = *text + strspn(*text, separators);
	size_t length = strcspn(start, separators);
	char *item;

	*text = start + length;
	if (length == 0)
		return 0;
	item = strndup(start, length);
	if (!item)
		return -ENOMEM;
	*ret_item = item;
	return 1;
}

static int replace_string(char **value, const char *text)
{
	char *copy = NULL;

	if (*text) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
	}
	free(*value);
	*value = copy;
	return 0;
}

VALUE_PARSER(value_parse_string)
{
	if (!utf8_valid(text, strlen(text)))
		return value_refuse(setting, -EINVAL, text, ret_reason, "a text in UTF-8");
	return replace_string(value, text);
}

VALUE_PARSER(value_parse_name)
{
	if (*text && !settings_name_valid(text))
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"a name of A-Z a-z 0-9 _ . -, first a letter or digit, at most 40 "
			"characters");
	return replace_string(value, text);
}

VALUE_PARSER(value_parse_socket)
{
	size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	bool path = text[0] == '/' && strlen(text) <= room && utf8_valid(text, strlen(text));

	if (*text && !path && strcmp(text, "none") != 0)
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"none, or an absolute path of at most %zu characters", room);
	return replace_string(value, text);
}

VALUE_FORMATTER(value_format_string)
{
	const char *text = *(char *const *)value;

	(void)setting;
	return strdup(text ? text : "");
}

void value_release_string(void *value)
{
	char **text = value;

	free(*text);
	*text = NULL;
}

VALUE_PARSER(value_parse_paths)
{
	_cleanup_vector_ char **paths = NULL;
	char *item = NULL;
	int r;

	while ((r = value_next_item(&text, &item)) > 0) {
		if (item[0] != '/' || !utf8_valid(item, strlen(item))) {
			r = value_refuse(setting, -EINVAL, item, ret_reason, "absolute paths");
			free(item);
			return r;
		}
		r = vector_append_take(&paths, item);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	value_release_vector(value);
	*(char ***)value = TAKE_PTR(paths);
	return 0;
}

VALUE_FORMATTER(value_format_paths)
{
	char *const *paths = *(char **const *)value;

	(void)setting;
	return paths ? vector_join(paths, " ") : strdup("");
}

void value_release_vector(void *value)
{
	char ***v = value;

	vector_free(*v);
	*v = NULL;
}

/* ---- commands */

static int parse_words(const struct setting *setting, struct command *command, const char *text,
	bool ignore_failure, char **ret_reason)
{
	_cleanup_vector_ char **argv = NULL;
	const char *why = NULL;
	int r;

	if (!utf8_valid(text, strlen(text)))
		return value_refuse(setting, -EINVAL, text, ret_reason, "a command in UTF-8");
	r = words_split(text, &argv, &why);
	if (r == -EINVAL)
		return value_refuse(setting, r, text, ret_reason, "a command line (%s)", why);
	if (r < 0)
		return r;
	if ((*text || ignore_failure) && (!argv || !argv[0] || !argv[0][0]))
		return value_refuse(setting, -EINVAL, text, ret_reason, "which program to run");
	value_release_command(command);
	/* Of an unset command nothing is allocated. */
	if (argv && argv[0])
		command->argv = TAKE_PTR(argv);
	command->ignore_failure = ignore_failure;
	return 0;
}

VALUE_PARSER(value_parse_command)
{
	if (text[0] == '-')
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"a command without \"-\": only hooks may ignore their failure");
	return parse_words(setting, value, text, false, ret_reason);
}

VALUE_PARSER(value_parse_hook)
{
	bool ignore = text[0] == '-';

	return parse_words(setting, value, text + ignore, ignore, ret_reason);
}

void value_release_command(void *value)
{
	struct command *command = value;

	vector_free(command->argv);
	*command = (struct command){ 0 };
}

static void put_quoted(FILE *out, const char *word)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)word; *p; p++)
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < ' ' || *p == 0x7f)
			fprintf(out, "\\x%02x", *p);
		else
			fputc(*p, out);
	fputc('"', out);
}

/* What words_split() would take for something else, and a comment's or the ignore mark. */
static bool needs_quotes(const char *word)
{
	if (!*word || *word == '-' || *word == ';' || *word == '#')
		return true;
	for (const unsigned char *p = (const unsigned char *)word; *p; p++)
		if (*p <= ' ' || *p == 0x7f || strchr("\"'\\", *p))
			return true;
	return false;
}

static void put_words(FILE *out, char *const *words)
{
	const char *between = "";

	for (; words && *words; words++, between = " ") {
		fputs(between, out);
		if (needs_quotes(*words))
			put_quoted(out, *words);
		else
			fputs(*words, out);
	}
}

/* Closes a memory stream: its text, or NULL when memory was short on the way. */
static char *finish(FILE *out, char **text)
{
	bool good = !ferror(out);

	if (fclose(out) != 0 || !good) {
		free(*text);
		*text = NULL;
	}
	return *text;
}

char *value_format_words(char *const *words)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_words(out, words);
	return finish(out, &text);
}

VALUE_FORMATTER(value_format_command)
{
	const struct command *command = value;
	_cleanup_free_ char *words = value_format_words(command->argv);

	(void)setting;
	if (!words)
		return NULL;
	return string_printf("%s%s", command->ignore_failure ? "-" : "", words);
}

/* ---- exit statuses, signals, kinds of failure */

bool status_set_has_exit(const struct status_set *set, int status)
{
	return status >= 0 && status < 256 && (set->exits[status / 64] >> (status % 64) & 1);
}

bool status_set_has_signal(const struct status_set *set, int signal)
{
	return signal > 0 && signal <= SIGNAL_MAX && (set->signals >> (signal - 1) & 1);
}

static int add_exit(struct status_set *set, const char *text)
{
	uint64_t status = 0;
	int r = value_read_number(text, &status);

	if (r < 0)
		return r;
	if (status > 255)
		return -ERANGE;
	set->exits[status / 64] |= UINT64_C(1) << (status % 64);
	return 0;
}

static int add_signal(struct status_set *set, const char *text)
{
	int signal = signal_from_string(text);

	if (signal < 0)
		return signal;
	set->signals |= UINT64_C(1) << (signal - 1);
	return 0;
}

VALUE_PARSER(value_parse_exits)
{
	struct status_set set = { 0 };
	char *item = NULL;
	int r;

	while ((r = value_next_item(&text, &item)) > 0) {
		_cleanup_free_ _unused_ char *mine = item;

		r = add_exit(&set, item);
		if (r < 0)
			return value_refuse(
				setting, r, item, ret_reason, "exit statuses from 0 to 255");
	}
	if (r < 0)
		return r;
	*(struct status_set *)value = set;
	return 0;
}

VALUE_PARSER(value_parse_statuses)
{
	struct status_set set = { 0 };
	char *item = NULL;
	int r;

	while ((r = value_next_item(&text, &item)) > 0) {
		_cleanup_free_ _unused_ char *mine = item;

		/* A number is always an exit status here: signals go by their names. */
		r = isdigit((unsigned char)item[0]) ? add_exit(&set, item) : add_signal(&set, item);
		if (r < 0)
			return value_refuse(setting, r, item, ret_reason,
				"exit statuses from 0 to 255 and names of signals such as TERM");
	}
	if (r < 0)
		return r;
	*(struct status_set *)value = set;
	return 0;
}

static void put_exits(
	FILE *out, const struct status_set *set, const char *prefix, const char **between)
{
	for (int status = 0; status < 256; status++)
		if (status_set_has_exit(set, status)) {
			fprintf(out, "%s%s%d", *between, prefix, status);
			*between = " ";
		}
}

VALUE_FORMATTER(value_format_statuses)
{
	const struct status_set *set = value;
	const char *between = "";
	char *text = NULL, name[16];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)setting;
	if (!out)
		return NULL;
	put_exits(out, set, "", &between);
	for (int signal = 1; signal <= SIGNAL_MAX; signal++)
		if (status_set_has_signal(set, signal)) {
			fprintf(out, "%s%s", between, signal_format(signal, name, sizeof(name)));
			between = " ";
		}
	return finish(out, &text);
}

/* Not `none`, and not `group`: that is never a loop's own failure. */
static bool kind_trips(int kind)
{
	return kind > FAILURE_NONE && kind != FAILURE_GROUP;
}

static int add_trip(struct trip_set *set, const char *text)
{
	int kind = failure_kind_from_string(text);

	if (kind_trips(kind)) {
		set->kinds |= 1u << kind;
		return 0;
	}
	return strncmp(text, "exit:", 5) == 0 ? add_exit(&set->statuses, text + 5) : -EINVAL;
}

VALUE_PARSER(value_parse_trips)
{
	struct trip_set set = { 0 };
	char *item = NULL;
	int r;

	while ((r = value_next_item(&text, &item)) > 0) {
		_cleanup_free_ _unused_ char *mine = item;

		r = add_trip(&set, item);
		if (r < 0)
			return value_refuse(setting, r, item, ret_reason,
				"exit, exit:N, signal, exec, start-timeout, cycle-timeout, "
				"watchdog, "
				"probe, hook, error or explicit");
	}
	if (r < 0)
		return r;
	*(struct trip_set *)value = set;
	return 0;
}

VALUE_FORMATTER(value_format_trips)
{
	const struct trip_set *set = value;
	const char *between = "";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)setting;
	if (!out)
		return NULL;
	for (int kind = 0; kind < FAILURE_KIND_MAX_; kind++)
		if (set->kinds & (1u << kind)) {
			fprintf(out, "%s%s", between, failure_kind_to_string(kind));
			between = " ";
		}
	put_exits(out, &set->statuses, "exit:", &between);
	return finish(out, &text);
}
