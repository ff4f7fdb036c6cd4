/* SPDX-License-Identifier: MIT */
/* Tables: alignment, escaping, cutting, colour; ages; property names as JSON keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "ctl/table.h"
#include "lib/unit.h"

static const char *print(struct table *table, unsigned width)
{
	static char text[4096];
	FILE *file = fmemopen(text, sizeof(text), "w");

	ck_assert_int_eq(table_print(table, file, width), 0);
	(void)fclose(file);
	table_done(table);
	return text;
}

static void fill(struct table *table)
{
	table_init(table, 3);
	table_text(table, PAINT_NONE, "a");
	table_text(table, PAINT_GREEN, "zähler");
	table_text(table, PAINT_NONE, "last");
	table_text(table, PAINT_NONE, "longer");
	table_printf(table, PAINT_NONE, "%d", 7);
	table_text(table, PAINT_NONE, "");
}

static const struct {
	unsigned width;
	const char *text;
} widths[] = {
	{ 0, "a       zähler  last\nlonger  7\n" },
	{ 20, "a       zähler  last\nlonger  7\n" },
	{ 19, "a       zähler  la…\nlonger  7\n" },
	{ 11, "a       zä…\nlonger  7\n" },
	{ 1, "a\n…\n" },
};

START_TEST(test_widths)
{
	struct table table;

	fill(&table);
	ck_assert_str_eq(print(&table, widths[_i].width), widths[_i].text);
}
END_TEST

START_TEST(test_colors)
{
	struct table table;

	(void)setenv("GREENLOOP_COLORS", "1", 1);
	color_init();
	fill(&table);
	ck_assert_str_eq(print(&table, 0), "a       \033[32mzähler\033[0m  last\nlonger  7\n");
	fill(&table);
	ck_assert_str_eq(print(&table, 11), "a       \033[32mzä…\033[0m\nlonger  7\n");
	(void)setenv("GREENLOOP_COLORS", "0", 1);
	color_init();
	fill(&table);
	ck_assert_ptr_null(strchr(print(&table, 0), '\033'));
}
END_TEST

START_TEST(test_append_and_escape)
{
	struct table table;

	table_init(&table, 2);
	table_text(&table, PAINT_NONE, "a");
	table_append(&table, PAINT_RED, "\033[2J");
	table_text(&table, PAINT_NONE, "x");
	ck_assert_str_eq(print(&table, 0), "a\\x1b[2J  x\n");
}
END_TEST

/* Many cells: the buffers grow, nothing moves away under a cell. */
START_TEST(test_many)
{
	struct table table;
	const char *text;

	table_init(&table, 1);
	for (unsigned i = 0; i < 300; i++)
		table_printf(&table, PAINT_NONE, "%u", i);
	text = print(&table, 0);
	ck_assert_int_eq(strncmp(text, "0\n1\n2\n", 6), 0);
	ck_assert_ptr_nonnull(strstr(text, "\n298\n299\n"));
}
END_TEST

static const struct {
	uint64_t seconds;
	const char *text;
} ages[] = {
	{ 0, "0s" },
	{ 1, "1s" },
	{ 59, "59s" },
	{ 184, "3min 4s" },
	{ 3600 + 61, "1h 1min" },
	{ 86400 + 2 * 3600 + 5, "1d 2h" },
	{ 8 * 86400 + 3600, "1w 1d" },
	{ 31557600 + 2629800 + 86400, "1y 1M" },
};

START_TEST(test_age)
{
	char buf[FORMAT_MAX];
	uint64_t now = UINT64_C(3155760000) * USEC_PER_SEC;

	ck_assert_str_eq(
		format_age(now - ages[_i].seconds * USEC_PER_SEC, now, buf), ages[_i].text);
}
END_TEST

START_TEST(test_age_of_nothing)
{
	char buf[FORMAT_MAX];

	ck_assert_str_eq(format_age(0, 7 * USEC_PER_SEC, buf), "");
	ck_assert_str_eq(format_date(0, buf), "-");
}
END_TEST

START_TEST(test_property_keys)
{
	json_auto_t *object = json_document();
	char *text;

	json_put_property(object, "MaxLoopFailures", "10");
	json_put_property(object, "env.KEY", "a");
	json_put_property(object, "exhausted_action", "stay");
	text = json_dumps(object, JSON_COMPACT);
	ck_assert_str_eq(text, "{\"version\":1,\"max_loop_failures\":\"10\",\"env.KEY\":\"a\","
			       "\"exhausted_action\":\"stay\"}");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl-table");

	unit_add_table(suite, "widths", test_widths, ELEMENTS(widths));
	unit_add(suite, "colors", test_colors);
	unit_add(suite, "append and escape", test_append_and_escape);
	unit_add(suite, "many", test_many);
	unit_add_table(suite, "age", test_age, ELEMENTS(ages));
	unit_add(suite, "age of nothing", test_age_of_nothing);
	unit_add(suite, "property keys", test_property_keys);
	return unit_main(suite);
}
