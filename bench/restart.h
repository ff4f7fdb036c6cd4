/* SPDX-License-Identifier: MIT */
/* Times many restarts of one command: NAME [-n TIMES] [COMMAND [ARGUMENT…]], /bin/true by default.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "now.h"

static inline int compare_times(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static inline int measure_restarts(
	const char *name, void (*restart)(char *const argv[]), int argc, char *argv[])
{
	char *by_default[] = { (char *)"/bin/true", NULL };
	unsigned n = 3000;
	double *times;
	int option;

	while ((option = getopt(argc, argv, "+n:")) == 'n')
		n = (unsigned)strtoul(optarg, NULL, 10);
	times = option == -1 && n > 0 ? calloc(n, sizeof(times[0])) : NULL;
	if (!times) {
		fprintf(stderr, "usage: %s [-n TIMES] [COMMAND [ARGUMENT…]]\n", name);
		return 2;
	}
	for (unsigned i = 0; i < n; i++) {
		double begin = now_usec();

		restart(optind < argc ? argv + optind : by_default);
		times[i] = now_usec() - begin;
	}
	qsort(times, n, sizeof(times[0]), compare_times);
	printf("%s: %u restarts, median %.1f us, least %.1f us\n", name, n, times[n / 2], times[0]);
	free(times);
	return 0;
}
