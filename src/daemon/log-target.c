/* SPDX-License-Identifier: MIT */
/* The console gets one writev() for many lines; the journal one record for each line, with its
 * fields. */
#include "daemon/log-target.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "base/macro.h"
#include "daemon/log-file.h"

static const char *clock_text(struct log_console *console, uint64_t realtime_usec)
{
	time_t second = (time_t)(realtime_usec / USEC_PER_SEC);
	struct tm broken_down;

	if (second != console->second && localtime_r(&second, &broken_down)) {
		strftime(console->clock, sizeof(console->clock), "%H:%M:%S", &broken_down);
		console->second = second;
	}
	return console->clock;
}

size_t log_console_prefix(
	struct log_console *console, const struct log_entry *entry, char *buf, size_t size)
{
	const char *now = clock_text(console, entry->realtime_usec);
	const char *loop = entry->data, *group = entry->data + entry->group;
	int n;

	if (entry->flags & LOG_ENTRY_BARE)
		return 0;
	if (!(entry->flags & LOG_ENTRY_OUTPUT))
		n = snprintf(buf, size, "%s %s | ", now, *group ? group : console->program);
	else
		n = snprintf(buf, size, "%s %s%s%s | ", now, group, *group ? "/" : "", loop);
	return MIN((size_t)MAX(n, 0), size - 1);
}

/* All of it, however often that takes; gives up on an error: there is nobody to tell. */
static void write_all(int fd, struct iovec *iov, int n)
{
	while (n > 0) {
		ssize_t written = writev(fd, iov, n);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = fd, .events = POLLOUT };

			(void)poll(&ready, 1, -1);
			continue;
		}
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return;
		for (; n > 0 && (size_t)written >= iov->iov_len; iov++, n--)
			written -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + written;
			iov->iov_len -= (size_t)written;
		}
	}
}

/* Pieces for one writev(), written out when there is no room for more. */
struct pieces {
	int fd, n;
	struct iovec iov[3 * LOG_BATCH];
};

static void flush(struct pieces *pieces)
{
	write_all(pieces->fd, pieces->iov, pieces->n);
	pieces->n = 0;
}

static void add_piece(struct pieces *pieces, const char *text, size_t length)
{
	if (length == 0)
		return;
	if (pieces->n == (int)ELEMENTS(pieces->iov))
		flush(pieces);
	pieces->iov[pieces->n++] = (struct iovec){ (char *)(uintptr_t)text, length };
}

/* The end of the line that begins here, behind its newline if it has one. */
static const char *line_end(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline ? newline + 1 : end;
}

static void add_lines(struct pieces *pieces, const struct log_entry *entry, const char *prefix,
	size_t prefix_length)
{
	const char *line = log_entry_text(entry), *end = line + entry->length, *next;

	if (prefix_length == 0) {
		add_piece(pieces, line, entry->length);
		return;
	}
	for (; line < end; line = next) {
		next = line_end(line, end);
		add_piece(pieces, prefix, prefix_length);
		add_piece(pieces, line, (size_t)(next - line));
	}
}

void log_console_write(
	struct log_console *console, const struct log_entry *const *entries, unsigned n)
{
	struct pieces pieces;

	pieces.fd = console->fd;
	pieces.n = 0;
	for (unsigned i = 0; i < n; i++) {
		char *prefix = console->prefixes[i];
		size_t length = log_console_prefix(console, entries[i], prefix, LOG_CONSOLE_PREFIX);

		if (entries[i]->flags & LOG_ENTRY_LINES) {
			add_lines(&pieces, entries[i], prefix, length);
			continue;
		}
		add_piece(&pieces, prefix, length);
		add_piece(&pieces, log_entry_text(entries[i]), entries[i]->length);
		add_piece(&pieces, "\n", 1);
	}
	flush(&pieces);
}

