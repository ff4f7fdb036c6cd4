/* SPDX-License-Identifier: MIT */
/*
 * The reaper: one thread, the only one that waits for children.
 *
 * It looks at a dead child without reaping it (WNOWAIT); the registry looks it up and reaps it
 * under its mutex. While there is no child at all it sleeps on a condition; it never polls.
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
	WAKE_UP_SIGNAL = SIGURG, /* ignored by default */
};

static pthread_t reaper;

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
	if (pid > 0 && registry_reap(pid) < 0) {
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
	registry.stopping = registry.stopped = false;
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
