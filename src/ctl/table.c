/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/strings.h"

enum { GAP = 2, COLUMNS_MAX = 16 };

void table_init(struct table *table, unsigned n_columns)
{
	*table = (struct table){ .n_columns = MIN(n_columns, (unsigned)COLUMNS_MAX) };
}

void table_done(struct table *table)
{
	free(table->text);
	free(table->cells);
}

/* The first byte behind the character or colour sequence at p; *width is what it takes on the
 * screen. */
static const char *next_character(const char *p, unsigned *width)
{
	*width = *p != '\033';
	if (*p == '\033')
		return p + strcspn(p, "m") + 1;
	for (p++; ((unsigned char)*p & 0xc0) == 0x80; p++)
		;
	return p;
}

unsigned text_width(const char *text)
{
	unsigned sum = 0, width;

	while (*text) {
		text = next_character(text, &width);
		sum += width;
	}
	return sum;
}

/* Makes room for one more item; false when there is none. */
static bool grow(void **p, size_t *size, size_t needed, size_t item)
{
	size_t larger = MAX(needed, *size * 2);
	void *moved;

	if (needed <= *size)
		return true;
	larger = MAX(larger, (size_t)64);
	moved = reallocarray(*p, larger, item);
	if (!moved)
		return false;
	*p = moved;
	*size = larger;
	return true;
}

static void add_text(struct table *table, const char *text)
{
	size_t length = strlen(text);

	if (!grow((void **)&table->text, &table->text_size, table->n_text + length + 1, 1)) {
		table->failed = true;
		return;
	}
	memcpy(table->text + table->n_text, text, length + 1);
	table->n_text += length;
}

static void add_painted(struct table *table, enum paint paint, const char *text)
{
	if (!*text)
		return;
	add_text(table, color_on(paint));
	add_text(table, text);
	add_text(table, color_off(paint));
	if (!table->failed)
		table->cells[table->n_cells - 1].width += text_width(text);
}

/* A new, empty cell, behind the NUL of the one before. */
static void add_cell(struct table *table)
{
	if (table->n_cells > 0)
		table->n_text++;
	if (grow((void **)&table->cells, &table->cells_size, table->n_cells + 1,
		    sizeof(*table->cells)))
		table->cells[table->n_cells++] = (struct table_cell){ .start = table->n_text };
	else
		table->failed = true;
	add_text(table, "");
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

void table_append(struct table *table, enum paint paint, const char *text)
{
	_cleanup_free_ char *safe = NULL;

	if (!is_plain(text)) {
		safe = string_escape(text);
		if (!safe)
			table->failed = true;
		text = safe;
	}
	if (!table->failed)
		add_painted(table, paint, text);
}

void table_text(struct table *table, enum paint paint, const char *text)
{
	add_cell(table);
	table_append(table, paint, text);
}

void table_printf(struct table *table, enum paint paint, const char *format, ...)
{
	char buf[256];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(buf, sizeof(buf), format, arguments);
	va_end(arguments);
	table_text(table, paint, buf);
}

/* Prints at most width columns of the text, with a mark where it was cut. Returns the columns
 * printed. */
static unsigned print_cut(
	FILE *file, const struct table_cell *cell, const char *text, unsigned width)
{
	unsigned columns = 0, one;
	const char *p = text;

	if (cell->width <= width) {
		(void)fputs(text, file);
		return cell->width;
	}
	while (columns + 1 < width) {
		p = next_character(p, &one);
		columns += one;
	}
	(void)fwrite(text, 1, (size_t)(p - text), file);
	/* The colour's end may have been cut off, too. */
	(void)fprintf(file, "…%s", memchr(text, '\033', (size_t)(p - text)) ? "\033[0m" : "");
	return width;
}

static void print_row(const struct table *table, const struct table_cell *cells,
	const unsigned *widths, FILE *file, unsigned screen)
{
	unsigned last = table->n_columns, left = screen > 0 ? screen : -1U;

	while (last > 0 && cells[last - 1].width == 0)
		last--;
	for (unsigned i = 0; i < last && left > 0; i++) {
		const struct table_cell *cell = &cells[i];
		unsigned pad = widths[i] - cell->width + (widths[i] > 0 ? (unsigned)GAP : 0);

		left -= print_cut(file, cell, table->text + cell->start, left);
		if (i + 1 == last)
			break;
		pad = MIN(pad, left);
		(void)fprintf(file, "%*s", (int)pad, "");
		left -= pad;
	}
	(void)fputc('\n', file);
}

int table_print(const struct table *table, FILE *file, unsigned width)
{
	unsigned widths[COLUMNS_MAX] = { 0 };

	if (table->failed)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_cells; i++)
		widths[i % table->n_columns] =
			MAX(widths[i % table->n_columns], table->cells[i].width);
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
		print_row(table, table->cells + i, widths, file, width);
	return 0;
}

unsigned table_screen_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}
