/* SPDX-License-Identifier: MIT */
/* Named, typed values: what was written is read, another type is an error, what is read is the
 * reader's own. */
#include "lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/macro.h"
#include "base/thread.h"
#include "core/message.h"

static char path[] = "path=/dev/null", empty[] = "empty=", twice[] = "twice=a=b";
static char no_pair[] = "no equals sign";
static char *const environment[] = { path, empty, twice, NULL };
static struct messages *messages;

static void setup(void)
{
	messages = messages_new(environment);
	ck_assert_ptr_nonnull(messages);
}

static void teardown(void)
{
	messages_free(messages);
}

static int get(enum gloop_registry registry, const char *key, enum gloop_type type,
	struct gloop_value *ret)
{
	return messages_get(messages, registry, key, type, ret);
}

static int set_text(enum gloop_registry registry, const char *key, const char *text)
{
	return messages_set(messages, registry, key,
		&(struct gloop_value){ .type = GLOOP_STRING, .as.string = text });
}

static int set_number(const char *key, int64_t number)
{
	return messages_set(messages, GLOOP_ROUTINE, key,
		&(struct gloop_value){ .type = GLOOP_INT, .as.integer = number });
}

static void expect_text(enum gloop_registry registry, const char *key, const char *text)
{
	struct gloop_value value;

	ck_assert_int_eq(get(registry, key, GLOOP_STRING, &value), 0);
	ck_assert_str_eq(value.as.string, text);
	free((char *)value.as.string);
}

static const struct {
	const char *key, *text;
} given[] = { { "path", "/dev/null" }, { "empty", "" }, { "twice", "a=b" } };

START_TEST(test_environment)
{
	struct gloop_value value;

	expect_text(GLOOP_ENVIRONMENT, given[_i].key, given[_i].text);
	ck_assert_int_eq(set_text(GLOOP_ENVIRONMENT, given[_i].key, "other"), -EROFS);
	ck_assert_int_eq(set_text(GLOOP_ENVIRONMENT, "new", "other"), -EROFS);
	expect_text(GLOOP_ENVIRONMENT, given[_i].key, given[_i].text);
	ck_assert_int_eq(get(GLOOP_ENVIRONMENT, "new", GLOOP_STRING, &value), -ENOENT);
}
END_TEST

static const struct gloop_value values[] = {
	{ .type = GLOOP_BOOL, .as.boolean = 1 },
	{ .type = GLOOP_INT, .as.integer = INT64_MIN },
	{ .type = GLOOP_DOUBLE, .as.real = 0.1 },
	{ .type = GLOOP_STRING, .as.string = "text" },
};

/* Each type is read back as itself and as nothing else; outputs are untouched on failure. */
START_TEST(test_types)
{
	const struct gloop_value *value = &values[_i];
	struct gloop_value got;

	ck_assert_int_eq(messages_set(messages, GLOOP_EVENT, "key", value), 0);
	for (unsigned type = 0; type < ELEMENTS(values); type++) {
		got = (struct gloop_value){ .type = GLOOP_INT, .as.integer = 4711 };
		if (type != value->type) {
			ck_assert_int_eq(get(GLOOP_EVENT, "key", type, &got), -EINVAL);
			ck_assert(got.type == GLOOP_INT && got.as.integer == 4711);
			continue;
		}
		ck_assert_int_eq(get(GLOOP_EVENT, "key", type, &got), 0);
		ck_assert_int_eq(got.type, value->type);
		if (type == GLOOP_STRING)
			ck_assert_str_eq(got.as.string, "text");
		if (type == GLOOP_INT)
			ck_assert_int_eq(got.as.integer, INT64_MIN);
		if (type == GLOOP_BOOL)
			ck_assert_int_eq(got.as.boolean, 1);
		if (type == GLOOP_DOUBLE)
			ck_assert(got.as.real >= 0.1 && got.as.real <= 0.1);
		if (type == GLOOP_STRING)
			free((char *)got.as.string);
	}
	ck_assert_int_eq(
		get(GLOOP_ROUTINE, "key", value->type, &got), -ENOENT); /* registries are apart */
}
END_TEST

START_TEST(test_replace)
{
	char text[] = "first";
	struct gloop_value value;

	ck_assert_int_eq(set_text(GLOOP_ROUTINE, "key", text), 0);
	text[0] = 'F'; /* a copy was kept */
	expect_text(GLOOP_ROUTINE, "key", "first");
	ck_assert_int_eq(set_text(GLOOP_ROUTINE, "key", "second"), 0);
	expect_text(GLOOP_ROUTINE, "key", "second");
	ck_assert_int_eq(set_number("key", 3), 0); /* another type takes its place */
	ck_assert_int_eq(get(GLOOP_ROUTINE, "key", GLOOP_STRING, &value), -EINVAL);
	ck_assert_int_eq(get(GLOOP_ROUTINE, "key", GLOOP_INT, &value), 0);
	ck_assert_int_eq(value.as.integer, 3);
}
END_TEST

START_TEST(test_refused)
{
	struct gloop_value value;

	ck_assert_int_eq(set_number("", 1), -EINVAL);
	ck_assert_int_eq(
		messages_set(messages, (enum gloop_registry)77, "key", &values[0]), -EINVAL);
	ck_assert_int_eq(get((enum gloop_registry)77, "key", GLOOP_INT, &value), -EINVAL);
	ck_assert_int_eq(get(GLOOP_ROUTINE, "key", GLOOP_INT, &value), -ENOENT);
	ck_assert_ptr_null(messages_new((char *[]){ no_pair, NULL }));
	messages_free(NULL);
}
END_TEST

enum { N_THREADS = 4, N_ROUNDS = 500 };

static void *write_and_read(void *ret_lost)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		struct gloop_value value;

		set_text(GLOOP_ROUTINE, "shared", "text");
		if (get(GLOOP_ROUTINE, "shared", GLOOP_STRING, &value) < 0)
			*(bool *)ret_lost = true;
		else
			free((char *)value.as.string);
	}
	return NULL;
}

START_TEST(test_threads)
{
	pthread_t threads[N_THREADS];
	bool lost[N_THREADS] = { false };

	for (int i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(thread_start(&threads[i], "writer", THREAD_STACK_SMALL,
					 write_and_read, &lost[i]),
			0);
	for (int i = 0; i < N_THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert(!lost[i]);
	}
	expect_text(GLOOP_ROUTINE, "shared", "text");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("message");

	add(suite, "environment", test_environment, ELEMENTS(given));
	add(suite, "types", test_types, ELEMENTS(values));
	add(suite, "replace", test_replace, 1);
	add(suite, "refused", test_refused, 1);
	add(suite, "threads", test_threads, 1);
	return unit_main(suite);
}
