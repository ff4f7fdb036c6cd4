/* SPDX-License-Identifier: MIT */
/* Letters: each lies in its box once, no fact is lost, a sleeper is woken, deadlines are kept. */
#include "base/clock.h"
#include "base/macro.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "lib/unit.h"

static struct mailbox box;
static struct letter a, b;

static void setup(void)
{
	ck_assert_int_eq(mailbox_init(&box), 0);
	letter_init(&a);
	letter_init(&b);
}

static void teardown(void)
{
	mailbox_done(&box);
}

static void expect(struct letter *letter, unsigned facts)
{
	unsigned seen = 0;

	ck_assert_ptr_eq(mailbox_wait(&box, 0, &seen), letter);
	ck_assert_uint_eq(seen, facts);
}

START_TEST(test_order)
{
	expect(NULL, 0);
	mailbox_post(&box, &a, 1);
	mailbox_post(&box, &b, 8);
	mailbox_post(&box, &a, 2); /* keeps its place */
	expect(&a, 3);
	mailbox_post(&box, &a, 4);
	expect(&b, 8);
	expect(&a, 4);
	expect(NULL, 0);
}
END_TEST

START_TEST(test_retract)
{
	ck_assert_uint_eq(mailbox_retract(&box, &a), 0);
	mailbox_post(&box, &a, 1);
	mailbox_post(&box, &b, 8);
	mailbox_post(&box, &a, 4);
	ck_assert_uint_eq(mailbox_retract(&box, &a), 5);
	ck_assert_uint_eq(mailbox_retract(&box, &a), 0);
	expect(&b, 8);
	expect(NULL, 0);
	mailbox_post(&box, &a, 2); /* can be posted again */
	expect(&a, 2);
}
END_TEST

START_TEST(test_deadline)
{
	uint64_t deadline = clock_now() + 2000;
	unsigned facts;

	ck_assert_ptr_null(mailbox_wait(&box, deadline, &facts));
	ck_assert_uint_ge(clock_now(), deadline);
	ck_assert_ptr_null(mailbox_wait(&box, 1, &facts)); /* long past */
	mailbox_post(&box, &a, 1);
	ck_assert_ptr_eq(mailbox_wait(&box, 1, &facts), &a);
}
END_TEST

/* Waits until the owner sleeps, then posts. */
static void *wake_sleeper(_unused_ void *userdata)
{
	bool sleeps;

	do {
		pthread_mutex_lock(&box.lock);
		sleeps = box.waiting;
		pthread_mutex_unlock(&box.lock);
	} while (!sleeps);
	mailbox_post(&box, &a, 1);
	return NULL;
}

static const uint64_t far_deadlines[] = { USEC_INFINITY, USEC_INFINITY - 1,
	0 /* an hour from now */ };

START_TEST(test_sleeper)
{
	uint64_t deadline = far_deadlines[_i];
	unsigned facts = 0;
	pthread_t thread;

	if (deadline == 0)
		deadline = clock_now() + 3600 * USEC_PER_SEC;
	ck_assert_int_eq(
		thread_start(&thread, "poster", THREAD_STACK_SMALL, wake_sleeper, NULL), 0);
	ck_assert_ptr_eq(mailbox_wait(&box, deadline, &facts), &a);
	ck_assert_uint_eq(facts, 1);
	pthread_join(thread, NULL);
	ck_assert(!box.waiting);
}
END_TEST

enum { N_POSTERS = 4, N_FACTS = 32, N_ROUNDS = 300 };

struct poster {
	pthread_t thread;
	struct letter letter;
	struct mailbox reply; /* one letter: all facts of the round have arrived */
	struct letter go_on;
	unsigned rounds, seen;
};

/* Each round posts all 32 facts one by one, then waits until the owner has collected every one of
 * them. */
static void *post_rounds(void *userdata)
{
	struct poster *poster = userdata;
	unsigned facts;

	for (unsigned round = 0; round < N_ROUNDS; round++) {
		for (unsigned i = 0; i < N_FACTS; i++)
			mailbox_post(&box, &poster->letter, 1U << i);
		(void)mailbox_wait(&poster->reply, USEC_INFINITY, &facts);
	}
	return NULL;
}

START_TEST(test_no_fact_lost)
{
	struct poster posters[N_POSTERS] = { 0 };
	unsigned facts, unfinished = N_POSTERS;

	for (unsigned i = 0; i < N_POSTERS; i++) {
		letter_init(&posters[i].letter);
		letter_init(&posters[i].go_on);
		ck_assert_int_eq(mailbox_init(&posters[i].reply), 0);
		ck_assert_int_eq(thread_start(&posters[i].thread, "poster", THREAD_STACK_SMALL,
					 post_rounds, &posters[i]),
			0);
	}
	while (unfinished) {
		struct letter *letter = mailbox_wait(&box, USEC_INFINITY, &facts);
		struct poster *poster = container_of(letter, struct poster, letter);

		ck_assert_uint_ne(facts, 0);
		ck_assert_uint_eq(poster->seen & facts, 0); /* each fact is told once */
		poster->seen |= facts;
		if (poster->seen != UINT32_MAX)
			continue;
		poster->seen = 0;
		unfinished -= ++poster->rounds == N_ROUNDS;
		mailbox_post(&poster->reply, &poster->go_on, 1);
	}
	for (unsigned i = 0; i < N_POSTERS; i++) {
		pthread_join(posters[i].thread, NULL);
		mailbox_done(&posters[i].reply);
	}
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("mailbox");

	add(suite, "order", test_order, 1);
	add(suite, "retract", test_retract, 1);
	add(suite, "deadline", test_deadline, 1);
	add(suite, "sleeper", test_sleeper, ELEMENTS(far_deadlines));
	add(suite, "no-fact-lost", test_no_fact_lost, 1);
	return unit_main(suite);
}
