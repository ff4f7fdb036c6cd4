/* SPDX-License-Identifier: MIT */
/* The logger: its ring alone, and the thread against a pipe, a slow reader and a dead one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/waiter.h"
#include "daemon/log-ring.h"
#include "daemon/log-target.h"
#include "daemon/logger.h"
#include "lib/unit.h"

static const struct log_fields feed = {
	.loop = "feed", .group = "trading", .throughline = "trading/feed:3#128"
};

static struct log_record record_of(const char *text, bool output, const struct log_fields *fields)
{
	return (struct log_record){ .priority = LOG_INFO,
		.output = output,
		.fields = fields,
		.text = text,
		.length = strlen(text) };
}

static bool put(struct log_ring *ring, const char *text, bool output)
{
	struct log_record record = record_of(text, output, &feed);

	return log_ring_put(ring, &record, output ? LOG_ENTRY_OUTPUT : 0, 1);
}

static void assert_text(const struct log_entry *entry, const char *text)
{
	ck_assert_uint_eq(entry->length, strlen(text));
	ck_assert_int_eq(memcmp(log_entry_text(entry), text, strlen(text)), 0);
}

START_TEST(test_ring_keeps_order_across_its_end)
{
	struct log_ring ring;
	char text[32];
	unsigned written = 0, read = 0;

	ck_assert_int_eq(log_ring_init(&ring, 2048), 0);
	while (read < 500) {
		const struct log_entry *entry;

		while (written < read + 5) {
			snprintf(text, sizeof(text), "line %u", written);
			if (!put(&ring, text, false))
				break;
			written++;
		}
		ck_assert_uint_eq(log_ring_peek(&ring, &entry, 1), 1);
		snprintf(text, sizeof(text), "line %u", read);
		assert_text(entry, text);
		ck_assert_str_eq(entry->data, "feed");
		ck_assert_str_eq(entry->data + entry->throughline, "trading/feed:3#128");
		log_ring_release(&ring, 1);
		read++;
	}
	log_ring_done(&ring);
}
END_TEST

START_TEST(test_ring_leaves_a_reserve_to_own_lines)
{
	struct log_ring ring;
	unsigned n_output = 0, n_own = 0;

	ck_assert_int_eq(log_ring_init(&ring, 8192), 0);
	while (put(&ring, "a child's line", true))
		n_output++;
	while (put(&ring, "a line of our own", false))
		n_own++;
	ck_assert_uint_gt(n_output, 10);
	ck_assert_uint_gt(n_own, 3);
	log_ring_done(&ring);
}
END_TEST

START_TEST(test_ring_starts_anew_when_empty)
{
	struct log_ring ring;
	const struct log_entry *entry;

	ck_assert_int_eq(log_ring_init(&ring, 4096), 0);
	for (unsigned i = 0; i < 100; i++) {
		ck_assert(put(&ring, "one", false));
		ck_assert_uint_eq(log_ring_peek(&ring, &entry, 1), 1);
		ck_assert_ptr_eq((const void *)entry, ring.memory);
		log_ring_release(&ring, 1);
	}
	log_ring_done(&ring);
}
END_TEST

START_TEST(test_ring_makes_own_lines_safe)
{
	struct log_ring ring;
	const struct log_entry *entries[2];

	ck_assert_int_eq(log_ring_init(&ring, 4096), 0);
	ck_assert(put(&ring, "a\nb\033c", false));
	ck_assert(put(&ring, "a\033c", true));
	ck_assert_uint_eq(log_ring_peek(&ring, entries, 2), 2);
	assert_text(entries[0], "a?b?c");
	assert_text(entries[1], "a\033c");
	log_ring_done(&ring);
}
END_TEST

static const struct prefix_row {
	struct log_fields fields;
	unsigned flags;
	bool output;
	const char *expected; /* behind the time */
} prefix_rows[] = {
	{ { .loop = "feed", .group = "trading" }, 0, true, " trading/feed | " },
	{ { .loop = "lonely" }, 0, true, " lonely | " },
	{ { .loop = "feed", .group = "trading" }, 0, false, " trading | " },
	{ { .group = "trading" }, 0, false, " trading | " },
	{ { .loop = "lonely" }, 0, false, " greenloopd | " },
	{ { 0 }, 0, false, " greenloopd | " },
	{ { .loop = "feed", .group = "trading" }, LOG_ENTRY_BARE, true, "" },
};

START_TEST(test_prefix)
{
	const struct prefix_row *row = &prefix_rows[_i];
	struct log_record record = record_of("text", row->output, &row->fields);
	static struct log_console console = { .program = "greenloopd", .second = -1 };
	const struct log_entry *entry;
	struct log_ring ring;
	char buf[LOG_CONSOLE_PREFIX];
	size_t length;

	ck_assert_int_eq(log_ring_init(&ring, 4096), 0);
	ck_assert(log_ring_put(
		&ring, &record, row->flags | (row->output ? LOG_ENTRY_OUTPUT : 0), 1000000));
	ck_assert_uint_eq(log_ring_peek(&ring, &entry, 1), 1);
	length = log_console_prefix(&console, entry, buf, sizeof(buf));
	ck_assert_uint_eq(length, *row->expected ? strlen("12:00:01") + strlen(row->expected) : 0);
	if (length > 0) {
		ck_assert_str_eq(buf + strlen("12:00:01"), row->expected);
		ck_assert(buf[2] == ':' && buf[5] == ':');
	}
	log_ring_done(&ring);
}
END_TEST

