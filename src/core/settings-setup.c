/* SPDX-License-Identifier: MIT */
/* Values of what is set up in a child before its command is executed: ids, limits, masks. */
#include "core/settings-value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/capability.h"
#include "base/clock.h"
#include "base/strings.h"

/* Of a value that is kept apart: was it said? */
static bool is_said(const struct setting *setting, const void *value)
{
	return *((const bool *)((const char *)value - setting->inner + setting->said));
}

/* ---- signed numbers, octal ones */

VALUE_PARSER(value_parse_signed)
{
	int64_t minimum = (int64_t)setting->minimum, maximum = (int64_t)setting->maximum;
	bool negative = text[0] == '-';
	uint64_t number = 0;
	int64_t with_sign;
	int r = *text ? value_read_number(text + (negative || text[0] == '+'), &number) : 0;

	with_sign = number > INT32_MAX ? INT64_MAX : (int64_t)number;
	with_sign = negative ? -with_sign : with_sign;
	if (r >= 0 && *text && (with_sign < minimum || with_sign > maximum))
		r = -ERANGE;
	if (r < 0)
		return value_refuse(setting, r, text, ret_reason,
			"a number from %" PRIi64 " to %" PRIi64, minimum, maximum);
	*(int *)value = (int)with_sign;
	return 0;
}

VALUE_FORMATTER(value_format_signed)
{
	return is_said(setting, value) ? string_printf("%d", *(const int *)value) : strdup("");
}

VALUE_PARSER(value_parse_mode)
{
	unsigned mode = 0;
	size_t length = strlen(text);

	if (strspn(text, "01234567") != length || length > 4)
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"octal digits from 0000 to 0777, such as 0027");
	for (; *text; text++)
		mode = mode * 8 + (unsigned)(*text - '0');
	if (mode > 0777)
		return value_refuse(setting, -ERANGE, text - length, ret_reason,
			"octal digits from 0000 to 0777, such as 0027");
	*(unsigned *)value = mode;
	return 0;
}

VALUE_FORMATTER(value_format_mode)
{
	return is_said(setting, value) ? string_printf("%04o", *(const unsigned *)value)
				       : strdup("");
}

/* ---- limits: SOFT[:HARD] */

static int read_seconds(const char *text, uint64_t *ret)
{
	uint64_t usec = 0;
	int r = timespan_parse(text, &usec);

	if (r < 0)
		return r;
	*ret = usec / USEC_PER_SEC + (usec % USEC_PER_SEC > 0);
	return 0;
}

/* How one half is read and written; infinity is for all. */
struct limit_unit {
	int (*read)(const char *text, uint64_t *ret);
	char *(*write)(uint64_t number);
	const char *what;
};

static int limit_half(const struct limit_unit *unit, const char *text, uint64_t *ret)
{
	if (strcmp(text, "infinity") == 0) {
		*ret = LIMIT_INFINITY;
		return 0;
	}
	return unit->read(text, ret);
}

static int limit_read(const struct limit_unit *unit, const char *text, struct limit *ret)
{
	_cleanup_free_ char *soft = strndup(text, strcspn(text, ":"));
	const char *hard = strchr(text, ':');
	int r;

	if (!soft)
		return -ENOMEM;
	*ret = (struct limit){ .said = true };
	r = limit_half(unit, soft, &ret->soft);
	if (r < 0)
		return r;
	ret->hard = ret->soft;
	r = hard ? limit_half(unit, hard + 1, &ret->hard) : 0;
	return r >= 0 && ret->soft > ret->hard ? -ERANGE : r;
}

static int limit_parse(const struct setting *setting, const struct limit_unit *unit,
	struct limit *limit, const char *text, char **ret_reason)
{
	struct limit read = { 0 };
	int r = *text ? limit_read(unit, text, &read) : 0;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value_refuse(setting, r, text, ret_reason,
			"SOFT or SOFT:HARD, each %s or infinity, the hard one not the lower",
			unit->what);
	*limit = read;
	return 0;
}

static char *limit_format(const struct limit_unit *unit, const struct limit *limit)
{
	_cleanup_free_ char *soft = NULL, *hard = NULL;

	if (!limit->said)
		return strdup("");
	soft = limit->soft == LIMIT_INFINITY ? strdup("infinity") : unit->write(limit->soft);
	hard = limit->hard == LIMIT_INFINITY ? strdup("infinity") : unit->write(limit->hard);
	if (!soft || !hard || limit->soft == limit->hard)
		return hard ? TAKE_PTR(soft) : NULL;
	return string_printf("%s:%s", soft, hard);
}

static char *write_number(uint64_t number)
{
	return string_printf("%" PRIu64, number);
}

static char *write_usec(uint64_t usec)
{
	char text[64];

	return strdup(timespan_format(usec, text, sizeof(text)));
}

static char *write_seconds(uint64_t seconds)
{
	uint64_t usec = USEC_INFINITY;

	(void)__builtin_mul_overflow(seconds, USEC_PER_SEC, &usec);
	return write_usec(usec);
}

static const struct limit_unit count_unit = { value_read_number, write_number, "a number" };
static const struct limit_unit size_unit = { value_read_size, value_write_size,
	"a size (bytes, or with K, M, G)" };
static const struct limit_unit seconds_unit = { read_seconds, write_seconds, "a time" };
static const struct limit_unit usec_unit = { timespan_parse, write_usec, "a time" };

