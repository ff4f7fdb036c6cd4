/* SPDX-License-Identifier: MIT */
/* Hook commands: for tree_config.run_hook. */
#pragma once

#include <stdint.h>

#include "core/settings.h"

struct hook_cancel;

/* Runs it, as the user of these settings and with all else that they say (NULL: a group's hook), to
 * its end, output to /dev/null; after the timeout its whole group is killed. What it leaves behind
 * in its group is killed, too. Blocks; any thread but a controller's. Returns the exit status, 128
 * + N when signal N ended it, -ETIMEDOUT, -ECANCELED when it was called off (SIGTERM to its group,
 * SIGKILL after a second), or -errno when it could not be executed; *ret_message: a malloc()ed
 * sentence unless the status is 0 or memory is short. */
int hook_command_run(const struct loop_settings *settings, const struct command *command,
	char *const *environment, uint64_t timeout_usec, struct hook_cancel *cancel,
	char **ret_message);
