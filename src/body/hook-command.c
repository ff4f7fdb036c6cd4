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
#include "body/launch.h"
#include "core/hook-cancel.h"
#include "process/process.h"

enum { SIGNAL_STATUS = 128 }; /* a shell's way to tell of a signal */

#define CANCEL_GRACE_USEC (1 * USEC_PER_SEC) /* of one that was called off */

/* 0: it has ended; -ETIMEDOUT; -ECANCELED: it was called off. */
static int wait_until(struct mailbox *box, uint64_t deadline_usec, const struct process *process)
{
	struct letter *letter;
	unsigned facts;

	while ((letter = mailbox_wait(box, deadline_usec, &facts))) {
		if (letter != &process->letter)
			return -ECANCELED;
		if (facts & PROCESS_EXITED)
			return 0;
	}
	return -ETIMEDOUT;
}

/* Within its time; then, or when it was called off and has not left by itself, hard. Its group goes
 * with it in any case. */
static int wait_for_end(struct mailbox *box, uint64_t timeout_usec, struct process *process)
{
	int r, ended;

	r = ended = wait_until(box, usec_add(clock_now(), timeout_usec), process);
	if (r == -ECANCELED) {
		(void)process_signal(process, SIGTERM, true);
		ended = wait_until(box, usec_add(clock_now(), CANCEL_GRACE_USEC), process);
	}
	(void)process_signal(process, SIGKILL, true);
	if (ended < 0)
		(void)wait_until(box, USEC_INFINITY, process);
	return r;
}

static int result_of(const struct process *process, char **ret_message)
{
	char end[64];

	if (process->code == CLD_EXITED && process->status == 0)
		return 0;
	(void)string_set(ret_message, "%s", process_describe_end(process, end, sizeof(end)));
	return process->code == CLD_EXITED ? process->status : SIGNAL_STATUS + process->status;
}

static int run_in(struct mailbox *box, const struct loop_settings *settings,
	const struct spec *spec, uint64_t timeout_usec, struct hook_cancel *cancel,
	char **ret_message)
{
	struct process process = { .state = PROCESS_NEW };
	_cleanup_free_ char *reason = NULL;
	char span[64];
	bool ours;
	int r;

	process_init(&process, box);
	r = launch_spawn(settings, &process, spec, &ours, &reason);
	if (r < 0) {
		if (reason)
			*ret_message = TAKE_PTR(reason);
		else
			(void)string_set(ret_message, "cannot execute %s: %s", spec->argv[0],
				strerrordesc_np(-r));
		return r;
	}
	hook_cancel_listen(cancel, box);
	r = wait_for_end(box, timeout_usec, &process);
	hook_cancel_listen(cancel, NULL);
	process_done(&process);
	if (r == -ETIMEDOUT)
		(void)string_set(ret_message, "timed out after %s",
			timespan_format(timeout_usec, span, sizeof(span)));
	else if (r == -ECANCELED)
		(void)string_set(ret_message, "called off");
	return r < 0 ? r : result_of(&process, ret_message);
}

int hook_command_run(const struct loop_settings *settings, const struct command *command,
	char *const *environment, uint64_t timeout_usec, struct hook_cancel *cancel,
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
	r = run_in(&box, settings, &spec, timeout_usec, cancel, ret_message);
	mailbox_done(&box);
	return r;
}