void log_entry_to_file(struct log_console *console, const struct log_entry *entry, char *scratch)
{
	const char *line = log_entry_text(entry), *end = line + entry->length, *next;
	uint64_t now = clock_now();
	char prefix[LOG_CONSOLE_PREFIX];
	size_t n, length = log_console_prefix(console, entry, prefix, sizeof(prefix)), filled = 0;

	if (length == 0) {
		log_file_write(entry->file, line, entry->length, now);
		return;
	}
	for (; line < end; line = next) {
		next = line_end(line, end);
		n = MIN((size_t)(next - line), LOG_SCRATCH - length);
		if (filled + length + n > LOG_SCRATCH) {
			log_file_write(entry->file, scratch, filled, now);
			filled = 0;
		}
		memcpy(scratch + filled, prefix, length);
		memcpy(scratch + filled + length, line, n);
		filled += length + n;
		scratch[filled - 1] = '\n';
	}
	log_file_write(entry->file, scratch, filled, now);
}

struct fields { /* of one journal record */
	struct iovec iov[12];
	char text[10][300];
	int n;
};

static void _printf_(2, 3) add_field(struct fields *fields, const char *format, ...)
{
	char *text = fields->text[fields->n];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(fields->text[0]), format, arguments);
	va_end(arguments);
	fields->iov[fields->n++] = (struct iovec){ text, strlen(text) };
}

static void add_string(struct fields *fields, const char *key, const char *value)
{
	if (*value)
		add_field(fields, "%s=%s", key, value);
}

static void add_about(struct fields *fields, const struct log_entry *entry)
{
	const char *data = entry->data;

	add_string(fields, "GREENLOOP_LOOP", data);
	add_string(fields, "GREENLOOP_GROUP", data + entry->group);
	add_string(fields, "GREENLOOP_THROUGHLINE", data + entry->throughline);
	add_string(fields, "GREENLOOP_FAILURE_KIND", data + entry->kind);
	add_string(fields, "MESSAGE_ID", data + entry->message_id);
	if (*data) {
		add_field(fields, "GREENLOOP_GENERATION=%" PRIu64, entry->generation);
		add_field(fields, "GREENLOOP_CYCLE=%" PRIu64, entry->cycle);
	}
	if (entry->episode > 0)
		add_field(fields, "GREENLOOP_EPISODE=%" PRIu64, entry->episode);
}

/* The priority that a line begins with, which is taken off; that of the entry when there is none.
 */
static int take_priority(const char **line, const char *end, int priority)
{
	const char *p = *line;

	if (end - p < 3 || p[0] != '<' || p[1] < '0' || p[1] > '7' || p[2] != '>')
		return priority;
	*line += 3;
	return p[1] - '0';
}

/* What the record of one line has in front of the fields that all lines of an entry share. */
static void send_line(
	struct fields *fields, char *message, const char *line, const char *end, int priority)
{
	static const char key[] = LOG_ENTRY_MESSAGE;
	size_t length;

	priority = take_priority(&line, end, priority);
	length = MIN((size_t)(end - line), LOG_SCRATCH - sizeof(key));
	fields->text[0][sizeof("PRIORITY=") - 1] = (char)('0' + priority);
	memcpy(message, key, sizeof(key) - 1);
	memcpy(message + sizeof(key) - 1, line, length);
	fields->iov[fields->n] = (struct iovec){ message, sizeof(key) - 1 + length };
	(void)sd_journal_sendv(fields->iov, fields->n + 1);
}

void log_journal_write(const struct log_entry *entry, const char *program, char *scratch)
{
	struct fields fields = { .n = 0 };
	bool output = entry->flags & LOG_ENTRY_OUTPUT;
	const char *line = log_entry_text(entry), *end = line + entry->length, *next;

	add_field(&fields, "PRIORITY=%d", entry->priority);
	add_field(&fields, "SYSLOG_IDENTIFIER=%s", output && *entry->data ? entry->data : program);
	if (entry->flags & LOG_ENTRY_ABOUT)
		add_about(&fields, entry);
	if (!(entry->flags & LOG_ENTRY_LINES)) {
		fields.iov[fields.n++] =
			(struct iovec){ (char *)(uintptr_t)(entry->data + entry->message),
				sizeof(LOG_ENTRY_MESSAGE) - 1 + entry->length };
		(void)sd_journal_sendv(fields.iov, fields.n);
		return;
	}
	for (; line < end; line = next) {
		next = line_end(line, end);
		send_line(&fields, scratch, line, next - 1, entry->priority);
	}
}

bool log_journal_is_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

bool log_journal_exists(void)
{
	return access("/run/systemd/journal/socket", W_OK) == 0;
}
