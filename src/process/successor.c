/* SPDX-License-Identifier: MIT */
#include "process/successor.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/kin.h"
#include "process/note.h"
#include "process/registry.h"

int process_set_successor(struct process *process, pid_t pid)
{
	struct kin kin;
	int r = -ESRCH;

	if (!kin_of(pid, &kin))
		return -ESRCH;
	if (!process_owns(process, pid))
		return -EPERM;
	pthread_mutex_lock(&registry.lock);
	if (process->state == PROCESS_RUNNING) {
		process->successor = pid == process->pid ? 0 : pid;
		process->successor_begin = kin.begin;
		r = 0;
	}
	pthread_mutex_unlock(&registry.lock);
	return r;
}

/* A child of ours, maybe a dead one; and the one that was meant, not one that got its pid later. */
static bool is_there(pid_t pid, uint64_t begin)
{
	siginfo_t info;
	struct kin kin;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       kin_of(pid, &kin) && kin.begin == begin;
}

bool registry_succeed(struct process *process)
{
	pid_t pid = process->successor;

	process->successor = 0;
	if (pid == 0 || registry_find(pid) || !is_there(pid, process->successor_begin))
		return false;
	list_remove(&process->link);
	process->pid = pid;
	if (getpgid(pid) == pid)
		process->leader = pid; /* who is left in the old group is no longer followed */
	registry_add_running(process);
	mailbox_post(process->box, &process->letter, PROCESS_REPLACED);
	return true;
}
