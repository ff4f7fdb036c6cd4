/* SPDX-License-Identifier: MIT */
/* Spawning through greenloop-exec: private to process/. */
#pragma once

#include <spawn.h>

#include "process/setup.h"
#include "process/spec.h"

/* Looks for the helper: $GREENLOOP_EXEC_PATH (not in a set-user-ID program), beside this program's
 * own file, where it was installed. Once, before the first spawn. */
void helper_find(void);
void helper_forget(void);

/* Spawns it with actions for descriptors 0 to 2, to which it adds one. The pid, and the descriptor
 * from which helper_result() reads, the caller's to close. -errno. */
int helper_spawn(const struct spec *spec, const struct setup *setup,
	posix_spawn_file_actions_t *actions, pid_t *ret_pid, int *ret_status_fd);

/* process.c: the last of the actions, for its number may be that of any descriptor which another
 * one reads. -errno. */
int spec_add_extra(const struct spec *spec, posix_spawn_file_actions_t *actions);

/* Waits until the command is executed (0), or a step has failed: its -errno, which one in
 * *ret_failed. A process that has been killed meanwhile counts as executed: its end is told
 * anyhow. */
int helper_result(int status_fd, struct setup_status *ret_failed);
