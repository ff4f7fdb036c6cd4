/* SPDX-License-Identifier: MIT */
/*
 * The way through inih, which cuts lines at 200 bytes and sections at 49, takes ':' for '=', ends a
 * value at " ;" even inside quotes, hides empty sections and tells no line numbers (Debian's build
 * has variables against some of that, upstream's has not).
 *
 * So inih never sees a long line: ini_parse_stream() asks our line source, which checks one line of
 * the file, keeps the text of its value here, and hands over the same line with a dot in the place
 * of the value. inih says what the line is (a head, a key, a continuation) and calls value_begins()
 * before it asks for the next line, so the kept text is always the one that the call is about. What
 * is a fault, a comment or blank reaches inih as an empty line.
 */
#include "daemon/config-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/strings.h"

#define BLANKS " \t\r\v\f"

enum { PATIENCE_MSEC = 10000 }; /* for more of a file that is a pipe */

struct reader {
	const char *file, *next, *end;
	const struct reader_handler *handler;
	struct faults *faults;
	unsigned line;
	int error;           /* the first one; nothing is done after it */
	bool section_faulty; /* its keys belong nowhere: read over them */
	enum {
		VALUE_NONE,
		VALUE_FAULTY,
		VALUE_OPEN
	} value; /* what an indented line would continue */

	char *piece; /* of the value, in the present line */

	/* The value that is being put together. */
	char *section, *key, *text;
	unsigned key_line, quote_line;
	char quote; /* that is open at its end, else 0 */
};

static void reader_fail(struct reader *reader, int error)
{
	/* -EINVAL is what faults_add() returns: a fault, not an error. */
	if (error < 0 && error != -EINVAL && reader->error == 0)
		reader->error = error;
}

#define reader_fault(reader, at, ...)                                                              \
	reader_fail(reader, faults_add((reader)->faults, (reader)->file, at, __VA_ARGS__))

static bool is_blank(char c)
{
	return c != 0 && strchr(BLANKS, c);
}

/* Copies without the blanks at both ends. */
static char *trimmed(const char *begin, const char *end)
{
	while (begin < end && is_blank(*begin))
		begin++;
	while (end > begin && is_blank(end[-1]))
		end--;
	return strndup(begin, (size_t)(end - begin));
}

static bool word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c & 0x80;
}

/*
 * The end of what counts in a value: its comment, or its own end. A quote opens where a word or a
 * part of one begins (x='a b', but not it's), so that plain text may have an apostrophe; command
 * lines are split, and refused, elsewhere.
 */
static const char *value_end(struct reader *reader, const char *begin, const char *end)
{
	for (const char *p = begin; p < end; p++) {
		char before = p > begin ? p[-1] : ' ';

		if (*p == '\\' && reader->quote != '\'' && p + 1 < end) {
			p++;
		} else if (reader->quote) {
			if (*p == reader->quote)
				reader->quote = 0;
		} else if (*p == ';' && p > begin && is_blank(before)) {
			return p;
		} else if ((*p == '"' || *p == '\'') && !word_byte(before)) {
			reader->quote = *p;
			reader->quote_line = reader->line;
		}
	}
	return end;
}

/* The value that was being put together is complete. */
static void value_ends(struct reader *reader)
{
	_cleanup_free_ char *section = TAKE_PTR(reader->section), *key = TAKE_PTR(reader->key),
			    *text = TAKE_PTR(reader->text);
	char quote = reader->quote;

	reader->quote = 0;
	reader->value = VALUE_NONE;
	if (!key || reader->error < 0 || reader->section_faulty)
		return;
	if (quote)
		reader_fault(reader, reader->quote_line, "[%s] %s: the quote %c is not closed",
			section, key, quote);
	else
		reader_fail(reader, reader->handler->key(section, key, text, reader->key_line,
					    reader->handler->userdata));
}

/* The value has a faulty line: nothing is to be said about the rest of it. */
static void value_drop(struct reader *reader)
{
	free(TAKE_PTR(reader->key));
	value_ends(reader);
	reader->value = VALUE_FAULTY;
}

