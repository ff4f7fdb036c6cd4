/* SPDX-License-Identifier: MIT */
/*
 * The command body and hook commands, with real children. The generation is a fake that holds what
 * the body may ask of it; a test plays the controller, while cycles run in a thread of their own.
 * posix_spawnp() and pipe2() are wrapped: to fail, and to be held.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/poller.h"
#include "base/strings.h"
#include "base/thread.h"
#include "base/waiter.h"
#include "body/command.h"
#include "body/hook-command.h"
#include "core/environment.h"
#include "core/event.h"
#include "core/generation.h"
#include "core/hook-cancel.h"
#include "lib/unit.h"
#include "process/process.h"

enum { CONTROL_STOP = 1 };

struct generation {
	struct mailbox box;
	struct letter control;
	struct loop_settings settings;
	atomic_bool stopped, ready;
	bool stop_told;
	void *body;
	uint64_t tick_due;
	atomic_uint n_up, n_down;
	sem_t up; /* posted by generation_up() */
	bool no_environment;
	void (*before_spawn)(
		struct generation *generation); /* after cycle() has looked at the token */
	char output[512];
	atomic_uint room; /* lines that will be taken */
	atomic_uint n_refused;
	struct waiters waiters;

	pthread_t thread;
	enum cycle_result result;
	struct failure failure;
};

static struct generation fake;

static struct {
	int spawn_error, pipe_error;
	sem_t *begun, *going;
	atomic_uint n_spawned;
} wrapped;

int __real_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);

int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	int r = wrapped.spawn_error;

	if (r == 0)
		r = __real_posix_spawnp(pid, file, actions, attributes, argv, envp);
	if (wrapped.begun) {
		sem_post(wrapped.begun);
		sem_wait(wrapped.going);
	}
	wrapped.n_spawned++;
	return r;
}

int __wrap_pipe2(int fds[2], int flags)
{
	if (wrapped.pipe_error == 0)
		return __real_pipe2(fds, flags);
	errno = wrapped.pipe_error;
	return -1;
}

/* The fake. */

struct mailbox *generation_box(struct generation *generation)
{
	return &generation->box;
}

void *generation_body(struct generation *generation)
{
	return generation->body;
}

const struct loop_settings *generation_settings(struct generation *generation)
{
	return &generation->settings;
}

bool generation_stopped(const struct generation *generation)
{
	return atomic_load(&generation->stopped);
}

struct letter *generation_wait(struct generation *generation, uint64_t deadline_usec,
	unsigned *ret_facts, bool *ret_stopped)
{
	struct letter *letter;

	*ret_stopped = false;
	do {
		if (generation_stopped(generation) && !generation->stop_told) {
			*ret_stopped = generation->stop_told = true;
			return NULL;
		}
		letter = mailbox_wait(&generation->box, deadline_usec, ret_facts);
	} while (letter == &generation->control);
	return letter;
}

void generation_up(struct generation *generation, pid_t pid)
{
	ck_assert_int_gt(pid, 0);
	ck_assert_uint_eq(generation->n_up, generation->n_down);
	generation->n_up++;
	sem_post(&generation->up);
}

void generation_replaced(_unused_ struct generation *generation, _unused_ pid_t pid)
{
}

void generation_down(struct generation *generation)
{
	generation->n_down++;
	ck_assert_uint_eq(generation->n_up, generation->n_down);
}

uint64_t generation_tick_due(const struct generation *generation)
{
	return generation->tick_due;
}

void generation_tick(struct generation *generation)
{
	ck_assert_uint_le(generation->tick_due, clock_now());
	generation->tick_due = USEC_INFINITY;
	atomic_store(&generation->ready, true);
}

const char *generation_name(_unused_ const struct generation *generation)
{
	return "fake";
}

uint64_t generation_number(_unused_ const struct generation *generation)
{
	return 0;
}

void generation_became_ready(struct generation *generation)
{
	atomic_store(&generation->ready, true);
}

void generation_became_unready(struct generation *generation)
{
	atomic_store(&generation->ready, false);
}

void generation_set_status(_unused_ struct generation *generation, _unused_ const char *text)
{
}

int generation_fail(_unused_ struct generation *generation, _unused_ const struct failure *failure)
{
	return 0;
}

