/* SPDX-License-Identifier: MIT */
/* Each write is of whole lines that fit; where the kernel takes less, the torn line is taken back.
 */
#include "daemon/log-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"

#define RETRY_USEC USEC_PER_SEC

struct log_file {
	struct log_file *next;
	char *path;       /* constant */
	const char *name; /* within path: what is behind the last slash */
	_Atomic uint64_t max_size;
	atomic_uint max_files;

	/* the logger thread's */
	int fd;              /* -1: not open */
	uint64_t size;       /* as far as we know: others may write there, too */
	uint64_t lost;       /* lines, since that was said */
	uint64_t retry_usec; /* not opened again before */
	int error;           /* why lines are lost; 0: none are */
};

/* ---- all of them */

static struct log_file *file_new(const char *path)
{
	struct log_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->path = strdup(path);
	if (!file->path) {
		free(file);
		return NULL;
	}
	file->name = strrchr(file->path, '/') + 1;
	file->fd = -1;
	return file;
}

static void file_free(struct log_file *file)
{
	closep(&file->fd);
	free(file->path);
	free(file);
}

struct log_file *log_files_get(
	struct log_files *files, const char *path, uint64_t max_size, unsigned max_files)
{
	struct log_file *file = map_get(&files->map, path);

	if (!file) {
		file = file_new(path);
		if (!file)
			return NULL;
		if (map_put(&files->map, file->path, file) < 0) {
			file_free(file);
			return NULL;
		}
		file->next = files->first;
		files->first = file;
	}
	atomic_store_explicit(&file->max_size, max_size, memory_order_relaxed);
	atomic_store_explicit(&file->max_files, max_files, memory_order_relaxed);
	return file;
}

void log_files_done(struct log_files *files)
{
	struct log_file *file = files->first, *next;

	for (; file; file = next) {
		next = file->next;
		if (file->lost > 0)
			log_warning("%s: %" PRIu64 " lines were lost", file->path, file->lost);
		file_free(file);
	}
	map_done(&files->map);
	files->first = NULL;
}

/* ---- opening. Errors are negative, with a sentence. */

static int open_folder(const struct log_file *file, const char **ret_reason)
{
	_cleanup_free_ char *folder =
		strndup(file->path, MAX((size_t)(file->name - 1 - file->path), (size_t)1));
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		*ret_reason = "its folder belongs to somebody else";
	else if (st.st_mode & S_IWOTH)
		*ret_reason = "everybody may write into its folder";
	else
		return TAKE_FD(fd);
	return -EPERM;
}

static int check_file(int fd, uint64_t *ret_size, const char **ret_reason)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode))
		*ret_reason = "it is not a regular file";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		*ret_reason = "it belongs to somebody else";
	else
		return 0;
	return -EPERM;
}

static int open_file(struct log_file *file, const char **ret_reason)
{
	_cleanup_close_ int folder_fd = open_folder(file, ret_reason), fd = -1;
	int r;

	if (folder_fd < 0)
		return folder_fd;
	fd = openat(folder_fd, file->name,
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		0640);
	if (fd < 0) {
		if (errno == ELOOP)
			*ret_reason = "it is a symbolic link";
		else if (errno == EISDIR || errno == ENXIO)
			*ret_reason = "it is not a regular file";
		return -errno;
	}
	r = check_file(fd, &file->size, ret_reason);
	if (r < 0)
		return r;
	file->fd = TAKE_FD(fd);
	return 0;
}

/* ---- losing lines, and saying so */

static uint64_t count_lines(const char *text, size_t length)
{
	const char *end = text + length;
	uint64_t n = 0;

	while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
		text++;
		n++;
	}
	return n;
}

static void lose(
	struct log_file *file, int error, const char *reason, const char *lines, size_t length)
{
	file->lost += count_lines(lines, length);
	if (file->error == error)
		return;
	file->error = error;
	log_warning("%s: %s: lines are lost", file->path, reason ? reason : strerror(-error));
}

static void tell_that_it_goes_on(struct log_file *file)
{
	if (file->error == 0)
		return;
	log_notice("%s: it goes on; %" PRIu64 " lines were lost", file->path, file->lost);
	file->lost = 0;
	file->error = 0;
}

static bool is_open(struct log_file *file, const char *lines, size_t length, uint64_t now_usec)
{
	const char *reason = NULL;
	int r;

	if (file->fd >= 0)
		return true;
	if (now_usec < file->retry_usec) {
		file->lost += count_lines(lines, length);
		return false;
	}
	r = open_file(file, &reason);
	if (r >= 0)
		return true;
	file->retry_usec = usec_add(now_usec, RETRY_USEC);
	lose(file, r, reason, lines, length);
	return false;
}

