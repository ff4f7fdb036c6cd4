/* SPDX-License-Identifier: MIT */
/*
 * A child's output, line by line. The buffer exists only while there is something in it: a quiet
 * child costs a descriptor and no memory.
 */
#include "process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/macro.h"

/* Stands at the end of each piece of a line that was too long, but the last. */
static const char cut_mark[] = " [cut]";

enum {
	CUT_MARK_LENGTH = sizeof(cut_mark) - 1,
	BUFFER_SIZE = OUTPUT_LINE_MAX + CUT_MARK_LENGTH, /* the mark of the longest piece fits */
	ROUNDS_MAX = 32, /* reads at a time: who writes without end must not keep the owner from its
			    other letters */
};

enum reading {
	READING_DRY,   /* nothing more for now */
	READING_MORE,  /* perhaps there is more */
	READING_STUCK, /* the sink has no room, or there is no memory to read into */
	READING_END,   /* no writer is left */
};

int output_open(struct output *output, struct mailbox *box, output_line line, void *userdata,
	int *ret_child_fd)
{
	_cleanup_close_ int read_fd = -1, write_fd = -1;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	if (fcntl(read_fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;

	*output = (struct output){ .fd = -1, .line = line, .userdata = userdata };
	r = poller_add(&output->watch, read_fd, EPOLLIN, box);
	if (r < 0)
		return r;
	output->fd = TAKE_FD(read_fd);
	*ret_child_fd = TAKE_FD(write_fd);
	return 0;
}

/* Where to cut a line that is too long: not inside a character. */
static size_t cut_length(const char *text)
{
	size_t length = OUTPUT_LINE_MAX;

	while (length > OUTPUT_LINE_MAX - 4 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* Moves what is kept to the front, or frees the buffer when nothing is. */
static void tidy(struct output *output)
{
	size_t kept = output->end - output->begin;

	if (kept == 0)
		free(TAKE_PTR(output->buffer));
	else if (output->begin > 0)
		memmove(output->buffer, output->buffer + output->begin, kept);
	output->begin = 0;
	output->end = kept;
}

/* Hands over the first piece of a line that is too long, with the mark in place of the bytes that
 * follow it. */
static bool hand_over_piece(struct output *output)
{
	char kept[CUT_MARK_LENGTH], *end;
	size_t length;
	bool taken;

	tidy(output);
	length = cut_length(output->buffer);
	end = output->buffer + length;
	memcpy(kept, end, CUT_MARK_LENGTH);
	memcpy(end, cut_mark, CUT_MARK_LENGTH);
	taken = output->line(output->buffer, length + CUT_MARK_LENGTH, output->userdata);
	memcpy(end, kept, CUT_MARK_LENGTH);
	if (taken)
		output->begin = length;
	return taken;
}

static bool hand_over_line(struct output *output, size_t length)
{
	if (!output->line(output->buffer + output->begin, length, output->userdata))
		return false;
	output->begin += length + 1;
	return true;
}

/* Hands over what is whole. false: the sink has no room. */
static bool hand_over(struct output *output)
{
	bool taken = true;

	while (taken && output->end > output->begin) {
		const char *begin = output->buffer + output->begin;
		size_t kept = output->end - output->begin;
		const char *newline = memchr(begin, '\n', MIN(kept, (size_t)OUTPUT_LINE_MAX + 1));

		if (newline)
			taken = hand_over_line(output, (size_t)(newline - begin));
		else if (kept > OUTPUT_LINE_MAX)
			taken = hand_over_piece(output);
		else
			break;
	}
	return taken;
}

static enum reading read_once(struct output *output)
{
	size_t room;
	ssize_t n;

	if (!output->buffer) {
		output->buffer = malloc(BUFFER_SIZE);
		if (!output->buffer)
			return READING_STUCK;
	}
	room = BUFFER_SIZE - output->end;
	n = read(output->fd, output->buffer + output->end, room);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? READING_DRY : READING_END;
	if (n == 0)
		return READING_END;
	output->end += (size_t)n;
	if (!hand_over(output))
		return READING_STUCK;
	return (size_t)n < room ? READING_DRY : READING_MORE;
}

/* Until there is nothing more, but not for ever; first what a sink without room has left here. */
static enum reading read_all(struct output *output)
{
	enum reading reading = hand_over(output) ? READING_MORE : READING_STUCK;

	output->stuck = false;
	tidy(output);
	for (unsigned round = 0; round < ROUNDS_MAX && reading == READING_MORE; round++) {
		reading = read_once(output);
		tidy(output);
	}
	return reading;
}

static void close_all(struct output *output)
{
	poller_remove(&output->watch);
	close(TAKE_FD(output->fd));
	free(TAKE_PTR(output->buffer));
	output->begin = output->end = 0;
	output->stuck = false;
}

/* The last line may lack its newline. false: the sink has no room. */
static bool hand_over_rest(struct output *output)
{
	size_t kept = output->end - output->begin;

	return kept == 0 || output->line(output->buffer + output->begin, kept, output->userdata);
}

void output_read(struct output *output)
{
	enum reading reading;

	if (output->fd < 0)
		return;
	reading = read_all(output);
	if (reading == READING_END && hand_over_rest(output))
		close_all(output);
	else if (reading == READING_END || reading == READING_STUCK)
		output->stuck = true;
	else if (poller_arm(&output->watch, EPOLLIN) < 0)
		output->stuck = true; /* as good as: the owner comes again */
}

void output_close(struct output *output)
{
	if (output->fd < 0)
		return;
	if (read_all(output) != READING_STUCK)
		(void)hand_over_rest(output);
	close_all(output);
}
