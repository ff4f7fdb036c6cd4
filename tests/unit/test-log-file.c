/* SPDX-License-Identifier: MIT */
/* Log files: rotation, reopening, what is refused, and disks that are full. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/strings.h"
#include "daemon/log-file.h"
#include "lib/unit.h"

static char folder[64], path[128], said[4096];
static struct log_files files;

static bool hear(const struct log_record *record, _unused_ void *userdata)
{
	size_t length = strlen(said);

	snprintf(said + length, sizeof(said) - length, "%.*s\n", (int)record->length, record->text);
	return true;
}

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test-log-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	said[0] = '\0';
	log_set_sink(hear, NULL);
}

static void teardown(void)
{
	_cleanup_free_ char *command = NULL;

	log_files_done(&files);
	log_set_sink(NULL, NULL);
	(void)umount2(folder, MNT_DETACH);
	command = string_printf("rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void write_text(const char *text, uint64_t max_size, unsigned max_files, uint64_t now)
{
	log_file_write(log_files_get(&files, path, max_size, max_files), text, strlen(text), now);
}

/* What is in the file, "-" when there is none; number 0: the file itself. */
static char *content(unsigned number)
{
	static char text[1 << 16];
	char name[160];
	FILE *file;
	size_t n;

	snprintf(name, sizeof(name), number > 0 ? "%s.%u" : "%s", path, number);
	file = fopen(name, "re");
	if (!file)
		return strcpy(text, "-");
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

static const struct {
	const char *pieces[6];
	uint64_t max_size;
	unsigned max_files;
	const char *expected[4]; /* of log, log.1, … */
} rotations[] = {
	{ { "one\n", "two\n" }, 0, 5, { "one\ntwo\n", "-" } },
	{ { "one\n", "two\n" }, 8, 5, { "one\ntwo\n", "-" } },
	{ { "one\n", "two\n" }, 7, 5, { "two\n", "one\n", "-" } },
	{ { "one\ntwo\n" }, 7, 5, { "two\n", "one\n", "-" } },
	{ { "one\ntwo\nthree\nfour\n" }, 9, 5, { "four\n", "three\n", "one\ntwo\n", "-" } },
	{ { "one\n", "two\n", "three\n", "four\n" }, 5, 3, { "four\n", "three\n", "two\n", "-" } },
	{ { "one\n", "two\n", "three\n" }, 5, 1, { "three\n", "-" } },
	{ { "a\n", "a line that is too long\n", "b\n" }, 4, 5,
		{ "b\n", "a line that is too long\n", "a\n", "-" } },
	{ { "\n\n\n" }, 2, 5, { "\n", "\n\n", "-" } },
};

START_TEST(test_rotation)
{
	for (unsigned i = 0; i < 6 && rotations[_i].pieces[i]; i++)
		write_text(rotations[_i].pieces[i], rotations[_i].max_size, rotations[_i].max_files,
			1);
	for (unsigned i = 0; i < 4 && rotations[_i].expected[i]; i++)
		ck_assert_str_eq(content(i), rotations[_i].expected[i]);
	ck_assert_str_eq(said, "");
}
END_TEST

/* What is there already counts. */
START_TEST(test_goes_on_with_an_old_file)
{
	write_text("one\n", 7, 5, 1);
	log_files_done(&files);
	write_text("two\n", 7, 5, 1);
	ck_assert_str_eq(content(0), "two\n");
	ck_assert_str_eq(content(1), "one\n");
}
END_TEST

/* Truncated by somebody else: no reason to rotate. */
START_TEST(test_truncated_by_others)
{
	write_text("one\n", 7, 5, 1);
	ck_assert_int_eq(truncate(path, 0), 0);
	write_text("two\n", 7, 5, 1);
	ck_assert_str_eq(content(0), "two\n");
	ck_assert_str_eq(content(1), "-");
}
END_TEST

START_TEST(test_mode_and_descriptor)
{
	struct stat st;

	umask(022);
	write_text("one\n", 0, 5, 1);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0640);
}
END_TEST

START_TEST(test_reopen)
{
	char moved[160];

	snprintf(moved, sizeof(moved), "%s.old", path);
	write_text("one\n", 0, 5, 1);
	ck_assert_int_eq(rename(path, moved), 0);
	write_text("two\n", 0, 5, 1);
	ck_assert_str_eq(content(0), "-");
	log_files_reopen(files.first, 1);
	ck_assert_str_eq(content(0), "");
	write_text("three\n", 0, 5, 1);
	ck_assert_str_eq(content(0), "three\n");
	ck_assert_int_eq(rename(moved, path), 0);
	ck_assert_str_eq(content(0), "one\ntwo\n");
}
END_TEST

static void make_link(void)
{
	char target[160];

	snprintf(target, sizeof(target), "%s.target", path);
	close(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ck_assert_int_eq(symlink(target, path), 0);
}

static void make_fifo(void)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

/* One that somebody reads can be opened. */
static void make_read_fifo(void)
{
	make_fifo();
	ck_assert_int_ge(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), 0);
}

static void make_folder(void)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void open_folder_to_all(void)
{
	ck_assert_int_eq(chmod(folder, 01777), 0);
}

static void give_folder_away(void)
{
	if (geteuid() == 0)
		ck_assert_int_eq(chown(folder, 12345, 0), 0);
	else
		snprintf(path, sizeof(path), "/tmp/log"); /* also of somebody else */
}

