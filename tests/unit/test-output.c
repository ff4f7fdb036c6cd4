/* SPDX-License-Identifier: MIT */
/* Output: what a child writes becomes batches of lines, whatever the pieces in which it comes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/thread.h"
#include "lib/unit.h"
#include "process/output.h"

#define MARK " [cut]"

static struct mailbox box;
static struct waiters waiters;
static struct output output;
static int child_fd;

static struct {
	char *text; /* all lines, a newline after each */
	size_t length, n_lines;
	size_t n_batches;
	size_t room; /* lines that will still be taken */
	bool echo;   /* write long ones again instead of keeping them */
} sink;

static void take_line(const char *text, size_t length)
{
	sink.room--;
	sink.n_lines++;
	if (sink.echo && length > 1000) { /* not the rest at the end: the pipe is full then */
		ck_assert_int_eq(write(child_fd, text, length), length);
		return;
	}
	sink.text = realloc(sink.text, sink.length + length);
	memcpy(sink.text + sink.length, text, length);
	sink.length += length;
}

static size_t take(const char *lines, size_t length, struct waiter *waiter, void *userdata)
{
	size_t taken = 0;

	ck_assert_ptr_eq(userdata, &sink);
	ck_assert_uint_gt(length, 0);
	ck_assert_int_eq(lines[length - 1], '\n');
	sink.n_batches++;
	while (taken < length && sink.room > 0) {
		const char *newline = memchr(lines + taken, '\n', length - taken);
		size_t n = (size_t)(newline + 1 - lines) - taken;

		take_line(lines + taken, n);
		taken += n;
	}
	if (taken < length)
		waiters_add(&waiters, waiter);
	return taken;
}

static void setup(void)
{
	memset(&sink, 0, sizeof(sink));
	sink.room = SIZE_MAX;
	waiters_init(&waiters);
	ck_assert_int_eq(mailbox_init(&box), 0);
	ck_assert_int_eq(poller_start(), 0);
	ck_assert_int_eq(output_open(&output, &box, take, &sink, &child_fd), 0);
}

static void teardown(void)
{
	output_close(&output);
	closep(&child_fd);
	poller_stop();
	mailbox_done(&box);
	free(sink.text);
}

static void say(const char *text, size_t length)
{
	ck_assert_int_eq(write(child_fd, text, length), length);
}

/* One letter of the poller's, or the rest within a stream, as the owner handles it. */
static void read_once(void)
{
	unsigned facts = 0;

	if (output.stuck != OUTPUT_RESTS) {
		ck_assert_ptr_eq(mailbox_wait(&box, USEC_INFINITY, &facts), &output.watch.letter);
		ck_assert_uint_eq(facts, WATCH_READY);
	}
	output_read(&output);
}

static void read_to_end(void)
{
	close(TAKE_FD(child_fd));
	while (output.fd >= 0)
		read_once();
}

static void expect_text(const char *expected)
{
	ck_assert_uint_eq(sink.length, strlen(expected));
	ck_assert(memcmp(sink.text ? sink.text : "", expected, sink.length) == 0);
}

static const struct {
	const char *pieces[4];
	const char *expected;
} rows[] = {
	{ { "" }, "" },
	{ { "one\n" }, "one\n" },
	{ { "one\ntwo\nthree\n" }, "one\ntwo\nthree\n" },
	{ { "on", "e\nt", "wo\n" }, "one\ntwo\n" },
	{ { "one\n\n\nfour\n" }, "one\n\n\nfour\n" },
	{ { "one\nno newline" }, "one\nno newline\n" },
	{ { "no ", "newline" }, "no newline\n" },
};

START_TEST(test_lines)
{
	for (unsigned i = 0; i < ELEMENTS(rows[_i].pieces) && rows[_i].pieces[i]; i++) {
		if (!*rows[_i].pieces[i])
			continue;
		say(rows[_i].pieces[i], strlen(rows[_i].pieces[i]));
		read_once();
	}
	read_to_end();
	expect_text(rows[_i].expected);
}
END_TEST

