/* SPDX-License-Identifier: MIT */
/*
 * The checked configuration: what the files of the daemon say, merged, expanded, with every
 * reference resolved. Read by config_load(), turned into a tree by config_build(); a reload
 * compares two of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "core/settings.h"
#include "daemon/config-fault.h"
#include "daemon/config-source.h"

struct config_key { /* one that has been set, by the section itself or by defaults */
	const struct source_key *source; /* where it stands; borrowed */
	char *text;                      /* what settings_set() took */
};

struct config_task { /* a loop or a group */
	enum settings_scope scope;
	const char *name, *file; /* borrowed */
	char *instance;          /* the same name, when it is one of several; NULL: it is not */
	unsigned line;           /* of its head */
	struct config_key *keys;
	size_t n_keys;
	bool faulty;
	union {
		struct loop_settings loop;
		struct group_settings group;
		struct daemon_settings daemon;
	} settings;
};

struct config {
	char *path; /* of the main file, which may be absent */
	struct daemon_settings daemon;
	struct config_task *tasks; /* in order of appearance */
	size_t n_tasks;
	struct map names; /* name to task */
	struct source source;
};

/*
 * Reads path (NULL: the default, of the system or of the user) and path.d. must_exist: an
 * absent main file is a fault. 0; -ENOMEM; -EINVAL: there are faults, and nothing may be run from
 * it, but *ret is set all the same so that config_build() can look for more. The faults are sorted.
 */
int config_load(struct config **ret, const char *path, bool must_exist, bool user_mode,
	struct faults *faults);
struct config *config_free(struct config *config); /* NULL */
static inline void config_freep(struct config **config)
{
	config_free(*config);
}

/* NULL: no task of that name. */
const struct config_task *config_find(const struct config *config, const char *name);

/* The group or parent it names, "" for none. */
const char *config_task_group(const struct config_task *task);

/* A fresh copy of its settings: memory of that scope's struct in, which settings_done() empties.
 * -ENOMEM. */
int config_task_settings(const struct config_task *task, void *values);

/* Adds a fault at the line of that key, or at the head of the task if the key is not set. As
 * faults_add(). */
int config_task_fault(const struct config_task *task, const char *key, struct faults *faults,
	const char *sentence);
