/* SPDX-License-Identifier: MIT */
/* Reads a child's pipe and cuts it into lines, which are handed over in batches: as many whole
 * lines as have come. Used by the loop's own thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/poller.h"
#include "base/waiter.h"

/* Whole lines, each with its newline. Returns how many bytes it took, again whole lines; when that
 * is less than all there is no room now, and the waiter gets its letter when there is. */
typedef size_t (*output_sink)(
	const char *lines, size_t length, struct waiter *waiter, void *userdata);

struct output_buffer; /* exists only while there is something in it */

enum output_stuck {
	OUTPUT_FLOWS,
	OUTPUT_WAITS,   /* the sink has no room; the watch's letter comes when it has */
	OUTPUT_RESTS,   /* of a stream of little pieces: output_read() again after OUTPUT_REST_USEC;
			   until then who writes need not wake anybody, and it becomes one batch */
	OUTPUT_RETRIES, /* no memory, or the poller refuses: output_read() again after a while */
};

struct output {
	int fd; /* read end; -1: closed */
	enum output_stuck stuck;
	struct watch watch;
	struct output_buffer *buffer; /* what has not been taken; NULL when nothing is kept */
	output_sink sink;
	void *userdata;
};

enum {
	OUTPUT_LINE_MAX = 64 * 1024, /* longer lines are cut into pieces of that size, each marked
					at its end */
	OUTPUT_REST_USEC = 50,
};

/* Makes the pipe; *ret_child_fd is the write end, the caller's to close after the spawn. The
 * watch's letter goes to box. */
int output_open(struct output *output, struct mailbox *box, output_sink sink, void *userdata,
	int *ret_child_fd);

/* To be called for each letter of the watch's. Reads until EAGAIN, end of file or a sink without
 * room, then arms the watch again. */
void output_read(struct output *output);

/* Reads what is there, hands over a last line without newline, closes. Gives up on a sink without
 * room. */
void output_close(struct output *output);
