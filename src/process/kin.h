/* SPDX-License-Identifier: MIT */
/* What /proc says of any process: where it belongs, and when it began, which tells two holders of
 * one pid apart. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kin {
	pid_t parent, group, session;
	uint64_t begin; /* in clock ticks since boot */
};

bool kin_of(pid_t pid, struct kin *ret); /* false: there is no such process */
