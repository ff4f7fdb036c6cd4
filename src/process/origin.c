/* SPDX-License-Identifier: MIT */
#include "process/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/macro.h"

static struct setup origin; /* constant while there are threads */

void origin_note(void)
{
	char text[16];
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	/* A higher one is the wish of who started us: it is meant for the children, too. */
	if (strtol(text, NULL, 10) >= 0)
		return;
	origin.set |= SETUP_OOM_SCORE;
	origin.oom_score_adjust = 0;
}

void origin_raise_descriptors(uint64_t wanted)
{
	struct rlimit limit;
	rlim_t before;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	before = limit.rlim_cur;
	limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)wanted);
	if (limit.rlim_cur == before || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	origin.soft_set |= 1u << RLIMIT_NOFILE;
	origin.soft[RLIMIT_NOFILE] = before;
}

const struct setup *origin_setup(void)
{
	return origin.set || origin.soft_set ? &origin : NULL;
}

void origin_apply(struct setup *setup)
{
	unsigned missing = origin.soft_set & ~(setup->soft_set | setup->hard_set);

	if (origin.set & ~setup->set & SETUP_OOM_SCORE) {
		setup->set |= SETUP_OOM_SCORE;
		setup->oom_score_adjust = origin.oom_score_adjust;
	}
	setup->soft_set |= missing;
	if (missing & 1u << RLIMIT_NOFILE)
		setup->soft[RLIMIT_NOFILE] = origin.soft[RLIMIT_NOFILE];
}
