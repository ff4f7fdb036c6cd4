/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes `after` expressions: whatever the text, it is read or refused with a sentence, evaluated
 * and ranked without harm. The first byte says what the siblings a … h say of themselves.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "core/order.h"
#include "fuzz/fuzz.h"

enum { SIBLINGS = 8 };

static int lookup(const char *name, void *userdata)
{
	(void)userdata;
	return name[0] >= 'a' && name[0] < 'a' + SIBLINGS && !name[1] ? name[0] - 'a' : -ENOENT;
}

static enum gate gate(unsigned sibling, void *userdata)
{
	unsigned bits = *(const uint8_t *)userdata;

	return sibling % 3 == 0 ? GATE_ABSENT : bits >> sibling & 1 ? GATE_OPEN : GATE_CLOSED;
}

static enum gate gate_open(unsigned sibling, void *userdata)
{
	(void)sibling, (void)userdata;
	return GATE_OPEN;
}

static void expect_sibling(unsigned sibling, void *userdata)
{
	fuzz_expect(sibling < SIBLINGS);
	++*(unsigned *)userdata;
}

static void rank(struct expression *expression)
{
	struct expression *after[SIBLINGS] = { [SIBLINGS - 1] = expression, [2] = expression };
	unsigned places[SIBLINGS];
	_cleanup_free_ unsigned *cycle = NULL;
	size_t length = 0;
	int r = order_rank(after, SIBLINGS, places, &cycle, &length);

	fuzz_expect(r == 0 || r == -ELOOP);
	fuzz_expect(r == 0 || (length >= 2 && cycle[0] == cycle[length - 1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = NULL, *reason = NULL;
	struct expression *expression = NULL;
	uint8_t bits = size > 0 ? data[0] : 0;
	unsigned n = 0;
	int r;

	text = strndup((const char *)data + (size > 0), size - (size > 0));
	fuzz_expect(text != NULL);
	r = expression_parse(&expression, text, lookup, NULL, &reason);
	if (r < 0) {
		fuzz_expect(r == -EINVAL && reason && *reason && !expression);
		return 0;
	}
	expression_open(expression, gate, &bits);
	fuzz_expect(expression_open(expression, gate_open, NULL));
	expression_visit(expression, expect_sibling, &n);
	fuzz_expect(n <= SIBLINGS && (n > 0) == (expression != NULL));
	rank(expression);
	expression_free(expression);
	return 0;
}
