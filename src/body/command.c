/* SPDX-License-Identifier: MIT */
/*
 * A command as a body: one cycle is one process, from its spawn until its process group is empty.
 *
 * Stopping comes from outside, at any moment: the controller sets the stop token, calls ask(), and
 * kill() when the grace has passed. None of these waits for this thread, and none may miss a
 * process that is just being made:
 *  - a signal for a process whose spawn is under way or still to come is remembered by the
 * registry, under the mutex that the spawn takes at its begin and at its end, and sent at that end.
 * So it reaches whatever appears later;
 *  - who sets the token but finds nothing to ask loses nothing either: cycle() looks at the token
 * after the process was registered and asks it then. `asked` lets only the first of the two send
 * the stop signal.
 */
#include "body/command.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "body/capture.h"
#include "body/launch.h"
#include "body/limits.h"
#include "body/liveness.h"
#include "core/environment.h"
#include "core/generation.h"
#include "process/process.h"

#define LEFTOVERS_GRACE_USEC                                                                       \
	(1 * USEC_PER_SEC) /* for members of the group that outlive the main process */
#define LEFTOVERS_LOOK_USEC (20 * USEC_PER_MSEC) /* not every end of theirs is to be heard of */

struct command_body {
	struct process process;
	struct capture capture;
	atomic_bool asked; /* the stop signal of this generation was sent, or is remembered */

	/* The loop's thread only. */
	struct liveness *liveness; /* NULL: nothing of it is wanted */
	struct limits limits;      /* of the present cycle */
	bool exited;
};

static struct command_body *body_of(struct generation *generation)
{
	return generation_body(generation);
}

/* A stopped process (SIGSTOP) would not see the signal. */
static void send_stop(struct command_body *body, const struct loop_settings *settings)
{
	bool all = settings->kill_mode == KILL_ALL;

	process_signal_always(&body->process, settings->stop_signal, all);
	process_signal_always(&body->process, SIGCONT, all);
}

static void command_ask(struct generation *generation)
{
	struct command_body *body = body_of(generation);

	if (!atomic_exchange(&body->asked, true))
		send_stop(body, generation_settings(generation));
}

static void command_kill(struct generation *generation)
{
	process_signal_always(&body_of(generation)->process, SIGKILL, true);
}

static int command_signal(struct generation *generation, int signal)
{
	return process_signal(&body_of(generation)->process, signal, false);
}

static bool command_alive(struct generation *generation, char *who, size_t size)
{
	struct process *process = &body_of(generation)->process;
	pid_t pid;

	if (!process_alive(process, &pid))
		return false;
	if (pid > 0)
		snprintf(who, size, "pid %d (state %c)", pid, process_kernel_state(pid));
	else
		snprintf(who, size, "others of process group %d", process_group(process));
	return true;
}

static int command_start(struct generation *generation, _unused_ struct failure *failure)
{
	struct command_body *body = body_of(generation);

	process_init(&body->process, generation_box(generation));
	body->process.takes_notes = true;
	capture_init(&body->capture);
	return 0;
}

static void command_stop(struct generation *generation)
{
	struct command_body *body = body_of(generation);

	process_done(&body->process);
	body->liveness = liveness_free(body->liveness);
}

/* *ret_ours: what is missing is ours to have (descriptors, memory, processes), not the command's.
 */
static int spawn(struct generation *generation, bool *ret_ours, char **ret_reason)
{
	struct command_body *body = body_of(generation);
	struct environment_room room;
	_cleanup_(environment_freep) char **environment = generation_environment(generation, &room);
	_cleanup_close_ int output_fd = -1, error_fd = -1;
	struct spec spec = { .argv = generation_settings(generation)->command.argv,
		.environment = environment };
	int r;

	*ret_ours = true;
	if (!environment)
		return -ENOMEM;
	r = capture_open(&body->capture, generation, &output_fd, &error_fd);
	if (r < 0) {
		capture_close(&body->capture);
		return r;
	}
	spec.output_fd = output_fd;
	spec.error_fd = error_fd;
	r = liveness_prepare(&body->liveness, generation, &body->process, &spec);
	if (r >= 0)
		r = launch_spawn(generation_settings(generation), &body->process, &spec, ret_ours,
			ret_reason);
	if (r < 0) {
		capture_close(&body->capture);
		liveness_down(body->liveness, &body->limits);
	}
	return r;
}

static enum cycle_result not_spawned(struct generation *generation, int error, bool ours,
	const char *reason, struct failure *failure)
{
	const char *name = generation_settings(generation)->command.argv[0];

	if (!reason)
		reason = strerrordesc_np(-error);
	if (ours)
		failure_set(failure, FAILURE_NONE, -error, "cannot start %s: %s", name, reason);
	else
		failure_set(failure, FAILURE_EXEC, -error, "%s", reason);
	return ours ? CYCLE_TROUBLE : CYCLE_FAILED;
}

/* Past a limit, or sick: as a stop would, but it is a failure. A core may tell why it hangs. */
static void expire(struct generation *generation, enum failure_kind kind)
{
	struct command_body *body = body_of(generation);
	const struct loop_settings *settings = generation_settings(generation);
	int signal = kind == FAILURE_WATCHDOG ? SIGABRT : settings->stop_signal;
	bool all = settings->kill_mode == KILL_ALL && kind != FAILURE_WATCHDOG;

	limits_expire(&body->limits, settings, kind, clock_now());
	(void)process_signal(&body->process, signal, all);
	(void)process_signal(&body->process, SIGCONT, all);
}

