/* SPDX-License-Identifier: MIT */
/* What a command's process writes, on its way to the loop's observers: one pipe, or two when
 * standard error goes elsewhere than standard output. Loop's thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "process/output.h"

struct generation;
struct letter;

struct capture {
	struct output output;
	struct output *error; /* NULL: there is no second pipe */
};

void capture_init(struct capture *capture);

/* Makes the pipes that the settings ask for. What the process gets is the caller's to close after
 * the spawn: -1 for output: /dev/null; for error: as output. */
int capture_open(struct capture *capture, struct generation *generation, int *ret_output_fd,
	int *ret_error_fd);

/* Handles the letter if it is one of its own; then, too, what can only be tried again. */
void capture_handle(struct capture *capture, const struct letter *letter);
void capture_read(struct capture *capture);

/* Lines wait for room, or for memory. */
bool capture_is_stuck(const struct capture *capture);

/* When it is to be handled without a letter; USEC_INFINITY: a letter will come. */
uint64_t capture_due(const struct capture *capture);

void capture_close(struct capture *capture);
