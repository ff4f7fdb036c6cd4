/* SPDX-License-Identifier: MIT */
/*
 * The configuration as it is written: the sections of all files, each key as the last file has it.
 * Sections and keys are known to exist here, and values without substitution to be of the right
 * type; nothing is merged or resolved yet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "core/settings.h"
#include "daemon/config-fault.h"

enum section_kind {
	SECTION_DAEMON,
	SECTION_DEFAULTS,
	SECTION_GROUP_DEFAULTS,
	SECTION_GROUP,
	SECTION_LOOP,
};

struct source_key {
	char *key, *text;
	const struct section *section;
	const char *file; /* borrowed from the source */
	unsigned line;
	bool faulty; /* a fault was told */
};

struct section {
	enum section_kind kind;
	char *head;       /* "loop:feed" */
	const char *name; /* "feed", within head; "" if the kind has none */
	const char *file; /* of its first head */
	unsigned line;
	bool faulty; /* something in it is */
	struct source_key **keys;
	size_t n_keys;
};

struct source {
	char **files;
	struct section **sections; /* in order of appearance */
	size_t n_sections;
	struct map heads; /* head to section */
	struct map names; /* name of a loop or group to section */
	struct {
		struct loop_settings loop;
		struct group_settings group;
		struct daemon_settings daemon;
	} trial; /* values are tried on these */
};

int source_init(struct source *source);
void source_done(struct source *source);

/* One more file, which overrides the ones before it. absence_is_fine: a file that does not exist is
 * an empty one. What is wrong goes to faults; -ENOMEM. */
int source_read(
	struct source *source, const char *path, bool absence_is_fine, struct faults *faults);

/* The text of a value as it is meant: a description, a variable or another free text may stand in
 * quotes, which keep a " ;" from being a comment. -EINVAL with a malloc()ed sentence: a bad escape.
 */
int source_unquote(const struct setting *setting, const char *text, char **ret, char **ret_reason);

const struct section *source_find(const struct source *source, const char *head); /* NULL: none */
enum settings_scope section_scope(enum section_kind kind);
