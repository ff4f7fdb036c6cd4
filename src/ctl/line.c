/* SPDX-License-Identifier: MIT */
#include "ctl/line.h"

#include <stdio.h>
#include <string.h>

#include "base/strings.h"

/* A piece without a tab. A NUL ends the string that is escaped: it is written by hand. */
static void print_piece(const char *text, size_t length)
{
	while (length > 0) {
		_cleanup_free_ char *piece = strndup(text, length);
		_cleanup_free_ char *safe = piece ? string_escape(piece) : NULL;
		size_t n = piece ? strlen(piece) : length;

		(void)fputs(safe ? safe : "?", stdout);
		if (n < length) {
			(void)fputs("\\x00", stdout);
			n++;
		}
		text += n;
		length -= n;
	}
}

void line_print(const char *text, size_t length)
{
	const char *end = text + length, *tab;

	while ((tab = memchr(text, '\t', (size_t)(end - text)))) {
		print_piece(text, (size_t)(tab - text));
		(void)putchar('\t');
		text = tab + 1;
	}
	print_piece(text, (size_t)(end - text));
	(void)putchar('\n');
}
