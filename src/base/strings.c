/* SPDX-License-Identifier: MIT */
/* Strings: printing into new memory, UTF-8, escaping for terminals, the edit distance. Vectors:
 * vector.c, words.c. */
#include "base/strings.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool string_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

char *string_vprintf(const char *format, va_list arguments)
{
	char *text;

	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

char *string_printf(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = string_vprintf(format, arguments);
	va_end(arguments);
	return text;
}

char *put_text(char *to, const char *end, const char *text)
{
	while (*text && to + 1 < end)
		*to++ = *text++;
	if (to < end)
		*to = 0;
	return to;
}

char *put_number(char *to, const char *end, uint64_t number)
{
	char digits[24], *first = digits + sizeof(digits) - 1;

	*first = 0;
	do
		*--first = (char)('0' + number % 10);
	while (number /= 10);
	return put_text(to, end, first);
}

int string_set(char **p, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = string_vprintf(format, arguments);
	va_end(arguments);
	if (!text)
		return -ENOMEM;
	free(*p); /* only now: the arguments may have pointed into it */
	*p = text;
	return 0;
}

/* How many bytes the character at text has; 0: it is none, or NUL. */
static size_t utf8_character(const char *text, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc0 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf8 ? 4
				 : 0;
	uint32_t code;

	if (n == 0 || n > length || p[0] == 0)
		return 0;
	code = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[n] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return n;
}

bool utf8_valid(const char *text, size_t length)
{
	while (length > 0) {
		size_t n = utf8_character(text, length);

		if (n == 0)
			return false;
		text += n;
		length -= n;
	}
	return true;
}

char *string_utf8(const char *text, size_t length)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *clean = malloc(3 * length + 1), *end = clean;

	while (clean && length > 0) {
		size_t n = utf8_character(text, length);

		end = n > 0 ? mempcpy(end, text, n) : mempcpy(end, replacement, 3);
		text += n > 0 ? n : 1;
		length -= n > 0 ? n : 1;
	}
	if (clean)
		*end = '\0';
	return clean;
}

/* How many bytes at text may be shown as they are: one character's, or 0. U+0080 … U+009F are
 * controls, too. */
static size_t printable_character(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = utf8_character(text, length);

	if (n == 1)
		return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
	if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	return n;
}

char *string_escape(const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t length = strlen(text);
	char *escaped = malloc(4 * length + 1), *end = escaped;

	if (!escaped)
		return NULL;
	while (length > 0) {
		size_t n = printable_character(text, length);

		if (n == 0) {
			unsigned char byte = (unsigned char)*text;

			n = 1;
			*end++ = '\\';
			*end++ = 'x';
			*end++ = hex[byte >> 4];
			*end++ = hex[byte & 15];
		} else {
			end = mempcpy(end, text, n);
		}
		text += n;
		length -= n;
	}
	*end = '\0';
	return escaped;
}

/* Levenshtein's, by rows; words are short: what is longer than a row is as far away as it is long.
 */
unsigned string_distance(const char *a, const char *b)
{
	size_t n_a = strlen(a), n_b = strlen(b);
	unsigned row[64];

	if (n_b >= ELEMENTS(row))
		return (unsigned)MAX(n_a, n_b);
	for (unsigned j = 0; j <= n_b; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n_a; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[n_b];
}
