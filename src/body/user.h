/* SPDX-License-Identifier: MIT */
/* Users and groups of the system, by name or number. Asks the databases, which may block: never on
 * a controller's thread. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

struct user { /* zeroed: none */
	uid_t uid;
	gid_t gid;
	char *name, *home, *shell;
	gid_t *groups; /* all of them, gid included */
	size_t n_groups;
};

/* USER[:GROUP]. -ENOENT: no such user or group, with a sentence; other -errno: could not ask. */
int user_resolve(const char *text, struct user *ret, char **ret_reason);

/* Those of this process instead. -ENOMEM. */
int user_take_own_groups(struct user *user);

/* One more, by name or number; as user_resolve(). */
int user_add_group(struct user *user, const char *name, char **ret_reason);

void user_done(struct user *user);
#define _cleanup_user_ _cleanup_(user_done)
