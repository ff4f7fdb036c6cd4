/* SPDX-License-Identifier: MIT */
/*
 * What a loop's settings mean for one spawn: names become numbers, files are read, and the
 * environment gets what they say. Made anew for each spawn, so that a user who was made meanwhile,
 * or a file that was changed, counts. Blocks: on a loop's or hook's own thread only.
 */
#pragma once

#include <stdbool.h>

#include "core/settings.h"
#include "process/process.h"

struct launch {
	struct setup setup;
	char **environment; /* whole; borrows from the one that it was made of */
	char **variables;   /* what was added to that */
	char *working_directory;
	gid_t *groups;
};

/* settings NULL: a command of nobody's. *ret NULL: nothing is to be set up. Else the caller's;
 * environment must outlive it. -errno: with a sentence, unless it is what
 * process_is_resource_error() knows. */
int launch_new(const struct loop_settings *settings, char *const *environment, struct launch **ret,
	char **ret_reason);
struct launch *launch_free(struct launch *launch);
static inline void launch_freep(struct launch **launch)
{
	launch_free(*launch);
}

/* process_spawn() with all that the settings say (and WATCHDOG_PID if the spec's own setup does);
 * the output, a pipe, is given to the user of the process, so that it can open /dev/stdout. -errno;
 * then *ret_ours: this program lacks something, it is not the command's fault; *ret_reason: a
 * sentence, NULL where the errno says it all. */
int launch_spawn(const struct loop_settings *settings, struct process *process,
	const struct spec *spec, bool *ret_ours, char **ret_reason);

/* What of the settings cannot be done here, before anything is tried: a literal; NULL: all can. */
const char *launch_doubt(const struct loop_settings *settings);
