/* SPDX-License-Identifier: MIT */
/*
 * The registry and the reaper: one thread, the only caller of waitid().
 *
 * It looks at a dead child without reaping it (WNOWAIT), then looks it up and reaps it under the
 * registry's mutex. So a pid that is registered cannot have been given to anybody else, and whoever
 * signals under the mutex hits the right one. While there is nothing to wait for it sleeps on a
 * condition; it never polls.
 */
#include "process/registry.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/thread.h"

enum {
	NO_MEMORY_WAIT_MSEC = 10,
	WAKE_UP_SIGNAL =
	        SIGURG, /* ignored by default, so it harms nobody when it is not for the reaper */
};

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
static pthread_t reaper;

static struct list *bucket_of(pid_t pid)
{
	return &registry.running[(unsigned)pid % REGISTRY_BUCKETS];
}

static struct process *registry_find(pid_t pid)
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
	if (process->state != PROCESS_LINGERING || group_has_leftovers(process->pid))
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
	return kill(group ? -process->pid : process->pid, signal) < 0 ? -errno : 0;
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
	list_append(&registry.in_flight, &process->link);
}

/* Drops the deaths that no spawn in flight can ask for. */
static void forget_early(void)
{
	struct list *list = &registry.early;
	uint64_t oldest = UINT64_MAX;

	if (!list_empty(&registry.in_flight))
		oldest = container_of(registry.in_flight.next, struct process, link)->ticket;

	list_for_each_safe (node, list) {
		struct death *death = container_of(node, struct death, link);

		if (death->ticket >= oldest)
			break; /* they are in the order of their tickets */
		list_remove(&death->link);
		registry.n_unknown++;
		free(death);
	}
}

static struct death *find_early(const struct process *process)
{
	struct list *list = &registry.early;

	list_for_each (node, list) {
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

void registry_enter(struct process *process, pid_t pid)
{
	list_remove(&process->link);
	process->pid = pid;
	registry.n_born++;
	if (!take_early(process)) {
		list_append(bucket_of(pid), &process->link);
		process->state = PROCESS_RUNNING;
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
	struct list *list = &registry.lingering;

	list_for_each (node, list) {
		struct process *process = container_of(node, struct process, link);

		mailbox_post(process->box, &process->letter, PROCESS_CHANGED);
	}
}

static void bury_unknown(struct death *death, const siginfo_t *info)
{
	tell_lingering();
	if (!death) {
		registry.n_unknown++;
		return;
	}
	death->ticket = registry.last_ticket;
	death->pid = info->si_pid;
	death->code = info->si_code;
	death->status = info->si_status;
	list_append(&registry.early, &death->link);
}

/* With the lock held. -ENOMEM: not reaped, the zombie keeps its status. */
static int reap(pid_t pid)
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

	if (process) {
		list_remove(&process->link);
		registry_bury(process, info.si_code, info.si_status);
	} else {
		bury_unknown(TAKE_PTR(death), &info);
	}
	return 0;
}

/* Waits for a dead child and leaves it as it is. 0: there is no child at all; < 0: interrupted. */
static pid_t wait_for_death(void)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0)
		return errno == ECHILD ? 0 : -1;
	return info.si_pid;
}

/* Its wait ends with a child, or with this signal, which is ignored except in processes_stop(). */
static void accept_wake_up(void)
{
	sigset_t wake_up;

	sigemptyset(&wake_up);
	sigaddset(&wake_up, WAKE_UP_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &wake_up, NULL);
}

/* With the lock held, which it lets go for a while. */
static void reaper_step(void)
{
	static const struct timespec pause = { .tv_nsec = NO_MEMORY_WAIT_MSEC * 1000 * 1000 };
	uint64_t n_born = registry.n_born;
	pid_t pid;

	pthread_mutex_unlock(&registry.lock);
	pid = wait_for_death();
	pthread_mutex_lock(&registry.lock);
	while (pid == 0 && !registry.stopping && registry.n_born == n_born)
		pthread_cond_wait(&registry.born, &registry.lock);
	if (pid > 0 && reap(pid) < 0) {
		pthread_mutex_unlock(&registry.lock);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		pthread_mutex_lock(&registry.lock);
	}
}

static void *reaper_run(_unused_ void *unused)
{
	accept_wake_up();
	pthread_mutex_lock(&registry.lock);
	while (!registry.stopping)
		reaper_step();
	registry.stopped = true;
	pthread_mutex_unlock(&registry.lock);
	return NULL;
}

/* Above 2, so that no file action of a spawn can overwrite it; lower numbers that were free stay
 * /dev/null. */
static int open_null(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? -errno : fd;
}

/* An ignored SIGCHLD, which a parent may have left to us, would reap behind our back. */
static int own_children(void)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };

	if (sigaction(SIGCHLD, &by_default, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -errno;
	return 0;
}

static void registry_clear(void)
{
	for (unsigned i = 0; i < REGISTRY_BUCKETS; i++)
		list_init(&registry.running[i]);
	list_init(&registry.in_flight);
	list_init(&registry.lingering);
	list_init(&registry.early);
	registry.stopping = registry.stopped = false;
}

static void close_null(void)
{
	close(registry.null_fd);
	registry.null_fd = -1;
}

int processes_start(void)
{
	int r;

	assert(registry.null_fd < 0);

	registry_clear();
	r = own_children();
	if (r < 0)
		return r;
	r = open_null();
	if (r < 0)
		return r;
	registry.null_fd = r;
	r = spawn_prepare();
	if (r < 0) {
		close_null();
		return r;
	}
	r = thread_start(&reaper, "reaper", THREAD_STACK_SMALL, reaper_run, NULL);
	if (r < 0) {
		spawn_forget();
		close_null();
	}
	return r;
}

static void do_nothing(_unused_ int signal)
{
}

static bool reaper_stopped(void)
{
	bool stopped;

	pthread_mutex_lock(&registry.lock);
	registry.stopping = true;
	pthread_cond_signal(&registry.born);
	stopped = registry.stopped;
	pthread_mutex_unlock(&registry.lock);
	return stopped;
}

/* It may wait for foreign children. A signal that comes just before that wait begins does not end
 * it: hence the loop. */
static void end_reaper(void)
{
	static const struct timespec pause = { .tv_nsec = 1000 * 1000 };
	const struct sigaction interrupt = { .sa_handler = do_nothing };
	struct sigaction before;

	sigaction(WAKE_UP_SIGNAL, &interrupt, &before);
	while (!reaper_stopped()) {
		pthread_kill(reaper, WAKE_UP_SIGNAL);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	pthread_join(reaper, NULL);
	sigaction(WAKE_UP_SIGNAL, &before, NULL);
}

void processes_stop(void)
{
	if (registry.null_fd < 0)
		return;
	end_reaper();
	spawn_forget();
	close_null();
}

uint64_t processes_reaped_unknown(void)
{
	uint64_t n;

	pthread_mutex_lock(&registry.lock);
	n = registry.n_unknown;
	pthread_mutex_unlock(&registry.lock);
	return n;
}
