/* SPDX-License-Identifier: MIT */
/* A module built against the installed copy alone: done at once with param.once = yes, else it
 * waits for its stop. */
#include <greenloop.h>
#include <stdlib.h>

static int cycle(gloop_loop *loop, void *state)
{
	char *once;

	(void)state;
	if (gloop_get_string(loop, GLOOP_ENVIRONMENT, "once", &once) < 0)
		return gloop_sleep(GLOOP_INFINITY);
	free(once);
	return GLOOP_DONE;
}

GLOOP_MODULE(.cycle = cycle);
