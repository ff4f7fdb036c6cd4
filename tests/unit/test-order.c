/* SPDX-License-Identifier: MIT */
/* `after` expressions and the start order. Siblings are the letters a, b, c, …: index 0, 1, 2, … */
#include "lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "core/order.h"

static int lookup(const char *name, void *userdata)
{
	unsigned n = *(unsigned *)userdata;

	if (strlen(name) != 1 || name[0] < 'a' || (unsigned)(name[0] - 'a') >= n)
		return -ENOENT;
	return name[0] - 'a';
}

static struct expression *parse(const char *text)
{
	struct expression *expression = NULL;
	char *reason = NULL;
	unsigned n = 26;

	ck_assert_msg(expression_parse(&expression, text, lookup, &n, &reason) == 0, "%s: %s", text,
		reason);
	return expression;
}

static enum gate gate(unsigned sibling, void *userdata)
{
	switch (((const char *)userdata)[sibling]) {
	case 'o':
		return GATE_OPEN;
	case 'c':
		return GATE_CLOSED;
	default:
		return GATE_ABSENT;
	}
}

static const struct {
	const char *text, *gates; /* o: open, c: closed, -: absent */
	bool open;
} openings[] = {
	{ "", "", true },
	{ "  \t", "", true },
	{ "a", "o", true },
	{ "a", "c", false },
	{ "a", "-", true },
	{ "a & b", "oo", true },
	{ "a & b", "oc", false },
	{ "a & b", "co", false },
	{ "a & b", "-c", false },
	{ "a & b", "-o", true },
	{ "a & b", "--", true },
	{ "a | b", "oc", true },
	{ "a | b", "co", true },
	{ "a | b", "cc", false },
	{ "a | b", "-c", false },
	{ "a | b", "c-", false },
	{ "a | b", "-o", true },
	{ "a | b", "--", true },
	/* & binds tighter than | */
	{ "a | b & c", "occ", true },
	{ "a & b | c", "cco", true },
	{ "(a | b) & c", "occ", false },
	{ "a & (b | c)", "cco", false },
	{ "a & (b | c)", "oco", true },
	{ "a&(b|c)", "o-c", false },
	{ "a & (b | c)", "o--", true },
	{ "((a))", "c", false },
	{ "a & b & c & d", "oooc", false },
	{ "a | b | c | d", "ccco", true },
	{ "a & a & a", "o", true },
	{ " a\n&\tb ", "oo", true },
};

START_TEST(test_open)
{
	struct expression *expression = parse(openings[_i].text);

	ck_assert_int_eq(
		expression_open(expression, gate, (void *)openings[_i].gates), openings[_i].open);
	expression_free(expression);
}
END_TEST

static const struct {
	const char *text, *says;
} faults[] = {
	{ "a b", "character 3" },
	{ "a &", "at its end" },
	{ "& a", "character 1" },
	{ "a && b", "character 4" },
	{ "a | | b", "character 5" },
	{ "(a", "at its end" },
	{ "(a b)", "character 4" },
	{ "a)", "character 2" },
	{ "()", "character 2" },
	{ "a & !b", "character 5" },
	{ "a & b\xff", "character 6" },
	{ "a, b", "character 2" },
	{ "a & nobody", "\"nobody\"" },
	{ "z", "\"z\" at character 1" },
	{ "a.b", "\"a.b\"" },
};

START_TEST(test_fault)
{
	struct expression *const untouched = (struct expression *)&lookup, *expression = untouched;
	char *reason = NULL;
	unsigned n = 25;

	ck_assert_int_eq(
		expression_parse(&expression, faults[_i].text, lookup, &n, &reason), -EINVAL);
	ck_assert_ptr_nonnull(reason);
	ck_assert_msg(strstr(reason, faults[_i].says), "%s: %s", faults[_i].text, reason);
	ck_assert_ptr_eq(expression, untouched);
	free(reason);
}
END_TEST

/* "((((a" and so on: 64 may be open at once. */
START_TEST(test_depth)
{
	enum { SIZE = 100000 };
	_cleanup_free_ char *text = malloc(2 * SIZE + 2);
	struct expression *expression = NULL;
	char *reason = NULL;
	unsigned n = 1;

	for (unsigned depth = 64; depth <= SIZE; depth = depth == 64   ? 65
							 : depth == 65 ? SIZE
								       : SIZE + 1) {
		memset(text, '(', depth);
		text[depth] = 'a';
		memset(text + depth + 1, ')', depth);
		text[2 * depth + 1] = '\0';
		if (depth == 64) {
			ck_assert_int_eq(
				expression_parse(&expression, text, lookup, &n, &reason), 0);
			ck_assert(expression_open(expression, gate, (void *)"o"));
			expression_free(expression);
			continue;
		}
		ck_assert_int_eq(expression_parse(&expression, text, lookup, &n, &reason), -EINVAL);
		free(reason);
	}
}
END_TEST

