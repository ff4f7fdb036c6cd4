/* SPDX-License-Identifier: MIT */
/* Spawning through greenloop-exec: real children, with what does not need a privilege; the rest is
 * seen in tests/e2e/test-setup.py. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/thread.h"
#include "lib/unit.h"
#include "process/origin.h"
#include "process/process.h"

static struct mailbox box;
static struct process process;

static void start(void)
{
	memset(&process, 0, sizeof(process));
	ck_assert_int_eq(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0); /* libcheck's own */
	ck_assert_int_eq(mailbox_init(&box), 0);
	ck_assert_int_eq(processes_start(), 0);
	process_init(&process, &box);
}

static void stop(void)
{
	process_done(&process);
	processes_stop();
	mailbox_done(&box);
}

static int spawn_as(
	const struct setup *setup, const char *program, const char *script, int output_fd)
{
	char *const environment[] = { (char *)"PATH=/nowhere::/usr/bin:/bin",
		(char *)"LD_BIND_NOW=1", (char *)"EMPTY=", NULL };
	char *const argv[] = { (char *)program, (char *)"-c", (char *)script, NULL };

	return process_spawn(&process, &(struct spec){ .argv = argv,
					       .environment = environment,
					       .output_fd = output_fd,
					       .error_fd = -1,
					       .setup = setup });
}

static void expect_exit(int code, int status)
{
	unsigned facts = 0;

	while ((facts & PROCESS_EXITED) == 0)
		mailbox_wait(&box, USEC_INFINITY, &facts);
	ck_assert_int_eq(process.code, code);
	ck_assert_int_eq(process.status, status);
	while (process_lingers(&process))
		sched_yield();
}

/* What the script writes. */
static void expect_output(const struct setup *setup, const char *script, const char *wanted)
{
	char text[512];
	int out[2];
	ssize_t n;

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(spawn_as(setup, "sh", script, out[1]), 0);
	close(out[1]);
	expect_exit(CLD_EXITED, 0);
	n = read(out[0], text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, wanted);
	close(out[0]);
}

START_TEST(test_does_it)
{
	struct setup setup = {
		.set = SETUP_UMASK | SETUP_NO_NEW_PRIVILEGES | SETUP_NICE,
		.umask = 027,
		.nice = 7,
		.soft_set = 1u << RLIMIT_NOFILE,
		.working_directory = "/usr",
	};

	setup.soft[RLIMIT_NOFILE] = 4;
	expect_output(&setup, "umask; pwd; ulimit -n; nice; grep NoNewPrivs: /proc/self/status",
		"0027\n/usr\n4\n7\nNoNewPrivs:\t1\n");
}
END_TEST

START_TEST(test_nothing_but_what_is_said)
{
	struct setup setup = { .set = SETUP_UMASK, .umask = 022 };

	expect_output(&setup,
		"env | grep -v -e PWD= -e SHLVL= -e _= | sort; ls /proc/$$/fd; "
		"exec grep SigBlk: /proc/self/status",
		"EMPTY=\nLD_BIND_NOW=1\nPATH=/nowhere::/usr/bin:/bin\n0\n1\n2\n"
		"SigBlk:\t0000000000000000\n");
}
END_TEST

START_TEST(test_watchdog_pid)
{
	struct setup setup = { .set = SETUP_WATCHDOG_PID };

	expect_output(&setup, "test \"$WATCHDOG_PID\" = $$ && echo same", "same\n");
}
END_TEST

static const struct {
	struct setup setup;
	const char *program;
	int error;
	enum setup_step step;
} failing[] = {
	{ { .working_directory = "/nowhere" }, "sh", ENOENT, SETUP_STEP_DIRECTORY },
	{ { .set = SETUP_CPUS }, "sh", EINVAL, SETUP_STEP_CPUS },
	{ { .set = SETUP_OOM_SCORE, .oom_score_adjust = 1001 }, "sh", EINVAL,
		SETUP_STEP_OOM_SCORE },
	{ { .soft_set = 1, .hard_set = 1, .soft = { 2 }, .hard = { 1 } }, "sh", EINVAL,
		SETUP_STEP_LIMIT },
	{ { .set = SETUP_UMASK }, "no-such-program", ENOENT, SETUP_STEP_EXEC },
	{ { .set = SETUP_UMASK }, "/etc/passwd", EACCES, SETUP_STEP_EXEC },
	{ { .set = SETUP_UMASK }, "/usr", EACCES, SETUP_STEP_EXEC },
	{ { .set = SETUP_UMASK }, "", ENOENT, SETUP_STEP_EXEC },
};

