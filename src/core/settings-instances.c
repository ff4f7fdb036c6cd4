/* SPDX-License-Identifier: MIT */
/* The key `instances`: a number, a range or a list of names. */
#include "core/settings-value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"

enum { INSTANCES_MAX = 10000 };

/* "LOW-HIGH", or "HIGH", from 1 on. */
static bool read_range(const char *text, uint64_t *ret_low, uint64_t *ret_high)
{
	_cleanup_free_ char *low = NULL;
	const char *dash = strchr(text, '-');

	*ret_low = 1;
	if (!dash)
		return value_read_number(text, ret_high) >= 0;
	low = strndup(text, (size_t)(dash - text));
	return low && value_read_number(low, ret_low) >= 0 &&
	       value_read_number(dash + 1, ret_high) >= 0;
}

static int append_numbers(uint64_t low, uint64_t high, char ***ret)
{
	char number[24];
	int r = 0;

	if (high < low || high - low >= INSTANCES_MAX)
		return -ERANGE;
	for (uint64_t i = low; r >= 0 && i <= high; i++) {
		snprintf(number, sizeof(number), "%" PRIu64, i);
		r = vector_append(ret, number);
	}
	return r;
}

static int append_name(char *name, char ***ret)
{
	bool good = settings_name_valid(name) && !vector_contains(*ret, name) &&
		    vector_length(*ret) < INSTANCES_MAX;
	int r = good ? vector_append(ret, name) : -EINVAL;

	free(name);
	return r;
}

int settings_instances(const char *text, char ***ret)
{
	_cleanup_vector_ char **names = NULL;
	uint64_t low, high;
	char *item = NULL;
	int r;

	if (read_range(text, &low, &high)) {
		r = append_numbers(low, high, &names);
	} else {
		do {
			r = value_next_item(&text, &item);
			if (r > 0)
				r = append_name(item, &names) < 0 ? -EINVAL : 1;
		} while (r > 0);
	}
	if (r < 0 || !names)
		return r < 0 ? r : -EINVAL;
	*ret = TAKE_PTR(names);
	return 0;
}

VALUE_PARSER(value_parse_instances)
{
	_cleanup_vector_ char **names = NULL;
	int r = *text ? settings_instances(text, &names) : 0;

	if (r < 0)
		return value_refuse(setting, r, text, ret_reason,
			"a number from 1 to %d, a range such as 1-4, or a list of different names",
			INSTANCES_MAX);
	return value_parse_string(setting, value, text, ret_reason);
}
