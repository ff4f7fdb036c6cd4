/* SPDX-License-Identifier: MIT */
/* The limit of a restart on this machine: vfork, exec, wait for the end, and again; nothing else.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "restart.h"

static void restart(char *const argv[])
{
	siginfo_t info;
	pid_t pid = vfork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		perror("limit");
}

int main(int argc, char *argv[])
{
	return measure_restarts("limit", restart, argc, argv);
}