/* A quiet child costs no memory. */
START_TEST(test_memory)
{
	say("whole\n", 6);
	read_once();
	ck_assert_ptr_null(output.buffer);
	say("half", 4);
	read_once();
	ck_assert_ptr_nonnull(output.buffer);
	say("\n", 1);
	read_once();
	ck_assert_ptr_null(output.buffer);
	expect_text("whole\nhalf\n");
}
END_TEST

static const char mark[] = MARK;

/* A line of that many bytes, the last of them newline or not; and into how many pieces it is cut.
 */
static const struct {
	size_t length, n_pieces;
	const char *character;
	size_t first; /* bytes of the first piece */
} long_lines[] = {
	{ OUTPUT_LINE_MAX - 1, 1, "x", OUTPUT_LINE_MAX - 1 },
	{ OUTPUT_LINE_MAX, 1, "x", OUTPUT_LINE_MAX },
	{ OUTPUT_LINE_MAX + 1, 2, "x", OUTPUT_LINE_MAX },
	{ OUTPUT_LINE_MAX + 3, 2, "x", OUTPUT_LINE_MAX },
	{ OUTPUT_LINE_MAX + 100, 2, "x", OUTPUT_LINE_MAX },
	{ 2 * OUTPUT_LINE_MAX, 2, "x", OUTPUT_LINE_MAX },
	{ 5 * OUTPUT_LINE_MAX + 1, 6, "x", OUTPUT_LINE_MAX },
	{ OUTPUT_LINE_MAX / 3 * 3 + 3, 2, "€", OUTPUT_LINE_MAX / 3 * 3 },
};

struct writing {
	const char *text;
	size_t length;
};

static void *write_all(void *userdata)
{
	const struct writing *writing = userdata;

	for (size_t done = 0; done < writing->length;) {
		ssize_t n = write(child_fd, writing->text + done, writing->length - done);

		ck_assert_int_gt(n, 0);
		done += (size_t)n;
	}
	close(TAKE_FD(child_fd));
	return NULL;
}

START_TEST(test_long_lines)
{
	size_t length = long_lines[_i].length, width = strlen(long_lines[_i].character);
	_cleanup_free_ char *text = malloc(length + 1 + 5);
	struct writing writing = { text, length + 1 + 5 };
	size_t total = length + 1 + 6 + (long_lines[_i].n_pieces - 1) * (strlen(mark) + 1);
	pthread_t writer;

	for (size_t i = 0; i < length; i++)
		text[i] = long_lines[_i].character[i % width];
	memcpy(text + length, "\nafter", 6);
	ck_assert_int_eq(
		thread_start(&writer, "writer", THREAD_STACK_SMALL, write_all, &writing), 0);
	while (output.fd >= 0)
		read_once();
	pthread_join(writer, NULL);

	ck_assert_uint_eq(sink.n_lines, long_lines[_i].n_pieces + 1);
	ck_assert_uint_eq(sink.length, total);
	ck_assert(memcmp(sink.text, text, long_lines[_i].first) == 0);
	if (long_lines[_i].n_pieces > 1)
		ck_assert(
			memcmp(sink.text + long_lines[_i].first, MARK "\n", strlen(mark) + 1) == 0);
	ck_assert(memcmp(sink.text + sink.length - 6, "after\n", 6) == 0);
}
END_TEST

/* What is there is handed over in one go. */
START_TEST(test_batch)
{
	say("one\ntwo\nthree\nfo", 16);
	read_once();
	ck_assert_uint_eq(sink.n_batches, 1);
	say("ur\n", 3);
	read_once();
	ck_assert_uint_eq(sink.n_batches, 2);
	expect_text("one\ntwo\nthree\nfour\n");
}
END_TEST

/* Within a stream nobody is woken for each piece of it: the owner comes again by itself. */
START_TEST(test_rest)
{
	char line[600];
	unsigned facts;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	say(line, sizeof(line));
	read_once();
	ck_assert_int_eq(output.stuck, OUTPUT_RESTS);
	say("one\n", 4);
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
	output_read(&output);
	ck_assert_int_eq(output.stuck, OUTPUT_FLOWS);
	ck_assert_uint_eq(sink.n_batches, 2);
	say("two\n", 4);
	read_once();
	ck_assert_uint_eq(sink.n_lines, 3);
}
END_TEST

