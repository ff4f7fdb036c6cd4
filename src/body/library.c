/* SPDX-License-Identifier: MIT */
/*
 * The library's way in: a program's own group of loops, in a tree of its own. Everything that
 * happens then is the tree's; here are only the doors, with their checks.
 */
#include "greenloop.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include "base/strings.h"
#include "body/module.h"
#include "core/group.h"
#include "core/loop.h"
#include "core/root.h"

struct program { /* what the observer tells and who waits for it */
	struct tree *tree;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool started, stopped, exhausted; /* under lock */
	int event_fd; /* readable when it is exhausted or stopped; -1: nobody polls */
};

static void observe(const struct event *event, void *userdata)
{
	struct program *program = userdata;

	if (event->type != EVENT_STOPPED && event->type != EVENT_EXIT)
		return;
	pthread_mutex_lock(&program->lock);
	if (event->type == EVENT_STOPPED)
		program->stopped = true;
	else
		program->exhausted = true;
	pthread_cond_broadcast(&program->cond);
	if (program->event_fd >= 0)
		eventfd_write(program->event_fd, 1);
	pthread_mutex_unlock(&program->lock);
}

static struct program *program_of(struct gloop_group *group)
{
	return group->task.tree->config.observer.userdata;
}

static void program_free(struct program *program)
{
	if (tree_free(
		    program->tree)) /* an abandoned thread may still tell its observer something */
		return;
	pthread_cond_destroy(&program->cond);
	pthread_mutex_destroy(&program->lock);
	free(program);
}

static int make_tree(struct program *program, const char *name, gloop_group **ret)
{
	const struct tree_config config = {
		.observer = { .event = observe, .userdata = program },
		.max_abandoned_threads = 8,
		.exhausted_action = { .kind = ACTION_EXIT, .status = 1 },
	};
	struct group_settings settings = { 0 };
	int r;

	r = tree_new(&program->tree, &config);
	if (r < 0)
		return r;
	r = settings_init(SETTINGS_GROUP, &settings);
	if (r >= 0)
		r = tree_add_group(program->tree, name, NULL, &settings, ret);
	settings_done(SETTINGS_GROUP, &settings);
	return r;
}

int gloop_group_new(gloop_group **ret, const char *name)
{
	struct program *program;
	int r;

	if (!ret || !name || !settings_name_valid(name))
		return -EINVAL;
	program = calloc(1, sizeof(*program));
	if (!program)
		return -ENOMEM;
	program->event_fd = -1;
	pthread_mutex_init(&program->lock, NULL);
	pthread_cond_init(&program->cond, NULL);
	r = make_tree(program, name, ret);
	if (r < 0)
		program_free(program);
	return r;
}

gloop_group *gloop_group_free(gloop_group *group)
{
	if (!group)
		return NULL;
	if (gloop_group_stop(group) != -EDEADLK)
		program_free(program_of(group));
	return NULL;
}

int gloop_group_add_loop(gloop_group *group, gloop_loop **ret, const char *name,
	const struct gloop_functions *functions, void *userdata)
{
	struct loop_settings settings = { 0 };
	gloop_loop *loop;
	int r;

	if (!group || !name || !settings_name_valid(name) || !functions || !functions->cycle)
		return -EINVAL;
	if (program_of(group)->started)
		return -EBUSY;
	r = settings_init(SETTINGS_LOOP, &settings);
	if (r >= 0)
		r = tree_add_loop(
			program_of(group)->tree, name, group, &settings, &function_body, &loop);
	settings_done(SETTINGS_LOOP, &settings);
	if (r < 0)
		return r;
	loop->settings.type = LOOP_TYPE_MODULE;
	loop->functions = *functions;
	loop->userdata = userdata;
	if (ret)
		*ret = loop;
	return 0;
}

int gloop_loop_set(gloop_loop *loop, const char *key, const char *text)
{
	_cleanup_free_ char *reason = NULL;

	if (!loop || !key || !text)
		return -EINVAL;
	if (program_of(loop->task.parent)->started)
		return -EBUSY;
	return settings_set(SETTINGS_LOOP, &loop->settings, key, text, &reason);
}

int gloop_group_set(gloop_group *group, const char *key, const char *text)
{
	_cleanup_free_ char *reason = NULL;

	if (!group || !key || !text)
		return -EINVAL;
	if (program_of(group)->started)
		return -EBUSY;
	return settings_set(SETTINGS_GROUP, &group->settings, key, text, &reason);
}

/* Settings may have been changed since the loops were added. -EINVAL: they contradict each other.
 */
static int take_over_settings(struct tree *tree)
{
	for (size_t i = 0; i < tree->n_tasks; i++) {
		struct task *task = tree->tasks[i];
		_cleanup_free_ char *reason = NULL;
		const char *key;
		int r;

		r = task->is_group
			    ? group_settings_check(&group_of(task)->settings, &key, &reason)
			    : function_settings_check(&loop_of(task)->settings, &key, &reason);
		if (r < 0)
			return r;
		task->wanted = task->is_group ? group_of(task)->settings.autostart
					      : loop_of(task)->settings.autostart;
		task->reset_globally = task->is_group ? group_of(task)->settings.reset_globally
						      : loop_of(task)->settings.reset_globally;
	}
	return 0;
}

int gloop_group_start(gloop_group *group)
{
	_cleanup_free_ char *reason = NULL;
	struct program *program;
	struct task *fault;
	int r;

	if (!group)
		return -EINVAL;
	program = program_of(group);
	if (program->started)
		return -EBUSY;
	r = take_over_settings(program->tree);
	if (r >= 0)
		r = tree_seal(program->tree, &fault, &reason);
	if (r >= 0)
		r = tree_start(program->tree);
	program->started = r >= 0;
	return r;
}

int gloop_group_stop(gloop_group *group)
{
	struct program *program;

	if (!group)
		return -EINVAL;
	program = program_of(group);
	if (controller_is_self() ||
		(generation_current() && generation_current()->loop->task.tree == program->tree))
		return -EDEADLK;
	if (!program->started)
		return 0;
	tree_stop(program->tree);
	pthread_mutex_lock(&program->lock);
	while (!program->stopped)
		pthread_cond_wait(&program->cond, &program->lock);
	pthread_mutex_unlock(&program->lock);
	tree_join(program->tree);
	return 0;
}

/* Until a signal or the end of the group. */
static int wait_for_end(struct program *program, const sigset_t *signals)
{
	_cleanup_close_ int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
	struct pollfd fds[] = { { .fd = signal_fd, .events = POLLIN },
		{ .fd = program->event_fd, .events = POLLIN } };
	bool exhausted;

	if (signal_fd < 0)
		return -errno;
	while (poll(fds, ELEMENTS(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	pthread_mutex_lock(&program->lock);
	exhausted = program->exhausted;
	pthread_mutex_unlock(&program->lock);
	return exhausted ? -ENOTRECOVERABLE : 0;
}

int gloop_group_run(gloop_group *group)
{
	struct program *program;
	sigset_t signals, before;
	int r;

	if (!group)
		return -EINVAL;
	program = program_of(group);
	program->event_fd = eventfd(0, EFD_CLOEXEC);
	if (program->event_fd < 0)
		return -errno;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	r = gloop_group_start(group);
	if (r >= 0) {
		r = wait_for_end(program, &signals);
		gloop_group_stop(group);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(program->event_fd);
	program->event_fd = -1;
	return r;
}

int gloop_group_is_green(gloop_group *group)
{
	struct group_snapshot snapshot;

	if (!group)
		return -EINVAL;
	group_snapshot(group, &snapshot);
	return snapshot.color == COLOR_GREEN;
}
