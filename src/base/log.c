/* SPDX-License-Identifier: MIT */
/* The log front: levels, formatting, and the sink for programs that install none. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "base/strings.h"

static const char *const level_names[] = {
	[LOG_EMERG] = "emerg",
	[LOG_ALERT] = "alert",
	[LOG_CRIT] = "crit",
	[LOG_ERR] = "err",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static log_sink installed_sink;
static void *installed_userdata;
static atomic_int level = LOG_INFO;

void log_set_sink(log_sink sink, void *userdata)
{
	installed_sink = sink;
	installed_userdata = userdata;
}

void log_set_level(int priority)
{
	atomic_store_explicit(&level, priority, memory_order_relaxed);
}

int log_level(void)
{
	return atomic_load_explicit(&level, memory_order_relaxed);
}

/* One system call, so that lines of several threads do not mix. */
static bool write_to_stderr(const struct log_record *record)
{
	struct iovec parts[] = {
		{ .iov_base = (char *)(uintptr_t)record->text, .iov_len = record->length },
		{ .iov_base = (char[]){ '\n' }, .iov_len = 1 },
	};
	ssize_t n;

	do
		n = writev(STDERR_FILENO, parts, ELEMENTS(parts));
	while (n < 0 && errno == EINTR);
	return true;
}

bool log_write(const struct log_record *record)
{
	if (record->priority > log_level())
		return true;
	if (!installed_sink)
		return write_to_stderr(record);
	return installed_sink(record, installed_userdata);
}

/* Names and reasons come from outside: none of them may begin a line of its own. */
static void flatten(char *text)
{
	for (; *text; text++)
		if (*text == '\n' || *text == '\r')
			*text = ' ';
}

void log_full(int priority, const struct log_fields *fields, const char *format, ...)
{
	struct log_record record = { .priority = priority, .fields = fields };
	_cleanup_free_ char *text = NULL;
	int saved_errno = errno;
	va_list arguments;

	if (priority > log_level())
		return;
	va_start(arguments, format);
	text = string_vprintf(format, arguments);
	va_end(arguments);
	if (text)
		flatten(text);
	record.text = text ? text : format;
	record.length = strlen(record.text);
	(void)log_write(&record);
	errno = saved_errno;
}

int log_level_from_string(const char *text)
{
	if (text[0] >= '0' && text[0] <= '7' && !text[1])
		return text[0] - '0';
	for (size_t i = 0; i < ELEMENTS(level_names); i++)
		if (string_equal(text, level_names[i]))
			return (int)i;
	return -EINVAL;
}

const char *log_level_to_string(int priority)
{
	if (priority < 0 || (size_t)priority >= ELEMENTS(level_names))
		return NULL;
	return level_names[priority];
}
