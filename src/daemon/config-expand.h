/* SPDX-License-Identifier: MIT */
/* Substitution in values: %i %n %g %h %t %d %% and ${NAME}. */
#pragma once

#include <stdbool.h>

/* The text of a configured variable, borrowed until the next call, in *ret. -ENOENT: no such
 * variable; -ELOOP: it is just being made from the value that asks for it (or that would go too
 * deep); other errors are passed on. */
typedef int (*expand_variable)(const char *name, void *userdata, const char **ret);

struct expansion { /* all borrowed; NULL: the sign means nothing here */
	const char *instance, *loop, *group, *home, *runtime, *directory;
	expand_variable variable;
	void *userdata;
};

/* Whether expand() would change the text or refuse it. */
bool expand_needed(const char *text);

/* command: what is put in is protected against the splitting of the command line, so that it stays
 * within its word. -EINVAL with a malloc()ed sentence; -ENOMEM; what expand_variable returned. */
int expand(const struct expansion *expansion, const char *text, bool command, char **ret,
	char **ret_reason);
