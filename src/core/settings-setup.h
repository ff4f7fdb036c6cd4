/* SPDX-License-Identifier: MIT */
/* What is set up in a child before its command is executed, as settings hold it: names, not yet
 * looked up, and numbers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_INFINITY UINT64_MAX /* RLIM_INFINITY */

struct limit {
	uint64_t soft, hard; /* in the kernel's unit */
	bool said;
};

struct cpu_set {
	uint64_t words[16]; /* bit n % 64 of word n / 64: processor n */
};

enum { LIMITS = 16 }; /* of RLIMIT_… */

/* Zeroed: as the daemon has it. */
struct setup_settings {
	char *user; /* USER[:GROUP] */
	char *working_directory, *env_file;
	char **supplementary_groups, **pass_env;
	struct limit limits[LIMITS]; /* by the numbers of RLIMIT_… */
	struct cpu_set cpus;         /* empty: not said */
	uint64_t capabilities;
	unsigned umask;
	int nice, oom_score_adjust;
	bool umask_said, nice_said, oom_score_said, capabilities_said, no_new_privileges;
};
