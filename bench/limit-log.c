/* SPDX-License-Identifier: MIT */
/*
 * The limit for log throughput: a bare read() of a pipe and write() to a file; and the program that
 * writes the lines. Time is until all bytes are in the file.
 *
 * limit-log -w LINES MEGABYTES        writes lines of 100 bytes, so many with each write()
 * limit-log FILE COMMAND [ARG]...     runs it, copies what it writes into FILE, prints MB/s
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "now.h"

enum { LINE = 100, LINES_MAX = 640, PIPE = 64 * 1024 };

extern char **environ;

static int write_lines(size_t n, size_t megabytes)
{
	static char text[LINE * LINES_MAX];
	size_t left = megabytes * 1000000;

	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i <= LINES_MAX; i++)
		text[i * LINE - 1] = '\n';
	while (left >= n * LINE) {
		ssize_t written = write(STDOUT_FILENO, text, n * LINE);

		if (written != (ssize_t)(n * LINE))
			return EXIT_FAILURE;
		left -= (size_t)written;
	}
	return EXIT_SUCCESS;
}

static int start(char **command)
{
	posix_spawn_file_actions_t actions;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	if (posix_spawn(&pid, command[0], &actions, NULL, command, environ) != 0)
		return -1;
	close(fds[1]);
	return fds[0];
}

static int copy(const char *path, char **command)
{
	static char buffer[PIPE];
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600), from;
	double begin = now_usec();
	size_t total = 0;
	ssize_t n;

	from = start(command);
	if (to < 0 || from < 0)
		return EXIT_FAILURE;
	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, (size_t)n) != n)
			return EXIT_FAILURE;
		total += (size_t)n;
	}
	(void)wait(NULL);
	printf("%.1f\n", (double)total / (now_usec() - begin));
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "-w") == 0 && strtoul(argv[2], NULL, 10) <= LINES_MAX)
		return write_lines(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	if (argc < 3) {
		(void)fputs(
			"usage: limit-log FILE COMMAND [ARG]... | limit-log -w LINES MEGABYTES\n",
			stderr);
		return 2;
	}
	return copy(argv[1], argv + 2);
}