int generation_set_message(_unused_ struct generation *generation, _unused_ const char *key,
	_unused_ const char *value)
{
	return 0;
}

void generation_extend_stop(_unused_ struct generation *generation, _unused_ uint64_t until_usec)
{
}

uint64_t generation_stop_begin(_unused_ const struct generation *generation)
{
	return 0;
}

bool generation_ready(const struct generation *generation)
{
	return atomic_load(&generation->ready);
}

/* "one|two|", of standard error's own pipe "!one|". */
size_t generation_output(struct generation *generation, const struct event_lines *lines)
{
	size_t taken = 0;

	while (taken < lines->length && atomic_load(&generation->room) > 0) {
		const char *text = lines->text + taken;
		size_t end = strlen(generation->output);
		int length = (int)((char *)memchr(text, '\n', lines->length - taken) - text);

		ck_assert_uint_lt(end + (size_t)length + 2, sizeof(generation->output));
		snprintf(generation->output + end, sizeof(generation->output) - end, "%s%.*s|",
			lines->error ? "!" : "", length, text);
		taken += (size_t)length + 1;
		generation->room--;
	}
	if (taken < lines->length) {
		waiters_add(&generation->waiters, lines->waiter);
		generation->n_refused++;
	}
	return taken;
}

char **generation_environment(struct generation *generation, struct environment_room *room)
{
	static char path[] = "PATH=/usr/bin:/bin", word[] = "WORD=known";
	char *const words[] = { path, word, NULL };
	char **environment;

	if (generation->before_spawn)
		generation->before_spawn(generation);
	if (generation->no_environment)
		return NULL;
	environment = environment_new(room, words, NULL, 0);
	ck_assert_ptr_nonnull(environment);
	return environment;
}

/* What tests need. */

static void setup(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&wrapped, 0, sizeof(wrapped));
	ck_assert_int_eq(mailbox_init(&fake.box), 0);
	letter_init(&fake.control);
	waiters_init(&fake.waiters);
	sem_init(&fake.up, 0, 0);
	fake.body = calloc(1, command_body.body_size);
	fake.ready = true;
	fake.room = 1000;
	fake.tick_due = USEC_INFINITY;
	fake.settings = (struct loop_settings){
		.stop_signal = SIGTERM,
		.start_timeout_usec = 90 * USEC_PER_SEC,
		.grace_period_usec = USEC_INFINITY,
		.cycle_timeout_usec = USEC_INFINITY,
		.output.kind = OUTPUT_NULL,
	};
	ck_assert_int_eq(poller_start(), 0);
	ck_assert_int_eq(processes_start(), 0);
	ck_assert_int_eq(command_body.start(&fake, &fake.failure), 0);
}

static void teardown(void)
{
	char who[80];

	ck_assert(!command_body.alive(&fake, who, sizeof(who)));
	command_body.stop(&fake);
	processes_stop();
	poller_stop();
	mailbox_done(&fake.box);
	vector_free(fake.settings.command.argv);
	free(fake.body);
}

static void set_script(enum loop_type type, const char *script)
{
	char ***argv = &fake.settings.command.argv;

	vector_free(*argv);
	*argv = NULL;
	fake.settings.type = type;
	ck_assert_int_eq(vector_append(argv, "sh"), 0);
	ck_assert_int_eq(vector_append(argv, "-c"), 0);
	ck_assert_int_eq(vector_append(argv, script), 0);
}

static enum cycle_result run_cycle(void)
{
	fake.result = command_body.cycle(&fake, &fake.failure);
	return fake.result;
}

static void *cycle_main(_unused_ void *unused)
{
	run_cycle();
	return NULL;
}

static void begin_cycle(void)
{
	ck_assert_int_eq(
		thread_start(&fake.thread, "loop", THREAD_STACK_SMALL, cycle_main, NULL), 0);
}

static enum cycle_result end_cycle(void)
{
	pthread_join(fake.thread, NULL);
	return fake.result;
}

static void set_token(struct generation *generation)
{
	atomic_store(&generation->stopped, true);
	mailbox_post(&generation->box, &generation->control, CONTROL_STOP);
}

static void stop_by_asking(struct generation *generation)
{
	set_token(generation);
	command_body.ask(generation);
}

static void stop_by_killing(struct generation *generation)
{
	set_token(generation);
	command_body.kill(generation);
}

