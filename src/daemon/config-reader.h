/* SPDX-License-Identifier: MIT */
/* One configuration file: from bytes to section heads, keys and values, each with its line. Knows
 * no section and no key. */
#pragma once

#include <stddef.h>

#include "daemon/config-fault.h"

enum {
	READER_LINE_MAX = 8192,   /* bytes of a line, its end not counted */
	READER_VALUE_MAX = 65536, /* bytes of all lines of a value */
	READER_SECTION_MAX = 49,  /* what inih keeps of a section's name */
	READER_KEY_MAX = 128,
	READER_FILE_MAX = 64 << 20,
};

struct reader_handler { /* < 0 ends the reading */
	/* A head, also of an empty section. */
	int (*section)(const char *name, unsigned line, void *userdata);
	/* A key with its whole value: lines joined, comments cut, ends trimmed. line is where it
	 * begins. section as inih has it:
	 * "" before the first head. */
	int (*key)(const char *section, const char *key, const char *text, unsigned line,
		void *userdata);
	void *userdata;
};

/* All of a file; *ret is malloc()ed. -errno; -EFBIG; -ETIMEDOUT: a pipe in which nothing comes. */
int reader_load(const char *path, char **ret, size_t *ret_size);

/* file is its name for the faults. Faults are no errors: 0; else what a handler returned, or
 * -ENOMEM. */
int reader_parse(const char *file, const char *data, size_t size,
	const struct reader_handler *handler, struct faults *faults);