/* The same letter tells of room as of something to read. */
static void tell_of_room(size_t room)
{
	sink.room = room;
	waiters_wake(&waiters);
	read_once();
}

/* What the sink refuses is kept, and offered again when there is room; not before. */
START_TEST(test_stuck)
{
	unsigned facts;

	sink.room = 1;
	say("one\ntwo\nthree\n", 14);
	read_once();
	ck_assert_int_eq(output.stuck, OUTPUT_WAITS);
	expect_text("one\n");

	say("four", 4);
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
	tell_of_room(1);
	ck_assert_int_eq(output.stuck, OUTPUT_WAITS);
	expect_text("one\ntwo\n");

	tell_of_room(2);
	ck_assert_int_eq(output.stuck, OUTPUT_FLOWS);
	expect_text("one\ntwo\nthree\n");

	sink.room = 0;
	close(TAKE_FD(child_fd));
	read_once();
	ck_assert_int_eq(output.stuck, OUTPUT_WAITS);
	ck_assert_int_ge(output.fd, 0);
	tell_of_room(1);
	ck_assert_int_eq(output.fd, -1);
	expect_text("one\ntwo\nthree\nfour\n");
}
END_TEST

START_TEST(test_stuck_piece)
{
	_cleanup_free_ char *text = malloc(OUTPUT_LINE_MAX + 4);
	struct writing writing = { text, OUTPUT_LINE_MAX + 4 };
	pthread_t writer;

	memset(text, 'x', OUTPUT_LINE_MAX);
	memcpy(text + OUTPUT_LINE_MAX, "abc\n", 4);
	sink.room = 0;
	ck_assert_int_eq(
		thread_start(&writer, "writer", THREAD_STACK_SMALL, write_all, &writing), 0);
	while (output.stuck == OUTPUT_FLOWS)
		read_once();
	tell_of_room(9);
	while (output.fd >= 0)
		read_once();
	pthread_join(writer, NULL);
	ck_assert_uint_eq(sink.n_lines, 2);
	ck_assert_str_eq(strndupa(sink.text + OUTPUT_LINE_MAX, 11), MARK "\nabc\n");
}
END_TEST

/* Closing takes what is there, although others may still write, and never waits. */
START_TEST(test_close)
{
	say("one\nrest", 8);
	output_close(&output);
	expect_text("one\nrest\n");
	ck_assert_int_eq(output.fd, -1);
	output_close(&output);
}
END_TEST

START_TEST(test_close_stuck)
{
	unsigned facts;

	sink.room = 1;
	say("one\ntwo\nrest", 12);
	output_close(&output);
	expect_text("one\n");
	ck_assert_int_eq(output.fd, -1);
	ck_assert_ptr_null(output.buffer);
	ck_assert_int_eq(output.stuck, OUTPUT_FLOWS);
	waiters_wake(&waiters);
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
}
END_TEST

/* A pipe that never runs dry: each line that is taken is written again. Reading comes to an end all
 * the same. */
START_TEST(test_endless)
{
	char line[4096];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	ck_assert_int_ge(fcntl(child_fd, F_SETPIPE_SZ, 4 * OUTPUT_LINE_MAX), 4 * OUTPUT_LINE_MAX);
	for (unsigned i = 0; i < 4 * OUTPUT_LINE_MAX / sizeof(line); i++)
		say(line, sizeof(line));
	sink.echo = true;
	read_once();
	ck_assert_uint_gt(sink.n_lines, OUTPUT_LINE_MAX / sizeof(line));
	read_once();
	output_close(&output);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("output");

	add(suite, "lines", test_lines, ELEMENTS(rows));
	add(suite, "memory", test_memory, 1);
	add(suite, "long lines", test_long_lines, ELEMENTS(long_lines));
	add(suite, "batch", test_batch, 1);
	add(suite, "rest", test_rest, 1);
	add(suite, "stuck", test_stuck, 1);
	add(suite, "stuck piece", test_stuck_piece, 1);
	add(suite, "close", test_close, 1);
	add(suite, "close stuck", test_close_stuck, 1);
	add(suite, "endless", test_endless, 1);
	return unit_main(suite);
}
