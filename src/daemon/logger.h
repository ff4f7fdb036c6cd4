/* SPDX-License-Identifier: MIT */
/*
 * The logger: a thread of its own that writes what others have put into a bounded ring. Nobody who
 * logs ever waits: with the ring full, a child's lines are refused (its reader is told when there
 * is room again, so the child waits, nobody else), a line of the daemon's own is lost and counted,
 * and the count is said. A blocked console blocks this thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

struct log_file;
struct logger;
struct waiter;

struct logger_config {
	int console_fd;      /* borrowed */
	const char *program; /* borrowed */
	bool journal;        /* to the journal, except what is for the console by its setting */
	size_t ring_size;    /* bytes; 0: 1 MiB */
};

int logger_start(struct logger **ret, const struct logger_config *config);

/* Writes what is there, for at most limit_usec, and ends. A thread that hangs in a blocked console
 * is left behind with its memory: the process is about to end. Nobody may log to it any more. */
void logger_stop(struct logger *logger, uint64_t limit_usec);

/* The same, but it can be written to for ever after: what comes now is lost. */
void logger_retire(struct logger *logger, uint64_t limit_usec);

/* Any thread, never block. flags: LOG_ENTRY_CONSOLE, LOG_ENTRY_BARE. */
bool logger_write(struct logger *logger, const struct log_record *record, unsigned flags);

/* Lines of a child's, each with its newline. How many bytes were taken, whole lines only; when that
 * is less than all the waiter, which may be NULL, is told when there is room. file: where they go;
 * NULL: to the console or the journal. */
size_t logger_write_lines(struct logger *logger, const struct log_record *record, unsigned flags,
	struct log_file *file, struct waiter *waiter);

/* As log_files_get(); any thread. */
struct log_file *logger_file(
	struct logger *logger, const char *path, uint64_t max_size, unsigned max_files);
bool logger_has_journal(const struct logger *logger);
void logger_reopen(struct logger *logger); /* any thread: all files, by their names, anew */

bool logger_sink(const struct log_record *record, void *logger); /* for log_set_sink() */

/* Liveness, as the poller's. */
void logger_ping(struct logger *logger, uint64_t number);
uint64_t logger_answered(struct logger *logger);
