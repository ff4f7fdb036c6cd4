/* SPDX-License-Identifier: MIT */
/*
 * A module that does what its parameters say, for the end-to-end tests.
 *
 * param.do: "sleep" (until stopped), "stick" (generation 0 heeds no stop, and sleeps until the file
 * param.release is there, then fails in every way; later ones sleep), "error", "done", "explicit"
 * (one failure, then sleep). param.record: a file that gets a line at the begin and at the end of
 * each generation's thread.
 */
#include <greenloop.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char *parameter(gloop_loop *loop, const char *key)
{
	char *text = NULL;

	return gloop_get_string(loop, GLOOP_ENVIRONMENT, key, &text) < 0 ? NULL : text;
}

static void record(gloop_loop *loop, const char *what)
{
	char *path = parameter(loop, "record"), line[64];
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	int length =
		snprintf(line, sizeof(line), "%s %d\n", what, (int)gloop_loop_generation(loop));

	if (fd >= 0 && write(fd, line, (size_t)length) == length)
		(void)close(fd);
	free(path);
}

/* What it says when it returns at last must mean nothing any more. */
static int stick(gloop_loop *loop)
{
	static const struct timespec moment = { .tv_nsec = 10000000 };
	char *release = parameter(loop, "release");

	gloop_status(loop, "stuck");
	while (release && access(release, F_OK) < 0)
		(void)nanosleep(&moment, NULL);
	free(release);
	(void)gloop_failure(loop, "too late");
	gloop_status(loop, "too late");
	return gloop_error(loop, -EIO, "too late");
}

static int obey(gloop_loop *loop, const char *what)
{
	if (strcmp(what, "error") == 0)
		return gloop_error(loop, -EIO, "the line is dead");
	if (strcmp(what, "done") == 0)
		return GLOOP_DONE;
	if (strcmp(what, "explicit") == 0)
		(void)gloop_failure(loop, "it says so itself");
	if (strcmp(what, "stick") == 0 && gloop_loop_generation(loop) == 0)
		return stick(loop);
	return gloop_sleep(GLOOP_INFINITY);
}

static int cycle(gloop_loop *loop, void *state)
{
	char *what = parameter(loop, "do");
	int r = obey(loop, what ? what : "sleep");

	(void)state;
	free(what);
	return r;
}

static int begin(gloop_loop *loop, void **state)
{
	(void)state;
	record(loop, "begin");
	return 0;
}

static void end(gloop_loop *loop, void *state)
{
	(void)state;
	record(loop, "end");
}

GLOOP_MODULE(.cycle = cycle, .on_thread_start = begin, .on_thread_stop = end);
