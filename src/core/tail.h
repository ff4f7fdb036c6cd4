/* SPDX-License-Identifier: MIT */
/*
 * The last lines of a loop's output, in one bounded piece of memory that exists only once there was
 * a line. Lines are kept as they came, whatever bytes they hold; long ones are cut. Each has a
 * sequence number, so that who follows a loop sees what was lost in between. Not locked: the loop's
 * lock does that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tail;

struct tail_limits {
	unsigned lines;
	size_t line_bytes, bytes; /* of one line; of all, with what is kept about them */
	bool exact;               /* sequence numbers count also the lines that came too many */
};

struct tail_stamp { /* what is kept about a line */
	uint64_t realtime_usec, generation, cycle;
	bool error;
};

struct tail_line {
	uint64_t sequence;
	struct tail_stamp stamp;
	const char *text; /* not terminated */
	size_t length;
};

struct tail_copy {
	struct tail_line *lines; /* oldest first; one piece of memory with their text: free() it */
	size_t n;
	uint64_t next; /* the sequence number of the line to come */
};

/* Lines, each with its newline. *tail NULL: makes it. Without memory they are not kept. */
void tail_add(struct tail **tail, const struct tail_limits *limits, const struct tail_stamp *stamp,
	const char *lines, size_t length);
void tail_free(struct tail *tail);

/* At most max of the newest lines, none before the given number. -ENOMEM. */
int tail_copy(const struct tail *tail, uint64_t from, size_t max, struct tail_copy *ret);

/* The last lines of one cycle as text, a newline between them; malloc()ed; NULL: there are none, or
 * no memory. What is not UTF-8 is replaced. */
char *tail_text(
	const struct tail *tail, uint64_t generation, uint64_t cycle, size_t max_lines, size_t max);
