/* SPDX-License-Identifier: MIT */
/*
 * Processes: real children. posix_spawnp() is wrapped, so that a spawn can fail for want of
 * resources, be held while something else happens, or return only after its child was reaped.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/thread.h"
#include "lib/unit.h"
#include "process/process.h"

static char *const environment[] = { (char *)"PATH=/usr/bin:/bin", NULL };

static struct mailbox box;
static struct process process;

static struct {
	int error;            /* what posix_spawnp() returns instead of spawning */
	bool until_reaped;    /* return only after the child was reaped */
	pid_t pid;            /* claim that this was the child */
	sem_t *begun, *going; /* tell of the begin; go on only then */
} wrapped;

int __real_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	int r = wrapped.error;
	pid_t claimed = wrapped.pid;
	siginfo_t info;

	if (r == 0 && claimed == 0)
		r = __real_posix_spawnp(pid, file, actions, attributes, argv, envp);
	if (wrapped.begun) {
		sem_post(wrapped.begun);
		sem_wait(wrapped.going);
	}
	if (claimed > 0)
		*pid = claimed;
	while (wrapped.until_reaped &&
		waitid(P_PID, (id_t)*pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		sched_yield();
	return r;
}

static void setup(void)
{
	memset(&wrapped, 0, sizeof(wrapped));
	memset(&process, 0, sizeof(process));
	ck_assert_int_eq(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0); /* libcheck's own */
	ck_assert_int_eq(mailbox_init(&box), 0);
	ck_assert_int_eq(processes_start(), 0);
	process_init(&process, &box);
}

static void teardown(void)
{
	process_done(&process);
	processes_stop();
	mailbox_done(&box);
}

static int spawn_shell(struct process *of, const char *script, int output_fd)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };

	return process_spawn(of, &(struct spec){ .argv = argv,
					 .environment = environment,
					 .output_fd = output_fd,
					 .error_fd = -1 });
}

static void expect_fact(struct process *of, unsigned fact)
{
	unsigned facts = 0;

	while ((facts & fact) == 0)
		ck_assert_ptr_eq(mailbox_wait(of->box, USEC_INFINITY, &facts), &of->letter);
}

static void expect_end(struct process *of, int code, int status)
{
	expect_fact(of, PROCESS_EXITED);
	ck_assert_int_eq(of->code, code);
	ck_assert_int_eq(of->status, status);
}

/* The child says that it has come so far. */
static void expect_word(int fd)
{
	char byte;

	ck_assert_int_eq(read(fd, &byte, 1), 1);
}

static const struct {
	const char *script, *words;
	int code, status;
} ends[] = {
	{ "exit 0", "exit 0", CLD_EXITED, 0 },
	{ "exit 3", "exit 3", CLD_EXITED, 3 },
	{ "exit 255", "exit 255", CLD_EXITED, 255 },
	{ "kill -KILL $$", "killed by SIGKILL", CLD_KILLED, SIGKILL },
	{ "kill -TERM $$", "killed by SIGTERM", CLD_KILLED, SIGTERM },
	{ "kill -40 $$", "killed by signal 40", CLD_KILLED, 40 },
};

START_TEST(test_ends)
{
	char words[64];

	ck_assert_int_eq(spawn_shell(&process, ends[_i].script, -1), 0);
	ck_assert_int_gt(process.pid, 0);
	expect_end(&process, ends[_i].code, ends[_i].status);
	ck_assert_str_eq(process_describe_end(&process, words, sizeof(words)), ends[_i].words);
	ck_assert(!process_lingers(&process));
	ck_assert_int_eq(process_signal(&process, SIGTERM, true), -ESRCH);
	ck_assert_uint_eq(processes_reaped_unknown(), 0);
}
END_TEST

START_TEST(test_core_dump_is_said)
{
	struct process dumped = { .code = CLD_DUMPED, .status = SIGSEGV };
	char words[64];

	ck_assert_str_eq(process_describe_end(&dumped, words, sizeof(words)),
		"killed by SIGSEGV (core dumped)");
}
END_TEST

/* The reaper sees the death before the spawner knows the pid. Another child keeps it looking: as
 * long as none is registered it waits for one. */
