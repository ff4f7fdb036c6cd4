/* SPDX-License-Identifier: MIT */
/* Plain names are compared, only globs go through fnmatch(): names come by the thousand. */
#include "base/pattern.h"

#include <fnmatch.h>
#include <string.h>

/* Of each half; longer than any name, so a longer one is no slip of the pen. */
enum { PATTERN_MAX = 255 };

bool pattern_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

const char *pattern_name(const char *pattern)
{
	const char *slash = strchr(pattern, '/');

	return slash ? slash + 1 : pattern;
}

static bool half_matches(const char *pattern, size_t length, const char *text)
{
	char half[PATTERN_MAX + 1];

	if (length > PATTERN_MAX)
		return false;
	memcpy(half, pattern, length);
	half[length] = '\0';
	return pattern_is_glob(half) ? fnmatch(half, text, 0) == 0 : strcmp(half, text) == 0;
}

bool pattern_matches(const char *pattern, const char *group, const char *name)
{
	const char *tail = pattern_name(pattern);

	if (tail > pattern && !half_matches(pattern, (size_t)(tail - pattern - 1), group))
		return false;
	return half_matches(tail, strlen(tail), name);
}
