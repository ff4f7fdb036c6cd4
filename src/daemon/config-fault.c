/* SPDX-License-Identifier: MIT */
/*
 * The list of faults. Texts quote what a file says, so they are escaped when they come in: they go
 * to terminals.
 */
#include "daemon/config-fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"

static int faults_take(struct faults *faults, char *file, unsigned line, char *text)
{
	struct fault *items = reallocarray(faults->items, faults->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	faults->items = items;
	items[faults->n] = (struct fault){ file, line, text, faults->n };
	faults->n++;
	return 0;
}

int faults_add(struct faults *faults, const char *file, unsigned line, const char *format, ...)
{
	_cleanup_free_ char *raw = NULL, *text = NULL, *place = NULL;
	va_list arguments;
	int r;

	va_start(arguments, format);
	raw = string_vprintf(format, arguments);
	va_end(arguments);
	if (!raw)
		return -ENOMEM;
	text = string_escape(raw);
	place = string_escape(file);
	if (!text || !place)
		return -ENOMEM;
	r = faults_take(faults, place, line, text);
	if (r < 0)
		return r;
	place = text = NULL;
	return -EINVAL;
}

bool faults_tell_of(const struct faults *faults, const char *file, unsigned line)
{
	for (size_t i = 0; i < faults->n; i++)
		if (faults->items[i].line == line && strcmp(faults->items[i].file, file) == 0)
			return true;
	return false;
}

static int fault_compare(const void *a, const void *b)
{
	const struct fault *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	if (order != 0)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

void faults_sort(struct faults *faults)
{
	if (faults->n > 0)
		qsort(faults->items, faults->n, sizeof(*faults->items), fault_compare);
}

void faults_print(const struct faults *faults, FILE *stream)
{
	for (size_t i = 0; i < faults->n; i++)
		fprintf(stream, "%s:%u: %s\n", faults->items[i].file, faults->items[i].line,
			faults->items[i].text);
}

void faults_done(struct faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		free(faults->items[i].file);
		free(faults->items[i].text);
	}
	free(faults->items);
	*faults = (struct faults){ 0 };
}
