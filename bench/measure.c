/* SPDX-License-Identifier: MIT */
/*
 * One run of one supervisor of N children (child.c), which tell their births themselves: how fast
 * it starts them, replaces those that are killed, and stops; what it needs meanwhile. A line for
 * each figure: "WORKLOAD VALUE", in ms or KiB.
 *
 *   measure [OPTION...] -n N SOCKET SUPERVISOR [ARGUMENT...]
 *
 *   always                     W2 cold start, W3 memory, W7 all killed (not with -g), W8 stop
 *   -i SECONDS                 W4 CPU and switches at rest
 *   -t TIMES -c CTL -s CONTROL W6 `CTL --socket CONTROL status`
 *   -k KILLS                   W1 one child killed, each time another one
 *   -g                         W5 instead: one child killed, all replaced
 *
 * SOCKET is made and removed here; the supervisor's own arguments tell the children of it. Whatever
 * happens, nothing is left running.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "birth.h"
#include "now.h"

enum { PATIENCE_MSEC = 20000, SETTLE_MSEC = 300, PAUSE_MSEC = 3 };

static struct {
	unsigned n, kills, idle_seconds, status_times;
	const char *ctl, *control, *socket;
	bool is_group;
} options;

static int births_fd = -1;
static pid_t supervisor;
static pid_t *children;
static double *born_usec;

/* ---- the end */

static void rest(int msec)
{
	poll(NULL, 0, msec);
}

static bool has_ended(pid_t pid, int msec)
{
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (msec <= 0)
			return false;
		rest(10);
		msec -= 10;
	}
	return true;
}

static void give_up(const char *what)
{
	fprintf(stderr, "measure: %s\n", what);
	if (supervisor > 0) {
		kill(supervisor, SIGTERM);
		if (!has_ended(supervisor, 5000)) {
			struct birth birth;

			kill(supervisor, SIGKILL);
			while (recv(births_fd, &birth, sizeof(birth), 0) > 0)
				kill(birth.pid, SIGKILL);
			for (unsigned i = 0; i < options.n; i++)
				if (children[i] > 0)
					kill(children[i], SIGKILL);
		}
	}
	unlink(options.socket);
	exit(1);
}

/* ---- births */

static void open_births(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(options.socket) >= sizeof(address.sun_path))
		give_up("the socket's path is too long");
	memcpy(address.sun_path, options.socket, strlen(options.socket));
	births_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (births_fd < 0 || bind(births_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		give_up("cannot make the socket");
}

/* Takes one birth; false: none is there. */
static bool take_birth(struct birth *ret)
{
	if (recv(births_fd, ret, sizeof(*ret), 0) != (ssize_t)sizeof(*ret))
		return false;
	if (ret->index >= options.n)
		give_up("a child of an unknown number");
	children[ret->index] = ret->pid;
	born_usec[ret->index] = ret->usec;
	return true;
}

/* Waits until each of the children has been born after `since_usec`; when the last one was. */
static double await_births(double since_usec, unsigned begin, unsigned end)
{
	double last = 0;

	for (unsigned i = begin; i < end; i++) {
		while (born_usec[i] < since_usec) {
			struct pollfd births = { .fd = births_fd, .events = POLLIN };
			struct birth birth;

			if (poll(&births, 1, PATIENCE_MSEC) != 1)
				give_up("a child has not been born in time");
			while (take_birth(&birth))
				;
		}
		if (born_usec[i] > last)
			last = born_usec[i];
	}
	return last;
}

static void print_msec(const char *workload, double usec)
{
	printf("%s %.4f\n", workload, usec / 1e3);
}

/* ---- /proc */

/* The sum of a key's numbers in a file of lines "KEY NUMBER …"; 0: it is not there. */
static unsigned long read_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	unsigned long number = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0) {
			number = strtoul(line + strlen(key), NULL, 10);
			break;
		}
	if (file)
		fclose(file);
	return number;
}

static unsigned long read_own_number(const char *file, const char *key)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)supervisor, file);
	return read_number(path, key);
}

static unsigned long count_switches(void)
{
	char path[64 + sizeof(((struct dirent *)0)->d_name)];
	unsigned long sum = 0;
	struct dirent *entry;
	DIR *tasks;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)supervisor);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)supervisor,
			entry->d_name);
		sum += read_number(path, "voluntary_ctxt_switches:");
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

static double cpu_usec(void)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(supervisor, &clock) == 0)
		clock_gettime(clock, &used);
	return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

/* ---- workloads */

static pid_t spawn(char **argv)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		give_up("cannot start a program");
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void measure_cold_start(char **argv)
{
	double begin = now_usec();

	supervisor = spawn(argv);
	print_msec("W2", await_births(begin, 0, options.n) - begin);
	rest(SETTLE_MSEC);
}

