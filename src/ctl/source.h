/* SPDX-License-Identifier: MIT */
/* Where lines went that are no longer, or not only, in the daemon's memory: files and the journal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_line {
	const char *text; /* may hold any byte; not terminated */
	size_t length;
	uint64_t realtime_usec; /* 0: not known */
	bool error;             /* from a pipe of standard error's own, as far as that is known */
};
typedef void (*source_reader)(const struct source_line *line, void *userdata);

/* Reads the last lines, oldest first. -errno: nothing can be read there. */
int source_read_files(const char *path, size_t max, source_reader reader, void *userdata);
int source_read_journal(const char *loop, size_t max, source_reader reader, void *userdata);
