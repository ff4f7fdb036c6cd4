/* SPDX-License-Identifier: MIT */
/*
 * Substitution. Only what looks exactly like ${NAME} is a variable, and only configured variables
 * are known: a bare $NAME, $$ or ${NAME:-x} is the program's own and reaches it untouched. What
 * nobody defined is an error, never empty.
 *
 * Within a command the text that is put in gets backslashes (or, between single quotes, '\'') where
 * the splitting of the command line would take a character for white space, a quote or an escape.
 */
#include "daemon/config-expand.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

enum { EXPANDED_MAX = 64 * 1024 }; /* variables that double each other must not eat the memory */

struct writer {
	FILE *stream;
	size_t length;
	bool command;
	char quote; /* the one that is open in the text so far, else 0 */
};

static void closefilep(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The length of a whole ${NAME} at text, 0 if there is none. */
static size_t variable_length(const char *text)
{
	size_t n = 2;

	if (text[0] != '$' || text[1] != '{' || !name_byte(text[2]) ||
		isdigit((unsigned char)text[2]))
		return 0;
	while (name_byte(text[n]))
		n++;
	return text[n] == '}' ? n + 1 : 0;
}

bool expand_needed(const char *text)
{
	for (; *text; text++)
		if (*text == '%' || variable_length(text) > 0)
			return true;
	return false;
}

/* One byte of the file's own text: copied, and followed for quotes. Returns how many bytes it took.
 */
static size_t write_own(struct writer *writer, const char *text)
{
	size_t n = 1;

	if (writer->command) {
		if (*text == '\\' && writer->quote != '\'' && text[1])
			n = 2;
		else if (*text == writer->quote)
			writer->quote = 0;
		else if (!writer->quote && (*text == '"' || *text == '\''))
			writer->quote = *text;
	}
	fwrite(text, 1, n, writer->stream);
	writer->length += n;
	return n;
}

static void write_protected(struct writer *writer, char c)
{
	if (writer->quote == '\'') {
		fputs(c == '\'' ? "'\\''" : (char[]){ c, 0 }, writer->stream);
	} else if (c == '\\' || c == '"' || (c == '\'' && !writer->quote)) {
		fprintf(writer->stream, "\\%c", c);
	} else if (!writer->quote && c == ' ') {
		fputs("\\s", writer->stream);
	} else if (!writer->quote && isspace((unsigned char)c)) {
		fprintf(writer->stream, "\\x%02x", (unsigned char)c);
	} else {
		fputc(c, writer->stream);
	}
}

static void write_value(struct writer *writer, const char *value)
{
	writer->length += strlen(value);
	if (writer->length > EXPANDED_MAX)
		return;
	if (!writer->command)
		fputs(value, writer->stream);
	else
		for (; *value; value++)
			write_protected(writer, *value);
}

static int refuse(char **ret_reason, char *reason)
{
	if (!reason)
		return -ENOMEM;
	*ret_reason = reason;
	return -EINVAL;
}

static int sign_value(const struct expansion *x, char sign, const char **ret, char **ret_reason)
{
	const struct {
		char sign;
		const char *value, *absence;
	} signs[] = {
		{ '%', "%", NULL },
		{ 'i', x->instance, "there are no instances here" },
		{ 'n', x->loop, "there is no loop here" },
		{ 'g', x->group, "there is no group here" },
		{ 'h', x->home, "the home directory is not known" },
		{ 't', x->runtime, "XDG_RUNTIME_DIR is not set" },
		{ 'd', x->directory, "the directory of the configuration file is not known" },
	};

	for (size_t i = 0; i < ELEMENTS(signs); i++) {
		if (signs[i].sign != sign)
			continue;
		if (!signs[i].value)
			return refuse(
				ret_reason, string_printf("%%%c: %s", sign, signs[i].absence));
		*ret = signs[i].value;
		return 0;
	}
	if (!isgraph((unsigned char)sign))
		return refuse(ret_reason, string_printf("a single %% means nothing (write %%%%)"));
	return refuse(ret_reason,
		string_printf("%%%c is unknown (a plain percent sign is written %%%%)", sign));
}

static int variable_value(const struct expansion *x, const char *text, size_t length,
	const char **ret, char **ret_reason)
{
	_cleanup_free_ char *name = strndup(text + 2, length - 3);
	int r = -ENOENT;

	if (!name)
		return -ENOMEM;
	if (strncmp(name, "GREENLOOP_", strlen("GREENLOOP_")) == 0)
		return refuse(ret_reason,
			string_printf("${%s} is never expanded: it is in the program's environment",
				name));
	if (x->variable)
		r = x->variable(name, x->userdata, ret);
	if (r == -ENOENT)
		return refuse(ret_reason,
			string_printf(
				"${%s}: there is no env.%s (a bare $%s is left to the program)",
				name, name, name));
	if (r == -ELOOP)
		return refuse(ret_reason,
			string_printf("${%s} refers to itself, or variables are nested too deeply",
				name));
	return r;
}

static int write_all(
	struct writer *writer, const struct expansion *x, const char *text, char **ret_reason)
{
	while (*text && writer->length <= EXPANDED_MAX) {
		size_t length = variable_length(text);
		const char *value = NULL;
		int r;

		if (*text == '%') {
			length = text[1] ? 2 : 1;
			r = sign_value(x, text[1], &value, ret_reason);
		} else if (length > 0) {
			r = variable_value(x, text, length, &value, ret_reason);
		} else {
			text += write_own(writer, text);
			continue;
		}
		if (r < 0)
			return r;
		write_value(writer, value);
		text += length;
	}
	if (writer->length > EXPANDED_MAX)
		return refuse(ret_reason, string_printf("is longer than 64 KiB when expanded"));
	return 0;
}

int expand(const struct expansion *expansion, const char *text, bool command, char **ret,
	char **ret_reason)
{
	_cleanup_free_ char *expanded = NULL;
	_cleanup_(closefilep) FILE *stream = NULL;
	struct writer writer = { .command = command };
	size_t size;
	int r;

	stream = open_memstream(&expanded, &size);
	if (!stream)
		return -ENOMEM;
	writer.stream = stream;
	r = write_all(&writer, expansion, text, ret_reason);
	if (fclose(TAKE_PTR(stream)) != 0)
		return -ENOMEM;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(expanded);
	return 0;
}
