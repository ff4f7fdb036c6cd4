/* SPDX-License-Identifier: MIT */
/* The environment of a child process or hook: a clean base, what is configured, then greenloop's
 * own. */
#pragma once

#include <stddef.h>

struct variable {
	const char *name, *value; /* value NULL: left out */
};

struct environment_room { /* of the caller's, for one of usual size */
	char *space[136];
};

/*
 * To be given to environment_free(); NULL: no memory. It lies in room (which may be NULL) if it
 * fits. configured ("KEY=value", may be NULL) is borrowed and must outlive it; the variables are
 * copied. Later ones replace earlier ones of the same name.
 */
char **environment_new(struct environment_room *room, char *const *configured,
	const struct variable *variables, size_t n_variables);

/* The same with more variables, also borrowed, which are stronger than its base and weaker than
 * configured and greenloop's own. All that it was made of must outlive it. */
char **environment_insert(char *const *environment, char *const *configured, char *const *more);

/* Any thread; accepts and returns NULL. */
char **environment_free(char **environment);
static inline void environment_freep(char ***environment)
{
	environment_free(*environment);
}
