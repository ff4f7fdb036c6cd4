/* SPDX-License-Identifier: MIT */
/*
 * A setup as text: "1 uid=1000 gid=1000 groups=4,24 soft7=1024 hard7=4096": the version, then words
 * NAME=NUMBER or NAME=NUMBER,… (all decimal), each at most once. Only what is set is written.
 */
#include "process/setup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	NUMBER_SIZE = 21, /* of a 64 bit number with its sign or separator */
	NAME_SIZE = 20,   /* of the longest name with " " and "=" */
};

enum type { UNSIGNED, SIGNED, LONG, FLAG };

#define FIELD(flag, type, member)                                                                  \
	{                                                                                          \
#member, flag, type, offsetof(struct setup, member)                                \
	}

static const struct field {
	const char *name;
	unsigned flag;
	enum type type;
	size_t offset;
} fields[] = {
	FIELD(SETUP_STATUS, UNSIGNED, status_fd),
	FIELD(SETUP_UID, UNSIGNED, uid),
	FIELD(SETUP_GID, UNSIGNED, gid),
	FIELD(SETUP_UMASK, UNSIGNED, umask),
	FIELD(SETUP_NICE, SIGNED, nice),
	FIELD(SETUP_OOM_SCORE, SIGNED, oom_score_adjust),
	FIELD(SETUP_BOUNDING, LONG, bounding),
	FIELD(SETUP_INHERITABLE, LONG, inheritable),
	FIELD(SETUP_AMBIENT, LONG, ambient),
	{ "no_new_privileges", SETUP_NO_NEW_PRIVILEGES, FLAG, 0 },
	{ "watchdog_pid", SETUP_WATCHDOG_PID, FLAG, 0 },
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* ---- writing */

struct text {
	char *next, *end; /* end: past the room */
	bool full;
};

static void put(struct text *text, const char *bytes, size_t length)
{
	if ((size_t)(text->end - text->next) <= length) {
		text->full = true;
		return;
	}
	memcpy(text->next, bytes, length);
	text->next += length;
	*text->next = '\0';
}

static void put_string(struct text *text, const char *string)
{
	put(text, string, strlen(string));
}

static void put_number(struct text *text, uint64_t number)
{
	char digits[NUMBER_SIZE];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	put(text, digits + at, sizeof(digits) - at);
}

static void put_signed(struct text *text, int32_t number)
{
	if (number < 0)
		put(text, "-", 1);
	put_number(text, (uint64_t)(number < 0 ? -(int64_t)number : number));
}

static void put_name(struct text *text, const char *name)
{
	put(text, " ", 1);
	put_string(text, name);
	put(text, "=", 1);
}

static void put_field(struct text *text, const struct field *field, const struct setup *setup)
{
	const void *value = (const char *)setup + field->offset;

	put_name(text, field->name);
	switch (field->type) {
	case UNSIGNED:
		put_number(text, *(const uint32_t *)value);
		break;
	case SIGNED:
		put_signed(text, *(const int32_t *)value);
		break;
	case LONG:
		put_number(text, *(const uint64_t *)value);
		break;
	case FLAG:
		put_number(text, 1);
		break;
	}
}

static void put_limits(
	struct text *text, const char *name, unsigned set, const uint64_t values[SETUP_LIMITS])
{
	for (unsigned i = 0; i < SETUP_LIMITS; i++) {
		if ((set >> i & 1) == 0)
			continue;
		put(text, " ", 1);
		put_string(text, name);
		put_number(text, i);
		put(text, "=", 1);
		put_number(text, values[i]);
	}
}

static void put_groups(struct text *text, const struct setup *setup)
{
	put_name(text, "groups");
	for (size_t i = 0; i < setup->n_groups; i++) {
		if (i > 0)
			put(text, ",", 1);
		put_number(text, setup->groups[i]);
	}
}

static void put_cpus(struct text *text, const struct setup *setup)
{
	size_t n = SETUP_CPU_WORDS;

	while (n > 1 && setup->cpus[n - 1] == 0)
		n--;
	put_name(text, "cpus");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put(text, ",", 1);
		put_number(text, setup->cpus[i]);
	}
}

size_t setup_text_size(const struct setup *setup)
{
	return (FIELDS + 2 * SETUP_LIMITS + 3) * (NAME_SIZE + NUMBER_SIZE) +
	       SETUP_CPU_WORDS * NUMBER_SIZE + setup->n_groups * NUMBER_SIZE;
}

