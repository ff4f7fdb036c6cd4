/* SPDX-License-Identifier: MIT */
/*
 * A table of text: columns as wide as their widest cell, two blanks between them, lines cut to the
 * terminal's width. All text lies in one growing buffer: no allocation per row. Cells are filled
 * from left to right; want of memory is remembered and told by table_print().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"
#include "ctl/color.h"

struct table_cell {
	size_t start;   /* in text */
	unsigned width; /* columns on the screen */
};

struct table {
	unsigned n_columns;
	char *text;
	size_t n_text, text_size;
	struct table_cell *cells;
	size_t n_cells, cells_size;
	bool failed;
};

void table_init(struct table *table, unsigned n_columns);
void table_done(struct table *table);

/* A cell; table_text() escapes what a terminal must not see, table_printf() is for text of our own.
 */
void table_text(struct table *table, enum paint paint, const char *text);
void table_printf(struct table *table, enum paint paint, const char *format, ...) _printf_(3, 4);

/* More text, in a colour of its own, at the end of the cell that was filled last. */
void table_append(struct table *table, enum paint paint, const char *text);

/* width 0: no limit. -ENOMEM. */
int table_print(const struct table *table, FILE *file, unsigned width);

/* The width of the terminal that standard output is, 0 when it is none. */
unsigned table_screen_width(void);

/* How many columns a UTF-8 text takes: one for each character (wide ones are not known here), none
 * for colours. */
unsigned text_width(const char *text);
