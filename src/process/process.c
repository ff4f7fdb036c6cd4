/* SPDX-License-Identifier: MIT */
/*
 * Spawning and signalling. See process.h for the rules, registry.h for what makes them hold.
 *
 * The time between the end of a process and its replacement is what users wait for: attributes, and
 * the file actions of a child whose output nobody wants, are prepared once for all.
 */
#include "process/process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/macro.h"
#include "process/helper.h"
#include "process/origin.h"
#include "process/registry.h"

static struct {
	bool prepared;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t no_output;
} plan;

static void actions_freep(posix_spawn_file_actions_t *actions)
{
	posix_spawn_file_actions_destroy(actions);
}

/* The functions of the posix_spawn family return positive error numbers. */
static int actions_fill(posix_spawn_file_actions_t *actions, int output_fd, int error_fd)
{
	int r;

	r = posix_spawn_file_actions_adddup2(actions, registry.null_fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, output_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, error_fd, STDERR_FILENO);
	return -r;
}

/* Own session and group; nothing blocked, nothing ignored. */
static void attributes_fill(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

int spawn_prepare(void)
{
	int r;

	posix_spawnattr_init(&plan.attributes);
	posix_spawn_file_actions_init(&plan.no_output);
	plan.prepared = true;
	attributes_fill(&plan.attributes);
	helper_find();
	origin_note();
	r = actions_fill(&plan.no_output, registry.null_fd, registry.null_fd);
	if (r < 0)
		spawn_forget();
	return r;
}

void spawn_forget(void)
{
	posix_spawn_file_actions_destroy(&plan.no_output);
	posix_spawnattr_destroy(&plan.attributes);
	helper_forget();
	plan.prepared = false;
}

static int spawn_with(
	const struct spec *spec, const posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	return -posix_spawnp(
		ret_pid, spec->argv[0], actions, &plan.attributes, spec->argv, spec->environment);
}

int spec_add_extra(const struct spec *spec, posix_spawn_file_actions_t *actions)
{
	if (!spec->extra_number)
		return 0;
	return -posix_spawn_file_actions_adddup2(actions, spec->extra_fd, spec->extra_number);
}

/* setup NULL: the command itself; else the helper, which is to be heard on *ret_status_fd. */
static int spawn_with_actions(
	const struct spec *spec, const struct setup *setup, pid_t *ret_pid, int *ret_status_fd)
{
	_cleanup_(actions_freep) posix_spawn_file_actions_t actions;
	int output_fd = spec->output_fd < 0 ? registry.null_fd : spec->output_fd;
	int r;

	posix_spawn_file_actions_init(&actions);
	r = actions_fill(&actions, output_fd, spec->error_fd < 0 ? output_fd : spec->error_fd);
	if (r < 0)
		return r;
	if (setup)
		return helper_spawn(spec, setup, &actions, ret_pid, ret_status_fd);
	r = spec_add_extra(spec, &actions);
	return r < 0 ? r : spawn_with(spec, &actions, ret_pid);
}

/* Under the lock. */
static void disown(struct process *process)
{
	if (process->state == PROCESS_RUNNING || process->state == PROCESS_LINGERING)
		list_remove(&process->link);
	process->state = PROCESS_ENDED;
}

/* The helper is a registered process like any other, so that a setup that hangs can be killed. When
 * a step has failed it ends by itself, and nobody needs to hear of that. */
static int wait_for_setup(struct process *process, int status_fd)
{
	int r = helper_result(status_fd, &process->failed);

	close(status_fd);
	if (r == 0)
		return 0;
	pthread_mutex_lock(&registry.lock);
	if (process->state == PROCESS_RUNNING)
		registry.n_refused++;
	disown(process);
	pthread_mutex_unlock(&registry.lock);
	(void)mailbox_retract(process->box, &process->letter);
	return r;
}

void process_init(struct process *process, struct mailbox *box)
{
	pthread_mutex_lock(&registry.lock);
	list_init(&process->link);
	letter_init(&process->letter);
	process->box = box;
	pthread_mutex_unlock(&registry.lock);
}

int process_spawn(struct process *process, const struct spec *spec)
{
	const struct setup *setup = spec->setup ? spec->setup : origin_setup();
	int r, status_fd = -1;
	pid_t pid;

	if (!plan.prepared)
		return -ESRCH;

	pthread_mutex_lock(&registry.lock);
	registry_begin(process);
	pthread_mutex_unlock(&registry.lock);

	process->failed = (struct setup_status){ .step = SETUP_STEP_NONE };
	if (!setup && spec->output_fd < 0 && spec->error_fd < 0 && !spec->extra_number)
		r = spawn_with(spec, &plan.no_output, &pid);
	else
		r = spawn_with_actions(spec, setup, &pid, &status_fd);
	if (r < 0 && setup)
		process->failed.step = SETUP_STEP_SPAWN;

	pthread_mutex_lock(&registry.lock);
	if (r < 0)
		registry_abort(process);
	else
		registry_enter(process, pid);
	pthread_mutex_unlock(&registry.lock);
	return status_fd < 0 ? r : wait_for_setup(process, status_fd);
}

bool process_is_resource_error(int error)
{
	return error == -EAGAIN || error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* Under the lock. Main process or group; while there is none to be hit, remembers it if it may. */
static int signal_or_remember(struct process *process, int signal, bool group, bool always)
{
	bool coming = process->state == PROCESS_NEW || process->state == PROCESS_SPAWNING;
	int r = coming ? 0 : registry_kill(process, signal, group);

	if (coming || (always && process->state != PROCESS_RUNNING)) {
		uint64_t *pending = group ? &process->pending_group : &process->pending_main;

		*pending |= UINT64_C(1) << (signal - 1);
		return 0;
	}
	return r;
}

static int signal_locked(struct process *process, int signal, bool group, bool always)
{
	int r;

	if (signal < 1 || signal > 64)
		return -EINVAL;
	pthread_mutex_lock(&registry.lock);
	r = signal_or_remember(process, signal, group, always);
	pthread_mutex_unlock(&registry.lock);
	return r;
}

int process_signal(struct process *process, int signal, bool group)
{
	return signal_locked(process, signal, group, false);
}

void process_signal_always(struct process *process, int signal, bool group)
{
	(void)signal_locked(process, signal, group, true);
}

bool process_lingers(struct process *process)
{
	bool lingers;

	pthread_mutex_lock(&registry.lock);
	registry_settle_group(process);
	lingers = process->state == PROCESS_LINGERING;
	pthread_mutex_unlock(&registry.lock);
	return lingers;
}

bool process_alive(struct process *process, pid_t *ret_pid)
{
	enum process_state state;

	pthread_mutex_lock(&registry.lock);
	registry_settle_group(process);
	state = process->state;
	*ret_pid = state == PROCESS_RUNNING ? process->pid : 0;
	pthread_mutex_unlock(&registry.lock);
	return state == PROCESS_RUNNING || state == PROCESS_LINGERING;
}

pid_t process_group(struct process *process)
{
	pid_t leader;

	pthread_mutex_lock(&registry.lock);
	leader = process->leader;
	pthread_mutex_unlock(&registry.lock);
	return leader;
}

char *process_describe_end(const struct process *process, char *buf, size_t size)
{
	const char *name = sigabbrev_np(process->status);
	const char *core = process->code == CLD_DUMPED ? " (core dumped)" : "";

	if (process->code == CLD_EXITED)
		snprintf(buf, size, "exit %d", process->status);
	else if (name)
		snprintf(buf, size, "killed by SIG%s%s", name, core);
	else
		snprintf(buf, size, "killed by signal %d%s", process->status, core);
	return buf;
}

char process_kernel_state(pid_t pid)
{
	char path[32], line[300];
	const char *end = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return '?';
	if (fgets(line, sizeof(line), file))
		end = strrchr(line, ')'); /* of the name, which may hold anything */
	fclose(file);
	return end && end[1] == ' ' && end[2] ? end[2] : '?';
}

void process_done(struct process *process)
{
	pthread_mutex_lock(&registry.lock);
	disown(process);
	registry_drop_notes(process);
	pthread_mutex_unlock(&registry.lock);
	(void)mailbox_retract(process->box, &process->letter);
}
