/* SPDX-License-Identifier: MIT */
/* The call behind every verb that acts: the user's names go to the daemon, which checks all of them
 * before it does anything, and answers with one result for each target. Silent when all went well.
 * Exit statuses, said. */
#pragma once

#include "ctl/client.h"

/* A call of that method, which begins with the names and --all; the caller appends what else the
 * method takes. */
int act_begin(struct client *client, const char *method, const struct options *options,
	char **names, sd_bus_message **ret);

/* Sends it, tells what was refused, and returns the worst. */
int act_finish(struct client *client, sd_bus_message *call, const struct options *options);

/* start, stop, restart, reset, hard-reset, forgive: verb->method with --no-block and -m. */
int act_run(const struct verb *verb, const struct options *options, char **names);
