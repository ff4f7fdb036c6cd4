/* SPDX-License-Identifier: MIT */
/* What follows from a failure: it is noted, counted, or a trip. */
#pragma once

#include <stdbool.h>

#include "core/failure.h"

struct generation;
struct gloop_loop;

enum failing {
	FAILING_COUNTED,
	FAILING_TRIPPED, /* and what the loop does about it is under way */
	FAILING_NOTED,   /* attached to the episode, not counted */
};

/* Any thread. generation NULL: none lives, and the caller is the controller. use_up: trips whatever
 * is left of the budget. */
enum failing loop_fail(struct gloop_loop *loop, struct generation *generation,
	const struct failure *failure, bool use_up);

/* The light went red for it: it starts nothing any more, and its failures do not count. */
bool generation_suspended(const struct generation *generation);