/* ---- writing */

static size_t whole_lines(const char *lines, size_t length)
{
	const char *newline = memrchr(lines, '\n', length);

	return newline ? (size_t)(newline + 1 - lines) : 0;
}

/* Takes back the torn end of a write that was cut short, unless others have written since. */
static size_t take_back(struct log_file *file, const char *lines, size_t written)
{
	size_t whole = whole_lines(lines, written);
	struct stat st;

	if (whole == written || fstat(file->fd, &st) < 0 ||
		ftruncate(file->fd, st.st_size - (off_t)(written - whole)) < 0)
		return written;
	return whole;
}

static void write_lines(struct log_file *file, const char *lines, size_t length)
{
	ssize_t n;
	size_t kept;

	do
		n = write(file->fd, lines, length);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)length) {
		file->size += length;
		tell_that_it_goes_on(file);
		return;
	}
	if (n < 0) {
		lose(file, -errno, NULL, lines, length);
		return;
	}
	kept = take_back(file, lines, (size_t)n);
	file->size += kept;
	if (kept < length)
		lose(file, -ENOSPC, NULL, lines + kept, length - kept);
}

/* ---- rotation */

/* NAME.(max - 1) is the oldest one, NAME is NAME.0. */
static int rename_all(const struct log_file *file, int folder_fd)
{
	unsigned max = atomic_load_explicit(&file->max_files, memory_order_relaxed);
	char from[NAME_MAX + 16], to[NAME_MAX + 16];

	if (max <= 1)
		return unlinkat(folder_fd, file->name, 0) < 0 ? -errno : 0;
	for (unsigned i = max - 1; i > 0; i--) {
		(void)snprintf(to, sizeof(to), "%s.%u", file->name, i);
		(void)snprintf(from, sizeof(from), i > 1 ? "%s.%u" : "%s", file->name, i - 1);
		if (renameat(folder_fd, from, folder_fd, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* When it cannot be done the file just grows by as much again. */
static void rotate(struct log_file *file, uint64_t now_usec)
{
	const char *reason = NULL;
	_cleanup_close_ int folder_fd = open_folder(file, &reason);
	int r = folder_fd < 0 ? folder_fd : rename_all(file, folder_fd);

	if (r < 0)
		log_warning(
			"%s: cannot be rotated: %s", file->path, reason ? reason : strerror(-r));
	file->size = 0;
	if (r < 0)
		return;
	close(TAKE_FD(file->fd));
	file->retry_usec = now_usec;
}

/* What others did to the file meanwhile (truncated it, say) counts, too. */
static bool is_full(struct log_file *file, uint64_t max_size, size_t need)
{
	struct stat st;

	if (max_size == 0 || file->size == 0 || file->size + need <= max_size)
		return false;
	if (fstat(file->fd, &st) == 0 && (uint64_t)st.st_size < file->size)
		file->size = (uint64_t)st.st_size;
	return file->size > 0 && file->size + need > max_size;
}

/* How many bytes, whole lines, go into the file as it is: at least the first line. */
static size_t fitting(const struct log_file *file, uint64_t max_size, const char *lines,
	size_t length, size_t first)
{
	size_t n;

	if (max_size == 0 || file->size + length <= max_size)
		return length;
	n = file->size < max_size ? whole_lines(lines, (size_t)(max_size - file->size)) : 0;
	return MAX(n, first);
}

void log_file_write(struct log_file *file, const char *lines, size_t length, uint64_t now_usec)
{
	uint64_t max_size = atomic_load_explicit(&file->max_size, memory_order_relaxed);

	while (length > 0) {
		const char *newline = memchr(lines, '\n', length);
		size_t n, first = newline ? (size_t)(newline + 1 - lines) : length;

		if (!is_open(file, lines, length, now_usec))
			return;
		if (is_full(file, max_size, first)) {
			rotate(file, now_usec);
			continue;
		}
		n = fitting(file, max_size, lines, length, first);
		write_lines(file, lines, n);
		lines += n;
		length -= n;
	}
}

void log_files_reopen(struct log_file *first, uint64_t now_usec)
{
	for (struct log_file *file = first; file; file = file->next) {
		bool was_open = file->fd >= 0;

		if (was_open)
			close(TAKE_FD(file->fd));
		file->retry_usec = 0;
		if (was_open)
			(void)is_open(file, "", 0, now_usec);
	}
}
