/* SPDX-License-Identifier: MIT */
/* The steps between a new process and its command, each in a function of its own. */
#pragma once

#include <stdbool.h>

#include "process/setup.h"

/* All but the exec, in their order. The first that fails: in *ret_failed, false. */
bool steps_run(const struct setup *setup, struct setup_status *ret_failed);

/* Looked up in PATH of the environment unless argv[0] has a slash. Returns only when it failed:
 * errno. */
int steps_execute(char *const *argv, char *const *environment);

/* In decimal, at most 20 characters and a NUL; its length. */
size_t steps_write_number(char *to, long number);
