/* SPDX-License-Identifier: MIT */
/* Command lines cut into words: quotes, escapes, and what is refused. */
#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "lib/unit.h"

static const struct row {
	const char *text;
	const char *words[8]; /* NULL-terminated */
} rows[] = {
	{ "", { NULL } },
	{ " \t\n\r ", { NULL } },
	{ "a", { "a" } },
	{ "  a  bc\td\n", { "a", "bc", "d" } },
	{ "/bin/sh -c 'a ;b'", { "/bin/sh", "-c", "a ;b" } },
	{ "a;b ; c", { "a;b", ";", "c" } },
	{ "\"x; y\" 50% '100%n $HOME'", { "x; y", "50%", "100%n $HOME" } },
	{ "$A ${B} *", { "$A", "${B}", "*" } },
	{ "# ; no comments", { "#", ";", "no", "comments" } },
	{ "\"\"", { "" } },
	{ "a '' \"\" b", { "a", "", "", "b" } },
	{ "'' ", { "" } },
	{ "a\"b c\"d", { "ab cd" } },
	{ "'a'\"b\"c", { "abc" } },
	{ "--x='a b'", { "--x=a b" } },
	{ "'it is \"so\"' \"it's\"", { "it is \"so\"", "it's" } },
	{ "a\nb", { "a", "b" } },
	{ "\"a\nb\"", { "a\nb" } },
	{ "\\n\\t\\s\\\\\\\"\\'", { "\n\t \\\"'" } },
	{ "\"\\n\\t\\s\\\\\\\"\\'\"", { "\n\t \\\"'" } },
	{ "\\a\\b\\f\\r\\v", { "\a\b\f\r\v" } },
	{ "'\\n\\q\\'", { "\\n\\q\\" } },
	{ "\\x41\\x7eb \"\\x20\"", { "A~b", " " } },
	{ "\\xC3\\xa4", { "ä" } },
	{ "\\101\\0602", { "A02" } },
	{ "\\377", { "\377" } },
	{ "ä 'ö ü'", { "ä", "ö ü" } },
	{ "a\\sb\\sc", { "a b c" } },
};

START_TEST(test_split)
{
	const struct row *row = &rows[_i];
	_cleanup_vector_ char **words = NULL;
	const char *reason = NULL;
	size_t n = 0;

	ck_assert_int_eq(words_split(row->text, &words, &reason), 0);
	ck_assert_ptr_null(reason);
	ck_assert_ptr_nonnull(words);
	for (; row->words[n]; n++) {
		ck_assert_ptr_nonnull(words[n]);
		ck_assert_str_eq(words[n], row->words[n]);
	}
	ck_assert_ptr_null(words[n]);
}
END_TEST

static const struct {
	const char *text, *reason; /* a part of it */
} refused[] = {
	{ "a \"b", "\" is not closed" },
	{ "\"", "\" is not closed" },
	{ "a 'b", "' is not closed" },
	{ "'a\"", "' is not closed" },
	{ "\"a'", "\" is not closed" },
	{ "\"a\\\"", "\" is not closed" },
	{ "a\\", "at the end" },
	{ "\"a\\", "at the end" },
	{ "a \\q", "unknown escape" },
	{ "\\ ", "unknown escape" },
	{ "\"\\;\"", "unknown escape" },
	{ "\\x", "hexadecimal" },
	{ "\\x4", "hexadecimal" },
	{ "\\x4g", "hexadecimal" },
	{ "\\x 41", "hexadecimal" },
	{ "\\1", "octal" },
	{ "\\18", "octal" },
	{ "\\12 ", "octal" },
	{ "\\128", "octal" },
	{ "\\8", "unknown escape" },
	{ "\\x00", "no word can hold" },
	{ "\\000", "no word can hold" },
	{ "\\400", "no word can hold" },
};

START_TEST(test_refuse)
{
	_cleanup_vector_ char **words = NULL;
	const char *reason = NULL;

	ck_assert_int_eq(words_split(refused[_i].text, &words, &reason), -EINVAL);
	ck_assert_ptr_null(words);
	ck_assert_ptr_nonnull(reason);
	ck_assert_msg(strstr(reason, refused[_i].reason), "\"%s\": %s", refused[_i].text, reason);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");

	unit_add_table(suite, "split", test_split, ELEMENTS(rows));
	unit_add_table(suite, "refuse", test_refuse, ELEMENTS(refused));
	return unit_main(suite);
}
