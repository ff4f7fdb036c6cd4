/* SPDX-License-Identifier: MIT */
/* The log front: levels, what a sink is handed, and what standard error shows without one. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strings.h"
#include "lib/unit.h"

struct seen {
	unsigned n;
	int priority;
	bool output, answer;
	const struct log_fields *fields;
	char text[2048];
};

static bool remember(const struct log_record *record, void *userdata)
{
	struct seen *seen = userdata;

	seen->n++;
	seen->priority = record->priority;
	seen->output = record->output;
	seen->fields = record->fields;
	ck_assert_uint_lt(record->length, sizeof(seen->text));
	*(char *)mempcpy(seen->text, record->text, record->length) = '\0';
	errno = ENOTTY; /* a sink may leave anything there */
	return seen->answer;
}

START_TEST(test_sink)
{
	struct log_fields fields = { .loop = "feed", .generation = 3 };
	struct seen seen = { .answer = true };

	log_set_sink(remember, &seen);
	errno = ENOENT;
	log_full(LOG_WARNING, &fields, "line %d: %m", 7);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.priority, LOG_WARNING);
	ck_assert_ptr_eq(seen.fields, &fields);
	ck_assert(!seen.output);
	ck_assert_str_eq(seen.text, "line 7: No such file or directory");
}
END_TEST

START_TEST(test_one_line)
{
	struct seen seen = { .answer = true };

	log_set_sink(remember, &seen);
	log_error("a %s", "b\nforged\rline");
	ck_assert_str_eq(seen.text, "a b forged line");
}
END_TEST

START_TEST(test_long)
{
	struct seen seen = { .answer = true };
	char text[1500];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_set_sink(remember, &seen);
	log_info("%s", text);
	ck_assert_str_eq(seen.text, text);
}
END_TEST

START_TEST(test_level)
{
	struct log_record record = { .priority = LOG_INFO, .text = "x", .length = 1 };
	struct seen seen = { .answer = true };

	log_set_sink(remember, &seen);
	ck_assert_int_eq(log_level(), LOG_INFO);
	log_debug("dropped");
	ck_assert_uint_eq(seen.n, 0);
	log_info("taken");
	ck_assert_uint_eq(seen.n, 1);
	log_set_level(LOG_ERR);
	log_warning("dropped");
	ck_assert(log_write(&record));
	ck_assert_uint_eq(seen.n, 1);
	log_set_level(LOG_DEBUG);
	log_debug("taken");
	ck_assert_uint_eq(seen.n, 2);
}
END_TEST

START_TEST(test_refused)
{
	struct log_record record = {
		.priority = LOG_INFO, .output = true, .text = "x", .length = 1
	};
	struct seen seen = { .answer = false };

	log_set_sink(remember, &seen);
	ck_assert(!log_write(&record));
	ck_assert(seen.output);
	seen.answer = true;
	ck_assert(log_write(&record));
}
END_TEST

START_TEST(test_stderr)
{
	struct log_record record = { .priority = LOG_INFO, .text = "no more", .length = 2 };
	char buf[64] = "";
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	log_info("hello");
	ck_assert_int_eq(read(fds[0], buf, sizeof(buf) - 1), 6);
	ck_assert_str_eq(buf, "hello\n");
	ck_assert(log_write(&record));
	ck_assert_int_eq(read(fds[0], buf, sizeof(buf) - 1), 3);
	ck_assert_mem_eq(buf, "no\n", 3);
}
END_TEST

START_TEST(test_names)
{
	for (int i = LOG_EMERG; i <= LOG_DEBUG; i++) {
		ck_assert_int_eq(log_level_from_string(log_level_to_string(i)), i);
		ck_assert_int_eq(log_level_from_string((char[]){ (char)('0' + i), 0 }), i);
	}
	ck_assert_int_eq(log_level_from_string("err"), LOG_ERR);
	ck_assert_int_eq(log_level_from_string("warning"), LOG_WARNING);
	ck_assert_int_eq(log_level_from_string("8"), -EINVAL);
	ck_assert_int_eq(log_level_from_string("10"), -EINVAL);
	ck_assert_int_eq(log_level_from_string(""), -EINVAL);
	ck_assert_int_eq(log_level_from_string("loud"), -EINVAL);
	ck_assert_ptr_null(log_level_to_string(8));
	ck_assert_ptr_null(log_level_to_string(-1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");

	unit_add(suite, "sink", test_sink);
	unit_add(suite, "one-line", test_one_line);
	unit_add(suite, "long", test_long);
	unit_add(suite, "level", test_level);
	unit_add(suite, "refused", test_refused);
	unit_add(suite, "stderr", test_stderr);
	unit_add(suite, "names", test_names);
	return unit_main(suite);
}
