/* SPDX-License-Identifier: MIT */
/*
 * One block for all: a spawn happens in a thread of its own, and what such a thread frees in small
 * pieces stays in its allocator's cache for as long as the thread waits. Strings of the daemon's
 * own environment do not change any more and are pointed at.
 */
#include "core/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Larger than what the allocator keeps for each thread. */
enum { BLOCK_MINIMUM = 1280 };

static const char *const kept[] = { "PATH", "LANG", "TZ", "HOME", "USER", "LOGNAME", "SHELL" };

/* "KEY=value" of the daemon's own; NULL: not set. */
static char *inherited(const char *key)
{
	const char *value = getenv(key);

	return value ? (char *)value - strlen(key) - 1 : NULL;
}

static size_t put(char **block, size_t n, char *pair)
{
	size_t length = strcspn(pair, "=") + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(block[i], pair, length) == 0) {
			block[i] = pair;
			return n;
		}
	block[n] = pair;
	return n + 1;
}

static size_t text_size(const struct variable *variables, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		if (variables[i].value)
			size += strlen(variables[i].name) + strlen(variables[i].value) + 2;
	return size;
}

char **environment_new(
	char *const *configured, const struct variable *variables, size_t n_variables)
{
	static char default_path[] = DEFAULT_PATH;
	size_t slots = ELEMENTS(kept) + vector_length(configured) + n_variables + 1;
	size_t size = slots * sizeof(char *) + text_size(variables, n_variables);
	char **block = malloc(MAX(size, (size_t)BLOCK_MINIMUM));
	char *text, *end;
	size_t n = 0;

	if (!block)
		return NULL;
	text = (char *)(block + slots);
	for (size_t i = 0; i < ELEMENTS(kept); i++) {
		char *pair = inherited(kept[i]);

		if (pair || i == 0)
			n = put(block, n, pair ?: default_path);
	}
	for (; configured && *configured; configured++)
		n = put(block, n, *configured);
	for (size_t i = 0; i < n_variables; i++) {
		if (!variables[i].value)
			continue;
		end = stpcpy(stpcpy(stpcpy(text, variables[i].name), "="), variables[i].value) + 1;
		n = put(block, n, text);
		text = end;
	}
	block[n] = NULL;
	return block;
}
