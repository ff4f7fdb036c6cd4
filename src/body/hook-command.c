/* SPDX-License-Identifier: MIT */
/* A hook command is a child process that somebody waits for in a mailbox made for that alone. */
#include "body/hook-command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/strings.h"
#include "process/process.h"

enum { SIGNAL_STATUS = 128 }; /* a shell's way to tell of a signal */

/* false: the deadline has passed. */
static bool wait_until(struct mailbox *box, uint64_t deadline_usec)
{
	unsigned facts;

	while (mailbox_wait(box, deadline_usec, &facts))
		if (facts & PROCESS_EXITED)
			return true;
	return false;
}

static int result_of(const struct process *process, char **ret_message)
{
	char end[64];

	if (process->code == CLD_EXITED && process->status == 0)
		return 0;
	(void)string_set(ret_message, "%s", process_describe_end(process, end, sizeof(end)));
	return process->code == CLD_EXITED ? process->status : SIGNAL_STATUS + process->status;
}

static int run_in(
	struct mailbox *box, const struct spec *spec, uint64_t timeout_usec, char **ret_message)
{
	struct process process = { .state = PROCESS_NEW };
	char span[64];
	bool in_time;
	int r;

	process_init(&process, box);
	r = process_spawn(&process, spec);
	if (r < 0) {
		(void)string_set(
			ret_message, "cannot execute %s: %s", spec->argv[0], strerrordesc_np(-r));
		return r;
	}
	in_time = wait_until(box, usec_add(clock_now(), timeout_usec));
	(void)process_signal(&process, SIGKILL, true);
	if (!in_time) {
		(void)wait_until(box, USEC_INFINITY);
		(void)string_set(ret_message, "timed out after %s",
			timespan_format(timeout_usec, span, sizeof(span)));
	}
	process_done(&process);
	return in_time ? result_of(&process, ret_message) : -ETIMEDOUT;
}

int hook_command_run(const struct command *command, char *const *environment, uint64_t timeout_usec,
	char **ret_message)
{
	const struct spec spec = {
		.argv = command->argv,
		.environment = environment,
		.output_fd = -1,
		.error_fd = -1,
	};
	struct mailbox box;
	int r;

	*ret_message = NULL;
	r = mailbox_init(&box);
	if (r < 0)
		return r;
	r = run_in(&box, &spec, timeout_usec, ret_message);
	mailbox_done(&box);
	return r;
}
