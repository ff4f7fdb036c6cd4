/* SPDX-License-Identifier: MIT */
/*
 * A child's output, in batches of whole lines. The buffer exists only while there is something in
 * it: a quiet child costs a descriptor and no memory.
 */
#include "process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/macro.h"

/* Stands at the end of each piece of a line that was too long, but the last. */
static const char cut_mark[] = " [cut]\n";

enum {
	CUT_MARK_LENGTH = sizeof(cut_mark) - 1,
	BUFFER_SIZE = OUTPUT_LINE_MAX + CUT_MARK_LENGTH, /* the mark of the longest piece fits */
	MUCH = 32 * 1024, /* who has written so much since the last look is likely to write on */
	STREAM = 512,     /* who has written so much, too, but needs some time for it */
	BATCHES_MAX = 32, /* at a time: who writes without end must not keep the owner from its
			     other letters */
};

struct output_buffer {
	struct waiter waiter; /* with the letter of the watch: the owner hears of both alike */
	size_t begin, end;    /* of the kept bytes in text */
	char text[BUFFER_SIZE + 1];
};

enum reading {
	READING_DRY,     /* nothing more for now */
	READING_STREAM,  /* neither, but soon */
	READING_MORE,    /* perhaps there is more */
	READING_REFUSED, /* the sink has no room */
	READING_TROUBLE, /* there is no memory to read into */
	READING_END,     /* no writer is left */
};

int output_open(struct output *output, struct mailbox *box, output_sink sink, void *userdata,
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

	*output = (struct output){ .fd = -1, .sink = sink, .userdata = userdata };
	r = poller_add(&output->watch, read_fd, EPOLLIN, box);
	if (r < 0)
		return r;
	output->fd = TAKE_FD(read_fd);
	*ret_child_fd = TAKE_FD(write_fd);
	return 0;
}

static struct output_buffer *buffer_of(struct output *output)
{
	struct output_buffer *buffer = output->buffer;

	if (buffer)
		return buffer;
	buffer = malloc(sizeof(*buffer));
	if (!buffer)
		return NULL;
	buffer->begin = buffer->end = 0;
	waiter_init(&buffer->waiter, output->watch.box, &output->watch.letter, WATCH_READY);
	output->buffer = buffer;
	return buffer;
}

static void forget_buffer(struct output *output)
{
	if (!output->buffer)
		return;
	waiter_cancel(&output->buffer->waiter);
	free(TAKE_PTR(output->buffer));
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
	struct output_buffer *buffer = output->buffer;
	size_t kept;

	if (!buffer)
		return;
	kept = buffer->end - buffer->begin;
	if (kept == 0) {
		forget_buffer(output);
		return;
	}
	if (buffer->begin > 0)
		memmove(buffer->text, buffer->text + buffer->begin, kept);
	buffer->begin = 0;
	buffer->end = kept;
}

/* Hands over the first piece of a line that is too long, with the mark in place of the bytes that
 * follow it. */
static bool hand_over_piece(struct output *output)
{
	struct output_buffer *buffer = output->buffer;
	char kept[CUT_MARK_LENGTH], *end;
	size_t length;
	bool taken;

	tidy(output);
	length = cut_length(buffer->text);
	end = buffer->text + length;
	memcpy(kept, end, CUT_MARK_LENGTH);
	memcpy(end, cut_mark, CUT_MARK_LENGTH);
	taken = output->sink(buffer->text, length + CUT_MARK_LENGTH, &buffer->waiter,
			output->userdata) > 0;
	memcpy(end, kept, CUT_MARK_LENGTH);
	if (taken)
		buffer->begin = length;
	return taken;
}

/* false: not all of it was taken. */
static bool hand_over_lines(struct output *output, size_t length)
{
	struct output_buffer *buffer = output->buffer;
	size_t taken = output->sink(
		buffer->text + buffer->begin, length, &buffer->waiter, output->userdata);

	buffer->begin += taken;
	return taken == length;
}

/* Hands over what is whole. false: the sink has no room. */
static bool hand_over(struct output *output)
{
	struct output_buffer *buffer = output->buffer;
	bool taken = true;

	while (taken && buffer && buffer->end > buffer->begin) {
		const char *begin = buffer->text + buffer->begin;
		size_t kept = buffer->end - buffer->begin;
		const char *newline = memrchr(begin, '\n', kept);

		/* Only the first line of a buffer can be too long. */
		if (kept > OUTPUT_LINE_MAX && !memchr(begin, '\n', OUTPUT_LINE_MAX + 1))
			taken = hand_over_piece(output);
		else if (newline)
			taken = hand_over_lines(output, (size_t)(newline + 1 - begin));
		else
			break;
	}
	return taken;
}

/* A batch is what one read gives: who writes fast fills the pipe meanwhile. */
static enum reading read_batch(struct output *output)
{
	struct output_buffer *buffer = buffer_of(output);
	size_t room;
	ssize_t n;

	if (!buffer)
		return READING_TROUBLE;
	room = BUFFER_SIZE - buffer->end;
	n = read(output->fd, buffer->text + buffer->end, room);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? READING_DRY : READING_END;
	if (n == 0)
		return READING_END;
	buffer->end += (size_t)n;
	if (!hand_over(output))
		return READING_REFUSED;
	if (n >= MUCH || (size_t)n == room)
		return READING_MORE;
	return n >= STREAM ? READING_STREAM : READING_DRY;
}

/* Until there is nothing more, but not for ever; first what a sink without room has left here. */
static enum reading read_all(struct output *output)
{
	enum reading reading = hand_over(output) ? READING_MORE : READING_REFUSED;

	output->stuck = OUTPUT_FLOWS;
	tidy(output);
	for (unsigned batch = 0; batch < BATCHES_MAX && reading == READING_MORE; batch++) {
		reading = read_batch(output);
		tidy(output);
	}
	return reading;
}

static void close_all(struct output *output)
{
	forget_buffer(output);
	poller_remove(&output->watch);
	close(TAKE_FD(output->fd));
	output->stuck = OUTPUT_FLOWS;
}

/* The last line may lack its newline. false: the sink has no room. */
static bool hand_over_rest(struct output *output)
{
	struct output_buffer *buffer = output->buffer;

	if (!buffer || buffer->end == buffer->begin)
		return true;
	buffer->text[buffer->end] = '\n';
	return hand_over_lines(output, buffer->end + 1 - buffer->begin);
}

void output_read(struct output *output)
{
	enum reading reading;

	if (output->fd < 0)
		return;
	reading = read_all(output);
	if (reading == READING_END && hand_over_rest(output))
		close_all(output);
	else if (reading == READING_END || reading == READING_REFUSED)
		output->stuck = OUTPUT_WAITS;
	else if (reading == READING_STREAM)
		output->stuck = OUTPUT_RESTS;
	else if (reading == READING_TROUBLE || poller_arm(&output->watch, EPOLLIN) < 0)
		output->stuck = OUTPUT_RETRIES;
}

void output_close(struct output *output)
{
	if (output->fd < 0)
		return;
	if (read_all(output) != READING_REFUSED)
		(void)hand_over_rest(output);
	close_all(output);
}
