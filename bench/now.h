/* SPDX-License-Identifier: MIT */
#pragma once

#include <time.h>

/* Microseconds of CLOCK_MONOTONIC, which is the same in all processes. */
static inline double now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}
