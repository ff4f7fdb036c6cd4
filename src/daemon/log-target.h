/* SPDX-License-Identifier: MIT */
/* Where log entries end: the console and the journal. Used by the logger thread only; may block;
 * errors are ignored. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "daemon/log-ring.h"

enum {
	LOG_BATCH = 64,           /* entries written at once */
	LOG_CONSOLE_PREFIX = 128, /* room for "12:00:01 group/loop | " */
};

struct log_console {
	int fd;              /* borrowed */
	const char *program; /* who speaks in lines that are about no group; borrowed */
	time_t second;       /* what clock[] shows */
	char clock[16];
	char prefixes[LOG_BATCH][LOG_CONSOLE_PREFIX];
};

/* "12:00:01 trading/feed | ", of a line of the daemon's own "12:00:01 trading | " or "12:00:01
 * greenloopd | ". */
size_t log_console_prefix(
	struct log_console *console, const struct log_entry *entry, char *buf, size_t size);

/* At most LOG_BATCH entries, with as few writes as may be. */
void log_console_write(
	struct log_console *console, const struct log_entry *const *entries, unsigned n);

/* The scratch is for one line and what stands before it; at least LOG_SCRATCH bytes. A line of a
 * child's that begins with <0> to <7> has that priority, as sd-daemon(3) says. */
enum { LOG_SCRATCH = 128 * 1024 };
void log_journal_write(const struct log_entry *entry, const char *program, char *scratch);

/* Into the file of the entry. */
void log_entry_to_file(struct log_console *console, const struct log_entry *entry, char *scratch);

/* Is the journal what standard error leads to ($JOURNAL_STREAM)? Is there one at all? */
bool log_journal_is_stderr(void);
bool log_journal_exists(void);
