/* SPDX-License-Identifier: MIT */
/* Values that are one thing: numbers, times, names, signals, actions. Those that are several:
 * settings-list.c. */
#include "core/settings-value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signal-name.h"
#include "base/strings.h"

int value_refuse(const struct setting *setting, int error, const char *text, char **ret_reason,
	const char *format, ...)
{
	_cleanup_free_ char *allowed = NULL, *safe = NULL;
	va_list arguments;

	va_start(arguments, format);
	allowed = string_vprintf(format, arguments);
	va_end(arguments);
	safe = string_escape(text);
	*ret_reason = !allowed || !safe ? NULL
					: string_printf("%s: \"%s\" is not allowed: say %s",
						  setting->key, safe, allowed);
	return error;
}

int value_read_number(const char *text, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (const char *p = text; *p; p++)
		if (!isdigit((unsigned char)*p))
			return -EINVAL;
	for (const char *p = text; *p; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return -ERANGE;
	*ret = number;
	return 0;
}

static bool in_range(const struct setting *setting, uint64_t number)
{
	return number >= setting->minimum && number <= setting->maximum;
}

VALUE_PARSER(value_parse_bool)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (strcasecmp(words[i], text) == 0) {
			*(bool *)value = i % 2;
			return 0;
		}
	return value_refuse(
		setting, -EINVAL, text, ret_reason, "yes or no (true, false, on, off, 1, 0)");
}

VALUE_FORMATTER(value_format_bool)
{
	(void)setting;
	return strdup(*(const bool *)value ? "yes" : "no");
}

VALUE_PARSER(value_parse_number)
{
	uint64_t number = 0;
	int r = value_read_number(text, &number);

	if (r >= 0 && !in_range(setting, number))
		r = -ERANGE;
	if (r < 0)
		return value_refuse(setting, r, text, ret_reason,
			"a number from %" PRIu64 " to %" PRIu64, setting->minimum,
			setting->maximum);
	*(unsigned *)value = (unsigned)number;
	return 0;
}

VALUE_FORMATTER(value_format_number)
{
	(void)setting;
	return string_printf("%u", *(const unsigned *)value);
}

static const char size_units[] = "KMG";

char *value_write_size(uint64_t bytes)
{
	size_t unit = 0;

	while (bytes > 0 && bytes % 1024 == 0 && size_units[unit]) {
		bytes /= 1024;
		unit++;
	}
	if (unit == 0)
		return string_printf("%" PRIu64, bytes);
	return string_printf("%" PRIu64 "%c", bytes, size_units[unit - 1]);
}

int value_read_size(const char *text, uint64_t *ret)
{
	_cleanup_free_ char *digits = strdup(text);
	size_t length = strlen(text);
	const char *unit =
		length > 0 ? strchr(size_units, toupper((unsigned char)text[length - 1])) : NULL;
	uint64_t number = 0;
	unsigned shift = 0;
	int r;

	if (!digits)
		return -ENOMEM;
	if (unit) {
		digits[length - 1] = '\0';
		shift = 10 * (unsigned)(unit - size_units + 1);
	}
	r = value_read_number(digits, &number);
	if (r < 0)
		return r;
	if (number > UINT64_MAX >> shift)
		return -ERANGE;
	*ret = number << shift;
	return 0;
}

VALUE_PARSER(value_parse_size)
{
	_cleanup_free_ char *minimum = NULL, *maximum = NULL;
	uint64_t bytes = 0;
	int r = value_read_size(text, &bytes);

	if (r == -ENOMEM)
		return r;
	if (r >= 0 && in_range(setting, bytes)) {
		*(uint64_t *)value = bytes;
		return 0;
	}
	minimum = value_write_size(setting->minimum);
	maximum = value_write_size(setting->maximum);
	if (!minimum || !maximum)
		return -ENOMEM;
	return value_refuse(setting, r < 0 ? r : -ERANGE, text, ret_reason,
		"a size from %s to %s (bytes, or with K, M, G)", minimum, maximum);
}

VALUE_FORMATTER(value_format_size)
{
	(void)setting;
	return value_write_size(*(const uint64_t *)value);
}

VALUE_PARSER(value_parse_time)
{
	char minimum[64], maximum[64];
	uint64_t usec = USEC_INFINITY;
	int r = *text ? timespan_parse(text, &usec) : 0;

	if (*text && r >= 0 && !in_range(setting, usec))
		r = -ERANGE;
	if (r < 0)
		return value_refuse(setting, r, text, ret_reason,
			"a time from %s to %s, such as 1min 30s",
			timespan_format(setting->minimum, minimum, sizeof(minimum)),
			timespan_format(setting->maximum, maximum, sizeof(maximum)));
	*(uint64_t *)value = usec;
	return 0;
}

