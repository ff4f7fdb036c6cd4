/* SPDX-License-Identifier: MIT */
/* A table of keys, each with a function that reads its value. */
#include "process/notify-message.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

enum { KEY_MAX = 64 }; /* of X_GREENLOOP_SET */

/* Digits only. */
static bool read_number(const char *text, uint64_t maximum, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++)
		if (!isdigit((unsigned char)*text) || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(*text - '0'), &number) ||
			number > maximum)
			return false;
	*ret = number;
	return true;
}

static void set_phase(struct notify_message *message, const char *value, enum notify_phase phase)
{
	if (strcmp(value, "1") == 0)
		message->phase = MAX(message->phase, phase);
}

static void read_ready(struct notify_message *message, char *value)
{
	set_phase(message, value, NOTIFY_READY);
}

static void read_reloading(struct notify_message *message, char *value)
{
	set_phase(message, value, NOTIFY_RELOADING);
}

static void read_stopping(struct notify_message *message, char *value)
{
	set_phase(message, value, NOTIFY_STOPPING);
}

static void read_status(struct notify_message *message, char *value)
{
	if (utf8_valid(value, strlen(value)))
		message->status = value;
}

static void read_watchdog(struct notify_message *message, char *value)
{
	message->keep_alive |= strcmp(value, "1") == 0;
	message->hangs |= strcmp(value, "trigger") == 0;
}

static void read_watchdog_usec(struct notify_message *message, char *value)
{
	message->has_watchdog_usec |= read_number(value, UINT64_MAX, &message->watchdog_usec);
}

static void read_extend(struct notify_message *message, char *value)
{
	(void)read_number(value, UINT64_MAX, &message->extend_usec);
}

static void read_errno(struct notify_message *message, char *value)
{
	uint64_t number;

	if (read_number(value, 4095, &number)) /* the kernel's greatest */
		message->error = (int)number;
}

static void read_main_pid(struct notify_message *message, char *value)
{
	uint64_t number;

	if (read_number(value, INT_MAX, &number))
		message->main_pid = (pid_t)number;
}

static void read_failure(struct notify_message *message, char *value)
{
	if (utf8_valid(value, strlen(value)))
		message->failure = value;
}

/* Keys are such as those of configured messages: letters, digits and _ . - */
static void read_set(struct notify_message *message, char *value)
{
	size_t length = 0;

	while (isalnum((unsigned char)value[length]) ||
		(value[length] && strchr("_.-", value[length])))
		length++;
	if (length == 0 || length > KEY_MAX || value[length] != '=' ||
		!utf8_valid(value, strlen(value)) || message->n_sets == NOTIFY_SETS_MAX)
		return;
	message->sets[message->n_sets++] = value;
}

static const struct {
	const char *key;
	void (*read)(struct notify_message *message, char *value);
} fields[] = {
	{ "READY=", read_ready },
	{ "RELOADING=", read_reloading },
	{ "STOPPING=", read_stopping },
	{ "STATUS=", read_status },
	{ "WATCHDOG=", read_watchdog },
	{ "WATCHDOG_USEC=", read_watchdog_usec },
	{ "EXTEND_TIMEOUT_USEC=", read_extend },
	{ "ERRNO=", read_errno },
	{ "MAINPID=", read_main_pid },
	{ "X_GREENLOOP_FAILURE=", read_failure },
	{ "X_GREENLOOP_SET=", read_set },
};

static void read_line(struct notify_message *message, char *line)
{
	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		size_t length = strlen(fields[i].key);

		if (strncmp(line, fields[i].key, length) == 0) {
			fields[i].read(message, line + length);
			return;
		}
	}
}

int notify_message_parse(struct notify_message *ret, char *text, size_t length)
{
	char *line = text, *next;

	*ret = (struct notify_message){ .phase = NOTIFY_NO_PHASE };
	if (length > NOTIFY_TEXT_MAX)
		return -EBADMSG;
	if (length > 0 && text[length - 1] == '\0')
		length--;
	if (memchr(text, '\0', length))
		return -EBADMSG;
	text[length] = '\0';
	ret->barrier = strcmp(text, "BARRIER=1") == 0 || strcmp(text, "BARRIER=1\n") == 0;
	for (; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		read_line(ret, line);
	}
	return 0;
}
