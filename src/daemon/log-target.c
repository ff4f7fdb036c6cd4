/* SPDX-License-Identifier: MIT */
/* The console gets one writev() for many lines; the journal one record after the other, each with
 * its fields. */
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

void log_console_write(
	struct log_console *console, const struct log_entry *const *entries, unsigned n)
{
	static char newline[] = "\n";
	struct iovec iov[3 * LOG_BATCH];
	int n_iov = 0;

	for (unsigned i = 0; i < n; i++) {
		char *prefix = console->prefixes[i];
		size_t length = log_console_prefix(console, entries[i], prefix, LOG_CONSOLE_PREFIX);

		if (length > 0)
			iov[n_iov++] = (struct iovec){ prefix, length };
		if (entries[i]->length > 0)
			iov[n_iov++] = (struct iovec){ (char *)log_entry_text(entries[i]),
				entries[i]->length };
		iov[n_iov++] = (struct iovec){ newline, 1 };
	}
	write_all(console->fd, iov, n_iov);
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

void log_journal_write(const struct log_entry *entry, const char *program)
{
	struct fields fields = { .n = 0 };
	bool output = entry->flags & LOG_ENTRY_OUTPUT;

	add_field(&fields, "PRIORITY=%d", entry->priority);
	add_field(&fields, "SYSLOG_IDENTIFIER=%s", output && *entry->data ? entry->data : program);
	if (entry->flags & LOG_ENTRY_ABOUT)
		add_about(&fields, entry);
	fields.iov[fields.n++] = (struct iovec){ (char *)(entry->data + entry->message),
		sizeof(LOG_ENTRY_MESSAGE) - 1 + entry->length };
	(void)sd_journal_sendv(fields.iov, fields.n);
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
