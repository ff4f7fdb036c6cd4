/* SPDX-License-Identifier: MIT */
/* Reads a child's pipe and cuts it into lines. Used by the loop's own thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/poller.h"

/* One whole line without its newline. false: no room now, offer it again later. */
typedef bool (*output_line)(const char *text, size_t length, void *userdata);

struct output {
	int fd; /* read end; -1: closed */
	struct watch watch;
	char *buffer;      /* what has not been taken; NULL when nothing is kept */
	size_t begin, end; /* of the kept bytes in buffer */
	bool stuck;        /* the sink had no room: output_read() again after a while */
	output_line line;
	void *userdata;
};

enum {
	OUTPUT_LINE_MAX = 64 * 1024
}; /* longer lines are cut into pieces of that size, each marked at its end */

/* Makes the pipe; *ret_child_fd is the write end, the caller's to close after the spawn. The
 * watch's letter goes to box. */
int output_open(struct output *output, struct mailbox *box, output_line line, void *userdata,
	int *ret_child_fd);

/* Reads until EAGAIN, end of file or a sink without room, then arms the watch again. */
void output_read(struct output *output);

/* Reads what is there, hands over a last line without newline, closes. Gives up on a sink without
 * room. */
void output_close(struct output *output);