static void give_file_away(void)
{
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	if (geteuid() == 0)
		ck_assert_int_eq(chown(path, 12345, 0), 0);
	else
		ck_assert_int_eq(chmod(path, 0400), 0);
}

static void name_no_folder(void)
{
	strcat(path, "/in/no/folder");
}

static const struct {
	void (*prepare)(void);
	const char *reason, *reason_of_others; /* where root's may differ */
} refusals[] = {
	{ make_link, "it is a symbolic link", NULL },
	{ make_fifo, "it is not a regular file", NULL },
	{ make_read_fifo, "it is not a regular file", NULL },
	{ make_folder, "it is not a regular file", NULL },
	{ open_folder_to_all, "everybody may write into its folder", NULL },
	{ give_folder_away, "its folder belongs to somebody else",
		"everybody may write into its folder" },
	{ give_file_away, "it belongs to somebody else", "Permission denied" },
	{ name_no_folder, "No such file or directory", NULL },
};

START_TEST(test_refusal)
{
	_cleanup_free_ char *expected = NULL;
	const char *reason = refusals[_i].reason;

	refusals[_i].prepare();
	if (geteuid() != 0 && refusals[_i].reason_of_others)
		reason = refusals[_i].reason_of_others;
	write_text("one\n", 0, 5, 1);
	write_text("two\nthree\n", 0, 5, 2);
	expected = string_printf("%s: %s: lines are lost\n", path, reason);
	ck_assert_str_eq(said, expected);
	log_files_done(&files);
	ck_assert_ptr_nonnull(strstr(said, ": 3 lines were lost\n"));
}
END_TEST

/* Tried again after a second, not before. */
START_TEST(test_comes_back)
{
	make_fifo();
	write_text("one\n", 0, 5, 1);
	ck_assert_int_eq(unlink(path), 0);
	write_text("two\n", 0, 5, USEC_PER_SEC);
	ck_assert_str_eq(content(0), "-");
	write_text("three\n", 0, 5, USEC_PER_SEC + 1);
	ck_assert_str_eq(content(0), "three\n");
	ck_assert_ptr_nonnull(strstr(said, ": it goes on; 2 lines were lost\n"));
}
END_TEST

/* A line that does not fit is not begun. */
static void fill_up(size_t room)
{
	char text[1024];
	size_t n = room / 10 * 10;

	memset(text, 'x', sizeof(text));
	for (size_t i = 9; i < sizeof(text); i += 10)
		text[i] = '\n';
	ck_assert_uint_lt(n + 10, sizeof(text));
	log_file_write(log_files_get(&files, path, 0, 5), text, n + 10, 1);
	ck_assert_uint_eq(strlen(content(0)), n);
	ck_assert_ptr_nonnull(strstr(said, ": lines are lost\n"));
	log_file_write(log_files_get(&files, path, 0, 5), text, 20, 1);
	ck_assert_uint_eq(strlen(content(0)), n);
	ck_assert_ptr_null(strstr(said, "goes on"));
}

START_TEST(test_limited_size)
{
	struct rlimit limit, old;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = (struct rlimit){ .rlim_cur = 105, .rlim_max = old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fill_up(105);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	write_text("last\n", 0, 5, 1);
	ck_assert_str_eq(content(0) + 100, "last\n");
	ck_assert_ptr_nonnull(strstr(said, ": it goes on; 3 lines were lost\n"));
}
END_TEST

/* A disk of two pages, one of them full. */
START_TEST(test_full_disk)
{
	char other[160], page[4096] = "";
	int fd;

	if (mount("none", folder, "tmpfs", 0, "size=8k,mode=0700") < 0)
		return; /* may not be done here */
	snprintf(other, sizeof(other), "%s/other", folder);
	fd = open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(write(fd, page, sizeof(page)), sizeof(page));
	close(fd);
	write_text("one\ntwo\n", 0, 5, 1);
	write_text("three\n", 0, 5, 1);
	ck_assert_ptr_nonnull(strstr(said, "No space left on device: lines are lost\n"));
	ck_assert_int_eq(unlink(other), 0);
	write_text("four\n", 0, 5, USEC_PER_SEC + 2);
	ck_assert_str_eq(content(0), "four\n");
	ck_assert_ptr_nonnull(strstr(said, ": it goes on; 3 lines were lost\n"));
}
END_TEST

/* The rename is refused: the file grows on, and nothing is lost. */
START_TEST(test_rotation_that_fails)
{
	_cleanup_free_ char *target = string_printf("%s.1", path);

	ck_assert_int_eq(mkdir(target, 0700), 0);
	write_text("one\ntwo\nthree\n", 6, 2, 1);
	ck_assert_ptr_nonnull(strstr(said, ": cannot be rotated: "));
	ck_assert_str_eq(content(0), "one\ntwo\nthree\n");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("log-file");

	add(suite, "rotation", test_rotation, ELEMENTS(rotations));
	add(suite, "goes on", test_goes_on_with_an_old_file, 1);
	add(suite, "truncated", test_truncated_by_others, 1);
	add(suite, "mode", test_mode_and_descriptor, 1);
	add(suite, "reopen", test_reopen, 1);
	add(suite, "refusal", test_refusal, ELEMENTS(refusals));
	add(suite, "comes back", test_comes_back, 1);
	add(suite, "limited size", test_limited_size, 1);
	add(suite, "full disk", test_full_disk, 1);
	add(suite, "rotation that fails", test_rotation_that_fails, 1);
	return unit_main(suite);
}