static void check_limits(struct generation *generation)
{
	struct command_body *body = body_of(generation);
	uint64_t now = clock_now();
	enum failure_kind passed;

	if (now >= generation_tick_due(generation))
		generation_tick(generation);
	passed = liveness_step(body->liveness, &body->limits);
	if (passed == FAILURE_NONE)
		passed = limits_passed(&body->limits, generation_ready(generation), now);
	if (passed != FAILURE_NONE)
		expire(generation, passed);
	if (limits_kill(&body->limits, now))
		(void)process_signal(&body->process, SIGKILL, true);
}

/* MAINPID: its successor has taken over, which may have to end, too. */
static void replaced(struct generation *generation)
{
	struct command_body *body = body_of(generation);
	int signal = generation_settings(generation)->stop_signal;
	pid_t pid;

	if (process_alive(&body->process, &pid) && pid > 0)
		generation_replaced(generation, pid);
	if (generation_stopped(generation) || body->limits.expired != FAILURE_NONE)
		(void)process_signal(&body->process, signal, false);
}

/* Handles one letter, or what is due at the deadline or before. */
static void wait_once(struct generation *generation, uint64_t deadline_usec)
{
	struct command_body *body = body_of(generation);
	struct letter *letter;
	unsigned facts = 0;
	bool stopped;

	deadline_usec = MIN(deadline_usec, capture_due(&body->capture));
	letter = generation_wait(generation, deadline_usec, &facts, &stopped);
	if (letter == &body->process.letter) {
		body->exited |= (facts & PROCESS_EXITED) != 0;
		if (facts & PROCESS_REPLACED)
			replaced(generation);
		if (facts & PROCESS_NOTED)
			liveness_notes(&body->liveness, generation, &body->process, &body->limits);
	} else if (!liveness_letter(body->liveness, letter, facts, &body->limits)) {
		capture_handle(&body->capture, letter);
	}
}

static void wait_for_exit(struct generation *generation)
{
	struct command_body *body = body_of(generation);

	check_limits(generation);
	while (!body->exited) {
		uint64_t due = MIN(limits_due(&body->limits), liveness_due(body->liveness));

		wait_once(generation, MIN(due, generation_tick_due(generation)));
		check_limits(generation);
	}
}

/* The main process is gone. Leftovers of its group get the stop signal, and a second to heed it;
 * for as long lines wait that nobody had room for. The next cycle must not begin beside them. */
static void wait_for_group(struct generation *generation)
{
	struct command_body *body = body_of(generation);
	uint64_t due = clock_now() + LEFTOVERS_GRACE_USEC;
	bool lingers = process_lingers(&body->process);

	capture_read(&body->capture);
	if (lingers)
		(void)process_signal(
			&body->process, generation_settings(generation)->stop_signal, true);

	while (lingers || (capture_is_stuck(&body->capture) && clock_now() < due)) {
		if (lingers && clock_now() >= due)
			(void)process_signal(&body->process, SIGKILL, true);
		wait_once(generation, clock_now() + LEFTOVERS_LOOK_USEC);
		lingers = process_lingers(&body->process);
	}
	capture_close(&body->capture);
}

static bool is_success(const struct process *process, const struct loop_settings *settings)
{
	if (process->code != CLD_EXITED)
		return status_set_has_signal(&settings->success_exit_status, process->status);
	if (process->status == 0 && settings->type != LOOP_TYPE_SERVICE)
		return true;
	return status_set_has_exit(&settings->success_exit_status, process->status);
}

static void describe_expired(struct generation *generation, struct failure *failure)
{
	struct command_body *body = body_of(generation);
	enum failure_kind kind = body->limits.expired;

	if (kind == FAILURE_WATCHDOG || kind == FAILURE_PROBE)
		liveness_describe(body->liveness, kind, failure);
	else
		limits_describe(&body->limits, generation_settings(generation), failure);
}

static enum cycle_result verdict(struct generation *generation, struct failure *failure)
{
	struct command_body *body = body_of(generation);
	const struct loop_settings *settings = generation_settings(generation);
	struct process *process = &body->process;
	char end[64];

	if (generation_stopped(generation))
		return CYCLE_ENDED;
	if (body->limits.expired == FAILURE_NONE && is_success(process, settings))
		return settings->type == LOOP_TYPE_CYCLE ? CYCLE_AGAIN : CYCLE_DONE;
	if (body->limits.expired != FAILURE_NONE)
		describe_expired(generation, failure);
	else
		failure_set(failure, process->code == CLD_EXITED ? FAILURE_EXIT : FAILURE_SIGNAL,
			process->status, "%s", process_describe_end(process, end, sizeof(end)));
	liveness_add_error(body->liveness, failure);
	return CYCLE_FAILED;
}

static enum cycle_result command_cycle(struct generation *generation, struct failure *failure)
{
	struct command_body *body = body_of(generation);
	_cleanup_free_ char *reason = NULL;
	bool ours;
	int r;

	if (generation_stopped(generation))
		return CYCLE_ENDED;
	r = spawn(generation, &ours, &reason);
	if (r < 0)
		return not_spawned(generation, r, ours, reason, failure);

	body->exited = false;
	limits_begin(&body->limits, generation_settings(generation), clock_now());
	liveness_up(body->liveness);
	generation_up(generation, body->process.pid);
	if (generation_stopped(generation))
		command_ask(generation);
	wait_for_exit(generation);
	liveness_down(body->liveness, &body->limits);
	generation_down(generation);
	wait_for_group(generation);
	return verdict(generation, failure);
}

const struct body_ops command_body = {
	.name = "command",
	.body_size = sizeof(struct command_body),
	.start = command_start,
	.cycle = command_cycle,
	.stop = command_stop,
	.ask = command_ask,
	.kill = command_kill,
	.signal = command_signal,
	.alive = command_alive,
};
