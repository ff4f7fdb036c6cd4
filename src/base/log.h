/* SPDX-License-Identifier: MIT */
/*
 * The log front: one line of text, its priority (syslog's LOG_*), and what it is about. Where lines
 * go is decided by the sink that the program installs (greenloopd: its logger thread); without one
 * they go to standard error.
 *
 * base/, core/, process/ and body/ do not log: they return errors and tell observers. Only programs
 * log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include "base/macro.h"

struct log_fields { /* all strings borrowed for the call; NULL or 0: does not apply */
	const char *loop, *group, *throughline;
	const char *kind;       /* of a failure */
	const char *message_id; /* 32 hex digits, one per kind of event */
	uint64_t generation, cycle, episode;
};

struct log_record {
	int priority;
	bool output;                     /* a line that a child wrote, not greenloop's own */
	const struct log_fields *fields; /* NULL: about the program itself */
	const char *text;                /* one line, no newline at its end, not terminated */
	size_t length;
};

/* Takes the record (copies what it keeps). false: no room now; only lines with output = true may be
 * refused. Must not block; called on any thread. */
typedef bool (*log_sink)(const struct log_record *record, void *userdata);

void log_set_sink(log_sink sink,
	void *userdata); /* NULL: standard error. Before the first thread, or after the last. */
void log_set_level(int priority); /* lines above it are dropped; LOG_INFO at first */
int log_level(void);

bool log_write(const struct log_record
		*record); /* the level applies; true when it was taken or dropped by level */
void log_full(int priority, const struct log_fields *fields, const char *format, ...)
	_printf_(3, 4);

#define log_error(...)   log_full(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...)  log_full(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...)    log_full(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)   log_full(LOG_DEBUG, NULL, __VA_ARGS__)

int log_level_from_string(
	const char *text); /* "err", "warning", "info", "debug", … or a digit; -EINVAL */
const char *log_level_to_string(int priority);