/* inih's handler: a key, or one more line of the value of the last one. */
static int value_begins(
	void *userdata, const char *section, const char *key, const char *dot _unused_)
{
	struct reader *reader = userdata;

	if (reader->key) {
		if (string_set(&reader->text, "%s%s%s", reader->text, *reader->text ? " " : "",
			    reader->piece) < 0)
			reader_fail(reader, -ENOMEM);
		return 1;
	}
	reader->key_line = reader->line;
	reader->section = strdup(section);
	reader->key = strdup(key);
	reader->text = TAKE_PTR(reader->piece);
	if (!reader->section || !reader->key)
		reader_fail(reader, -ENOMEM);
	reader->value = VALUE_OPEN;
	return 1;
}

static int keep_piece(struct reader *reader, const char *begin, const char *end)
{
	free(reader->piece);
	reader->piece = trimmed(begin, value_end(reader, begin, end));
	return reader->piece ? 0 : -ENOMEM;
}

/* A head. What may follow it is a comment. */
static void read_head(
	struct reader *reader, const char *begin, const char *end, char *to, size_t size)
{
	const char *bracket = memchr(begin, ']', (size_t)(end - begin)), *rest;
	_cleanup_free_ char *name = NULL;

	reader->section_faulty = true;
	if (!bracket) {
		reader_fault(reader, reader->line, "a section's name ends with ]");
		return;
	}
	for (rest = bracket + 1; rest < end && is_blank(*rest);)
		rest++;
	if (rest < end && (*rest != ';' || rest == bracket + 1)) {
		reader_fault(reader, reader->line, "there is text after the section's name");
		return;
	}
	if (bracket - begin - 1 > READER_SECTION_MAX) {
		reader_fault(reader, reader->line, "the section's name is longer than %d bytes",
			READER_SECTION_MAX);
		return;
	}
	name = strndup(begin + 1, (size_t)(bracket - begin - 1));
	if (!name) {
		reader_fail(reader, -ENOMEM);
		return;
	}
	reader->section_faulty = false;
	snprintf(to, size, "[%s]\n", name);
	reader_fail(
		reader, reader->handler->section(name, reader->line, reader->handler->userdata));
}

/* A line that begins with white space. */
static void read_continuation(
	struct reader *reader, const char *begin, const char *end, char *to, size_t size)
{
	if (reader->value == VALUE_NONE && !reader->section_faulty)
		reader_fault(reader, reader->line,
			"the line begins with white space, but there is no value that it could "
			"continue");
	if (reader->value != VALUE_OPEN)
		return;
	if (strlen(reader->text) + (size_t)(end - begin) > READER_VALUE_MAX) {
		reader_fault(reader, reader->line, "the value is longer than 64 KiB");
		value_drop(reader);
		return;
	}
	if (keep_piece(reader, begin, end) < 0)
		reader_fail(reader, -ENOMEM);
	else
		snprintf(to, size, " .\n");
}

/* Where the key ends; NULL, with a fault, if there is none. */
static const char *find_equals(struct reader *reader, const char *begin, const char *end)
{
	const char *p = begin;

	while (p < end && *p != '=' && *p != ':' && !(*p == ';' && p > begin && is_blank(p[-1])))
		p++;
	if (p < end && *p == '=' && p > begin)
		return p;
	if (p < end && *p == ':')
		reader_fault(reader, reader->line,
			"a key and its value are separated by =, and there is a : before it");
	else if (p < end && *p == '=')
		reader_fault(reader, reader->line, "there is no key before the =");
	else
		reader_fault(reader, reader->line,
			"the line has no =, so it is neither a key nor a section");
	return NULL;
}

static void read_key(
	struct reader *reader, const char *begin, const char *end, char *to, size_t size)
{
	const char *equals = find_equals(reader, begin, end);
	_cleanup_free_ char *key = NULL;

