/* SPDX-License-Identifier: MIT */
/*
 * A program's own ways to stop and to reload: commands that know more of it than a signal says.
 * They are run as hooks are, but do not wait for the others. The controller's thread only.
 */
#include "core/loop-ways.h"

#include <errno.h>

#include "base/macro.h"
#include "core/group.h"
#include "core/loop.h"
#include "core/request.h"

static pid_t main_process(struct gloop_loop *loop)
{
	pid_t pid;

	pthread_mutex_lock(&loop->lock);
	pid = loop->generation ? loop->pid : 0;
	pthread_mutex_unlock(&loop->lock);
	return pid;
}

static int run(struct gloop_loop *loop, const char *name, const struct command *command, pid_t pid,
	uint64_t timeout_usec, struct hook **ret)
{
	struct task *task = &loop->task;

	return hook_run_urgent(&task->hooks, name, command,
		loop_facts_environment(loop, loop->generation->number,
			atomic_load(&loop->generation->cycle), &(struct hook_facts){ .pid = pid }),
		timeout_usec, &task->parent->box, &task->letter, MEMBER_HOOK, ret);
}

void loop_ask(struct gloop_loop *loop)
{
	const struct command *command = &loop_ways(&loop->settings)->stop_command;
	pid_t pid = command->argv && loop->ops->signal ? main_process(loop) : 0;
	int r;

	if (pid <= 0) {
		loop->ops->ask(loop->generation);
		return;
	}
	r = run(loop, "stop_command", command, pid, loop->settings.grace_period_usec,
		&loop->stop_hook);
	if (r >= 0)
		return;
	loop_trouble(loop, "cannot run stop_command", r);
	loop->ops->ask(loop->generation);
}

static void see_stop(struct gloop_loop *loop)
{
	_cleanup_free_ char *message = NULL;
	int status;

	if (!loop->stop_hook || !hook_take(&loop->task.hooks, &loop->stop_hook, &status, &message))
		return;
	if (loop->task.phase == PHASE_ASKED)
		loop->ops->ask(loop->generation);
}

static void see_reload(struct gloop_loop *loop)
{
	_cleanup_free_ char *message = NULL;
	int status;

	if (!loop->reload_hook ||
		!hook_take(&loop->task.hooks, &loop->reload_hook, &status, &message))
		return;
	if (status != -ECANCELED && loop_ways(&loop->settings)->reload_command.ignore_failure)
		status = 0;
	request_reloaded(&loop->task, status, message);
}

void loop_see_ways(struct gloop_loop *loop)
{
	see_stop(loop);
	see_reload(loop);
}

int loop_reload(struct gloop_loop *loop, bool *ret_later)
{
	const struct command *command = &loop_ways(&loop->settings)->reload_command;
	int signal = loop->settings.reload_signal;
	pid_t pid = main_process(loop);

	*ret_later = false;
	if (!command->argv && !signal)
		return -EOPNOTSUPP;
	if (!loop->ops->signal || pid <= 0 || loop->task.phase != PHASE_UP)
		return -ESRCH;
	if (!command->argv)
		return loop->ops->signal(loop->generation, signal);
	if (loop->reload_hook)
		return -EALREADY;
	*ret_later = true;
	return run(loop, "reload_command", command, pid, loop->settings.hook_timeout_usec,
		&loop->reload_hook);
}

void loop_ways_done(struct gloop_loop *loop)
{
	hook_drop(&loop->task.hooks, &loop->stop_hook);
	hook_drop(&loop->task.hooks, &loop->reload_hook);
}