START_TEST(test_early_death)
{
	struct process other = { .pid = 0 };
	pid_t pid;

	process_init(&other, &box);
	ck_assert_int_eq(spawn_shell(&other, "exec sleep 100", -1), 0);
	wrapped.until_reaped = true;
	ck_assert_int_eq(spawn_shell(&process, ends[_i].script, -1), 0);
	expect_end(&process, ends[_i].code, ends[_i].status);
	ck_assert(!process_alive(&process, &pid));
	ck_assert_uint_eq(processes_reaped_unknown(), 0);
	ck_assert_int_eq(process_signal(&other, SIGKILL, false), 0);
	expect_end(&other, CLD_KILLED, SIGKILL);
	process_done(&other);
}
END_TEST

static const struct {
	const char *file;
	int error;
} unexecutable[] = {
	{ "/nonexistent/x", -ENOENT },
	{ "no-such-command-anywhere", -ENOENT },
	{ "/dev/null", -EACCES },
	{ "/etc/passwd/x", -ENOTDIR },
};

START_TEST(test_exec_failure)
{
	char *const argv[] = { (char *)unexecutable[_i].file, NULL };
	const struct spec spec = {
		.argv = argv, .environment = environment, .output_fd = -1, .error_fd = -1
	};
	int r = process_spawn(&process, &spec);
	pid_t pid;

	ck_assert_int_eq(r, unexecutable[_i].error);
	ck_assert(!process_is_resource_error(r));
	ck_assert(!process_alive(&process, &pid));
	ck_assert_int_eq(process_signal(&process, SIGTERM, false), -ESRCH);

	ck_assert_int_eq(spawn_shell(&process, "exit 7", -1), 0);
	expect_end(&process, CLD_EXITED, 7);
}
END_TEST

static const int resource_errors[] = { EAGAIN, ENOMEM, EMFILE, ENFILE };

START_TEST(test_resource_failure)
{
	int r;

	wrapped.error = resource_errors[_i];
	r = spawn_shell(&process, "exit 0", -1);
	ck_assert_int_eq(r, -resource_errors[_i]);
	ck_assert(process_is_resource_error(r));

	wrapped.error = 0;
	ck_assert_int_eq(spawn_shell(&process, "exit 0", -1), 0);
	expect_end(&process, CLD_EXITED, 0);
}
END_TEST

START_TEST(test_not_started)
{
	processes_stop();
	ck_assert_int_eq(spawn_shell(&process, "exit 0", -1), -ESRCH);
}
END_TEST