	reader->value = VALUE_FAULTY;
	if (!equals)
		return;
	key = trimmed(begin, equals);
	if (!key || keep_piece(reader, equals + 1, end) < 0) {
		reader_fail(reader, -ENOMEM);
		return;
	}
	if (strlen(key) > READER_KEY_MAX) {
		reader->quote = 0;
		reader_fault(
			reader, reader->line, "the key is longer than %d bytes", READER_KEY_MAX);
		return;
	}
	snprintf(to, size, "%s = .\n", key);
}

/* Whether the line can be read at all. */
static bool line_is_sound(struct reader *reader, const char *begin, size_t length)
{
	const char *what = NULL;

	if (length > READER_LINE_MAX)
		what = "is longer than 8 KiB";
	else if (memchr(begin, 0, length))
		what = "has a NUL byte";
	else if (!utf8_valid(begin, length))
		what = "is not valid UTF-8";
	if (what)
		reader_fault(reader, reader->line, "the line %s", what);
	return !what;
}

static void read_line(
	struct reader *reader, const char *begin, const char *end, char *to, size_t size)
{
	const char *first = begin;

	if (!line_is_sound(reader, begin, (size_t)(end - begin))) {
		if (!is_blank(*begin))
			value_ends(reader);
		value_drop(reader);
		return;
	}
	while (first < end && is_blank(*first))
		first++;
	if (first == end ||
		((*first == ';' || *first == '#') && (first == begin || !reader->quote)))
		return;
	if (first > begin) {
		read_continuation(reader, first, end, to, size);
		return;
	}
	value_ends(reader);
	if (*first == '[')
		read_head(reader, begin, end, to, size);
	else
		read_key(reader, begin, end, to, size);
}

/* inih's line source: an fgets() over the data. NULL: the end. */
static char *next_line(char *to, int size, void *userdata)
{
	struct reader *reader = userdata;
	const char *begin = reader->next, *end;

	if (begin == reader->end || reader->error < 0)
		return NULL;
	end = memchr(begin, '\n', (size_t)(reader->end - begin));
	reader->next = end ? end + 1 : reader->end;
	end = end ?: reader->end;
	if (end > begin && end[-1] == '\r')
		end--;
	reader->line++;
	snprintf(to, (size_t)size, "\n");
	read_line(reader, begin, end, to, (size_t)size);
	return to;
}

int reader_parse(const char *file, const char *data, size_t size,
	const struct reader_handler *handler, struct faults *faults)
{
	struct reader reader = {
		.file = file,
		.next = data,
		.end = data + size,
		.handler = handler,
		.faults = faults,
	};

	/* A byte order mark says nothing in UTF-8, but some editors write one. */
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		reader.next += 3;
	if (ini_parse_stream(next_line, &reader, value_begins, &reader) == -2)
		reader_fail(&reader, -ENOMEM);
	value_ends(&reader);
	free(reader.piece);
	return reader.error;
}

/* A FIFO into which nobody writes must not hold up the start for ever. */
static int wait_for_data(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int r;

	do
		r = poll(&pollfd, 1, PATIENCE_MSEC);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

static int read_all(int fd, FILE *to, size_t *ret_size)
{
	char chunk[16 * 1024];
	size_t size = 0;
	ssize_t n;
	int r;

	for (;;) {
		r = wait_for_data(fd);
		if (r < 0)
			return r;
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			break;
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		size += (size_t)n;
		if (size > READER_FILE_MAX)
			return -EFBIG;
		if (fwrite(chunk, 1, (size_t)n, to) != (size_t)n)
			return -ENOMEM;
	}
	*ret_size = size;
	return 0;
}

int reader_load(const char *path, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0, size = 0;
	FILE *stream;
	int r;

	if (fd < 0)
		return -errno;
	stream = open_memstream(&data, &length);
	if (!stream)
		return -ENOMEM;
	r = read_all(fd, stream, &size);
	if (fclose(stream) != 0)
		return -ENOMEM;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}
