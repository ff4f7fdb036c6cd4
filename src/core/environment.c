/* SPDX-License-Identifier: MIT */
/*
 * One block for all, taken from a small store and given back to it: a spawn happens in a thread of
 * its own, and a thread that has once used the allocator keeps a cache of its own for as long as it
 * waits. Strings of the daemon's own environment do not change any more and are pointed at.
 */
#include "core/environment.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct block {
	struct block *next; /* in the store */
	size_t size;        /* of the slots, in bytes: the pointers, then their text */
	char *slots[];
};

/* Larger ones are not kept. */
enum { BLOCK_SIZE = 1280 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *store; /* under lock; as many as were in use at once */

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

static struct block *block_new(size_t size)
{
	struct block *block = NULL;

	if (size <= BLOCK_SIZE) {
		pthread_mutex_lock(&lock);
		block = store;
		if (block)
			store = block->next;
		pthread_mutex_unlock(&lock);
		size = BLOCK_SIZE;
	}
	if (!block)
		block = malloc(sizeof(*block) + size);
	if (block)
		block->size = size;
	return block;
}

char **environment_free(char **environment)
{
	struct block *block;

	if (!environment)
		return NULL;
	block = container_of(environment, struct block, slots);
	if (block->size > BLOCK_SIZE) {
		free(block);
		return NULL;
	}
	pthread_mutex_lock(&lock);
	block->next = store;
	store = block;
	pthread_mutex_unlock(&lock);
	return NULL;
}

char **environment_new(
	char *const *configured, const struct variable *variables, size_t n_variables)
{
	static char default_path[] = DEFAULT_PATH;
	size_t slots = ELEMENTS(kept) + vector_length(configured) + n_variables + 1;
	size_t size = slots * sizeof(char *) + text_size(variables, n_variables);
	struct block *whole = block_new(size);
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
	struct block *whole = block_new(slots * sizeof(char *));
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
