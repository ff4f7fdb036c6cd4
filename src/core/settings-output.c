/* SPDX-License-Identifier: MIT */
/* The value of output and error_output: a word, or file:PATH. */
#include "core/settings-value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/strings.h"

static const char *const words[] = {
	[OUTPUT_SAME] = "",
	[OUTPUT_AUTO] = "auto",
	[OUTPUT_JOURNAL] = "journal",
	[OUTPUT_CONSOLE] = "console",
	[OUTPUT_NULL] = "null",
};

static const char file_prefix[] = "file:";

enum {
	FILE_PREFIX = sizeof(file_prefix) - 1,
	NUMBER_ROOM = 8, /* for what rotation appends to the name */
};

bool output_target_equal(const struct output_target *a, const struct output_target *b)
{
	return a->kind == b->kind && string_equal(a->path, b->path);
}

/* Absolute, with a name at its end that leaves room for what rotation appends. */
static bool is_good_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : "";

	return path[0] == '/' && strlen(path) < PATH_MAX - NUMBER_ROOM && *name &&
	       strlen(name) <= NAME_MAX - NUMBER_ROOM && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && utf8_valid(path, strlen(path));
}

VALUE_PARSER(value_parse_output)
{
	struct output_target target = { 0 };
	unsigned i = 0;

	while (i < ELEMENTS(words) && strcmp(words[i], text) != 0)
		i++;
	target.kind = (enum output_kind)i;
	if (i == ELEMENTS(words)) {
		if (strncmp(text, file_prefix, FILE_PREFIX) != 0 ||
			!is_good_path(text + FILE_PREFIX))
			return value_refuse(setting, -EINVAL, text, ret_reason,
				"auto, journal, console, null, or file: and the absolute path of a "
				"file");
		target.kind = OUTPUT_FILE;
		target.path = strdup(text + FILE_PREFIX);
		if (!target.path)
			return -ENOMEM;
	}
	value_release_output(value);
	*(struct output_target *)value = target;
	return 0;
}

VALUE_FORMATTER(value_format_output)
{
	const struct output_target *target = value;

	(void)setting;
	if (target->kind == OUTPUT_FILE)
		return string_printf("%s%s", file_prefix, target->path);
	return strdup(words[target->kind]);
}

void value_release_output(void *value)
{
	struct output_target *target = value;

	free(target->path);
	*target = (struct output_target){ 0 };
}
