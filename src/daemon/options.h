/* SPDX-License-Identifier: MIT */
/* The command line of greenloopd. */
#pragma once

#include <stdbool.h>

struct options {
	char *config, *socket;     /* absolute; NULL: not said */
	int log_level, log_target; /* -1: not said; else LOG_*, enum log_target */
	bool user, check;
};

enum options_result { OPTIONS_GO, OPTIONS_DONE, OPTIONS_USAGE };

/* OPTIONS_DONE: --help or --version was answered on standard output; OPTIONS_USAGE: said on
 * standard error. */
enum options_result options_parse(struct options *ret, int argc, char **argv);
void options_done(struct options *options);
