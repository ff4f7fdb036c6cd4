/* SPDX-License-Identifier: MIT */
/*
 * `after` expressions: read by recursive descent, kept in postfix order. A long line costs no
 * stack: the parser's depth is that of the parentheses, which is limited, and the evaluation needs
 * two places per open parenthesis.
 *
 *   any  = all { "|" all }
 *   all  = one { "&" one }
 *   one  = NAME | "(" any ")"
 */
#include "core/order.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

enum {
	DEPTH_MAX = 64,
	/* Of each open parenthesis the left sides of one | and one & may wait, and the newest
	   operand. */
	STACK_MAX = 2 * (DEPTH_MAX + 1) + 1,
	ITEM_ALL = -1,
	ITEM_ANY = -2,
};

struct expression {
	unsigned n_items, n_siblings;
	int items[]; /* postfix: siblings, ITEM_ALL, ITEM_ANY; then the siblings once each,
			ascending */
};

struct parser {
	const char *text, *at;
	order_lookup lookup;
	void *userdata;
	int *items;
	unsigned n_items, depth;
	char **ret_reason;
};

static int parse_any(struct parser *parser);

static int complain(struct parser *parser, const char *expected)
{
	size_t column = (size_t)(parser->at - parser->text) + 1;
	_cleanup_free_ char *rest = string_escape(parser->at);

	if (!rest)
		return -ENOMEM;
	*parser->ret_reason = *rest ? string_printf("expected %s at character %zu, before \"%s\"",
					      expected, column, rest)
				    : string_printf("expected %s at its end", expected);
	return *parser->ret_reason ? -EINVAL : -ENOMEM;
}

static char peek(struct parser *parser)
{
	while (*parser->at && strchr(" \t\r\n", *parser->at))
		parser->at++;
	return *parser->at;
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	while (text[length] && isascii(text[length]) &&
		(isalnum((unsigned char)text[length]) || strchr("_.-@", text[length])))
		length++;
	return length;
}

/* There is room: each item stands for at least one character of the text. */
static void emit(struct parser *parser, int item)
{
	parser->items[parser->n_items++] = item;
}

static int parse_name(struct parser *parser)
{
	size_t length = name_length(parser->at);
	_cleanup_free_ char *name = NULL;
	int sibling;

	if (length == 0)
		return complain(parser, "a name or \"(\"");
	name = strndup(parser->at, length);
	if (!name)
		return -ENOMEM;
	sibling = parser->lookup(name, parser->userdata);
	if (sibling == -ENOENT) {
		*parser->ret_reason = string_printf("unknown name \"%s\" at character %zu", name,
			(size_t)(parser->at - parser->text) + 1);
		return *parser->ret_reason ? -EINVAL : -ENOMEM;
	}
	if (sibling < 0)
		return sibling;
	emit(parser, sibling);
	parser->at += length;
	return 0;
}

static int parse_one(struct parser *parser)
{
	int r;

	if (peek(parser) != '(')
		return parse_name(parser);
	if (++parser->depth > DEPTH_MAX)
		return complain(parser, "fewer than 65 open parentheses");
	parser->at++;
	r = parse_any(parser);
	if (r < 0)
		return r;
	if (peek(parser) != ')')
		return complain(parser, "\"&\", \"|\" or \")\"");
	parser->at++;
	parser->depth--;
	return 0;
}

static int parse_all(struct parser *parser)
{
	int r = parse_one(parser);

	while (r >= 0 && peek(parser) == '&') {
		parser->at++;
		r = parse_one(parser);
		if (r >= 0)
			emit(parser, ITEM_ALL);
	}
	return r;
}

static int parse_any(struct parser *parser)
{
	int r = parse_all(parser);

	while (r >= 0 && peek(parser) == '|') {
		parser->at++;
		r = parse_all(parser);
		if (r >= 0)
			emit(parser, ITEM_ANY);
	}
	return r;
}

static int compare_siblings(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Appends the siblings that the items name, sorted, each once. */
static void list_siblings(struct expression *expression)
{
	int *siblings = expression->items + expression->n_items;
	unsigned n = 0, n_unique = 0;

	for (unsigned i = 0; i < expression->n_items; i++)
		if (expression->items[i] >= 0)
			siblings[n++] = expression->items[i];
	qsort(siblings, n, sizeof(*siblings), compare_siblings);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || siblings[i] != siblings[i - 1])
			siblings[n_unique++] = siblings[i];
	expression->n_siblings = n_unique;
}

static int expression_new(struct expression **ret, const int *items, unsigned n_items)
{
	/* Twice: there are never more siblings than items. */
	struct expression *expression =
		malloc(sizeof(*expression) + 2 * n_items * sizeof(expression->items[0]));

	if (!expression)
		return -ENOMEM;
	expression->n_items = n_items;
	memcpy(expression->items, items, n_items * sizeof(*items));
	list_siblings(expression);
	*ret = expression;
	return 0;
}

int expression_parse(struct expression **ret, const char *text, order_lookup lookup, void *userdata,
	char **ret_reason)
{
	_cleanup_free_ int *items = NULL;
	struct parser parser = {
		.text = text,
		.at = text,
		.lookup = lookup,
		.userdata = userdata,
		.ret_reason = ret_reason,
	};
	int r;

	if (!text || !peek(&parser)) {
		*ret = NULL;
		return 0;
	}
	parser.items = items = calloc(strlen(text) + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	r = parse_any(&parser);
	if (r < 0)
		return r;
	if (peek(&parser))
		return complain(&parser, "\"&\" or \"|\"");
	return expression_new(ret, items, parser.n_items);
}

void expression_free(struct expression *expression)
{
	free(expression);
}

static enum gate combine(int item, enum gate a, enum gate b)
{
	if (a == GATE_ABSENT)
		return b;
	if (b == GATE_ABSENT)
		return a;
	if (item == ITEM_ALL)
		return a == GATE_OPEN && b == GATE_OPEN ? GATE_OPEN : GATE_CLOSED;
	return a == GATE_OPEN || b == GATE_OPEN ? GATE_OPEN : GATE_CLOSED;
}

bool expression_open(const struct expression *expression, order_gate gate, void *userdata)
{
	enum gate stack[STACK_MAX];
	unsigned depth = 0;

	if (!expression)
		return true;
	for (unsigned i = 0; i < expression->n_items; i++) {
		int item = expression->items[i];

		if (item >= 0) {
			stack[depth++] = gate((unsigned)item, userdata);
		} else {
			depth--;
			stack[depth - 1] = combine(item, stack[depth - 1], stack[depth]);
		}
	}
	return stack[0] != GATE_CLOSED;
}

void expression_visit(const struct expression *expression,
	void (*visit)(unsigned sibling, void *userdata), void *userdata)
{
	if (!expression)
		return;
	for (unsigned i = 0; i < expression->n_siblings; i++)
		visit((unsigned)expression->items[expression->n_items + i], userdata);
}
