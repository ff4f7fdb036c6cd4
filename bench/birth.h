/* SPDX-License-Identifier: MIT */
/* What child.c tells measure.c, as one datagram. */
#pragma once

#include <sys/types.h>

struct birth {
	unsigned index; /* which of the children: its second argument */
	pid_t pid;
	double usec; /* when its main() began */
};
