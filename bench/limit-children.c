/* SPDX-License-Identifier: MIT */
/*
 * The least that a supervisor of many children can do: vfork, exec, wait4, and again; no
 * configuration, no state, no log.
 *
 *   limit-children [-g] [-j THREADS] -n N CHILD SOCKET
 *
 * Each thread has its share of the children. With -g (and one thread) they are a group: one's end
 * stops all, then all are started anew. SIGTERM stops the children and ends the program.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct share {
	pthread_t thread;
	unsigned begin, end; /* of the children */
};

static char **command; /* CHILD SOCKET */
static _Atomic pid_t *pids;
static unsigned n_children;
static bool is_group;
static atomic_bool stopping;
static sigset_t stop_signal;

static void start(unsigned i)
{
	char index[16];
	char *argv[] = { command[0], command[1], index, NULL };
	pid_t pid;

	(void)snprintf(index, sizeof(index), "%u", i);
	pid = vfork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &stop_signal, NULL);
		execv(argv[0], argv);
		_exit(127);
	}
	pids[i] = pid;
	if (stopping)
		kill(pid, SIGTERM);
}

static void start_share(const struct share *share)
{
	for (unsigned i = share->begin; i < share->end; i++)
		start(i);
}

static void stop_share(const struct share *share)
{
	for (unsigned i = share->begin; i < share->end; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGTERM);
}

/* Waits for one of this thread's own children; its index, or -1 when there is none. */
static int reap(const struct share *share)
{
	pid_t pid = wait4(-1, NULL, __WNOTHREAD, NULL);

	for (unsigned i = share->begin; pid > 0 && i < share->end; i++)
		if (pids[i] == pid) {
			pids[i] = 0;
			return (int)i;
		}
	return -1;
}

static void *supervise(void *argument)
{
	const struct share *share = argument;
	int i;

	start_share(share);
	while ((i = reap(share)) >= 0) {
		if (stopping)
			continue;
		if (is_group) {
			stop_share(share);
			while (reap(share) >= 0)
				;
			start_share(share);
		} else {
			start((unsigned)i);
		}
	}
	return NULL;
}

int main(int argc, char *argv[])
{
	unsigned n_threads = 1;
	struct share *shares;
	int option, number;

	while ((option = getopt(argc, argv, "+gj:n:")) != -1) {
		if (option == 'g')
			is_group = true;
		else if (option == 'j')
			n_threads = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'n')
			n_children = (unsigned)strtoul(optarg, NULL, 10);
	}
	command = argv + optind;
	pids = calloc(n_children, sizeof(pids[0]));
	shares = calloc(n_threads, sizeof(shares[0]));
	if (argc - optind != 2 || n_children == 0 || n_threads == 0 || !pids || !shares) {
		fputs("usage: limit-children [-g] [-j THREADS] -n N CHILD SOCKET\n", stderr);
		return 2;
	}
	sigemptyset(&stop_signal);
	sigaddset(&stop_signal, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &stop_signal, NULL);
	for (unsigned i = 0; i < n_threads; i++) {
		shares[i].begin = n_children * i / n_threads;
		shares[i].end = n_children * (i + 1) / n_threads;
		if (pthread_create(&shares[i].thread, NULL, supervise, &shares[i]) != 0)
			return 1;
	}
	sigwait(&stop_signal, &number);
	stopping = true;
	for (unsigned i = 0; i < n_threads; i++)
		stop_share(&shares[i]);
	for (unsigned i = 0; i < n_threads; i++)
		pthread_join(shares[i].thread, NULL);
	return 0;
}