int setup_encode(const struct setup *setup, char *buf, size_t size)
{
	struct text text = { buf, buf + size, false };

	put_number(&text, SETUP_VERSION);
	for (size_t i = 0; i < FIELDS; i++)
		if (setup->set & fields[i].flag)
			put_field(&text, &fields[i], setup);
	put_limits(&text, "soft", setup->soft_set, setup->soft);
	put_limits(&text, "hard", setup->hard_set, setup->hard);
	if (setup->set & SETUP_CPUS)
		put_cpus(&text, setup);
	if (setup->set & SETUP_GROUPS)
		put_groups(&text, setup);
	return text.full ? -E2BIG : (int)(text.next - buf);
}

/* ---- reading; all: *at moves past what was read, false: it is not there */

static bool take(const char **at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*at, word, length) != 0)
		return false;
	*at += length;
	return true;
}

static bool take_number(const char **at, uint64_t maximum, uint64_t *ret)
{
	uint64_t number = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return false;
	if (p == *at || number > maximum)
		return false;
	*at = p;
	*ret = number;
	return true;
}

static bool take_signed(const char **at, int32_t *ret)
{
	bool negative = take(at, "-");
	uint64_t number;

	if (!take_number(at, INT32_MAX, &number))
		return false;
	*ret = negative ? -(int32_t)number : (int32_t)number;
	return true;
}

static bool take_value(const char **at, const struct field *field, struct setup *setup)
{
	void *value = (char *)setup + field->offset;
	uint64_t number = 0;
	bool good = true;

	switch (field->type) {
	case UNSIGNED:
		good = take_number(at, UINT32_MAX, &number);
		*(uint32_t *)value = (uint32_t)number;
		break;
	case SIGNED:
		return take_signed(at, value);
	case LONG:
		return take_number(at, UINT64_MAX, value);
	case FLAG:
		return take(at, "1");
	}
	return good;
}

/* 1: it was that field; 0: it is another; -1: it is that, but wrong. */
static int take_field(const char **at, const struct field *field, struct setup *setup)
{
	const char *p = *at;

	if (!take(&p, field->name) || !take(&p, "="))
		return 0;
	if ((setup->set & field->flag) || !take_value(&p, field, setup))
		return -1;
	setup->set |= field->flag;
	*at = p;
	return 1;
}

static int take_limit(
	const char **at, const char *name, unsigned *set, uint64_t values[SETUP_LIMITS])
{
	const char *p = *at;
	uint64_t which;

	if (!take(&p, name))
		return 0;
	if (!take_number(&p, SETUP_LIMITS - 1, &which) || (*set >> which & 1) || !take(&p, "=") ||
		!take_number(&p, UINT64_MAX, &values[which]))
		return -1;
	*set |= 1u << which;
	*at = p;
	return 1;
}

static int take_groups(const char **at, gid_t *groups, struct setup *setup)
{
	const char *p = *at;
	uint64_t number;

	if (!take(&p, "groups="))
		return 0;
	if (setup->set & SETUP_GROUPS)
		return -1;
	setup->set |= SETUP_GROUPS;
	setup->groups = groups;
	if (*p && *p != ' ')
		do {
			if (setup->n_groups == SETUP_GROUPS_MAX ||
				!take_number(&p, UINT32_MAX, &number))
				return -1;
			groups[setup->n_groups++] = (gid_t)number;
		} while (take(&p, ","));
	*at = p;
	return 1;
}

static int take_cpus(const char **at, struct setup *setup)
{
	const char *p = *at;
	size_t n = 0;

	if (!take(&p, "cpus="))
		return 0;
	if (setup->set & SETUP_CPUS)
		return -1;
	setup->set |= SETUP_CPUS;
	do
		if (n == SETUP_CPU_WORDS || !take_number(&p, UINT64_MAX, &setup->cpus[n++]))
			return -1;
	while (take(&p, ","));
	*at = p;
	return 1;
}

static int take_word(const char **at, gid_t *groups, struct setup *setup)
{
	int r = 0;

	for (size_t i = 0; i < FIELDS && r == 0; i++)
		r = take_field(at, &fields[i], setup);
	if (r == 0)
		r = take_limit(at, "soft", &setup->soft_set, setup->soft);
	if (r == 0)
		r = take_limit(at, "hard", &setup->hard_set, setup->hard);
	if (r == 0)
		r = take_cpus(at, setup);
	return r == 0 ? take_groups(at, groups, setup) : r;
}

int setup_decode(const char *text, gid_t *groups, struct setup *ret)
{
	uint64_t version;

	memset(ret, 0, sizeof(*ret));
	if (!take_number(&text, UINT32_MAX, &version) || version != SETUP_VERSION)
		return -EBADMSG;
	while (take(&text, " "))
		if (take_word(&text, groups, ret) <= 0)
			return -EBADMSG;
	return *text ? -EBADMSG : 0;
}
