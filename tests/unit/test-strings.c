/* SPDX-License-Identifier: MIT */
/* Printing, UTF-8, escaping, edit distance; vectors of strings. */
#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "lib/unit.h"

START_TEST(test_equal)
{
	ck_assert(string_equal("a", "a"));
	ck_assert(!string_equal("a", "b"));
	ck_assert(string_equal(NULL, NULL));
	ck_assert(!string_equal("", NULL));
	ck_assert(!string_equal(NULL, ""));
}
END_TEST

START_TEST(test_set)
{
	_cleanup_free_ char *text = string_printf("%d", 42);

	ck_assert_str_eq(text, "42");
	ck_assert_int_eq(string_set(&text, "<%s>", text), 0);
	ck_assert_str_eq(text, "<42>");
}
END_TEST

static const struct {
	const char *text;
	size_t length;
	bool valid;
} utf8_rows[] = {
	{ "", 0, true },
	{ "plain\n", 6, true },
	{ "ä€😀", 9, true },
	{ "\xf4\x8f\xbf\xbf", 4, true },  /* U+10FFFF */
	{ "\xf4\x90\x80\x80", 4, false }, /* beyond it */
	{ "\xed\x9f\xbf", 3, true },
	{ "\xed\xa0\x80", 3, false }, /* a surrogate */
	{ "\xed\xbf\xbf", 3, false },
	{ "\xee\x80\x80", 3, true },
	{ "\xc0\x80", 2, false }, /* too long a form of NUL, … */
	{ "\xc1\xbf", 2, false },
	{ "\xc2\x80", 2, true },
	{ "\xe0\x9f\xbf", 3, false },
	{ "\xe0\xa0\x80", 3, true },
	{ "\xf0\x8f\xbf\xbf", 4, false },
	{ "\xf0\x90\x80\x80", 4, true },
	{ "\x80", 1, false },
	{ "\xff", 1, false },
	{ "\xf8\x88\x80\x80\x80", 5, false },
	{ "a\xc3", 2, false }, /* cut in the middle */
	{ "ä", 1, false },
	{ "\xe2\x82", 2, false },
	{ "\xc3 ", 2, false },
	{ "a\0b", 3, false },
};

START_TEST(test_utf8)
{
	ck_assert(utf8_valid(utf8_rows[_i].text, utf8_rows[_i].length) == utf8_rows[_i].valid);
}
END_TEST

static const struct {
	const char *text, *escaped;
} escape_rows[] = {
	{ "", "" },
	{ "plain ä € 😀 \\ 'x'", "plain ä € 😀 \\ 'x'" },
	{ "a\nb\tc", "a\\x0ab\\x09c" },
	{ "\033[31mred", "\\x1b[31mred" },
	{ "\177", "\\x7f" },
	{ "\xc2\x9b"
	  "31m",
		"\\xc2\\x9b31m" }, /* the one-character form of ESC [ */
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\xff\xc3", "\\xff\\xc3" },
	{ "\xe2\x82x", "\\xe2\\x82x" },
};

START_TEST(test_escape)
{
	_cleanup_free_ char *escaped = string_escape(escape_rows[_i].text);

	ck_assert_str_eq(escaped, escape_rows[_i].escaped);
}
END_TEST

static const struct {
	const char *a, *b;
	unsigned distance;
} distance_rows[] = {
	{ "", "", 0 },
	{ "", "abc", 3 },
	{ "abc", "", 3 },
	{ "command", "command", 0 },
	{ "comand", "command", 1 },
	{ "commannd", "command", 1 },
	{ "commend", "command", 1 },
	{ "ocmmand", "command", 2 },
	{ "kitten", "sitting", 3 },
	{ "grace", "stop_signal", 10 },
	{ "x", "0123456789012345678901234567890123456789012345678901234567890123456789", 70 },
};

START_TEST(test_distance)
{
	ck_assert_uint_eq(string_distance(distance_rows[_i].a, distance_rows[_i].b),
		distance_rows[_i].distance);
}
END_TEST

START_TEST(test_vector)
{
	_cleanup_vector_ char **v = NULL, **copy = NULL;
	_cleanup_free_ char *joined = NULL;

	ck_assert_uint_eq(vector_length(NULL), 0);
	ck_assert_int_eq(vector_append(&v, "a"), 0);
	ck_assert_int_eq(vector_append_take(&v, string_printf("b%d", 1)), 0);
	ck_assert_int_eq(vector_append(&v, ""), 0);
	ck_assert_uint_eq(vector_length(v), 3);
	ck_assert(vector_contains(v, "b1"));
	ck_assert(!vector_contains(v, "b"));
	ck_assert(!vector_contains(NULL, "b"));

	copy = vector_copy(v);
	ck_assert_uint_eq(vector_length(copy), 3);
	ck_assert_ptr_ne(copy[1], v[1]);
	joined = vector_join(copy, ", ");
	ck_assert_str_eq(joined, "a, b1, ");
}
END_TEST

START_TEST(test_vector_edges)
{
	_cleanup_vector_ char **v = NULL;
	_cleanup_free_ char *joined = vector_join(NULL, ", ");

	ck_assert_str_eq(joined, "");
	ck_assert_ptr_null(vector_copy(NULL));
	ck_assert_int_eq(vector_append_take(&v, NULL), -ENOMEM);
	ck_assert_ptr_null(v);
	vector_free(NULL);
}
END_TEST

/* Cut where the room ends, terminated always, and the place of the NUL is told. */
static const struct {
	size_t room;
	uint64_t number;
	const char *text;
} put_cases[] = {
	{ 8, 0, "a0" },
	{ 8, 12345, "a12345" },
	{ 8, 1234567, "a123456" },
	{ 24, UINT64_MAX, "a18446744073709551615" },
	{ 2, 7, "a" },
	{ 1, 7, "" },
};

START_TEST(test_put)
{
	char buf[24] = "";
	const char *end = buf + put_cases[_i].room;
	char *to = put_number(put_text(buf, end, "a"), end, put_cases[_i].number);

	ck_assert_str_eq(buf, put_cases[_i].text);
	ck_assert_ptr_eq(to, buf + strlen(put_cases[_i].text));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strings");

	unit_add(suite, "equal", test_equal);
	unit_add(suite, "set", test_set);
	unit_add_table(suite, "utf8", test_utf8, ELEMENTS(utf8_rows));
	unit_add_table(suite, "escape", test_escape, ELEMENTS(escape_rows));
	unit_add_table(suite, "distance", test_distance, ELEMENTS(distance_rows));
	unit_add(suite, "vector", test_vector);
	unit_add(suite, "vector-edges", test_vector_edges);
	unit_add_table(suite, "put", test_put, ELEMENTS(put_cases));
	return unit_main(suite);
}
