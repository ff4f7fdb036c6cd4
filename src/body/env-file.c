/* SPDX-License-Identifier: MIT */
#include "body/env-file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strings.h"

enum { FILE_SIZE_MAX = 1 << 20 };

static const char blanks[] = " \t\r";

/* What is between the quotes, in place. NULL: not closed, or something follows. */
static char *unquote(char *text)
{
	char quote = *text, *out = text, *in = text + 1;

	for (; *in && *in != quote; in++) {
		if (quote == '"' && *in == '\\' && in[1] && strchr("\"\\$`", in[1]))
			in++;
		*out++ = *in;
	}
	if (!*in || in[1 + strspn(in + 1, blanks)])
		return NULL;
	*out = '\0';
	return text;
}

static char *read_value(char *text)
{
	size_t length;

	text += strspn(text, blanks);
	if (*text == '\'' || *text == '"')
		return unquote(text);
	length = strlen(text);
	while (length > 0 && strchr(blanks, text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Its end; NULL: it is not a name. */
static char *name_end(char *text)
{
	if (isdigit((unsigned char)*text))
		return NULL;
	while (isascii((unsigned char)*text) && (isalnum((unsigned char)*text) || *text == '_'))
		text++;
	return *text == '=' ? text : NULL;
}

/* 0 also for lines that say nothing. */
static int read_line(char *line, char ***variables)
{
	char *end, *value;

	line += strspn(line, blanks);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	end = name_end(line);
	if (!end || end == line)
		return -EINVAL;
	value = read_value(end + 1);
	if (!value)
		return -EINVAL;
	*end = '\0';
	return vector_append_take(variables, string_printf("%s=%s", line, value));
}

int env_file_parse(const char *text, const char *name, char ***variables, char **ret_reason)
{
	_cleanup_free_ char *copy = strdup(text);
	char *line = copy, *next;
	int r = copy ? 0 : -ENOMEM;

	for (unsigned number = 1; r == 0 && line; number++, line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = read_line(line, variables);
		if (r == -EINVAL)
			*ret_reason = string_printf("%s:%u: not KEY=value", name, number);
	}
	return r;
}

/* Devices and pipes could block, or never end. */
static int read_all(int fd, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	struct stat info;
	ssize_t n;

	if (fstat(fd, &info) < 0)
		return -errno;
	if (!S_ISREG(info.st_mode))
		return -EINVAL;
	text = malloc(FILE_SIZE_MAX);
	if (!text)
		return -ENOMEM;
	while ((n = read(fd, text + length, FILE_SIZE_MAX - length)) > 0)
		length += (size_t)n;
	if (n < 0)
		return -errno;
	if (length == FILE_SIZE_MAX)
		return -EFBIG;
	if (memchr(text, '\0', length))
		return -EINVAL;
	text[length] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}

int env_file_read(const char *path, char ***variables, char **ret_reason)
{
	bool may_miss = *path == '-';
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	int r;

	path += may_miss;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	r = fd < 0 ? -errno : read_all(fd, &text);
	if (r == -ENOENT && may_miss)
		return 0;
	if (r < 0) {
		*ret_reason = string_printf("cannot read env_file %s: %s", path,
			r == -EINVAL ? "not a text file" : strerrordesc_np(-r));
		return r;
	}
	return env_file_parse(text, path, variables, ret_reason);
}
