/* SPDX-License-Identifier: MIT */
/* Where configuration lies, and the directories that %h %t %d stand for. What is returned is the
 * caller's. */
#pragma once

#include <stdbool.h>

/* greenloop.conf of the system, or of the user. -ENOMEM; -ENOENT: there is neither XDG_CONFIG_HOME
 * nor a home. */
int paths_config(bool user_mode, char **ret);

/* The files *.conf in the folder PATH.d, in name order, appended to *files. -errno with the path at
 * fault in *ret_faulty; no folder is none. */
int paths_dropins(const char *path, char ***files, char **ret_faulty);

int paths_home(char **ret);                        /* -ENOENT: not known */
int paths_runtime(bool user_mode, char **ret);     /* /run, or XDG_RUNTIME_DIR; -ENOENT: not set */
int paths_directory(const char *path, char **ret); /* of a file, absolute; links are not followed */
