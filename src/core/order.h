/* SPDX-License-Identifier: MIT */
/*
 * `after` expressions and the start order of a group. Pure: siblings are indices 0…n-1 in order of
 * appearance.
 *
 *   after = db & (cache | replica)        & binds tighter than |
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct expression; /* a parsed `after`; NULL: no condition */

/* Names are looked up by the callback: an index ≥ 0, or -ENOENT. -EINVAL with a malloc()ed sentence
 * for a syntax error, an unknown name; empty text gives NULL. */
typedef int (*order_lookup)(const char *name, void *userdata);
int expression_parse(struct expression **ret, const char *text, order_lookup lookup, void *userdata,
	char **ret_reason);
void expression_free(struct expression *expression);

enum gate {          /* what one sibling says to those after it */
	GATE_ABSENT, /* not wanted (stopped on purpose, vetoed): holds nobody up */
	GATE_CLOSED, /* wanted and not ready, or failed */
	GATE_OPEN,   /* ready, or done */
};
typedef enum gate (*order_gate)(unsigned sibling, void *userdata);

/* Absent operands are left out of & and |; all absent: open. */
bool expression_open(const struct expression *expression, order_gate gate, void *userdata);

/* Calls visit for each sibling that it names, each once, in order of appearance. */
void expression_visit(const struct expression *expression,
	void (*visit)(unsigned sibling, void *userdata), void *userdata);

/*
 * The total start order: `after` first, then order of appearance. ret_rank[i] is the place of
 * sibling i. A cycle gives -ELOOP and spells it out in *ret_cycle (indices, each after the next,
 * the first repeated at the end), malloc()ed; then the places are worth nothing. -ENOMEM.
 */
int order_rank(struct expression *const *after, unsigned n, unsigned *ret_rank,
	unsigned **ret_cycle, size_t *ret_cycle_length);
