/* SPDX-License-Identifier: MIT */
#include "process/kin.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

/* Fields 3 to 22 of its line; the name before them may hold anything. */
#define FORMAT ") %*c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64

bool kin_of(pid_t pid, struct kin *ret)
{
	_cleanup_close_ int fd = -1;
	char path[32], text[1024];
	const char *rest;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	rest = strrchr(text, ')');
	return rest &&
	       sscanf(rest, FORMAT, &ret->parent, &ret->group, &ret->session, &ret->begin) == 4;
}
