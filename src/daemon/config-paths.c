/* SPDX-License-Identifier: MIT */
/* Paths from the environment: read on the main thread, where nobody changes it. */
#include "daemon/config-paths.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/strings.h"

static int copy_of(const char *text, char **ret)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

/* An absolute path in the environment; the specification of the XDG variables wants others to be
 * ignored. */
static const char *environment_path(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

int paths_home(char **ret)
{
	const char *home = environment_path("HOME");
	const struct passwd *entry;

	if (home)
		return copy_of(home, ret);
	entry = getpwuid(geteuid());
	if (!entry || entry->pw_dir[0] != '/')
		return -ENOENT;
	return copy_of(entry->pw_dir, ret);
}

int paths_runtime(bool user_mode, char **ret)
{
	const char *directory = user_mode ? environment_path("XDG_RUNTIME_DIR") : "/run";

	return directory ? copy_of(directory, ret) : -ENOENT;
}

int paths_config(bool user_mode, char **ret)
{
	const char *base = environment_path("XDG_CONFIG_HOME");
	_cleanup_free_ char *home = NULL;
	char *path;
	int r;

	if (!user_mode) {
		path = strdup(CONF_DIR "/greenloop.conf");
	} else if (base) {
		path = string_printf("%s/greenloop/greenloop.conf", base);
	} else {
		r = paths_home(&home);
		if (r < 0)
			return r;
		path = string_printf("%s/.config/greenloop/greenloop.conf", home);
	}
	if (!path)
		return -ENOMEM;
	*ret = path;
	return 0;
}

int paths_directory(const char *path, char **ret)
{
	_cleanup_free_ char *here = NULL;
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) : 0;
	char *directory;

	if (path[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return -errno;
	}
	if (!here)
		directory = length > 0 ? strndup(path, (size_t)length) : strdup("/");
	else
		directory = string_printf("%s%s%.*s", here, slash ? "/" : "", length, path);
	if (!directory)
		return -ENOMEM;
	*ret = directory;
	return 0;
}

static int is_dropin(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(".conf") && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + length - strlen(".conf"), ".conf") == 0;
}

/* By bytes: alphasort() would follow the locale. */
static int name_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int paths_dropins(const char *path, char ***files, char **ret_faulty)
{
	_cleanup_free_ char *directory = string_printf("%s.d", path);
	struct dirent **entries;
	int n, r = 0;

	if (!directory)
		return -ENOMEM;
	n = scandir(directory, &entries, is_dropin, name_order);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		r = -errno;
		*ret_faulty = TAKE_PTR(directory);
		return r;
	}
	for (int i = 0; i < n; i++) {
		char *file = string_printf("%s/%s", directory, entries[i]->d_name);

		if (!file)
			r = -ENOMEM;
		else if (r == 0)
			r = vector_append_take(files, file);
		else
			free(file);
		free(entries[i]);
	}
	free(entries);
	return r;
}
