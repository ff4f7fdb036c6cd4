/* SPDX-License-Identifier: MIT */
/*
 * What to set up in a child before its command is executed, as numbers: names were resolved before.
 * greenloop-exec gets it as one word of text and does it, step by step; it shares this file, so
 * nothing here allocates or needs anything but the C library.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SETUP_VERSION = 1,
	SETUP_LIMITS = 16,    /* RLIMIT_CPU … RLIMIT_RTTIME */
	SETUP_CPU_WORDS = 16, /* 1024 processors */
	SETUP_GROUPS_MAX = 65536,
};

enum { /* setup.set: which fields count */
	SETUP_UID = 1 << 0,
	SETUP_GID = 1 << 1,
	SETUP_GROUPS = 1 << 2,
	SETUP_UMASK = 1 << 3,
	SETUP_NICE = 1 << 4,
	SETUP_OOM_SCORE = 1 << 5,
	SETUP_CPUS = 1 << 6,
	SETUP_BOUNDING = 1 << 7,
	SETUP_INHERITABLE = 1 << 8, /* permitted and effective, too */
	SETUP_AMBIENT = 1 << 9,
	SETUP_NO_NEW_PRIVILEGES = 1 << 10,
	SETUP_WATCHDOG_PID = 1 << 11, /* adds WATCHDOG_PID, its own, to the environment */
	SETUP_STATUS = 1 << 12,
};

struct setup {
	unsigned set;
	uint32_t uid, gid, umask;
	uint32_t status_fd; /* gets a struct setup_status when a step fails; closed by the exec */
	int32_t nice, oom_score_adjust;
	uint64_t bounding, inheritable, ambient; /* capabilities: bit n is number n */
	unsigned soft_set, hard_set;             /* bit n: that of limit n is to be set */
	uint64_t soft[SETUP_LIMITS], hard[SETUP_LIMITS];
	uint64_t cpus[SETUP_CPU_WORDS]; /* bit n % 64 of word n / 64: processor n */
	const gid_t *groups;            /* borrowed */
	size_t n_groups;
	const char *working_directory; /* borrowed; NULL: not changed; not a part of the text */
};

/* What can fail; the values are the helper's exit statuses, systemd's own where it has one. */
enum setup_step {
	SETUP_STEP_NONE = 0,
	SETUP_STEP_SPAWN = 1, /* the helper itself could not be executed */
	SETUP_STEP_DIRECTORY = 200,
	SETUP_STEP_NICE = 201,
	SETUP_STEP_EXEC = 203,
	SETUP_STEP_LIMIT = 205, /* detail: which */
	SETUP_STEP_OOM_SCORE = 206,
	SETUP_STEP_CPUS = 215,
	SETUP_STEP_GROUPS = 216,
	SETUP_STEP_USER = 217,
	SETUP_STEP_CAPABILITIES = 218,
	SETUP_STEP_NO_NEW_PRIVILEGES = 227,
	SETUP_STEP_DECODE = 254, /* a helper of another version */
};

struct setup_status {
	uint16_t step, detail;
	int32_t error; /* errno */
};

/* Into buf; its length, or -E2BIG. A size of setup_text_size() is enough. */
size_t setup_text_size(const struct setup *setup);
int setup_encode(const struct setup *setup, char *buf, size_t size);

/* groups: room for SETUP_GROUPS_MAX, which *ret borrows. -EBADMSG: not such a text, or one of
 * another version; *ret is undefined then. */
int setup_decode(const char *text, gid_t *groups, struct setup *ret);
