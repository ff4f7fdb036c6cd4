/* SPDX-License-Identifier: MIT */
/* Vectors: NULL-terminated arrays of strings that own their strings. Short ones: each change walks
 * to the end. */
#include "base/strings.h"

#include <errno.h>
#include <string.h>

void vector_free(char **v)
{
	for (char **p = v; p && *p; p++)
		free(*p);
	free(v);
}

size_t vector_length(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

int vector_append_take(char ***v, char *text)
{
	size_t n = vector_length(*v);
	char **grown;

	/* A NULL is what a failed strdup() or string_printf() in the argument gives. */
	grown = text ? reallocarray(*v, n + 2, sizeof(char *)) : NULL;
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	grown[n] = text;
	grown[n + 1] = NULL;
	*v = grown;
	return 0;
}

int vector_append(char ***v, const char *text)
{
	return vector_append_take(v, strdup(text));
}

char **vector_copy(char *const *v)
{
	size_t n = vector_length(v);
	_cleanup_vector_ char **copy = v ? calloc(n + 1, sizeof(char *)) : NULL;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(v[i]);
		if (!copy[i])
			return NULL;
	}
	return TAKE_PTR(copy);
}

bool vector_contains(char *const *v, const char *text)
{
	for (; v && *v; v++)
		if (strcmp(*v, text) == 0)
			return true;
	return false;
}

char *vector_join(char *const *v, const char *separator)
{
	size_t n_separator = strlen(separator), size = 1;
	char *joined, *end;

	for (char *const *p = v; p && *p; p++)
		size += strlen(*p) + n_separator;
	joined = end = malloc(size);
	if (!joined)
		return NULL;
	for (char *const *p = v; p && *p; p++) {
		if (p != v)
			end = mempcpy(end, separator, n_separator);
		end = mempcpy(end, *p, strlen(*p));
	}
	*end = '\0';
	return joined;
}
