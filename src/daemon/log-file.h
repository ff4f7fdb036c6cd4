/* SPDX-License-Identifier: MIT */
/*
 * Log files of loops: whole lines only, also across a rotation and when the disk is full. What
 * cannot be written is lost and counted; that is said once, and again when it goes on. Several
 * loops may write into one file.
 *
 * The folder must belong to root or to this process's user, and others must not be able to write
 * into it; nothing but a regular file is written to, and no symbolic link is followed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

struct log_file;

struct log_files { /* all of them, by path; under a lock of the caller's */
	struct map map;
	struct log_file *first;
};

/* The file of that path, made on first use (nothing is opened); its limits are those given last.
 * NULL: no memory. It lives until log_files_done(). */
struct log_file *log_files_get(
	struct log_files *files, const char *path, uint64_t max_size, unsigned max_files);
void log_files_done(struct log_files *files); /* tells what was lost */

/* The rest by the logger's thread only. */

/* Whole lines, each with its newline. now_usec: monotonic; when an open has failed the next try is
 * a second later. */
void log_file_write(struct log_file *file, const char *lines, size_t length, uint64_t now_usec);

/* Those that are open: by their names, anew; files->first and all behind it. */
void log_files_reopen(struct log_file *first, uint64_t now_usec);
