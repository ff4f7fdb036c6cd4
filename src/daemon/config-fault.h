/* SPDX-License-Identifier: MIT */
/* What is wrong with the configuration: all of it, each fault with its place, in the order of file
 * and line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

struct fault {
	char *file;
	unsigned line; /* from 1; 0: the file as a whole */
	char *text;    /* one sentence, without control characters */
	size_t number; /* as they were found */
};

struct faults { /* zeroed: none */
	struct fault *items;
	size_t n;
};

/* Adds one. -EINVAL, so that a caller can return it; -ENOMEM. */
int faults_add(struct faults *faults, const char *file, unsigned line, const char *format, ...)
	_printf_(4, 5);

/* Whether there is one at that place. */
bool faults_tell_of(const struct faults *faults, const char *file, unsigned line);

/* By file and line; those of one line stay in the order of their discovery. */
void faults_sort(struct faults *faults);

/* `FILE:LINE: sentence` for each. */
void faults_print(const struct faults *faults, FILE *stream);

void faults_done(struct faults *faults);
#define _cleanup_faults_ _cleanup_(faults_done)