static void expect_descriptors(pid_t pid, unsigned expected)
{
	char path[64], target[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	ck_assert_uint_eq(n, expected);

	strcat(path, "/0");
	n = (unsigned)readlink(path, target, sizeof(target));
	ck_assert_uint_eq(n, strlen("/dev/null"));
	ck_assert_mem_eq(target, "/dev/null", n);
}

static uint64_t status_field(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long long value = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (!found && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			found = sscanf(line + strlen(name), ": %llx", &value) == 1;
	fclose(file);
	ck_assert(found);
	return value;
}

/* That it has said something means that its close-on-exec is over: the spawn returns a moment
 * earlier. */
START_TEST(test_clean_child)
{
	const uint64_t glibc_own = UINT64_C(3) << 31; /* 32 and 33 */
	sigset_t term;
	int ready[2];

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(spawn_shell(&process, "echo; kill -STOP $$", ready[1]), 0);
	expect_word(ready[0]);
	ck_assert_int_eq(getsid(process.pid), process.pid);
	ck_assert_int_eq(getpgid(process.pid), process.pid);
	ck_assert_uint_eq(status_field(process.pid, "SigBlk"), 0);
	ck_assert_uint_eq(status_field(process.pid, "SigIgn") & ~glibc_own, 0);
	expect_descriptors(process.pid, 3);
	ck_assert_int_eq(process_signal(&process, SIGKILL, false), 0);
	expect_end(&process, CLD_KILLED, SIGKILL);
}
END_TEST

START_TEST(test_output_descriptors)
{
	int out[2], err[2];
	char text[8];
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"echo o; echo e >&2", NULL };

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	ck_assert_int_eq(process_spawn(&process, &(struct spec){ .argv = argv,
							 .environment = environment,
							 .output_fd = out[1],
							 .error_fd = err[1] }),
		0);
	expect_end(&process, CLD_EXITED, 0);
	ck_assert_int_eq(read(out[0], text, sizeof(text)), 2);
	ck_assert_mem_eq(text, "o\n", 2);
	ck_assert_int_eq(read(err[0], text, sizeof(text)), 2);
	ck_assert_mem_eq(text, "e\n", 2);

	ck_assert_int_eq(spawn_shell(&process, "echo e >&2", out[1]), 0);
	expect_end(&process, CLD_EXITED, 0);
	ck_assert_int_eq(read(out[0], text, sizeof(text)), 2);
	ck_assert_mem_eq(text, "e\n", 2);
}
END_TEST

START_TEST(test_leftovers)
{
	int ready[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(
		spawn_shell(&process, "(trap '' TERM; echo; exec sleep 100) & wait", ready[1]), 0);
	expect_word(ready[0]);
	ck_assert_int_eq(process_signal(&process, SIGKILL, false), 0);
	expect_end(&process, CLD_KILLED, SIGKILL);

	ck_assert(process_lingers(&process));
	ck_assert(process_alive(&process, &pid));
	ck_assert_int_eq(pid, 0);
	ck_assert_int_eq(process_signal(&process, SIGTERM, false), -ESRCH);
	ck_assert_int_eq(process_signal(&process, SIGTERM, true), 0);
	ck_assert(process_lingers(&process));

	ck_assert_int_eq(process_signal(&process, SIGKILL, true), 0);
	expect_fact(&process, PROCESS_CHANGED);
	ck_assert(!process_lingers(&process));
	ck_assert(!process_alive(&process, &pid));
	ck_assert_int_eq(process_signal(&process, SIGKILL, true), -ESRCH);
	ck_assert_uint_eq(processes_reaped_unknown(), 1);
}
END_TEST

/* Its memory is enough for others: nothing has been initialised. */
START_TEST(test_zeroed)
{
	struct process zeroed = { .pid = 0 };
	pid_t pid = 1;

	ck_assert_int_eq(process_signal(&zeroed, SIGKILL, true), 0);
	ck_assert(!process_alive(&zeroed, &pid));
	ck_assert_int_eq(pid, 0);
	process_init(&zeroed, &box);
	ck_assert_int_eq(spawn_shell(&zeroed, "exec sleep 100", -1), 0);
	expect_end(&zeroed, CLD_KILLED, SIGKILL);
	process_done(&zeroed);
}
END_TEST

START_TEST(test_bad_signal)
{
	ck_assert_int_eq(process_signal(&process, 0, false), -EINVAL);
	ck_assert_int_eq(process_signal(&process, 65, false), -EINVAL);
	ck_assert_int_eq(process_signal(&process, 64, false), 0);
	ck_assert_int_eq(spawn_shell(&process, "exec sleep 100", -1), 0);
	expect_end(&process, CLD_KILLED, 64);
}
END_TEST

static void *spawn_sleep(_unused_ void *unused)
{
	ck_assert_int_eq(spawn_shell(&process, "exec sleep 100", -1), 0);
	return NULL;
}

static const struct {
	int signal;
	bool group;
} while_spawning[] = { { SIGTERM, false }, { SIGKILL, true }, { SIGUSR1, true } };

START_TEST(test_signal_while_spawning)
{
	sem_t begun, going;
	pthread_t thread;
	pid_t pid;

	sem_init(&begun, 0, 0);
	sem_init(&going, 0, 0);
	wrapped.begun = &begun;
	wrapped.going = &going;
	ck_assert_int_eq(
		thread_start(&thread, "spawner", THREAD_STACK_SMALL, spawn_sleep, NULL), 0);
	sem_wait(&begun);
	ck_assert(!process_alive(&process, &pid));
	ck_assert_int_eq(
		process_signal(&process, while_spawning[_i].signal, while_spawning[_i].group), 0);
	sem_post(&going);
	expect_end(&process, CLD_KILLED, while_spawning[_i].signal);
	pthread_join(thread, NULL);
}
END_TEST

/* A stop that comes between two processes reaches the next one; a plain signal does not. */
START_TEST(test_signal_between)
{
	ck_assert_int_eq(spawn_shell(&process, "exit 0", -1), 0);
	expect_end(&process, CLD_EXITED, 0);
	ck_assert(!process_lingers(&process));

	ck_assert_int_eq(process_signal(&process, SIGUSR1, false), -ESRCH);
	process_signal_always(&process, SIGTERM, false);
	ck_assert_int_eq(spawn_shell(&process, "exec sleep 100", -1), 0);
	expect_end(&process, CLD_KILLED, SIGTERM);

	ck_assert_int_eq(spawn_shell(&process, "exit 4", -1), 0); /* it was sent once only */
	expect_end(&process, CLD_EXITED, 4);
}
END_TEST

/* A foreign child dies while a spawn is in flight. That spawn may take it for its own if the pid
 * says so; one that began later may not, whatever the pid says. When nobody has taken it in the
 * end, it was unknown. */
static void *spawn_claimed(_unused_ void *unused)
{
	ck_assert_int_eq(spawn_shell(&process, "", -1), 0);
	return NULL;
}

START_TEST(test_tickets)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"read x; exit 9", NULL };
	struct process later = { .pid = 0 };
	posix_spawn_file_actions_t actions;
	sem_t begun, going;
	pthread_t thread;
	siginfo_t info;
	pid_t foreign, pid;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[0], 0);
	ck_assert_int_eq(__real_posix_spawnp(&foreign, "sh", &actions, NULL, argv, environment), 0);
	posix_spawn_file_actions_destroy(&actions);

	sem_init(&begun, 0, 0);
	sem_init(&going, 0, 0);
	wrapped.begun = &begun;
	wrapped.going = &going;
	wrapped.pid = _i == 0 ? foreign : 0;
	ck_assert_int_eq(
		thread_start(&thread, "spawner", THREAD_STACK_SMALL, spawn_claimed, NULL), 0);
	sem_wait(&begun);
	close(fds[1]);
	/* the reaper must have begun to wait: only a spawn that has returned wakes it up */
	wrapped.begun = NULL;
	wrapped.pid = 0;
	process_init(&later, &box);
	ck_assert_int_eq(spawn_shell(&later, "exit 5", -1), 0);
	expect_end(&later, CLD_EXITED, 5);
	while (waitid(P_PID, (id_t)foreign, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		sched_yield();

	wrapped.pid = foreign;
	ck_assert_int_eq(spawn_shell(&later, "", -1), 0);
	ck_assert(process_alive(&later, &pid));
	ck_assert_int_eq(pid, foreign);
	process_done(&later);

	sem_post(&going);
	expect_end(&process, CLD_EXITED, _i == 0 ? 9 : 0);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(processes_reaped_unknown(), _i == 0 ? 0 : 1);
}
END_TEST

START_TEST(test_without_owner)
{
	unsigned facts;
	siginfo_t info;
	pid_t pid;

	ck_assert_int_eq(spawn_shell(&process, "exec sleep 100", -1), 0);
	pid = process.pid;
	process_done(&process);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		sched_yield();
	while (processes_reaped_unknown() == 0)
		sched_yield();
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
}
END_TEST

/* An orphan in a session of its own does not hold up its ancestor's end, nor processes_stop(). */
START_TEST(test_stop_with_foreign_child)
{
	int words[2];
	char text[16] = "";
	pid_t orphan;

	ck_assert_int_eq(pipe2(words, O_CLOEXEC), 0);
	ck_assert_int_eq(
		spawn_shell(&process,
			"setsid sh -c 'echo $$; exec sleep 100' & read x < /dev/null; wait",
			words[1]),
		0);
	ck_assert_int_gt(read(words[0], text, sizeof(text) - 1), 0);
	orphan = atoi(text);
	ck_assert_int_eq(process_signal(&process, SIGKILL, false), 0);
	expect_end(&process, CLD_KILLED, SIGKILL);
	ck_assert(!process_lingers(&process));

	processes_stop();
	ck_assert_int_eq(kill(orphan, SIGKILL), 0);
	ck_assert_int_eq(waitpid(orphan, NULL, 0), orphan);
	ck_assert_int_eq(processes_start(), 0);
	ck_assert_int_eq(spawn_shell(&process, "exit 6", -1), 0);
	expect_end(&process, CLD_EXITED, 6);
}
END_TEST

/* A parent may have left SIGCHLD ignored to us: the kernel would reap then, and keep no status. */
START_TEST(test_ignored_sigchld)
{
	processes_stop();
	signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(processes_start(), 0);
	ck_assert_int_eq(spawn_shell(&process, "exit 8", -1), 0);
	expect_end(&process, CLD_EXITED, 8);
}
END_TEST

enum { STORM_THREADS = 8, STORM_EACH = 25, STORM_ROUNDS = 4 };

/* 25 at once, of which each third is killed; each must be heard of exactly once, with its own
 * status. */
static void *storm(void *userdata)
{
	const unsigned *number = userdata;
	struct process processes[STORM_EACH] = { { .pid = 0 } };
	struct mailbox own;
	unsigned facts;

	ck_assert_int_eq(mailbox_init(&own), 0);
	for (unsigned i = 0; i < STORM_EACH; i++)
		process_init(&processes[i], &own);
	for (unsigned round = 0; round < STORM_ROUNDS; round++) {
		for (unsigned i = 0; i < STORM_EACH; i++) {
			char script[32];

			snprintf(script, sizeof(script), i % 3 ? "exit %u" : "exec sleep 10%u",
				(*number * STORM_EACH + i) % 256);
			ck_assert_int_eq(spawn_shell(&processes[i], script, -1), 0);
			if (i % 3 == 0)
				ck_assert_int_eq(process_signal(&processes[i], SIGKILL, true), 0);
		}
		for (unsigned n = 0; n < STORM_EACH; n++) {
			struct letter *letter = mailbox_wait(&own, USEC_INFINITY, &facts);
			struct process *ended = container_of(letter, struct process, letter);
			unsigned i = (unsigned)(ended - processes);

			ck_assert_uint_eq(facts, PROCESS_EXITED);
			ck_assert_int_eq(ended->code, i % 3 ? CLD_EXITED : CLD_KILLED);
			ck_assert_int_eq(ended->status,
				i % 3 ? (int)((*number * STORM_EACH + i) % 256) : SIGKILL);
			ck_assert(!process_lingers(ended));
		}
	}
	mailbox_done(&own);
	return NULL;
}

START_TEST(test_storm)
{
	pthread_t threads[STORM_THREADS];
	unsigned numbers[STORM_THREADS];

	for (unsigned i = 0; i < STORM_THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(
			thread_start(&threads[i], "storm", 256 * 1024, storm, &numbers[i]), 0);
	}
	for (unsigned i = 0; i < STORM_THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(processes_reaped_unknown(), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
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
	Suite *suite = suite_create("process");

	add(suite, "ends", test_ends, ELEMENTS(ends));
	add(suite, "core dump is said", test_core_dump_is_said, 1);
	add(suite, "early death", test_early_death, ELEMENTS(ends));
	add(suite, "exec failure", test_exec_failure, ELEMENTS(unexecutable));
	add(suite, "resource failure", test_resource_failure, ELEMENTS(resource_errors));
	add(suite, "not started", test_not_started, 1);
	add(suite, "clean child", test_clean_child, 1);
	add(suite, "output descriptors", test_output_descriptors, 1);
	add(suite, "leftovers", test_leftovers, 1);
	add(suite, "zeroed", test_zeroed, 1);
	add(suite, "bad signal", test_bad_signal, 1);
	add(suite, "signal while spawning", test_signal_while_spawning, ELEMENTS(while_spawning));
	add(suite, "signal between", test_signal_between, 1);
	add(suite, "tickets", test_tickets, 2);
	add(suite, "without owner", test_without_owner, 1);
	add(suite, "stop with foreign child", test_stop_with_foreign_child, 1);
	add(suite, "ignored SIGCHLD", test_ignored_sigchld, 1);
	add(suite, "storm", test_storm, 1);
	return unit_main(suite);
}
