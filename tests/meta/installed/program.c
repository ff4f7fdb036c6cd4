/* SPDX-License-Identifier: MIT */
/* Built against the installed copy alone, as C11 and as C++17: two loops, of which one fails until
 * the group is exhausted; the other one shares its fate. Exits 0 when all of that came so.
 */
#include <greenloop.h>

static int failing_starts, waiting_starts;

static int count_start(gloop_loop *loop, void **state)
{
	int *starts = (int *)*state;

	(void)loop;
	++*starts;
	return 0;
}

static int fail(gloop_loop *loop, void *state)
{
	(void)state;
	return gloop_error(loop, -EIO, "fails by design");
}

static int wait_for_stop(gloop_loop *loop, void *state)
{
	(void)loop;
	(void)state;
	return gloop_sleep(GLOOP_INFINITY);
}

static int add(
	gloop_group *group, const char *name, int (*cycle)(gloop_loop *, void *), int *starts)
{
	struct gloop_functions functions = { cycle, count_start, NULL };
	gloop_loop *loop;
	int r = gloop_group_add_loop(group, &loop, name, &functions, starts);

	return r < 0 ? r : gloop_loop_set(loop, "max_loop_failures", "0");
}

static int run(void)
{
	gloop_group *group;
	int r = gloop_group_new(&group, "two");

	if (r < 0)
		return r;
	r = add(group, "waiting", wait_for_stop, &waiting_starts);
	if (r >= 0)
		r = add(group, "failing", fail, &failing_starts);
	if (r >= 0)
		r = gloop_group_set(group, "max_resets", "1");
	if (r >= 0)
		r = gloop_group_run(group);
	gloop_group_free(group);
	return r;
}

int main(void)
{
	int r = run();

	printf("ended with %d after %d and %d starts\n", r, failing_starts, waiting_starts);
	return r == -ENOTRECOVERABLE && failing_starts == 2 && waiting_starts == 2 ? 0 : 1;
}
