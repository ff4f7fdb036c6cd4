/* SPDX-License-Identifier: MIT */
/* verify: what `greenloopd --check` says, so that nobody needs to know where the daemon lies. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ctl/verb.h"

extern char **environ;

/* Starts it; its standard error becomes that descriptor (-1: stays ours). A negative errno. */
static int spawn_check(const char *program, const struct options *options, const char *file,
	int error_fd, pid_t *ret)
{
	const char *argv[6] = { program, "--check" };
	posix_spawn_file_actions_t actions;
	size_t n = 2;
	int r;

	if (options->user)
		argv[n++] = "--user";
	if (file) {
		argv[n++] = "--config";
		argv[n++] = file;
	}
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0 && error_fd >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret, program, &actions, NULL, (char **)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Waits until it ends, at most that long: then it is killed. Its wait status, or a negative errno
 * (-ETIMEDOUT). */
static int wait_check(pid_t pid, uint64_t timeout_usec)
{
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	struct timespec timeout = { .tv_sec = (time_t)(timeout_usec / USEC_PER_SEC),
		.tv_nsec = (long)(timeout_usec % USEC_PER_SEC * 1000) };
	int ready = 1, status;

	if (fd >= 0 && timeout_usec != USEC_INFINITY)
		ready = ppoll(&pollfd, 1, &timeout, NULL);
	if (ready == 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return ready == 0 ? -ETIMEDOUT : status;
}

/* The faults, one line each, as an array of strings. */
static int print_json(int fd, bool valid, enum json_mode mode)
{
	json_auto_t *document = json_document();
	json_t *faults = json_array();
	FILE *file = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		return exit_errno(-errno, "verify");
	rewind(file);
	json_put_bool(document, "valid", valid);
	json_put(document, "faults", faults);
	while ((length = getline(&line, &size, file)) > 0) {
		_cleanup_free_ char *safe = NULL;

		line[strcspn(line, "\n")] = '\0';
		safe = string_escape(line);
		json_add(faults, safe ? json_string(safe) : NULL);
	}
	free(line);
	(void)fclose(file);
	return json_print(document, mode);
}

int verb_verify(const struct verb *verb, const struct options *options, char **names)
{
	const char *named = getenv("GREENLOOPD");
	const char *program = named && *named ? named : SBINDIR "/greenloopd";
	_cleanup_close_ int fd = -1;
	bool valid;
	pid_t pid;
	int r;

	if (options->json != JSON_OFF) {
		fd = memfd_create("faults", MFD_CLOEXEC);
		if (fd < 0)
			return exit_errno(-errno, verb->name);
	}
	r = spawn_check(program, options, *names, fd, &pid);
	if (r < 0)
		return exit_errno(r, program);
	r = wait_check(pid, options->timeout_usec);
	if (r == -ETIMEDOUT)
		return exit_say(EXIT_TIMED_OUT, "--timeout ran out");
	if (r < 0)
		return exit_errno(r, verb->name);
	if (WIFSIGNALED(r))
		return exit_say(
			EXIT_FAILED, "%s: died by SIG%s", program, sigabbrev_np(WTERMSIG(r)));
	valid = WEXITSTATUS(r) == 0;
	if (options->json != JSON_OFF) {
		r = print_json(TAKE_FD(fd), valid, options->json);
		if (r != EXIT_DONE)
			return r;
	}
	return valid ? EXIT_DONE : EXIT_FAILED;
}