/* The deepest that is allowed, with an operand of | and one of & waiting at each level. */
START_TEST(test_deep_operands)
{
	char text[2000] = "";
	struct expression *expression;

	for (unsigned i = 0; i < 64; i++)
		strcat(text, "b|a&(");
	strcat(text, "b|a&a");
	memset(text + strlen(text), ')', 64);
	expression = parse(text);
	ck_assert(expression_open(expression, gate, (void *)"oc"));
	ck_assert(!expression_open(expression, gate, (void *)"cc"));
	expression_free(expression);
}
END_TEST

/* Only open parentheses count. */
START_TEST(test_side_by_side)
{
	char text[1000] = "(a)";
	struct expression *expression;

	for (unsigned i = 0; i < 100; i++)
		strcat(text, "&(a)");
	expression = parse(text);
	ck_assert(expression_open(expression, gate, (void *)"o"));
	expression_free(expression);
}
END_TEST

/* A long line is no deep one. */
START_TEST(test_long)
{
	enum { TERMS = 100000 };
	_cleanup_free_ char *text = malloc(2 * TERMS);
	struct expression *expression;

	for (unsigned i = 0; i < TERMS; i++)
		memcpy(text + (size_t)2 * i, i % 2 ? "a|" : "b&", 2);
	text[2 * TERMS - 1] = '\0';
	expression = parse(text);
	ck_assert(expression_open(expression, gate, (void *)"oo"));
	ck_assert(!expression_open(expression, gate, (void *)"oc"));
	expression_free(expression);
}
END_TEST

static void note(unsigned sibling, void *userdata)
{
	size_t length = strlen(userdata);

	((char *)userdata)[length] = (char)('a' + sibling);
}

START_TEST(test_visit)
{
	struct expression *expression = parse("d & (b | d) & a & b");
	char seen[10] = "";

	expression_visit(expression, note, seen);
	ck_assert_str_eq(seen, "abd");
	expression_free(expression);
	expression_visit(NULL, note, seen);
	ck_assert_str_eq(seen, "abd");
}
END_TEST

static const struct {
	const char *after[7]; /* of a, b, c, …; NULL ends */
	const char *order;    /* or the cycle */
	bool cycle;
} orders[] = {
	{ { NULL }, "", false },
	{ { "" }, "a", false },
	{ { "", "", "" }, "abc", false },
	{ { "b", "", "" }, "bac", false },
	{ { "c", "", "" }, "bca", false },
	{ { "b", "c", "" }, "cba", false },
	{ { "c|d", "", "b", "", "" }, "bcdae", false },
	{ { "b & b & b", "" }, "ba", false },
	{ { "", "a", "a", "b & c", "" }, "abcde", false },
	{ { "f", "e", "d", "", "", "" }, "dcebfa", false },
	{ { "a" }, "aa", true },
	{ { "b", "a" }, "aba", true },
	{ { "", "c", "d", "b", "" }, "bcdb", true },
	/* What only waits for a cycle is no part of it. */
	{ { "b", "c", "d", "c", "" }, "cdc", true },
	/* Predecessors that have their place are no part of it either. */
	{ { "b & c", "", "b & d", "a" }, "acda", true },
};

START_TEST(test_rank)
{
	struct expression *after[7];
	unsigned n = 0, rank[7], *cycle = NULL;
	char order[9] = "";
	size_t length = 0;
	int r;

	for (; n < 7 && orders[_i].after[n]; n++)
		after[n] = parse(orders[_i].after[n]);
	r = order_rank(after, n, rank, &cycle, &length);
	ck_assert_int_eq(r, orders[_i].cycle ? -ELOOP : 0);
	if (orders[_i].cycle)
		for (size_t i = 0; i < length; i++)
			order[i] = (char)('a' + cycle[i]);
	else
		for (unsigned i = 0; i < n; i++)
			order[rank[i]] = (char)('a' + i);
	ck_assert_str_eq(order, orders[_i].order);
	free(cycle);
	for (unsigned i = 0; i < n; i++)
		expression_free(after[i]);
}
END_TEST

