/* SPDX-License-Identifier: MIT */
/* The poller: readable descriptors become letters, once per arming, and never for a watch that was
 * removed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/poller.h"
#include "base/thread.h"
#include "lib/unit.h"

static struct mailbox box;
static struct watch watch = { .fd = -1 }, other = { .fd = -1 };
static int fds[2], other_fds[2];

static void setup(void)
{
	ck_assert_int_eq(mailbox_init(&box), 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(pipe2(other_fds, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(poller_start(), 0);
}

static void teardown(void)
{
	poller_remove(&watch);
	poller_remove(&other);
	poller_stop();
	for (unsigned i = 0; i < 2; i++) {
		close(fds[i]);
		close(other_fds[i]);
	}
	mailbox_done(&box);
}

static void write_byte(int fd)
{
	ck_assert_int_eq(write(fd, "x", 1), 1);
}

static void expect_ready(const struct watch *expected)
{
	unsigned facts = 0;

	ck_assert_ptr_eq(mailbox_wait(&box, USEC_INFINITY, &facts), &expected->letter);
	ck_assert_uint_eq(facts, WATCH_READY);
}

/* Returns when the thread has been through all that was ready before. */
static void ping(void)
{
	static uint64_t number;

	poller_ping(++number);
	while (poller_answered() != number)
		;
}

/* Whatever the poller had to post before this is posted after it: another watch of its own goes
 * round. */
static void expect_silence(void)
{
	ping();
	write_byte(other_fds[1]);
	ck_assert_int_eq(poller_add(&other, other_fds[0], EPOLLIN, &box), 0);
	expect_ready(&other);
	poller_remove(&other);
}

START_TEST(test_ready)
{
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	expect_silence();
	write_byte(fds[1]);
	expect_ready(&watch);
}
END_TEST

START_TEST(test_once_per_arming)
{
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	write_byte(fds[1]);
	expect_ready(&watch);
	write_byte(fds[1]);
	expect_silence();
	ck_assert_int_eq(poller_arm(&watch, EPOLLIN), 0); /* still readable */
	expect_ready(&watch);
}
END_TEST

START_TEST(test_hang_up)
{
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	close(fds[1]);
	fds[1] = -1;
	expect_ready(&watch);
}
END_TEST

START_TEST(test_remove_takes_letter_back)
{
	unsigned facts;

	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	write_byte(fds[1]);
	expect_ready(&watch);
	ck_assert_int_eq(poller_arm(&watch, EPOLLIN), 0);
	expect_ready(&watch);
	mailbox_post(&box, &watch.letter, WATCH_READY);
	poller_remove(&watch);
	ck_assert_int_eq(watch.fd, -1);
	ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
	ck_assert_int_eq(poller_arm(&watch, EPOLLIN), -ENOENT);
	poller_remove(&watch); /* once more does no harm */
}
END_TEST

/* An event of a removed watch may be under way while its slot serves the next one, which must not
 * hear of it. */
START_TEST(test_stale_event)
{
	unsigned facts;

	write_byte(fds[1]);
	for (unsigned i = 1; i <= 6000; i++) {
		struct watch *removed = calloc(1, sizeof(*removed));

		ck_assert_int_eq(poller_add(removed, fds[0], EPOLLIN, &box), 0);
		if (i % 2)
			ck_assert_ptr_eq(
				mailbox_wait(&box, USEC_INFINITY, &facts), &removed->letter);
		poller_remove(removed);
		ck_assert_int_eq(poller_add(&watch, other_fds[0], EPOLLIN, &box), 0); /* silent */
		ck_assert_uint_eq(watch.slot, removed->slot);
		free(removed);
		ping();
		ck_assert_ptr_null(mailbox_wait(&box, 0, &facts));
		poller_remove(&watch);
	}
}
END_TEST

START_TEST(test_many)
{
	enum { N = 100 };
	static struct watch watches[N];
	static bool seen[N];
	int dup_fds[N];

	for (unsigned i = 0; i < N; i++) {
		dup_fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
		ck_assert_int_eq(poller_add(&watches[i], dup_fds[i], EPOLLIN, &box), 0);
	}
	write_byte(fds[1]);
	for (unsigned n = 0; n < N; n++) {
		unsigned facts;
		struct letter *letter = mailbox_wait(&box, USEC_INFINITY, &facts);
		size_t i = (size_t)(container_of(letter, struct watch, letter) - watches);

		ck_assert_uint_lt(i, N);
		ck_assert(!seen[i]);
		seen[i] = true;
	}
	for (unsigned i = 0; i < N; i++) {
		poller_remove(&watches[i]);
		close(dup_fds[i]);
	}
}
END_TEST

START_TEST(test_refusals)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uint32_t slot;

	ck_assert_int_eq(
		poller_add(&watch, fd, EPOLLIN, &box), -EPERM); /* always ready: epoll takes none */
	ck_assert_int_eq(watch.fd, -1);
	close(fd);
	slot = watch.slot;
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	ck_assert_uint_eq(watch.slot, slot); /* nothing was used up */
	poller_remove(&watch);
	poller_stop();
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), -ESRCH);
}
END_TEST

START_TEST(test_start_again)
{
	ck_assert_int_eq(poller_start(), 0); /* runs already */
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	poller_stop();
	poller_stop();
	ck_assert_int_eq(poller_arm(&watch, EPOLLIN), -ENOENT);
	ck_assert_int_eq(poller_start(), 0);
	poller_remove(&watch); /* of the one before */
	ck_assert_int_eq(poller_add(&watch, fds[0], EPOLLIN, &box), 0);
	write_byte(fds[1]);
	expect_ready(&watch);
}
END_TEST

static void *blocked_signals(void *userdata)
{
	pthread_sigmask(SIG_SETMASK, NULL, userdata);
	return NULL;
}

START_TEST(test_thread_blocks_signals)
{
	pthread_t thread;
	sigset_t blocked;

	ck_assert_int_eq(
		thread_start(&thread, "a name that is too long", 1, blocked_signals, &blocked), 0);
	pthread_join(thread, NULL);
	ck_assert(sigismember(&blocked, SIGTERM));
	ck_assert(sigismember(&blocked, SIGCHLD));
	ck_assert(sigismember(&blocked, SIGRTMIN));
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	ck_assert(!sigismember(&blocked, SIGTERM)); /* the starter's own are as they were */
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	tcase_add_checked_fixture(unit_add(suite, name, test), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("poller");

	add(suite, "ready", test_ready);
	add(suite, "once-per-arming", test_once_per_arming);
	add(suite, "hang-up", test_hang_up);
	add(suite, "remove-takes-letter-back", test_remove_takes_letter_back);
	add(suite, "stale-event", test_stale_event);
	add(suite, "many", test_many);
	add(suite, "refusals", test_refusals);
	add(suite, "start-again", test_start_again);
	unit_add(suite, "thread-blocks-signals", test_thread_blocks_signals);
	return unit_main(suite);
}
