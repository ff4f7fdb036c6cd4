/* SPDX-License-Identifier: MIT */
/* Values that say when a loop is ready, and when it no longer is well. */
#include "core/settings-value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"

enum { DESCRIPTOR_MIN = 3, DESCRIPTOR_MAX = 255 };

static const struct {
	const char *word;
	enum ready_kind kind;
} words[] = {
	{ "", READY_AUTO },
	{ "start", READY_START },
	{ "cycle", READY_CYCLE },
	{ "probe", READY_PROBE },
	{ "notify", READY_NOTIFY },
};

/* 1: it is that; 0: it does not begin so. */
static int read_descriptor(const char *text, unsigned *ret)
{
	uint64_t number;
	int r;

	if (strncmp(text, "fd:", 3) != 0)
		return 0;
	r = value_read_number(text + 3, &number);
	if (r < 0)
		return r;
	if (number < DESCRIPTOR_MIN || number > DESCRIPTOR_MAX)
		return -ERANGE;
	*ret = (unsigned)number;
	return 1;
}

static int read_ready(const char *text, struct ready *ret)
{
	int r;

	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			ret->kind = words[i].kind;
			return 0;
		}
	ret->kind = READY_DELAY;
	r = value_prefixed_time(text, "delay:", &ret->usec);
	if (r != 0)
		return MIN(r, 0);
	ret->kind = READY_FD;
	r = read_descriptor(text, &ret->number);
	return r == 0 ? -EINVAL : MIN(r, 0);
}

VALUE_PARSER(value_parse_ready)
{
	struct ready ready = { .kind = READY_AUTO };
	int r = read_ready(text, &ready);

	if (r < 0)
		return value_refuse(setting, r, text, ret_reason,
			"start, cycle, probe, notify, delay:TIME such as delay:5s, or fd:N with a "
			"number from %d to %d",
			DESCRIPTOR_MIN, DESCRIPTOR_MAX);
	*(struct ready *)value = ready;
	return 0;
}

VALUE_FORMATTER(value_format_ready)
{
	const struct ready *ready = value;
	char time[64];

	(void)setting;
	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (ready->kind == words[i].kind)
			return strdup(words[i].word);
	if (ready->kind == READY_FD)
		return string_printf("fd:%u", ready->number);
	return string_printf("delay:%s", timespan_format(ready->usec, time, sizeof(time)));
}

static int read_share(const char *text, struct share *ret)
{
	char failed[24], of[24], rest;
	uint64_t x, y;
	int n = sscanf(text, "%20[0-9] of %20[0-9]%c", failed, of, &rest);

	if (n != 2 && (n != 1 || strspn(text, "0123456789") != strlen(text)))
		return -EINVAL;
	if (value_read_number(failed, &x) < 0 || (n == 2 && value_read_number(of, &y) < 0))
		return -ERANGE;
	if (n == 1)
		y = x;
	if (x < 1 || x > y || y > SHARE_MAX)
		return -ERANGE;
	*ret = (struct share){ .failed = (unsigned)x, .of = (unsigned)y };
	return 0;
}

VALUE_PARSER(value_parse_share)
{
	int r = read_share(text, value);

	return r < 0 ? value_refuse(setting, r, text, ret_reason,
			       "X of Y such as 3 of 5, X not above Y and Y at most %d", SHARE_MAX)
		     : 0;
}

VALUE_FORMATTER(value_format_share)
{
	const struct share *share = value;

	(void)setting;
	return string_printf("%u of %u", share->failed, share->of);
}