static void measure_memory(void)
{
	printf("W3 %lu\n", read_own_number("smaps_rollup", "Pss:"));
	printf("W3-tables %lu\n", read_own_number("status", "VmPTE:"));
	printf("W3-threads %lu\n", read_own_number("status", "Threads:"));
}

static void measure_rest(void)
{
	unsigned long switches = count_switches();
	double cpu = cpu_usec();

	rest((int)options.idle_seconds * 1000);
	print_msec("W4", cpu_usec() - cpu);
	printf("W4-switches %lu\n", count_switches() - switches);
}

static double usec_of(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static void measure_status(void)
{
	char *argv[] = { (char *)options.ctl, (char *)"--socket", (char *)options.control,
		(char *)"status", NULL };

	for (unsigned i = 0; i < options.status_times; i++) {
		double begin = now_usec();
		struct rusage usage;
		int status;

		if (wait4(spawn(argv), &status, 0, &usage) < 0 || status != 0)
			give_up("status fails");
		print_msec("W6", now_usec() - begin);
		print_msec("W6-cpu", usec_of(usage.ru_utime) + usec_of(usage.ru_stime));
		rest(PAUSE_MSEC);
	}
}

/* Each kill hits another child, spread over all. */
static void measure_kills(void)
{
	for (unsigned k = 0; k < options.kills; k++) {
		unsigned i = (unsigned)((unsigned long)k * options.n / options.kills);
		double begin = now_usec();

		kill(children[i], SIGKILL);
		if (options.is_group)
			print_msec("W5", await_births(begin, 0, options.n) - begin);
		else
			print_msec("W1", await_births(begin, i, i + 1) - begin);
		rest(options.is_group ? SETTLE_MSEC / 3 : PAUSE_MSEC);
	}
}

static void measure_crash(void)
{
	double begin = now_usec();
	struct birth birth;

	for (unsigned i = 0; i < options.n; i++) {
		kill(children[i], SIGKILL);
		while (take_birth(&birth))
			;
	}
	print_msec("W7", await_births(begin, 0, options.n) - begin);
	rest(SETTLE_MSEC);
}

/* Waits for each child in turn: most have ended when they are looked at, so that this hardly
 * disturbs. */
static void measure_stop(void)
{
	struct pollfd *ends = calloc(options.n, sizeof(ends[0]));
	double begin;

	for (unsigned i = 0; ends && i < options.n; i++) {
		ends[i].fd = (int)syscall(SYS_pidfd_open, children[i], 0);
		ends[i].events = POLLIN;
	}
	begin = now_usec();
	kill(supervisor, SIGTERM);
	for (unsigned i = 0; ends && i < options.n; i++) {
		if (poll(&ends[i], 1, PATIENCE_MSEC) != 1)
			give_up("a child does not end");
		close(ends[i].fd);
	}
	print_msec("W8", now_usec() - begin);
	if (waitpid(supervisor, NULL, 0) != supervisor)
		give_up("the supervisor is not there");
	print_msec("W8-left", now_usec() - begin);
	free(ends);
}

/* ---- */

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static bool read_options(int argc, char *argv[])
{
	int option;

	while ((option = getopt(argc, argv, "+gk:i:t:c:s:n:")) != -1)
		switch (option) {
		case 'g':
			options.is_group = true;
			break;
		case 'k':
			options.kills = number(optarg);
			break;
		case 'i':
			options.idle_seconds = number(optarg);
			break;
		case 't':
			options.status_times = number(optarg);
			break;
		case 'c':
			options.ctl = optarg;
			break;
		case 's':
			options.control = optarg;
			break;
		case 'n':
			options.n = number(optarg);
			break;
		default:
			return false;
		}
	options.socket = argv[optind];
	return options.n > 0 && argc - optind >= 2 &&
	       (options.status_times == 0 || (options.ctl && options.control));
}

int main(int argc, char *argv[])
{
	struct rlimit files;

	if (!read_options(argc, argv)) {
		fputs("usage: measure [OPTION...] -n N SOCKET SUPERVISOR [ARGUMENT...]\n", stderr);
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	children = calloc(options.n, sizeof(children[0]));
	born_usec = calloc(options.n, sizeof(born_usec[0]));
	if (!children || !born_usec)
		return 1;
	open_births();
	measure_cold_start(argv + optind + 1);
	measure_memory();
	if (options.idle_seconds > 0)
		measure_rest();
	measure_status();
	measure_kills();
	if (!options.is_group)
		measure_crash();
	measure_stop();
	unlink(options.socket);
	return 0;
}
