/* SPDX-License-Identifier: MIT */
/* Files with variables: a line KEY=value each, empty lines, comments that begin with # or ;. A
 * value may stand in '…' (as it is) or in "…" (with \" \\ \$ \`); else it ends with the line,
 * without the blanks before that. No shell, nothing is expanded. */
#pragma once

/* Appends "KEY=value" for each line of the text, whose name is for sentences. -EINVAL with a
 * sentence, -ENOMEM. */
int env_file_parse(const char *text, const char *name, char ***variables, char **ret_reason);

/* The same of a file; a path that begins with "-" may be missing. -errno with a sentence. */
int env_file_read(const char *path, char ***variables, char **ret_reason);
