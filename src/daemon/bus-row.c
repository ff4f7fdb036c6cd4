/* SPDX-License-Identifier: MIT */
/* Walks a vtable as a list of columns. */
#include "daemon/bus-row.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"

char *bus_clean(char *text)
{
	size_t length = strlen(text), cut = length;

	if (utf8_valid(text, length))
		return text;
	while (cut > 0 && length - cut < 3 && (text[cut - 1] & 0x80)) {
		cut--;
		if (utf8_valid(text, cut)) {
			text[cut] = '\0';
			return text;
		}
	}
	for (char *c = text; *c; c++)
		if (*c & 0x80)
			*c = '?';
	return text;
}

/* The next visible column at or after this one; NULL: no more. */
static const sd_bus_vtable *visible(const sd_bus_vtable *column)
{
	for (; column->type != _SD_BUS_VTABLE_END; column++)
		if (column->type == _SD_BUS_VTABLE_PROPERTY &&
			!(column->flags & SD_BUS_VTABLE_HIDDEN))
			return column;
	return NULL;
}

static const void *value_of(const sd_bus_vtable *column, const void *view)
{
	const void *place = (const char *)view + column->x.property.offset;

	return column->x.property.signature[0] == 's' ? *(const char *const *)place : place;
}

int bus_row_append(sd_bus_message *message, const char *signature, const sd_bus_vtable *columns,
	const void *view)
{
	char contents[64];
	int r;

	snprintf(contents, sizeof(contents), "%.*s", (int)strlen(signature) - 2, signature + 1);
	r = sd_bus_message_open_container(message, 'r', contents);
	for (const sd_bus_vtable *c = visible(columns); r >= 0 && c; c = visible(c + 1))
		r = sd_bus_message_append_basic(
			message, c->x.property.signature[0], value_of(c, view));
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int bus_append_text(sd_bus_message *message, const char *key, const char *text)
{
	_cleanup_free_ char *clean = strdup(text ? text : "");

	return clean ? sd_bus_message_append(message, "{ss}", key, bus_clean(clean)) : -ENOMEM;
}

static const char *format_value(
	const sd_bus_vtable *column, const void *view, char *buf, size_t size)
{
	const void *value = value_of(column, view);

	switch (column->x.property.signature[0]) {
	case 's':
		return value;
	case 'b':
		return *(const int *)value ? "yes" : "no";
	case 'u':
		snprintf(buf, size, "%" PRIu32, *(const uint32_t *)value);
		return buf;
	default:
		snprintf(buf, size, "%" PRIu64, *(const uint64_t *)value);
		return buf;
	}
}

int bus_row_append_texts(sd_bus_message *message, const sd_bus_vtable *columns, const void *view)
{
	char buf[32];
	int r = 0;

	for (const sd_bus_vtable *c = visible(columns); r >= 0 && c; c = visible(c + 1))
		r = bus_append_text(
			message, c->x.property.member, format_value(c, view, buf, sizeof(buf)));
	return r;
}

bool bus_row_has(const sd_bus_vtable *columns, const char *name)
{
	for (const sd_bus_vtable *c = visible(columns); c; c = visible(c + 1))
		if (strcmp(c->x.property.member, name) == 0)
			return true;
	return false;
}
