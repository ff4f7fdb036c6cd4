/* SPDX-License-Identifier: MIT */
/* Strings, and NULL-terminated arrays of them ("vectors"). What returns memory returns the
 * caller's. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

bool string_equal(const char *a, const char *b); /* NULL equals NULL only */

/* malloc()ed printf; NULL when there is no memory. */
char *string_printf(const char *format, ...) _printf_(1, 2);
char *string_vprintf(const char *format, va_list arguments) _printf_(1, 0);

/* Text, or a number, written at `to`, never beyond `end` (which is behind the last byte and leaves
 * room for the NUL); the place of the NUL. A little stack is all they need. */
char *put_text(char *to, const char *end, const char *text);
char *put_number(char *to, const char *end, uint64_t number);

/* Sets *p to a printed string, frees what was there. -ENOMEM leaves *p alone. */
int string_set(char **p, const char *format, ...) _printf_(2, 3);

/* Valid UTF-8 without NUL, of that length. */
bool utf8_valid(const char *text, size_t length);

/* A copy in which control characters (and bytes that are not UTF-8) are written \xNN, so that a
 * terminal is safe. */
char *string_escape(const char *text);

void vector_free(char **v); /* accepts NULL */
static inline void vector_freep(char ***v)
{
	vector_free(*v);
}
#define _cleanup_vector_ _cleanup_(vector_freep)

size_t vector_length(char *const *v);           /* NULL: 0 */
int vector_append(char ***v, const char *text); /* appends a copy; *v may be NULL */
int vector_append_take(char ***v, char *text);  /* takes text, also on failure (frees it) */
char **vector_copy(char *const *v);             /* NULL for NULL and without memory */
bool vector_contains(char *const *v, const char *text);
char *vector_join(char *const *v, const char *separator);

/* Splits a command line as systemd splits ExecStart=: white space separates; '…' and "…" quote,
 * also within a word; backslash escapes (\a \b \f \n \r \t \v \s \\ \" \' \xNN \ooo) are understood
 * outside of quotes and inside double ones; no shell, no variables. -EINVAL with *ret_reason (a
 * literal, not to be freed) for an unclosed quote or a bad escape. An empty line gives an empty
 * vector. */
int words_split(const char *text, char ***ret, const char **ret_reason);

/* A copy in which each byte that is not UTF-8, and each NUL, is U+FFFD; malloc()ed; NULL: no
 * memory. */
char *string_utf8(const char *text, size_t length);

/* The edit distance of two words, for "did you mean". */
unsigned string_distance(const char *a, const char *b);