VALUE_FORMATTER(value_format_time)
{
	char text[64];

	(void)setting;
	return strdup(timespan_format(*(const uint64_t *)value, text, sizeof(text)));
}

VALUE_FORMATTER(value_format_interval)
{
	return *(const uint64_t *)value == USEC_INFINITY ? strdup("")
							 : value_format_time(setting, value);
}

VALUE_FORMATTER(value_format_start_timeout)
{
	const struct loop_settings *settings =
		container_of(value, const struct loop_settings, start_timeout_usec);

	return settings->start_timeout_said ? value_format_time(setting, value) : strdup("");
}

/* Refused with the list of what is allowed. */
static int refuse_name(const struct setting *setting, const char *text, char **ret_reason)
{
	_cleanup_free_ char *names = vector_join((char *const *)setting->names, ", ");

	return names ? value_refuse(setting, -EINVAL, text, ret_reason, "one of %s", names)
		     : -ENOMEM;
}

VALUE_PARSER(value_parse_name_of)
{
	unsigned i = 0;

	while (setting->names[i] && (!*text || strcmp(setting->names[i], text) != 0))
		i++;
	if (*text && !setting->names[i])
		return refuse_name(setting, text, ret_reason);
	*(unsigned *)value = i;
	return 0;
}

VALUE_FORMATTER(value_format_name_of)
{
	const char *name = setting->names[*(const unsigned *)value];

	return strdup(name ? name : "");
}

VALUE_PARSER(value_parse_signal)
{
	int signal = signal_from_string(text);

	if (signal < 0)
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"a signal such as TERM or SIGTERM, or a number from 1 to %d", SIGNAL_MAX);
	*(int *)value = signal;
	return 0;
}

VALUE_FORMATTER(value_format_signal)
{
	char name[16];

	(void)setting;
	return strdup(signal_format(*(const int *)value, name, sizeof(name)));
}

VALUE_PARSER(value_parse_log_level)
{
	int level = log_level_from_string(text);

	if (level < 0)
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"emerg, alert, crit, err, warning, notice, info, debug or a number from 0 "
			"to 7");
	*(int *)value = level;
	return 0;
}

VALUE_FORMATTER(value_format_log_level)
{
	(void)setting;
	return strdup(log_level_to_string(*(const int *)value));
}

int value_prefixed_time(const char *text, const char *prefix, uint64_t *ret_usec)
{
	size_t length = strlen(prefix);
	uint64_t usec = 0;
	int r;

	if (strncmp(text, prefix, length) != 0)
		return 0;
	r = timespan_parse(text + length, &usec);
	if (r < 0)
		return r;
	if (usec == USEC_INFINITY)
		return -ERANGE;
	*ret_usec = usec;
	return 1;
}

static const struct {
	const char *spelling; /* as in a row's names; what is before ":" or "[" is the word */
	enum action_kind kind;
} actions[] = {
	{ "escalate", ACTION_ESCALATE },
	{ "stay", ACTION_STAY },
	{ "ignore", ACTION_IGNORE },
	{ "cooldown:TIME", ACTION_COOLDOWN },
	{ "exit[:N]", ACTION_EXIT },
	{ "stop_group", ACTION_STOP_GROUP },
};

/* Whether text is that action, with its argument; *ret_action is touched only then. */
static bool action_read(
	const char *spelling, enum action_kind kind, const char *text, struct action *ret_action)
{
	struct action action = { .kind = kind };
	size_t length = strcspn(spelling, ":[");
	uint64_t status = 1;

	if (strncmp(spelling, text, length) != 0)
		return false;
	if (kind == ACTION_COOLDOWN) {
		if (value_prefixed_time(text, "cooldown:", &action.usec) <= 0 || action.usec == 0)
			return false;
	} else if (kind == ACTION_EXIT) {
		if (text[length] == ':' && value_read_number(text + length + 1, &status) < 0)
			return false;
		if ((text[length] && text[length] != ':') || status > 255)
			return false;
		action.status = (int)status;
	} else if (text[length]) {
		return false;
	}
	*ret_action = action;
	return true;
}

VALUE_PARSER(value_parse_action)
{
	for (size_t i = 0; i < ELEMENTS(actions); i++)
		if (vector_contains((char *const *)setting->names, actions[i].spelling) &&
			action_read(actions[i].spelling, actions[i].kind, text, value))
			return 0;
	return refuse_name(setting, text, ret_reason);
}

VALUE_FORMATTER(value_format_action)
{
	const struct action *action = value;
	char time[64];

	(void)setting;
	if (action->kind == ACTION_COOLDOWN)
		return string_printf(
			"cooldown:%s", timespan_format(action->usec, time, sizeof(time)));
	if (action->kind == ACTION_EXIT)
		return string_printf("exit:%d", action->status);
	return strdup(actions[action->kind].spelling);
}