enum { SIBLINGS = 26 };

/* The rule said plainly: the first in order of appearance of those whose predecessors all have
 * their place. */
static void rank_plainly(bool after[SIBLINGS][SIBLINGS], unsigned *ret_rank)
{
	bool placed[SIBLINGS] = { false };

	for (unsigned place = 0; place < SIBLINGS; place++)
		for (unsigned i = 0; i < SIBLINGS; i++) {
			bool free = !placed[i];

			for (unsigned j = 0; j < SIBLINGS; j++)
				free = free && (!after[i][j] || placed[j]);
			if (!free)
				continue;
			placed[i] = true;
			ret_rank[i] = place;
			break;
		}
}

/* Each is after some that stand before it in an order drawn by lot, so there is no cycle. */
static void draw(unsigned seed, bool after[SIBLINGS][SIBLINGS], struct expression **ret_expressions)
{
	unsigned lot[SIBLINGS];

	srand(seed);
	for (unsigned i = 0; i < SIBLINGS; i++)
		lot[i] = (unsigned)rand();
	for (unsigned i = 0; i < SIBLINGS; i++) {
		char text[3 * SIBLINGS] = "";

		for (unsigned j = 0; j < SIBLINGS; j++) {
			after[i][j] = lot[j] < lot[i] && rand() % 5 == 0;
			if (after[i][j])
				snprintf(text + strlen(text), 3, "%s%c", text[0] ? "&" : "",
					'a' + (int)j);
		}
		ret_expressions[i] = parse(text);
	}
}

START_TEST(test_rank_by_lot)
{
	bool after[SIBLINGS][SIBLINGS];
	struct expression *expressions[SIBLINGS];
	unsigned rank[SIBLINGS], expected[SIBLINGS], *cycle = NULL;
	size_t length;

	draw((unsigned)_i, after, expressions);
	rank_plainly(after, expected);
	ck_assert_int_eq(order_rank(expressions, SIBLINGS, rank, &cycle, &length), 0);
	ck_assert_mem_eq(rank, expected, sizeof(rank));
	for (unsigned i = 0; i < SIBLINGS; i++)
		expression_free(expressions[i]);
}
END_TEST

static int lookup_number(const char *name, void *userdata)
{
	(void)userdata;
	return atoi(name + 1);
}

static struct expression *after_number(unsigned sibling)
{
	struct expression *expression = NULL;
	char text[20], *reason = NULL;

	snprintf(text, sizeof(text), "n%u", sibling);
	ck_assert_int_eq(expression_parse(&expression, text, lookup_number, NULL, &reason), 0);
	return expression;
}

/* A chain of 100 000, each after the next one; then closed to a ring. Neither takes stack, nor time
 * that anybody notices. */
START_TEST(test_many)
{
	enum { N = 100000 };
	_cleanup_free_ struct expression **after = calloc(N, sizeof(*after));
	_cleanup_free_ unsigned *rank = calloc(N, sizeof(*rank)), *cycle = NULL;
	size_t length;

	for (unsigned i = 0; i + 1 < N; i++)
		after[i] = after_number(i + 1);
	ck_assert_int_eq(order_rank(after, N, rank, &cycle, &length), 0);
	for (unsigned i = 0; i < N; i++)
		ck_assert_uint_eq(rank[i], N - 1 - i);

	after[N - 1] = after_number(0);
	ck_assert_int_eq(order_rank(after, N, rank, &cycle, &length), -ELOOP);
	ck_assert_uint_eq(length, N + 1);
	ck_assert_uint_eq(cycle[0], cycle[N]);
	for (unsigned i = 0; i < N; i++)
		expression_free(after[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("order");

	unit_add_table(suite, "open", test_open, ELEMENTS(openings));
	unit_add_table(suite, "fault", test_fault, ELEMENTS(faults));
	unit_add(suite, "depth", test_depth);
	unit_add(suite, "deep operands", test_deep_operands);
	unit_add(suite, "side by side", test_side_by_side);
	unit_add(suite, "long", test_long);
	unit_add(suite, "visit", test_visit);
	unit_add_table(suite, "rank", test_rank, ELEMENTS(orders));
	unit_add_table(suite, "rank by lot", test_rank_by_lot, 20);
	unit_add(suite, "many", test_many);
	return unit_main(suite);
}
