/* SPDX-License-Identifier: MIT */
/* What users write to mean loops and groups: a name, a glob, group/name (either half may be a
 * glob). */
#pragma once

#include <stdbool.h>

bool pattern_is_glob(const char *pattern);

/* The part that is about the name itself: behind the first slash. */
const char *pattern_name(const char *pattern);

/* group: of which the name is a member, "" under the root. */
bool pattern_matches(const char *pattern, const char *group, const char *name);