START_TEST(test_failing)
{
	unsigned facts;

	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(spawn_as(&failing[_i].setup, failing[_i].program, "exit 1", -1),
			-failing[_i].error);
		ck_assert_int_eq(process.failed.step, failing[_i].step);
		ck_assert_int_eq(process_signal(&process, SIGTERM, true), -ESRCH);
	}
	/* Nobody hears of the helpers' ends, and they are no strangers; it can be spawned again. */
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
	ck_assert_int_eq(spawn_as(&(struct setup){ .set = SETUP_UMASK }, "sh", "exit 3", -1), 0);
	expect_exit(CLD_EXITED, 3);
	while (waitpid(-1, NULL, WNOHANG | __WALL) == 0)
		sched_yield();
	ck_assert_uint_eq(processes_reaped_unknown(), 0);
}
END_TEST

START_TEST(test_no_helper)
{
	stop();
	setenv("GREENLOOP_EXEC_PATH", "/nowhere/greenloop-exec", 1);
	start();
	ck_assert_int_eq(spawn_as(&(struct setup){ .set = SETUP_UMASK }, "sh", "", -1), -ENOENT);
	ck_assert_int_eq(process.failed.step, SETUP_STEP_SPAWN);
}
END_TEST

static void *kill_it(void *unused)
{
	pid_t pid;

	while (!process_alive(&process, &pid))
		sched_yield();
	process_signal_always(&process, SIGTERM, false);
	process_signal_always(&process, SIGKILL, true);
	return unused;
}

/* A setup that hangs, as a working directory on a dead server would: it is deaf, but can be killed.
 */
START_TEST(test_hanging_setup)
{
	char path[] = "/tmp/greenloop-test-XXXXXX";
	static const char script[] = "#!/bin/sh\nexec sleep 1000\n";
	pthread_t killer;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	ck_assert_int_eq(fchmod(fd, 0700), 0);
	close(fd);
	stop();
	setenv("GREENLOOP_EXEC_PATH", path, 1);
	start();
	ck_assert_int_eq(thread_start(&killer, "killer", 256 * 1024, kill_it, NULL), 0);
	ck_assert_int_eq(spawn_as(&(struct setup){ .set = SETUP_UMASK }, "sh", "", -1), 0);
	expect_exit(CLD_KILLED, SIGKILL);
	pthread_join(killer, NULL);
	unlink(path);
}
END_TEST

START_TEST(test_origin_limit)
{
	struct rlimit limit;

	stop();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	origin_raise_descriptors(100);
	ck_assert_ptr_null(origin_setup());
	origin_raise_descriptors(120);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, MIN((rlim_t)120, limit.rlim_max));
	start();
	expect_output(NULL, "ulimit -n", "100\n");
	expect_output(&(struct setup){ .set = SETUP_UMASK, .umask = 022 }, "ulimit -n", "100\n");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	TCase *tcase = unit_add_table(suite, name, test, n_rows);

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_set_timeout(tcase, 30);
}

int main(void)
{
	Suite *suite = suite_create("helper");

	add(suite, "does it", test_does_it, 1);
	add(suite, "nothing but what is said", test_nothing_but_what_is_said, 1);
	add(suite, "watchdog pid", test_watchdog_pid, 1);
	add(suite, "failing", test_failing, ELEMENTS(failing));
	add(suite, "no helper", test_no_helper, 1);
	add(suite, "hanging setup", test_hanging_setup, 1);
	add(suite, "origin's limit", test_origin_limit, 1);
	return unit_main(suite);
}
