/* SPDX-License-Identifier: MIT */
/* The command line. */
#pragma once

#include "ctl/verb.h"

struct command_line {
	struct options options;
	const char *verb; /* NULL: none was given */
	char **names;     /* a part of argv, ended by NULL */
	bool help, version, list_verbs;
};

/* Sorts argv: options may stand before and behind the verb. EXIT_DONE or EXIT_USAGE, said. */
int options_parse(int argc, char **argv, struct command_line *ret);
