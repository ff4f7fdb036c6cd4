/* SPDX-License-Identifier: MIT */
/*
 * The registry: who is a child of ours, from the begin of its spawn until its group is empty. All
 * of it runs under one mutex, signals included: a pid that is registered is not reaped, so it
 * cannot have been given to anybody else.
 */
#include "process/registry.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"

struct death { /* of a child whose pid nobody has registered */
	struct list link;
	uint64_t ticket; /* the last one given when it was seen */
	pid_t pid;
	int code, status;
};

struct registry registry = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.born = PTHREAD_COND_INITIALIZER,
	.null_fd = -1,
};

void registry_clear(void)
{
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_init(&registry.running[i]);
	list_init(&registry.in_flight);
	list_init(&registry.lingering);
	list_init(&registry.early);
}

static struct list *bucket_of(pid_t pid)
{
	return &registry.running[(unsigned)pid % REGISTRY_BUCKETS];
}

struct process *registry_find(pid_t pid)
{
	struct list *list = bucket_of(pid);

	list_for_each (node, list) {
		struct process *process = container_of(node, struct process, link);

		if (process->pid == pid)
			return process;
	}
	return NULL;
}

/* Whether a group without its leader is still there. A number that is held as a group's is not
 * given to a new process: one that names a process again means that the group was empty meanwhile.
 */
static bool group_has_leftovers(pid_t pgid)
{
	if (kill(-pgid, 0) < 0 && errno == ESRCH)
		return false;
	return kill(pgid, 0) < 0 && errno == ESRCH;
}

void registry_settle_group(struct process *process)
{
	if (process->state != PROCESS_LINGERING || group_has_leftovers(process->leader))
		return;
	list_remove(&process->link);
	process->state = PROCESS_ENDED;
}

/* The main process was reaped; the process is in no list. */
static void registry_bury(struct process *process, int code, int status)
{
	process->code = code;
	process->status = status;
	process->state = PROCESS_LINGERING;
	list_append(&registry.lingering, &process->link);
	registry_settle_group(process);
	mailbox_post(process->box, &process->letter, PROCESS_EXITED);
}

int registry_kill(struct process *process, int signal, bool group)
{
	registry_settle_group(process);
	if (process->state != PROCESS_RUNNING && !(group && process->state == PROCESS_LINGERING))
		return -ESRCH;
	if (group && process->state == PROCESS_RUNNING && getpgid(process->pid) != process->leader)
		(void)kill(process->pid, signal); /* a successor, elsewhere */
	return kill(group ? -process->leader : process->pid, signal) < 0 ? -errno : 0;
}

static void kill_pending(struct process *process)
{
	uint64_t main = process->pending_main, group = process->pending_group;

	process->pending_main = process->pending_group = 0;
	for (int signal = 1; main | group; signal++, main >>= 1, group >>= 1) {
		if (main & 1)
			(void)registry_kill(process, signal, false);
		if (group & 1)
			(void)registry_kill(process, signal, true);
	}
}

void registry_begin(struct process *process)
{
	assert(process->state == PROCESS_NEW || process->state == PROCESS_ENDED);

	process->ticket = ++registry.last_ticket;
	process->state = PROCESS_SPAWNING;
	registry_drop_notes(process);
	list_append(&registry.in_flight, &process->link);
}

static void count_unknown(void)
{
	if (registry.n_refused > 0)
		registry.n_refused--;
	else
		registry.n_unknown++;
}

/* Drops the deaths that no spawn in flight can ask for. */
static void forget_early(void)
{
	uint64_t oldest = UINT64_MAX;

	if (!list_empty(&registry.in_flight))
		oldest = container_of(registry.in_flight.next, struct process, link)->ticket;

	list_for_each_safe (node, &registry.early) {
		struct death *death = container_of(node, struct death, link);

		if (death->ticket >= oldest)
			break; /* they are in the order of their tickets */
		list_remove(&death->link);
		count_unknown();
		free(death);
	}
}

static struct death *find_early(const struct process *process)
{
	list_for_each (node, &registry.early) {
		struct death *death = container_of(node, struct death, link);

		if (death->pid == process->pid && death->ticket >= process->ticket)
			return death;
	}
	return NULL;
}

/* Numbers may have come round while a spawn was stuck for long, so that an earlier holder's death
 * lies there: our own child has been reaped only if there is no such child any more. */
static bool take_early(struct process *process)
{
	struct death *death = find_early(process);
	siginfo_t info;

	if (!death || waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return false;
	registry_bury(process, death->code, death->status);
	list_remove(&death->link);
	free(death);
	return true;
}

void registry_add_running(struct process *process)
{
	list_append(bucket_of(process->pid), &process->link);
	process->state = PROCESS_RUNNING;
}

void registry_enter(struct process *process, pid_t pid)
{
	list_remove(&process->link);
	process->pid = process->leader = pid;
	process->successor = 0;
	registry.n_born++;
	if (!take_early(process)) {
		registry_add_running(process);
		pthread_cond_signal(&registry.born);
	}
	forget_early();
	kill_pending(process);
}

void registry_abort(struct process *process)
{
	list_remove(&process->link);
	process->state = PROCESS_ENDED;
	forget_early();
}

/* An orphan was reaped: it may have been the last of any group. */
static void tell_lingering(void)
{
	list_for_each (node, &registry.lingering) {
		struct process *process = container_of(node, struct process, link);

		mailbox_post(process->box, &process->letter, PROCESS_CHANGED);
	}
}

static void bury_unknown(struct death *death, const siginfo_t *info)
{
	tell_lingering();
	if (!death) {
		count_unknown();
		return;
	}
	death->ticket = registry.last_ticket;
	death->pid = info->si_pid;
	death->code = info->si_code;
	death->status = info->si_status;
	list_append(&registry.early, &death->link);
}

int registry_reap(pid_t pid)
{
	struct process *process = registry_find(pid);
	_cleanup_free_ struct death *death = NULL;
	siginfo_t info = { .si_pid = 0 };

	if (!process && !list_empty(&registry.in_flight)) {
		death = malloc(sizeof(*death));
		if (!death)
			return -ENOMEM;
	}
	/* posix_spawn() reaps a child whose exec has failed by itself: then there is nothing left
	 * here */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return 0;

	if (process && registry_succeed(process))
		return 0;
	if (process) {
		list_remove(&process->link);
		registry_bury(process, info.si_code, info.si_status);
	} else {
		bury_unknown(TAKE_PTR(death), &info);
	}
	return 0;
}
