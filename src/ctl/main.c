/* SPDX-License-Identifier: MIT */
/* greenloopctl: finds the verb, runs it, and looks whether what it printed arrived. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(int argc, char **argv)
{
	int status;

	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	color_init();
	status = run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout))
		return exit_say(MAX(status, (int)EXIT_FAILED), "standard output: write error");
	return status;
}
