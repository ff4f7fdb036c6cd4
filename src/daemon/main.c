/* SPDX-License-Identifier: MIT */
/*
 * greenloopd: options, the process's own surroundings, the manager; nothing else.
 *
 * Exit statuses: 0 after a clean stop; N of exit:N; 1 when it cannot start; 2 usage; 78 bad
 * configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macro.h"
#include "daemon/config-paths.h"
#include "daemon/manager.h"
#include "daemon/options.h"

enum { EXIT_USAGE = 2 };

/* 0 to 2 exist, so that no other descriptor ever gets these numbers; what else was inherited ends
 * with the next exec. */
static void settle_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR); /* the lowest that is free: this one */
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* All that are handled are blocked before the first thread; none is ignored by inheritance, above
 * all not SIGCHLD. */
static void settle_signals(void)
{
	static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD };
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ELEMENTS(handled); i++) {
		(void)signal(handled[i], SIG_DFL);
		sigaddset(&mask, handled[i]);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a log file that may not grow is an error like others */
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static int settle_directory(bool user_mode)
{
	_cleanup_free_ char *home = NULL;
	int r = user_mode ? paths_home(&home) : 0;

	if (r < 0 || chdir(home ? home : "/") < 0) {
		log_error("cannot change to the %s directory: %s", user_mode ? "home" : "root",
			strerror(r < 0 ? -r : errno));
		return r < 0 ? r : -errno;
	}
	return 0;
}

static int run(const struct options *options)
{
	static struct manager manager; /* see manager_done() */
	int status, r = manager_load(&manager, options);

	if (options->check)
		status = r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	else if (r == -EINVAL)
		status = EXIT_BAD_CONFIG;
	else if (r < 0)
		status = EXIT_FAILURE;
	else
		status = manager_run(&manager);
	manager_done(&manager);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_FAILURE;

	settle_descriptors();
	settle_signals();
	(void)mallopt(M_ARENA_MAX, 2); /* a thread per loop would else reserve a heap each */
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		status = EXIT_SUCCESS;
		break;
	case OPTIONS_USAGE:
		status = EXIT_USAGE;
		break;
	case OPTIONS_GO:
		umask(0022);
		if (settle_directory(options.user) == 0)
			status = run(&options);
	}
	options_done(&options);
	return status;
}
