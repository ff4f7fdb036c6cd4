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
#include <string.h>

#include "exec/kernel.h"
#include "exec/steps.h"

enum { EXIT_USAGE = 2, STANDARD_ERROR = 2 };

static gid_t groups[SETUP_GROUPS_MAX];

static void unveil(char **environment)
{
	for (; *environment; environment++)
		if (**environment)
			++*environment;
}

/* Room for the number was left by who made the environment. */
static void say_own_pid(char **environment)
{
	static const char name[] = "WATCHDOG_PID=";

	for (; *environment; environment++)
		if (strncmp(*environment, name, sizeof(name) - 1) == 0)
			(void)steps_write_number(
				*environment + sizeof(name) - 1, kernel(SYS_getpid, 0, 0, 0, 0, 0));
}

static void unblock_signals(void)
{
	static const unsigned long none[_NSIG / 8 / sizeof(unsigned long)];

	(void)KERNEL4(rt_sigprocmask, SIG_SETMASK, none, NULL, _NSIG / 8);
}

static int fail(const struct setup *setup, const struct setup_status *status)
{
	if (setup->set & SETUP_STATUS)
		(void)KERNEL3(write, setup->status_fd, status, sizeof(*status));
	return status->step;
}

static int run(struct setup *setup, char **argv, char **environment)
{
	struct setup_status failed;

	if (setup->set & SETUP_STATUS)
		(void)KERNEL3(fcntl, setup->status_fd, F_SETFD, FD_CLOEXEC);
	if (*argv[2])
		setup->working_directory = argv[2];
	unveil(environment);
	if (setup->set & SETUP_WATCHDOG_PID)
		say_own_pid(environment);

	if (!steps_run(setup, &failed))
		return fail(setup, &failed);
	unblock_signals();
	failed = (struct setup_status){ .step = SETUP_STEP_EXEC };
	failed.error = steps_execute(argv + 3, environment);
	return fail(setup, &failed);
}

int main(int argc, char **argv)
{
	static const char usage[] = "greenloop-exec is started by greenloopd\n";
	struct setup setup;

	if (argc < 4) {
		(void)KERNEL3(write, STANDARD_ERROR, usage, sizeof(usage) - 1);
		return EXIT_USAGE;
	}
	if (setup_decode(argv[1], groups, &setup) < 0)
		return SETUP_STEP_DECODE;
	return run(&setup, argv, argv + argc + 1);
}
