/* SPDX-License-Identifier: MIT */
/* How greenloopctl ends, and the one way in which it says why: a line on standard error. */
#pragma once

#include "base/macro.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_GREEN = 3, /* or not running */
	EXIT_NO_SUCH = 4,
	EXIT_NOT_PERMITTED = 5,
	EXIT_NOT_REACHABLE = 6,
	EXIT_TIMED_OUT = 124,
};

/* Prints "greenloopctl: …", control characters escaped, and returns the status: `return
 * exit_say(EXIT_USAGE, …)`. */
int exit_say(int status, const char *format, ...) _printf_(2, 3);

/* The same for a negative errno: EXIT_FAILED, and the error's own words behind what was tried. */
int exit_errno(int error, const char *what);