static struct logger *start(int fd, size_t ring_size)
{
	struct logger_config config = {
		.console_fd = fd, .program = "greenloopd", .ring_size = ring_size
	};
	struct logger *logger;

	ck_assert_int_eq(logger_start(&logger, &config), 0);
	return logger;
}

static char *read_all(int fd)
{
	size_t size = 1 << 20, n = 0;
	char *text = malloc(size);
	ssize_t r;

	while ((r = read(fd, text + n, size - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	return text;
}

START_TEST(test_writes_what_it_got_before_it_ends)
{
	int fds[2];
	struct logger *logger;
	_cleanup_free_ char *text = NULL;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	logger = start(fds[1], 0);
	for (unsigned i = 0; i < 200; i++) {
		struct log_record record = record_of(i < 199 ? "hello" : "the last", true, &feed);

		ck_assert(logger_write(logger, &record, 0));
	}
	logger_stop(logger, USEC_INFINITY);
	close(fds[1]);
	text = read_all(fds[0]);
	ck_assert_ptr_nonnull(strstr(text, " trading/feed | hello\n"));
	ck_assert_ptr_nonnull(strstr(text, " trading/feed | the last\n"));
	close(fds[0]);
}
END_TEST

/* Nobody reads: the caller is never held up; children are refused, own lines counted. Then the
 * reader comes back. */
START_TEST(test_a_blocked_console_blocks_nobody_else)
{
	struct log_record output = record_of("a child's line", true, &feed),
			  own = record_of("our own", false, NULL);
	struct logger *logger;
	_cleanup_free_ char *text = NULL;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	(void)fcntl(fds[1], F_SETPIPE_SZ, 4096);
	logger = start(fds[1], 16384);
	while (logger_write(logger, &output, 0))
		;
	for (unsigned i = 0; i < 1000; i++)
		(void)logger_write(logger, &own, 0);
	ck_assert(!logger_write(logger, &own, 0));
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		text = read_all(fds[0]);
		_exit(strstr(text, " lines lost\n") && strstr(text, "our own\n") ? 0 : 1);
	}
	logger_stop(logger, USEC_INFINITY);
	close(fds[1]);
	close(fds[0]);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(test_stop_gives_up_on_a_dead_console)
{
	struct log_record output = record_of("a child's line", true, &feed);
	struct logger *logger;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	(void)fcntl(fds[1], F_SETPIPE_SZ, 4096);
	logger = start(fds[1], 16384);
	while (logger_write(logger, &output, 0))
		;
	logger_ping(logger, 7);
	ck_assert_uint_eq(logger_answered(logger), 0);
	logger_stop(logger, 1000);
}
END_TEST

START_TEST(test_a_reader_that_has_gone_is_no_trouble)
{
	struct log_record output = record_of("a child's line", true, &feed);
	struct logger *logger;
	int fds[2];

	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	logger = start(fds[1], 0);
	ck_assert(logger_write(logger, &output, 0));
	logger_stop(logger, USEC_INFINITY);
	close(fds[1]);
}
END_TEST

START_TEST(test_answers_pings)
{
	struct logger *logger = start(STDERR_FILENO, 0);

	logger_ping(logger, 42);
	while (logger_answered(logger) != 42)
		poll(NULL, 0, 1);
	logger_stop(logger, USEC_INFINITY);
}
END_TEST

/* ---- lines of children */

static struct {
	char text[4096]; /* all records, their fields separated by '|', a newline after each */
	unsigned n;
} journal;

int __wrap_sd_journal_sendv(const struct iovec *iov, int n);
int __wrap_sd_journal_sendv(const struct iovec *iov, int n)
{
	size_t length = strlen(journal.text);

	journal.n++;
	for (int i = 0; i < n; i++)
		length += (size_t)snprintf(journal.text + length, sizeof(journal.text) - length,
			"%.*s%s", (int)iov[i].iov_len, (const char *)iov[i].iov_base,
			i + 1 < n ? "|" : "\n");
	return 0;
}

static size_t write_lines(
	struct logger *logger, const char *lines, unsigned flags, struct waiter *waiter)
{
	struct log_record record = record_of(lines, true, &feed);

	return logger_write_lines(logger, &record, flags, NULL, waiter);
}

/* A record for each line, with all fields; a priority at its beginning is taken off. */
START_TEST(test_lines_in_the_journal)
{
	static const char about[] = "SYSLOG_IDENTIFIER=feed|GREENLOOP_LOOP=feed|GREENLOOP_GROUP="
				    "trading|GREENLOOP_THROUGHLINE=trading/feed:3#128|"
				    "GREENLOOP_GENERATION=0|GREENLOOP_CYCLE=0|MESSAGE=";
	static const struct {
		char priority;
		const char *text;
	} expected[] = { { '6', "one" }, { '3', "two" }, { '6', "<8>three" }, { '6', "" },
		{ '7', "" }, { '6', "<3" } };
	struct logger_config config = {
		.console_fd = STDERR_FILENO, .program = "greenloopd", .journal = true
	};
	char all[4096] = "", *end = all;
	struct logger *logger;

	memset(&journal, 0, sizeof(journal));
	ck_assert_int_eq(logger_start(&logger, &config), 0);
	ck_assert_uint_eq(write_lines(logger, "one\n<3>two\n<8>three\n\n<7>\n<3\n", 0, NULL), 28);
	logger_stop(logger, USEC_INFINITY);
	for (unsigned i = 0; i < ELEMENTS(expected); i++)
		end += sprintf(
			end, "PRIORITY=%c|%s%s\n", expected[i].priority, about, expected[i].text);
	ck_assert_str_eq(journal.text, all);
}
END_TEST

START_TEST(test_lines_on_the_console)
{
	int fds[2];
	struct logger *logger;
	_cleanup_free_ char *text = NULL;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	logger = start(fds[1], 0);
	ck_assert_uint_eq(write_lines(logger, "one\n\ntwo\n", 0, NULL), 9);
	ck_assert_uint_eq(write_lines(logger, "three\nfour\n", LOG_ENTRY_BARE, NULL), 11);
	logger_stop(logger, USEC_INFINITY);
	close(fds[1]);
	text = read_all(fds[0]);
	ck_assert_ptr_nonnull(strstr(text, " trading/feed | one\n"));
	ck_assert_ptr_nonnull(strstr(text, " trading/feed | \n"));
	ck_assert_ptr_nonnull(strstr(text, " trading/feed | two\nthree\nfour\n"));
	close(fds[0]);
}
END_TEST

/* More lines than a writev() takes, and more than the ring takes as one entry. */
START_TEST(test_many_lines)
{
	enum { COUNT = 3000 };
	char lines[2 * COUNT + 1] = "";
	struct logger *logger;
	_cleanup_free_ char *text = NULL;
	size_t taken = 0, n = 0;
	int fds[2];

	for (unsigned i = 0; i < COUNT; i++)
		memcpy(lines + 2 * i, "x\n", 3);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	(void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	logger = start(fds[1], 16384);
	while (taken < 2 * COUNT) {
		size_t some = write_lines(logger, lines + taken, 0, NULL);

		ck_assert_uint_eq(some % 2, 0);
		taken += some;
		if (some == 0)
			poll(NULL, 0, 1);
	}
	logger_stop(logger, USEC_INFINITY);
	close(fds[1]);
	text = read_all(fds[0]);
	for (const char *p = text; (p = strstr(p, " trading/feed | x\n")); p++)
		n++;
	ck_assert_uint_eq(n, COUNT);
	close(fds[0]);
}
END_TEST

/* Who is refused hears of it when there is room again. */
START_TEST(test_room)
{
	struct mailbox box;
	struct letter letter;
	struct waiter waiter;
	struct logger *logger;
	unsigned facts = 0;
	char drain[65536];
	int fds[2];

	ck_assert_int_eq(mailbox_init(&box), 0);
	letter_init(&letter);
	waiter_init(&waiter, &box, &letter, 1 << 3);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	(void)fcntl(fds[1], F_SETPIPE_SZ, 4096);
	logger = start(fds[1], 16384);
	while (write_lines(logger, "a child's line\n", 0, &waiter) > 0)
		;
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
	while (!mailbox_wait(&box, clock_now() + USEC_PER_MSEC, &facts))
		(void)!read(fds[0], drain, sizeof(drain));
	ck_assert_uint_eq(facts, 1 << 3);
	ck_assert_uint_gt(write_lines(logger, "a child's line\n", 0, &waiter), 0);
	logger_stop(logger, 1000);
	waiter_cancel(&waiter);
	mailbox_done(&box);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logger");

	unit_add(suite, "ring order", test_ring_keeps_order_across_its_end);
	unit_add(suite, "ring reserve", test_ring_leaves_a_reserve_to_own_lines);
	unit_add(suite, "ring anew", test_ring_starts_anew_when_empty);
	unit_add(suite, "ring safe", test_ring_makes_own_lines_safe);
	unit_add_table(suite, "prefix", test_prefix, ELEMENTS(prefix_rows));
	unit_add(suite, "drain", test_writes_what_it_got_before_it_ends);
	unit_add(suite, "blocked", test_a_blocked_console_blocks_nobody_else);
	unit_add(suite, "dead console", test_stop_gives_up_on_a_dead_console);
	unit_add(suite, "broken pipe", test_a_reader_that_has_gone_is_no_trouble);
	unit_add(suite, "ping", test_answers_pings);
	unit_add(suite, "lines in the journal", test_lines_in_the_journal);
	unit_add(suite, "lines on the console", test_lines_on_the_console);
	unit_add(suite, "many lines", test_many_lines);
	unit_add(suite, "room", test_room);
	return unit_main(suite);
}
