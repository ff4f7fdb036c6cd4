/* SPDX-License-Identifier: MIT */
/*
 * Views: what the bus shows of a thing, as a flat struct of the types that D-Bus has. One vtable
 * describes a view: it serves properties (sd-bus reads the struct itself), the rows of the List
 * methods and the lines of Show alike.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-bus.h>

/* A row's column and a property: in CamelCase as D-Bus has it, and hidden, in the words of the JSON
 * and the manual. */
#define BUS_COLUMN(Name, name, type, view, field)                                                  \
	SD_BUS_PROPERTY(Name, type, NULL, offsetof(view, field), 0),                               \
		SD_BUS_PROPERTY(name, type, NULL, offsetof(view, field), SD_BUS_VTABLE_HIDDEN)

static inline void bus_message_cleanup(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}
#define _cleanup_message_ __attribute__((cleanup(bus_message_cleanup)))

/* Makes it fit for D-Bus, in place: what is not UTF-8 is cut off (an unfinished end) or becomes
 * '?'. Returns text. */
char *bus_clean(char *text);

/* Appends one struct, all visible columns in the vtable's order. */
int bus_row_append(sd_bus_message *message, const char *signature, const sd_bus_vtable *columns,
	const void *view);

/* Appends a dictionary entry {ss} for each visible column. */
int bus_row_append_texts(sd_bus_message *message, const sd_bus_vtable *columns, const void *view);

/* One entry; the text is cleaned: a command's words may be any bytes. */
int bus_append_text(sd_bus_message *message, const char *key, const char *text);

bool bus_row_has(const sd_bus_vtable *columns, const char *name);
