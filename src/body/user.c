/* SPDX-License-Identifier: MIT */
#include "body/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strings.h"

enum {
	ENTRY_SIZE = 4096, /* of an entry's texts; doubled up to the maximum */
	ENTRY_SIZE_MAX = 1 << 20,
	GROUPS_MAX = 65536,
};

/* A number below 2^32 - 1, which means "none" to the kernel. */
static bool read_id(const char *text, uint32_t *ret)
{
	uint64_t number = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || number >= UINT32_MAX)
			return false;
		number = number * 10 + (uint64_t)(*p - '0');
	}
	if (!*text || number >= UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* What the databases return for an entry that is not there differs. */
static int not_found(int error)
{
	switch (error) {
	case 0:
	case ENOENT:
	case ESRCH:
	case EBADF:
	case EPERM:
		return -ENOENT;
	default:
		return -error;
	}
}

/* Calls with growing memory, which *ret_buffer owns at the end, until the entry fits. */
#define ASK(call, found, buffer)                                                                   \
	({                                                                                         \
		int error_ = ERANGE;                                                               \
		for (size_t size = ENTRY_SIZE; error_ == ERANGE && size <= ENTRY_SIZE_MAX;         \
			size *= 2) {                                                               \
			free(buffer);                                                              \
			buffer = malloc(size);                                                     \
			error_ = buffer ? call : ENOMEM;                                           \
		}                                                                                  \
		error_ == 0 && found ? 0 : not_found(error_);                                      \
	})

static int group_id(const char *name, gid_t *ret)
{
	_cleanup_free_ char *buffer = NULL;
	struct group group, *found = NULL;
	int r;

	if (read_id(name, ret))
		return 0;
	r = ASK(getgrnam_r(name, &group, buffer, size, &found), found, buffer);
	if (r == 0 && found)
		*ret = found->gr_gid;
	return r;
}

static int no_such(const char *what, const char *name, int error, char **ret_reason)
{
	*ret_reason = error == -ENOENT ? string_printf("cannot change to %s `%s`: no such %s", what,
						 name, what)
				       : string_printf("cannot look up %s `%s`: %s", what, name,
						 strerrordesc_np(-error));
	return error;
}

static int take_entry(struct user *user, const struct passwd *entry)
{
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->name = strdup(entry->pw_name);
	user->home = strdup(entry->pw_dir && *entry->pw_dir ? entry->pw_dir : "/");
	user->shell = strdup(entry->pw_shell && *entry->pw_shell ? entry->pw_shell : "/bin/sh");
	return user->name && user->home && user->shell ? 0 : -ENOMEM;
}

/* -ENOENT: there is none. */
static int find_entry(struct user *user, const char *name)
{
	_cleanup_free_ char *buffer = NULL;
	struct passwd entry, *found = NULL;
	uid_t uid;
	int r;

	if (read_id(name, &uid))
		r = ASK(getpwuid_r(uid, &entry, buffer, size, &found), found, buffer);
	else
		r = ASK(getpwnam_r(name, &entry, buffer, size, &found), found, buffer);
	return r < 0 ? r : take_entry(user, found);
}

/* A number that the database does not know is a user, too, if a group is given with it. */
static int make_entry(struct user *user, const char *name)
{
	if (!read_id(name, &user->uid))
		return -ENOENT;
	user->name = strdup(name);
	user->home = strdup("/");
	user->shell = strdup("/bin/sh");
	return user->name && user->home && user->shell ? 0 : -ENOMEM;
}

static int append_group(struct user *user, gid_t gid)
{
	gid_t *groups;

	for (size_t i = 0; i < user->n_groups; i++)
		if (user->groups[i] == gid)
			return 0;
	groups = reallocarray(user->groups, user->n_groups + 1, sizeof(groups[0]));
	if (!groups)
		return -ENOMEM;
	user->groups = groups;
	user->groups[user->n_groups++] = gid;
	return 0;
}

static int list_groups(struct user *user)
{
	int n = 32, size;

	do {
		size = n;
		free(user->groups);
		user->groups = calloc((size_t)size, sizeof(user->groups[0]));
		if (!user->groups)
			return -ENOMEM;
	} while (getgrouplist(user->name, user->gid, user->groups, &n) < 0 && n > size &&
		 n <= GROUPS_MAX);
	user->n_groups = (size_t)(n < size ? n : size);
	return 0;
}

static int resolve(struct user *user, const char *name, const char *group, char **ret_reason)
{
	int r = find_entry(user, name);
	bool known = r == 0;

	if (r == -ENOENT && group)
		r = make_entry(user, name);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return no_such("user", name, r, ret_reason);
	if (group) {
		r = group_id(group, &user->gid);
		if (r < 0)
			return no_such("group", group, r, ret_reason);
	}
	return known ? list_groups(user) : append_group(user, user->gid);
}

int user_resolve(const char *text, struct user *ret, char **ret_reason)
{
	_cleanup_free_ char *name = strndup(text, strcspn(text, ":"));
	const char *colon = strchr(text, ':');
	_cleanup_user_ struct user user = { 0 };
	int r = name ? resolve(&user, name, colon ? colon + 1 : NULL, ret_reason) : -ENOMEM;

	if (r < 0)
		return r;
	*ret = user;
	user = (struct user){ 0 };
	return 0;
}

int user_take_own_groups(struct user *user)
{
	int n = getgroups(0, NULL);

	if (n < 0)
		return -errno;
	free(user->groups);
	user->groups = calloc((size_t)n + 1, sizeof(user->groups[0]));
	if (!user->groups)
		return -ENOMEM;
	n = getgroups(n, user->groups);
	if (n < 0)
		return -errno;
	user->n_groups = (size_t)n;
	return 0;
}

int user_add_group(struct user *user, const char *name, char **ret_reason)
{
	gid_t gid;
	int r = group_id(name, &gid);

	if (r < 0)
		return r == -ENOMEM ? r : no_such("group", name, r, ret_reason);
	return append_group(user, gid);
}

void user_done(struct user *user)
{
	free(user->name);
	free(user->home);
	free(user->shell);
	free(user->groups);
	*user = (struct user){ 0 };
}
