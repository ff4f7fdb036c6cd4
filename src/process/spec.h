/* SPDX-License-Identifier: MIT */
/* What to start, as data: filled by the loop's body or a hook, read by process_spawn(). Everything
 * is borrowed. */
#pragma once

struct setup;

enum { SPEC_EXTRA_MIN = 256 }; /* of the descriptor's number here; there it is below */

struct spec {
	char *const *argv;         /* argv[0] without a slash is looked up in PATH */
	char *const *environment;  /* the whole of it */
	int output_fd;             /* standard output; -1: /dev/null */
	int error_fd;              /* standard error; -1: as output */
	int extra_fd;              /* one more descriptor, at least SPEC_EXTRA_MIN; looked at … */
	int extra_number;          /* … if this is not 0: its number there, at least 3 */
	const struct setup *setup; /* done in the child by greenloop-exec; NULL: the command is
				      spawned itself, which is faster */
};
