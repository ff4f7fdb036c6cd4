/* SPDX-License-Identifier: MIT */
/* A log file and what it was rotated to: PATH, PATH.1, …; from the end, until there are enough
 * lines. */
#include "ctl/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/strings.h"

enum { BLOCK = 64 * 1024 };

static int open_regular(const char *path, off_t *ret_size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = st.st_size;
	return TAKE_FD(fd);
}

/* Where the last max lines of that many bytes begin; how many they are in *ret_n. */
static off_t find_lines(int fd, off_t size, size_t max, size_t *ret_n)
{
	static char block[BLOCK];
	off_t end = size;

	*ret_n = 0;
	while (end > 0) {
		off_t begin = MAX(end - BLOCK, (off_t)0);
		ssize_t n = pread(fd, block, (size_t)(end - begin), begin);

		if (n <= 0)
			break;
		for (ssize_t i = n; i > 0; i--) {
			/* The newline at the very end ends a line, and begins none. */
			if (block[i - 1] != '\n' || begin + i == size)
				continue;
			if (++*ret_n == max)
				return begin + i;
		}
		end = begin;
	}
	*ret_n += size > 0;
	return 0;
}

/* Takes the descriptor. */
static void read_lines(int fd, off_t begin, source_reader reader, void *userdata)
{
	_cleanup_free_ char *text = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *file = fdopen(fd, "re");

	if (!file) {
		close(fd);
		return;
	}
	if (fseeko(file, begin, SEEK_SET) == 0)
		while ((n = getline(&text, &room, file)) > 0) {
			struct source_line line = { .text = text, .length = (size_t)n };

			line.length -= text[n - 1] == '\n';
			reader(&line, userdata);
		}
	fclose(file);
}

/* The older ones first. number 0: the file itself. */
static int read_from(
	const char *path, unsigned number, size_t max, source_reader reader, void *userdata)
{
	_cleanup_free_ char *name =
		number > 0 ? string_printf("%s.%u", path, number) : string_printf("%s", path);
	off_t size = 0, begin;
	size_t n;
	int fd = name ? open_regular(name, &size) : -ENOMEM;

	if (fd < 0)
		return fd;
	begin = find_lines(fd, size, max, &n);
	if (n < max)
		(void)read_from(path, number + 1, max - n, reader, userdata);
	read_lines(fd, begin, reader, userdata);
	return 0;
}

int source_read_files(const char *path, size_t max, source_reader reader, void *userdata)
{
	return max > 0 ? read_from(path, 0, max, reader, userdata) : 0;
}