#define LIMIT_TYPE(name)                                                                           \
	VALUE_PARSER(value_parse_limit_##name)                                                     \
	{                                                                                          \
		return limit_parse(setting, &name##_unit, value, text, ret_reason);                \
	}                                                                                          \
	VALUE_FORMATTER(value_format_limit_##name)                                                 \
	{                                                                                          \
		(void)setting;                                                                     \
		return limit_format(&name##_unit, value);                                          \
	}
LIMIT_TYPE(count)
LIMIT_TYPE(size)
LIMIT_TYPE(seconds)
LIMIT_TYPE(usec)

/* ---- sets: processors, capabilities */

/* "N" or "N-M". */
static int add_range(struct cpu_set *set, const char *item)
{
	_cleanup_free_ char *low = strndup(item, strcspn(item, "-"));
	const char *high = strchr(item, '-');
	uint64_t first = 0, last;
	int r = low ? value_read_number(low, &first) : -ENOMEM;

	last = first;
	if (r >= 0 && high)
		r = value_read_number(high + 1, &last);
	if (r < 0)
		return r;
	if (first > last || last >= 64 * ELEMENTS(set->words))
		return -ERANGE;
	for (; first <= last; first++)
		set->words[first / 64] |= UINT64_C(1) << (first % 64);
	return 0;
}

VALUE_PARSER(value_parse_cpus)
{
	struct cpu_set set = { { 0 } };
	char *item = NULL;
	int r;

	while ((r = value_next_item(&text, &item)) > 0) {
		_cleanup_free_ _unused_ char *mine = item;

		r = add_range(&set, item);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return value_refuse(setting, r, item, ret_reason,
				"processors from 0 to %zu, such as 0-3,5",
				64 * ELEMENTS(set.words) - 1);
	}
	if (r < 0)
		return r;
	*(struct cpu_set *)value = set;
	return 0;
}

static bool has_cpu(const struct cpu_set *set, size_t cpu)
{
	return cpu < 64 * ELEMENTS(set->words) && (set->words[cpu / 64] >> (cpu % 64) & 1);
}

VALUE_FORMATTER(value_format_cpus)
{
	const struct cpu_set *set = value;
	_cleanup_free_ char *text = strdup("");

	(void)setting;
	for (size_t cpu = 0; cpu < 64 * ELEMENTS(set->words); cpu++) {
		size_t last = cpu;
		int r;

		if (!has_cpu(set, cpu))
			continue;
		while (has_cpu(set, last + 1))
			last++;
		r = last == cpu
			    ? string_set(&text, "%s%s%zu", text, *text ? "," : "", cpu)
			    : string_set(&text, "%s%s%zu-%zu", text, *text ? "," : "", cpu, last);
		if (r < 0)
			return NULL;
		cpu = last;
	}
	return TAKE_PTR(text);
}

VALUE_PARSER(value_parse_capabilities)
{
	uint64_t capabilities = 0;
	char *item = NULL;
	int r;

	if (strcmp(text, "none") != 0)
		while ((r = value_next_item(&text, &item)) != 0) {
			_cleanup_free_ _unused_ char *mine = item;

			r = r < 0 ? r : capability_from_string(item);
			if (r == -EINVAL)
				return value_refuse(setting, r, item, ret_reason,
					"none, or names such as CAP_NET_BIND_SERVICE");
			if (r < 0)
				return r;
			capabilities |= UINT64_C(1) << r;
		}
	*(uint64_t *)value = capabilities;
	return 0;
}

VALUE_FORMATTER(value_format_capabilities)
{
	uint64_t capabilities = *(const uint64_t *)value;
	_cleanup_free_ char *text = strdup("");

	if (!is_said(setting, value))
		return TAKE_PTR(text);
	for (int number = 0; number < 64; number++)
		if ((capabilities >> number & 1) &&
			string_set(&text, "%s%s%s", text, *text ? " " : "",
				capability_to_string(number)) < 0)
			return NULL;
	return capabilities ? TAKE_PTR(text) : strdup("none");
}

/* ---- users, folders, names of variables */

static bool is_plain_word(const char *text, const char *unwanted)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr(unwanted, *p))
			return false;
	return *text && utf8_valid(text, strlen(text));
}

VALUE_PARSER(value_parse_user)
{
	_cleanup_free_ char *user = strndup(text, strcspn(text, ":"));
	const char *group = strchr(text, ':');

	if (!user)
		return -ENOMEM;
	if (*text && (!is_plain_word(user, "") || (group && !is_plain_word(group + 1, ":"))))
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"USER or USER:GROUP, each a name or a number");
	return value_parse_string(setting, value, text, ret_reason);
}

VALUE_PARSER(value_parse_directory)
{
	if (*text && *text != '/' && strcmp(text, "~") != 0)
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"an absolute path, or ~ for the user's home");
	return value_parse_string(setting, value, text, ret_reason);
}

VALUE_PARSER(value_parse_env_file)
{
	if (*text && text[*text == '-'] != '/')
		return value_refuse(setting, -EINVAL, text, ret_reason,
			"an absolute path, with \"-\" before it if the file may be missing");
	return value_parse_string(setting, value, text, ret_reason);
}

VALUE_PARSER(value_parse_words)
{
	_cleanup_vector_ char **words = NULL;
	char *item = NULL;
	int r;

	while ((r = value_next_item(&text, &item)) > 0) {
		if (!is_plain_word(item, "=")) {
			r = value_refuse(setting, -EINVAL, item, ret_reason, "names");
			free(item);
			return r;
		}
		r = vector_append_take(&words, item);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	value_release_vector(value);
	*(char ***)value = TAKE_PTR(words);
	return 0;
}