/* Waits until the script has written its next line. */
static void expect_line(int fd)
{
	char byte;

	do
		ck_assert_int_eq(read(fd, &byte, 1), 1);
	while (byte != '\n');
}

/* A FIFO, by which scripts tell how far they have come. */
static char fifo_path[64];

static int open_fifo(void)
{
	int fd;

	snprintf(fifo_path, sizeof(fifo_path), "/tmp/test-command-%d", (int)getpid());
	ck_assert_int_eq(mkfifo(fifo_path, 0600), 0);
	fd = open(fifo_path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void set_telling_script(enum loop_type type, const char *format)
{
	char script[512];

	snprintf(script, sizeof(script), "exec 3>%s; %s", fifo_path, format);
	set_script(type, script);
}

/* How a cycle ends. */

static const struct {
	enum loop_type type;
	const char *script;
	int success_exit, success_signal; /* 0: none */
	enum cycle_result result;
	enum failure_kind kind;
	int status;
	const char *reason;
} ends[] = {
	{ LOOP_TYPE_SERVICE, "exit 0", 0, 0, CYCLE_FAILED, FAILURE_EXIT, 0, "exit 0" },
	{ LOOP_TYPE_SERVICE, "exit 3", 0, 0, CYCLE_FAILED, FAILURE_EXIT, 3, "exit 3" },
	{ LOOP_TYPE_SERVICE, "exit 3", 3, 0, CYCLE_DONE, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_SERVICE, "exit 3", 4, SIGTERM, CYCLE_FAILED, FAILURE_EXIT, 3, "exit 3" },
	{ LOOP_TYPE_SERVICE, "kill -KILL $$", 0, 0, CYCLE_FAILED, FAILURE_SIGNAL, SIGKILL,
		"killed by SIGKILL" },
	{ LOOP_TYPE_SERVICE, "kill -TERM $$", 0, SIGTERM, CYCLE_DONE, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_ONESHOT, "exit 0", 0, 0, CYCLE_DONE, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_ONESHOT, "exit 1", 0, 0, CYCLE_FAILED, FAILURE_EXIT, 1, "exit 1" },
	{ LOOP_TYPE_ONESHOT, "exit 5", 5, 0, CYCLE_DONE, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_CYCLE, "exit 0", 0, 0, CYCLE_AGAIN, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_CYCLE, "exit 5", 5, 0, CYCLE_AGAIN, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_CYCLE, "exit 2", 0, 0, CYCLE_FAILED, FAILURE_EXIT, 2, "exit 2" },
	{ LOOP_TYPE_CYCLE, "kill -HUP $$", 0, SIGHUP, CYCLE_AGAIN, FAILURE_NONE, 0, "" },
	{ LOOP_TYPE_CYCLE, "kill -HUP $$", SIGHUP, 0, CYCLE_FAILED, FAILURE_SIGNAL, SIGHUP,
		"killed by SIGHUP" },
	{ LOOP_TYPE_CYCLE, "test $WORD = known", 0, 0, CYCLE_AGAIN, FAILURE_NONE, 0, "" },
};

START_TEST(test_ends)
{
	struct status_set *success = &fake.settings.success_exit_status;

	set_script(ends[_i].type, ends[_i].script);
	if (ends[_i].success_exit)
		success->exits[0] |= UINT64_C(1) << ends[_i].success_exit;
	if (ends[_i].success_signal)
		success->signals |= UINT64_C(1) << (ends[_i].success_signal - 1);

	ck_assert_int_eq(run_cycle(), ends[_i].result);
	ck_assert_int_eq(fake.failure.kind, ends[_i].kind);
	ck_assert_int_eq(fake.failure.status, ends[_i].status);
	ck_assert_str_eq(fake.failure.reason, ends[_i].reason);
	ck_assert_uint_eq(fake.n_up, 1);
	ck_assert_uint_eq(fake.n_down, 1);
	ck_assert_int_eq(command_body.signal(&fake, SIGTERM), -ESRCH);
}
END_TEST

static const struct {
	const char *file, *reason;
	int error;
} unexecutable[] = {
	{ "/x/y/z", "cannot execute /x/y/z: No such file or directory", ENOENT },
	{ "no-such-command-anywhere",
		"cannot execute no-such-command-anywhere: No such file or directory", ENOENT },
	{ "/dev/null", "cannot execute /dev/null: Permission denied", EACCES },
};

START_TEST(test_exec_failure)
{
	fake.settings.output.kind = OUTPUT_AUTO;
	ck_assert_int_eq(vector_append(&fake.settings.command.argv, unexecutable[_i].file), 0);
	ck_assert_int_eq(run_cycle(), CYCLE_FAILED);
	ck_assert_int_eq(fake.failure.kind, FAILURE_EXEC);
	ck_assert_int_eq(fake.failure.status, unexecutable[_i].error);
	ck_assert_str_eq(fake.failure.reason, unexecutable[_i].reason);
	ck_assert_uint_eq(fake.n_up, 0);
}
END_TEST

static const struct {
	int spawn_error, pipe_error;
	bool no_environment;
	const char *reason;
} troubles[] = {
	{ EAGAIN, 0, false, "cannot start sh: Resource temporarily unavailable" },
	{ ENOMEM, 0, false, "cannot start sh: Cannot allocate memory" },
	{ 0, EMFILE, false, "cannot start sh: Too many open files" },
	{ 0, 0, true, "cannot start sh: Cannot allocate memory" },
};

/* What the daemon lacks is no failure of the loop's, and the next attempt is as good as the first.
 */
START_TEST(test_trouble)
{
	set_script(LOOP_TYPE_CYCLE, "exit 0");
	fake.settings.output.kind = OUTPUT_AUTO;
	wrapped.spawn_error = troubles[_i].spawn_error;
	wrapped.pipe_error = troubles[_i].pipe_error;
	fake.no_environment = troubles[_i].no_environment;
	ck_assert_int_eq(run_cycle(), CYCLE_TROUBLE);
	ck_assert_str_eq(fake.failure.reason, troubles[_i].reason);
	ck_assert_uint_eq(fake.n_up, 0);

	wrapped.spawn_error = wrapped.pipe_error = 0;
	fake.no_environment = false;
	ck_assert_int_eq(run_cycle(), CYCLE_AGAIN);
}
END_TEST

/* Stopping, at every moment. */

static void (*const stops[])(struct generation *generation) = { stop_by_asking, stop_by_killing };

START_TEST(test_stop_running)
{
	set_script(LOOP_TYPE_SERVICE, "exec sleep 100");
	begin_cycle();
	sem_wait(&fake.up);
	stops[_i](&fake);
	ck_assert_int_eq(end_cycle(), CYCLE_ENDED);
}
END_TEST

/* Before start() was called, even: the memory is zeroed, no more. */
START_TEST(test_stop_before_start)
{
	command_body.stop(&fake);
	memset(fake.body, 0, command_body.body_size);
	stops[_i](&fake);
	ck_assert_int_eq(command_body.start(&fake, &fake.failure), 0);
	set_script(LOOP_TYPE_SERVICE, "exec sleep 100");
	ck_assert_int_eq(run_cycle(), CYCLE_ENDED);
	ck_assert_uint_eq(wrapped.n_spawned, 0);
}
END_TEST

static void (*const late_stops[])(
	struct generation *generation) = { stop_by_asking, stop_by_killing, set_token };

/* After cycle() has seen that there is no stop, before the spawn; of the first process and of the
 * second. */
START_TEST(test_stop_before_spawn)
{
	set_script(LOOP_TYPE_CYCLE, "exec sleep 100");
	if (_i % 2) {
		set_script(LOOP_TYPE_CYCLE, "exit 0");
		ck_assert_int_eq(run_cycle(), CYCLE_AGAIN);
		set_script(LOOP_TYPE_CYCLE, "exec sleep 100");
	}
	fake.before_spawn = late_stops[_i / 2];
	if (fake.before_spawn == stop_by_killing)
		fake.settings.stop_signal = SIGURG; /* ignored: it takes the SIGKILL */
	ck_assert_int_eq(run_cycle(), CYCLE_ENDED);
}
END_TEST

/* While the spawn has not returned. */
START_TEST(test_stop_while_spawning)
{
	sem_t begun, going;

	sem_init(&begun, 0, 0);
	sem_init(&going, 0, 0);
	wrapped.begun = &begun;
	wrapped.going = &going;
	set_script(LOOP_TYPE_SERVICE, "exec sleep 100");
	begin_cycle();
	sem_wait(&begun);
	late_stops[_i](&fake);
	sem_post(&going);
	ck_assert_int_eq(end_cycle(), CYCLE_ENDED);
}
END_TEST

/* The main process, as alive() names it: once the spawn has returned, which may be after the
 * child's first words. */
static pid_t living_pid(void)
{
	char who[80];
	pid_t pid;

	while (!command_body.alive(&fake, who, sizeof(who)))
		sched_yield();
	ck_assert_int_eq(sscanf(who, "pid %d (state", &pid), 1);
	return pid;
}

static char state_of(pid_t pid)
{
	char path[64], state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
	fclose(file);
	return state;
}

/* One that was suspended by somebody can be stopped all the same. */
START_TEST(test_ask_suspended)
{
	int fd = open_fifo();
	pid_t pid;

	set_telling_script(LOOP_TYPE_SERVICE, "trap 'exit 0' TERM; echo >&3; sleep 100 & wait");
	begin_cycle();
	expect_line(fd);
	pid = living_pid();
	ck_assert_int_eq(command_body.signal(&fake, SIGSTOP), 0);
	while (state_of(pid) != 'T')
		sched_yield();
	stop_by_asking(&fake);
	ck_assert_int_eq(end_cycle(), CYCLE_ENDED);
	close(fd);
	unlink(fifo_path);
}
END_TEST

/* Asked twice, the process gets one signal. */
START_TEST(test_ask_once)
{
	int fd = open_fifo();
	pid_t pid;

	fake.settings.stop_signal = SIGUSR1;
	set_telling_script(LOOP_TYPE_SERVICE, "n=0; trap 'n=$((n+1)); echo >&3' USR1; trap 'exit "
					      "$n' USR2; echo >&3; while :; do sleep 0.01; done");
	begin_cycle();
	expect_line(fd);
	command_body.ask(&fake);
	expect_line(fd);
	command_body.ask(&fake);
	pid = living_pid();
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(command_body.signal(&fake, SIGUSR2), 0);
	ck_assert_int_eq(end_cycle(), CYCLE_FAILED);
	ck_assert_str_eq(fake.failure.reason, "exit 1");
	close(fd);
	unlink(fifo_path);
}
END_TEST

/* A tree of which nobody heeds SIGTERM, with members in the background. */
#define DEAF_TREE                                                                                  \
	"trap '' TERM; sh -c 'echo >&3; sleep 100' & sh -c 'echo >&3; sleep 100 & wait' & wait"

START_TEST(test_kill_deaf_tree)
{
	int fd = open_fifo();

	set_telling_script(LOOP_TYPE_SERVICE, DEAF_TREE);
	begin_cycle();
	expect_line(fd);
	expect_line(fd);
	stop_by_asking(&fake);
	command_body.kill(&fake);
	ck_assert_int_eq(end_cycle(), CYCLE_ENDED);
	ck_assert_uint_gt(processes_reaped_unknown(), 1);
	close(fd);
	unlink(fifo_path);
}
END_TEST

#define LEAVE " 2> /dev/null & read x <&3; exit 4"

static const struct {
	const char *script, *output;
} leavers[] = {
	{ "(trap 'echo stopped; exit' TERM; echo >&3; while :; do sleep 0.01; done)" LEAVE,
		"stopped|" },
	{ "(trap '' TERM; echo >&3; exec sleep 100)" LEAVE, "" }, /* has to be killed */
};

/* The cycle lasts until the group is empty; its result is the main process's. */
START_TEST(test_leftovers)
{
	int fd = open_fifo();
	char script[512];

	snprintf(script, sizeof(script), "exec 3<>%s; %s", fifo_path, leavers[_i].script);
	set_script(LOOP_TYPE_SERVICE, script);
	fake.settings.output.kind = OUTPUT_AUTO;
	ck_assert_int_eq(run_cycle(), CYCLE_FAILED);
	ck_assert_str_eq(fake.failure.reason, "exit 4");
	ck_assert_str_eq(fake.output, leavers[_i].output);
	ck_assert_uint_gt(processes_reaped_unknown(), 0);
	close(fd);
	unlink(fifo_path);
}
END_TEST

/* Limits. */

static const struct {
	enum loop_type type;
	enum ready_kind ready;
	bool said, deaf;
	uint64_t start, cycle;
	const char *script;
	enum failure_kind kind;
	const char *reason;
} limits[] = {
	{ LOOP_TYPE_SERVICE, READY_DELAY, false, false, 1, USEC_INFINITY, "sleep 100",
		FAILURE_START_TIMEOUT, "not ready within 20ms" },
	{ LOOP_TYPE_SERVICE, READY_DELAY, false, true, 1, USEC_INFINITY, "sleep 100",
		FAILURE_START_TIMEOUT, "not ready within 20ms" },
	{ LOOP_TYPE_SERVICE, READY_CYCLE, false, false, 1, 1, "sleep 0.1; exit 3", FAILURE_EXIT,
		"exit 3" },
	{ LOOP_TYPE_SERVICE, READY_CYCLE, true, false, 1, 1, "sleep 100", FAILURE_START_TIMEOUT,
		"not ready within 20ms" },
	{ LOOP_TYPE_ONESHOT, READY_AUTO, false, false, 1, USEC_INFINITY, "sleep 0.1; exit 3",
		FAILURE_EXIT, "exit 3" },
	{ LOOP_TYPE_ONESHOT, READY_AUTO, true, false, 1, USEC_INFINITY, "sleep 100",
		FAILURE_START_TIMEOUT, "not ready within 20ms" },
	{ LOOP_TYPE_ONESHOT, READY_AUTO, false, false, 1, 1, "sleep 100", FAILURE_CYCLE_TIMEOUT,
		"not finished within 20ms" },
	{ LOOP_TYPE_CYCLE, READY_CYCLE, false, true, 1, 1, "sleep 100", FAILURE_CYCLE_TIMEOUT,
		"not finished within 20ms" },
};

START_TEST(test_limits)
{
	uint64_t unit = 20 * USEC_PER_MSEC;
	char script[128];

	fake.ready = false;
	snprintf(script, sizeof(script), "%s%s", limits[_i].deaf ? "trap '' TERM; " : "",
		limits[_i].script);
	set_script(limits[_i].type, script);
	fake.settings.ready.kind = limits[_i].ready;
	fake.settings.start_timeout_said = limits[_i].said;
	fake.settings.start_timeout_usec = unit * limits[_i].start;
	fake.settings.cycle_timeout_usec = limits[_i].cycle == USEC_INFINITY ? USEC_INFINITY : unit;
	if (limits[_i].deaf)
		fake.settings.grace_period_usec = unit;
	ck_assert_int_eq(run_cycle(), CYCLE_FAILED);
	ck_assert_int_eq(fake.failure.kind, limits[_i].kind);
	ck_assert_str_eq(fake.failure.reason, limits[_i].reason);
}
END_TEST

/* Ready in time, by the generation's clock: then start_timeout is over. */
START_TEST(test_tick)
{
	fake.ready = false;
	fake.tick_due = clock_now() + 10 * USEC_PER_MSEC;
	fake.settings.ready.kind = READY_DELAY;
	fake.settings.start_timeout_usec = 100 * USEC_PER_MSEC;
	set_script(LOOP_TYPE_SERVICE, "sleep 0.2; exit 3");
	ck_assert_int_eq(run_cycle(), CYCLE_FAILED);
	ck_assert(fake.ready);
	ck_assert_str_eq(fake.failure.reason, "exit 3");
}
END_TEST

/* Output. */

static const struct {
	const char *script;
	enum output_kind output, error_output;
	const char *expected;
} outputs[] = {
	{ "echo one; echo two >&2; printf three", OUTPUT_AUTO, OUTPUT_SAME, "one|two|three|" },
	{ "echo one; echo two >&2; printf three", OUTPUT_AUTO, OUTPUT_AUTO, "one|two|three|" },
	{ "echo one; exec >&- 2>&-; sleep 0.05", OUTPUT_CONSOLE, OUTPUT_SAME, "one|" },
	{ "echo one", OUTPUT_NULL, OUTPUT_SAME, "" },
	{ "(sleep 0.05; echo late) & exit 0", OUTPUT_AUTO, OUTPUT_SAME,
		"" }, /* a leftover, stopped before it speaks */
	{ "echo one; echo two >&2", OUTPUT_NULL, OUTPUT_AUTO, "!two|" },
	{ "echo one; echo two >&2; echo three >&2", OUTPUT_AUTO, OUTPUT_NULL, "one|" },
	{ "echo one; exec >&-; sleep 0.05; printf two >&2", OUTPUT_AUTO, OUTPUT_CONSOLE,
		"one|!two|" },
};

START_TEST(test_output)
{
	set_script(LOOP_TYPE_CYCLE, outputs[_i].script);
	fake.settings.output.kind = outputs[_i].output;
	fake.settings.error_output.kind = outputs[_i].error_output;
	ck_assert_int_eq(run_cycle(), CYCLE_AGAIN);
	ck_assert_str_eq(fake.output, outputs[_i].expected);
}
END_TEST

static void let_one_line_through(void)
{
	fake.room = 1;
	while (fake.room > 0) {
		waiters_wake(&fake.waiters);
		sched_yield();
	}
}

START_TEST(test_output_refused_for_a_while)
{
	set_script(LOOP_TYPE_CYCLE, "echo one; echo two; exec sleep 100");
	fake.settings.output.kind = OUTPUT_AUTO;
	fake.room = 0;
	begin_cycle();
	while (fake.n_refused < 1)
		sched_yield();
	let_one_line_through();
	let_one_line_through();
	stop_by_asking(&fake);
	ck_assert_int_eq(end_cycle(), CYCLE_ENDED);
	ck_assert_str_eq(fake.output, "one|two|");
}
END_TEST

/* Its end does not make it lose the last lines at once. */
START_TEST(test_output_refused_at_the_end)
{
	set_script(LOOP_TYPE_CYCLE, "echo one; exit 0");
	fake.settings.output.kind = OUTPUT_AUTO;
	fake.room = 0;
	begin_cycle();
	while (fake.n_down == 0)
		sched_yield();
	let_one_line_through();
	ck_assert_int_eq(end_cycle(), CYCLE_AGAIN);
	ck_assert_str_eq(fake.output, "one|");
}
END_TEST

/* The end of a process is seen although nobody takes its lines; they are given up in the end. */
START_TEST(test_output_refused_for_ever)
{
	set_script(LOOP_TYPE_CYCLE, "echo one; exit 3");
	fake.settings.output.kind = OUTPUT_AUTO;
	fake.room = 0;
	ck_assert_int_eq(run_cycle(), CYCLE_FAILED);
	ck_assert_str_eq(fake.failure.reason, "exit 3");
	ck_assert_str_eq(fake.output, "");
}
END_TEST

/* A stop at any moment of a quick succession of processes: it always ends, and nothing is left. */
enum { STORM_ROUNDS = 60 };

static void *cycle_on(_unused_ void *unused)
{
	do
		run_cycle();
	while (fake.result == CYCLE_AGAIN);
	return NULL;
}

START_TEST(test_storm)
{
	uint64_t moment = (uint64_t)_i * 7919;
	char who[80];

	set_script(LOOP_TYPE_CYCLE, "exit 0");
	for (unsigned round = 0; round < STORM_ROUNDS; round++) {
		struct timespec pause = { .tv_nsec = (long)(moment % 3000000) };

		moment = moment * 1103515245 + 12345;
		atomic_store(&fake.stopped, false);
		fake.stop_told = false;
		command_body.stop(&fake);
		memset(fake.body, 0, command_body.body_size);
		ck_assert_int_eq(command_body.start(&fake, &fake.failure), 0);
		ck_assert_int_eq(
			thread_start(&fake.thread, "loop", THREAD_STACK_SMALL, cycle_on, NULL), 0);
		nanosleep(&pause, NULL);
		late_stops[moment % 3](&fake);
		pthread_join(fake.thread, NULL);
		ck_assert_int_eq(fake.result, CYCLE_ENDED);
		ck_assert(!command_body.alive(&fake, who, sizeof(who)));
	}
}
END_TEST

/* Hook commands. */

static const struct {
	const char *script;
	uint64_t timeout_usec;
	int result;
	const char *message;
	unsigned n_orphans;
} hooks[] = {
	{ "exit 0", USEC_INFINITY, 0, NULL, 0 },
	{ "test $WORD = known", USEC_INFINITY, 0, NULL, 0 },
	{ "exit 77", USEC_INFINITY, 77, "exit 77", 0 },
	{ "kill -KILL $$", USEC_INFINITY, 128 + SIGKILL, "killed by SIGKILL", 0 },
	{ "trap '' TERM; exec sleep 100", 20 * USEC_PER_MSEC, -ETIMEDOUT, "timed out after 20ms",
		0 },
	{ "sleep 100 & exit 0", USEC_INFINITY, 0, NULL, 1 },
};

static int run_hook(
	char *const *environment, uint64_t timeout_usec, bool called_off, char **ret_message)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct hook_cancel cancel = { .lock = &lock, .called_off = called_off };
	int r;

	letter_init(&cancel.letter);
	r = hook_command_run(
		NULL, &fake.settings.command, environment, timeout_usec, &cancel, ret_message);
	ck_assert_ptr_null(cancel.box);
	return r;
}

START_TEST(test_hook)
{
	char *const environment[] = { (char *)"PATH=/usr/bin:/bin", (char *)"WORD=known", NULL };
	_cleanup_free_ char *message = NULL;

	set_script(LOOP_TYPE_SERVICE, hooks[_i].script);
	ck_assert_int_eq(
		run_hook(environment, hooks[_i].timeout_usec, false, &message), hooks[_i].result);
	ck_assert_pstr_eq(message, hooks[_i].message);
	while (processes_reaped_unknown() < hooks[_i].n_orphans)
		sched_yield();
	ck_assert_uint_eq(processes_reaped_unknown(), hooks[_i].n_orphans);
}
END_TEST

/* One that heeds SIGTERM, and one that does not. */
static const char *const called_off[] = { "exec sleep 100", "trap '' TERM; exec sleep 100" };

START_TEST(test_hook_called_off)
{
	char *const environment[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	_cleanup_free_ char *message = NULL;

	set_script(LOOP_TYPE_SERVICE, called_off[_i]);
	ck_assert_int_eq(run_hook(environment, USEC_INFINITY, true, &message), -ECANCELED);
	ck_assert_str_eq(message, "called off");
}
END_TEST

START_TEST(test_hook_exec_failure)
{
	char *const environment[] = { NULL };
	_cleanup_free_ char *message = NULL;

	ck_assert_int_eq(vector_append(&fake.settings.command.argv, "/x/y"), 0);
	ck_assert_int_eq(run_hook(environment, USEC_INFINITY, false, &message), -ENOENT);
	ck_assert_str_eq(message, "cannot execute /x/y: No such file or directory");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	TCase *tcase = unit_add_table(suite, name, test, n_rows);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
}

int main(void)
{
	Suite *suite = suite_create("command");

	add(suite, "ends", test_ends, ELEMENTS(ends));
	add(suite, "exec failure", test_exec_failure, ELEMENTS(unexecutable));
	add(suite, "trouble", test_trouble, ELEMENTS(troubles));
	add(suite, "stop running", test_stop_running, ELEMENTS(stops));
	add(suite, "stop before start", test_stop_before_start, ELEMENTS(stops));
	add(suite, "stop before spawn", test_stop_before_spawn, 2 * ELEMENTS(late_stops));
	add(suite, "stop while spawning", test_stop_while_spawning, ELEMENTS(late_stops));
	add(suite, "ask suspended", test_ask_suspended, 1);
	add(suite, "ask once", test_ask_once, 1);
	add(suite, "kill deaf tree", test_kill_deaf_tree, 1);
	add(suite, "leftovers", test_leftovers, ELEMENTS(leavers));
	add(suite, "limits", test_limits, ELEMENTS(limits));
	add(suite, "tick", test_tick, 1);
	add(suite, "output", test_output, ELEMENTS(outputs));
	add(suite, "output refused for a while", test_output_refused_for_a_while, 1);
	add(suite, "output refused at the end", test_output_refused_at_the_end, 1);
	add(suite, "output refused for ever", test_output_refused_for_ever, 1);
	add(suite, "storm", test_storm, 3);
	add(suite, "hook", test_hook, ELEMENTS(hooks));
	add(suite, "hook called off", test_hook_called_off, ELEMENTS(called_off));
	add(suite, "hook exec failure", test_hook_exec_failure, 1);
	return unit_main(suite);
}
