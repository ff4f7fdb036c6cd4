/* SPDX-License-Identifier: MIT */
/*
 * Hooks of a loop beside those of each start and end: what only tells of something (on_ready,
 * on_failure), and what ends the loop's life (on_close, on_terminated).
 */
#include "core/loop-hooks.h"

#include <stdio.h>

#include "core/group.h"
#include "core/loop.h"
#include "core/root.h"

static void not_run(struct gloop_loop *loop, const char *name, int error)
{
	char what[40];

	snprintf(what, sizeof(what), "cannot run %s", name);
	loop_trouble(loop, what, error);
}

static void tell(struct gloop_loop *loop, const char *name, const struct command *command,
	char **environment)
{
	int r = hook_run_news(
		&loop->task.hooks, name, command, environment, loop->settings.hook_timeout_usec);

	if (r < 0)
		not_run(loop, name, r);
}

void loop_tell_ready(struct gloop_loop *loop, struct generation *generation)
{
	if (loop_ways(&loop->settings)->on_ready.argv)
		tell(loop, "on_ready", &loop_ways(&loop->settings)->on_ready,
			loop_environment(
				loop, generation->number, atomic_load(&generation->cycle)));
}

void loop_tell_failure(struct gloop_loop *loop, const struct failure *failure)
{
	if (loop_ways(&loop->settings)->on_failure.argv)
		tell(loop, "on_failure", &loop_ways(&loop->settings)->on_failure,
			loop_facts_environment(loop, failure->generation, failure->cycle,
				&(struct hook_facts){ .cause = failure }));
}

static void run(struct gloop_loop *loop, const char *name, const struct command *command,
	const struct hook_facts *facts)
{
	int r;

	if (!command->argv)
		return;
	r = hook_run(&loop->task.hooks, name, command,
		loop_facts_environment(loop, loop->number, loop->cycle, facts),
		loop->settings.hook_timeout_usec, NULL, NULL, 0, NULL);
	if (r < 0)
		not_run(loop, name, r);
}

/* How its last generation ended; one that never had any has failed, or was not wanted any more. */
static const char *outcome_of(const struct gloop_loop *loop)
{
	if (*loop->outcome)
		return loop->outcome;
	return loop->task.failed ? "failed" : "stopped";
}

bool loop_close_life(struct task *task)
{
	struct gloop_loop *loop = loop_of(task);
	struct failure last;
	bool failed;

	if (!loop->lived || loop->closed || task->parent->running ||
		!atomic_load(&task->tree->ending))
		return false;
	loop->closed = true;
	failed = loop_failures_copy(loop, &last, 1) > 0 && last.generation == loop->number &&
		 last.cycle == loop->cycle;
	run(loop, "on_close", &loop_ways(&loop->settings)->on_close,
		&(struct hook_facts){ .cause = failed ? &last : NULL });
	run(loop, "on_terminated", &loop_ways(&loop->settings)->on_terminated,
		&(struct hook_facts){
			.cause = failed ? &last : NULL, .outcome = outcome_of(loop) });
	return !hook_queue_idle(&task->hooks);
}
