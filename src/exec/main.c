/* SPDX-License-Identifier: MIT */
/*
 * greenloop-exec SETUP DIRECTORY COMMAND [ARGUMENT…]: sets a new process up, then executes the
 * command in it. Started by process/helper.c only, which says how SETUP is written; all signals are
 * blocked until everything is done.
 *
 * Each variable of the environment begins with one extra byte, so that none of them can mean
 * anything to this program, which may be privileged still.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exec/steps.h"

enum { EXIT_USAGE = 2 };

static gid_t groups[SETUP_GROUPS_MAX];

static void unveil_environment(void)
{
	for (char **variable = environ; *variable; variable++)
		if (**variable)
			++*variable;
}

/* Room for the number was left by who made the environment. */
static void say_own_pid(void)
{
	static const char name[] = "WATCHDOG_PID=";

	for (char **variable = environ; *variable; variable++)
		if (strncmp(*variable, name, sizeof(name) - 1) == 0)
			snprintf(*variable, strlen(*variable) + 1, "%s%d", name, (int)getpid());
}

static void fail(const struct setup *setup, const struct setup_status *status)
{
	if (setup->set & SETUP_STATUS)
		(void)!write((int)setup->status_fd, status, sizeof(*status));
	_exit(status->step);
}

int main(int argc, char **argv)
{
	struct setup_status failed = { .step = SETUP_STEP_DECODE, .error = EBADMSG };
	struct setup setup;
	sigset_t none;

	if (argc < 4) {
		static const char usage[] = "greenloop-exec is started by greenloopd\n";

		(void)!write(STDERR_FILENO, usage, sizeof(usage) - 1);
		return EXIT_USAGE;
	}
	if (setup_decode(argv[1], groups, &setup) < 0)
		return SETUP_STEP_DECODE;
	if (setup.set & SETUP_STATUS)
		(void)fcntl((int)setup.status_fd, F_SETFD, FD_CLOEXEC);
	if (*argv[2])
		setup.working_directory = argv[2];
	unveil_environment();
	if (setup.set & SETUP_WATCHDOG_PID)
		say_own_pid();

	if (!steps_run(&setup, &failed))
		fail(&setup, &failed);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	failed.error = steps_execute(argv + 3);
	failed.step = SETUP_STEP_EXEC;
	failed.detail = 0;
	fail(&setup, &failed);
}
