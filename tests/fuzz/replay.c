/* SPDX-License-Identifier: MIT */
/*
 * The main of a fuzz target that is built without libFuzzer: feeds it each file of its corpus,
 * tests/fuzz/corpus/NAME for fuzz-NAME, and tells of it in TAP. What the target finds it shows by
 * ending the program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/strings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void closedirp(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static bool replay(int folder_fd, const char *name)
{
	_cleanup_close_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ uint8_t *data = NULL;
	struct stat info;
	ssize_t n;

	if (fd < 0 || fstat(fd, &info) < 0)
		return false;
	/* Exactly as long as the input, so that a sanitizer sees a look past its end. */
	data = malloc((size_t)info.st_size);
	n = read(fd, data, (size_t)info.st_size);
	if (n != info.st_size)
		return false;
	(void)LLVMFuzzerTestOneInput(data, (size_t)n);
	return true;
}

int main(void)
{
	const char *top = getenv("top_srcdir"),
		   *name = strstr(program_invocation_short_name, "fuzz-");
	_cleanup_free_ char *path = NULL;
	_cleanup_(closedirp) DIR *folder = NULL;
	struct dirent *entry;
	unsigned n = 0;

	path = string_printf(
		"%s/tests/fuzz/corpus/%s", top ? top : ".", name ? name + strlen("fuzz-") : "");
	folder = path ? opendir(path) : NULL;
	if (!folder) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("%s %u - %s\n", replay(dirfd(folder), entry->d_name) ? "ok" : "not ok", ++n,
			entry->d_name);
		(void)fflush(stdout);
	}
	printf("1..%u\n", n);
	return EXIT_SUCCESS;
}
