/* SPDX-License-Identifier: MIT */
/* The same restarts as those of limit.c, by process_spawn(), the reaper and a mailbox; as
 * respawn-exec also through greenloop-exec, which changes the user. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/process.h"
#include "restart.h"

static struct mailbox box;
static struct process process;

static void restart(char *const argv[])
{
	static const struct setup setup = {
		.set = SETUP_UID | SETUP_GID | SETUP_GROUPS | SETUP_UMASK,
		.uid = 65534,
		.gid = 65534,
		.umask = 022,
	};
	const struct spec spec = {
		.argv = argv,
		.environment = environ,
		.output_fd = -1,
		.error_fd = -1,
		.setup = THROUGH_EXEC ? &setup : NULL,
	};
	unsigned facts = 0;
	int r = process_spawn(&process, &spec);

	if (r < 0) {
		fprintf(stderr, "respawn: %s: %s\n", argv[0], strerror(-r));
		return;
	}
	while ((facts & PROCESS_EXITED) == 0)
		mailbox_wait(&box, USEC_INFINITY, &facts);
	while (process_lingers(&process))
		;
}

int main(int argc, char *argv[])
{
	int r;

	if (mailbox_init(&box) < 0 || processes_start() < 0)
		return 1;
	process_init(&process, &box);
	r = measure_restarts(THROUGH_EXEC ? "respawn-exec" : "respawn", restart, argc, argv);
	process_done(&process);
	processes_stop();
	return r;
}
