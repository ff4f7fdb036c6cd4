/* SPDX-License-Identifier: MIT */
/*
 * One block for all; for a spawn it lies on the stack of the loop's thread, if it is no larger than
 * usual: a thread that has once used the allocator keeps a cache of its own for as long as it
 * waits. Strings of the daemon's own environment do not change any more and are pointed at.
 */
#include "core/environment.h"

#include <stdbool.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct block {
	bool lent;     /* it lies in the caller's room */
	char *slots[]; /* the pointers, then their text */
};

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

static struct block *block_new(struct environment_room *room, size_t size)
{
	bool lent = room && sizeof(struct block) + size <= sizeof(*room);
	struct block *block = lent ? (struct block *)room : malloc(sizeof(*block) + size);

	if (block)
		block->lent = lent;
	return block;
}

char **environment_free(char **environment)
{
	struct block *block;

	if (!environment)
		return NULL;
	block = container_of(environment, struct block, slots);
	if (!block->lent)
		free(block);
	return NULL;
}

char **environment_new(struct environment_room *room, char *const *configured,
	const struct variable *variables, size_t n_variables)
{
	static char default_path[] = DEFAULT_PATH;
	size_t slots = ELEMENTS(kept) + vector_length(configured) + n_variables + 1;
	size_t size = slots * sizeof(char *) + text_size(variables, n_variables);
	struct block *whole = block_new(room, size);
	char **block, *text, *end;
	size_t n = 0;

	if (!whole)
		return NULL;
	block = whole->slots;
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

static bool is_same_name(const char *pair, const char *name, size_t length)
{
	return strncmp(pair, name, length) == 0 && pair[length] == '=';
}

static bool is_base(const char *pair, char *const *configured)
{
	size_t length = strcspn(pair, "=");

	for (; configured && *configured; configured++)
		if (is_same_name(*configured, pair, length))
			return false;
	for (size_t i = 0; i < ELEMENTS(kept); i++)
		if (is_same_name(pair, kept[i], strlen(kept[i])))
			return true;
	return false;
}

char **environment_insert(char *const *environment, char *const *configured, char *const *more)
{
	size_t slots = vector_length(environment) + vector_length(more) + 1;
	struct block *whole = block_new(NULL, slots * sizeof(char *));
	size_t n = 0;

	if (!whole)
		return NULL;
	for (char *const *pair = environment; *pair; pair++)
		if (is_base(*pair, configured))
			n = put(whole->slots, n, *pair);
	for (; more && *more; more++)
		n = put(whole->slots, n, *more);
	for (char *const *pair = environment; *pair; pair++)
		if (!is_base(*pair, configured))
			n = put(whole->slots, n, *pair);
	whole->slots[n] = NULL;
	return whole->slots;
}
