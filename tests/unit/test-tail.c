/* SPDX-License-Identifier: MIT */
/* The tail: which lines are kept, in how much memory, and how they are numbered. */
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "core/tail.h"
#include "lib/unit.h"

static struct tail *tail;

static void setup(void)
{
	tail = NULL;
}

static void teardown(void)
{
	tail_free(tail);
}

static void add_text(const char *text, unsigned lines, size_t line_bytes, uint64_t cycle)
{
	struct tail_limits limits = {
		.lines = lines, .line_bytes = line_bytes, .bytes = lines * 64, .exact = true
	};
	struct tail_stamp stamp = { .realtime_usec = 7, .generation = 1, .cycle = cycle };

	tail_add(&tail, &limits, &stamp, text, strlen(text));
}

/* "one|two|", the number of the first in *ret_first. */
static void expect(uint64_t from, size_t max, const char *expected, uint64_t first)
{
	struct tail_copy copy;
	char text[1024] = "";

	ck_assert_int_eq(tail_copy(tail, from, max, &copy), 0);
	for (size_t i = 0; i < copy.n; i++) {
		strncat(text, copy.lines[i].text, copy.lines[i].length);
		strcat(text, "|");
		ck_assert_uint_eq(copy.lines[i].sequence, first + i);
		ck_assert_uint_eq(copy.lines[i].stamp.realtime_usec, 7);
	}
	ck_assert_str_eq(text, expected);
	free(copy.lines);
}

static const struct {
	const char *batches[4];
	unsigned lines;
	uint64_t from;
	size_t max;
	const char *expected;
	uint64_t first;
} rows[] = {
	{ { NULL }, 3, 0, 9, "", 0 },
	{ { "one\n" }, 3, 0, 9, "one|", 0 },
	{ { "one\ntwo\n", "three\n" }, 3, 0, 9, "one|two|three|", 0 },
	{ { "one\ntwo\n", "three\n", "four\n" }, 3, 0, 9, "two|three|four|", 1 },
	{ { "one\ntwo\nthree\nfour\nfive\n" }, 3, 0, 9, "three|four|five|", 2 },
	{ { "one\n", "two\nthree\nfour\nfive\n" }, 3, 0, 9, "three|four|five|", 2 },
	{ { "one\ntwo\nthree\n" }, 3, 0, 2, "two|three|", 1 },
	{ { "one\ntwo\nthree\n" }, 3, 1, 9, "two|three|", 1 },
	{ { "one\ntwo\nthree\n" }, 3, 3, 9, "", 0 },
	{ { "one\ntwo\nthree\n" }, 3, 99, 9, "", 0 },
	{ { "\n\n", "\n" }, 2, 0, 9, "||", 1 },
	{ { "1234567890abc\n" }, 3, 0, 9, "1234567890|", 0 },
};

START_TEST(test_lines)
{
	for (unsigned i = 0; i < 4 && rows[_i].batches[i]; i++)
		add_text(rows[_i].batches[i], rows[_i].lines, 10, 1);
	expect(rows[_i].from, rows[_i].max, rows[_i].expected, rows[_i].first);
}
END_TEST

/* Lines of all lengths, many times around the memory. */
START_TEST(test_many)
{
	static char line[700];
	struct tail_copy copy;

	memset(line, 'x', sizeof(line));
	for (unsigned i = 0; i < 2000; i++) {
		size_t length = i * 7 % (sizeof(line) - 1);

		line[length] = '\n';
		tail_add(&tail,
			&(struct tail_limits){ .lines = 20, .line_bytes = 512, .bytes = 20 * 64 },
			&(struct tail_stamp){ .cycle = i }, line, length + 1);
		line[length] = 'x';
		ck_assert_int_eq(tail_copy(tail, 0, SIZE_MAX, &copy), 0);
		ck_assert_uint_ge(copy.n, 1);
		ck_assert_uint_le(copy.n, 20);
		ck_assert_uint_eq(copy.lines[copy.n - 1].length, MIN(length, (size_t)512));
		ck_assert_uint_eq(copy.lines[copy.n - 1].stamp.cycle, i);
		free(copy.lines);
	}
}
END_TEST

/* Limits may change at any time, both ways. */
START_TEST(test_limits_change)
{
	add_text("one\ntwo\nthree\n", 3, 10, 1);
	add_text("four\n", 100, 10, 1);
	expect(0, 9, "one|two|three|four|", 0);
	add_text("five\n", 2, 10, 1);
	expect(0, 9, "four|five|", 3);
}
END_TEST

static void expect_text(uint64_t cycle, size_t lines, size_t max, const char *expected)
{
	char *text = tail_text(tail, 1, cycle, lines, max);

	if (expected)
		ck_assert_str_eq(text, expected);
	else
		ck_assert_ptr_null(text);
	free(text);
}

/* Of one cycle only, and only so much. */
START_TEST(test_text)
{
	expect_text(1, 8, 100, NULL);
	add_text("old\n", 9, 10, 1);
	add_text("one\ntwo\nth\xffree\n", 9, 10, 2);
	expect_text(2, 8, 100, "one\ntwo\nth\xef\xbf\xbdree");
	expect_text(2, 2, 100, "two\nth\xef\xbf\xbdree");
	expect_text(2, 8, 11, "two\nth\xef\xbf\xbdree");
	expect_text(2, 8, 3, NULL);
	expect_text(3, 8, 100, NULL);
	expect_text(1, 8, 100, NULL);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("tail");

	add(suite, "lines", test_lines, ELEMENTS(rows));
	add(suite, "many", test_many, 1);
	add(suite, "limits change", test_limits_change, 1);
	add(suite, "text", test_text, 1);
	return unit_main(suite);
}
