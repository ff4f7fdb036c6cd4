/* SPDX-License-Identifier: MIT */
/* greenloopctl: finds the verb, runs it, and looks whether what it printed arrived. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/color.h"
#include "ctl/options.h"

/* A thousand loops are one write(). */
static char output[1 << 18];

static int run(int argc, char **argv)
{
	struct command_line line;
	const struct verb *verb;
	int r = options_parse(argc, argv, &line);

	if (r != EXIT_DONE)
		return r;
	if (line.help)
		return verb_help(NULL, &line.options, line.names);
	if (line.version) {
		(void)printf("greenloopctl %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	for (verb = verbs; line.list_verbs && verb->name; verb++)
		(void)puts(verb->name);
	if (line.list_verbs)
		return EXIT_DONE;
	if (!line.verb)
		return exit_say(EXIT_USAGE, "no verb: try greenloopctl help");
	verb = verb_find(line.verb);
	if (!verb)
		return exit_say(EXIT_USAGE, "%s: no such verb: try greenloopctl help", line.verb);
	r = verb_check(verb, &line.options, line.names);
	return r == EXIT_DONE ? verb->run(verb, &line.options, line.names) : r;
}

/* A socket must never get the number of standard output. What is missing cannot be written to. */
static void settle_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDONLY); /* the lowest that is free: this one */
}

int main(int argc, char **argv)
{
	int status;

	settle_descriptors();
	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	color_init();
	status = run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout))
		return exit_say(MAX(status, (int)EXIT_FAILED), "standard output: write error");
	return status;
}
