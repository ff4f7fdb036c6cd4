/* SPDX-License-Identifier: MIT */
/*
 * Loads modules. Only files that are named in the configuration, only what root or the daemon's own
 * user could have written, and never unloaded: a thread that was abandoned may still be inside.
 */
#include "body/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strings.h"
#include "core/host.h"

static char *const *folders;

void module_set_path(char *const *path)
{
	folders = path;
}

static bool safe(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int check_file(const char *path, char **ret_reason)
{
	_cleanup_free_ char *folder = strdup(path);
	struct stat st;

	if (!folder)
		return -ENOMEM;
	if (stat(path, &st) < 0) {
		int error = errno;

		*ret_reason = string_printf("cannot load %s: %s", path, strerror(error));
		return -error;
	}
	if (!safe(&st)) {
		*ret_reason = string_printf(
			"%s is not loaded: others than root and the daemon's user may write to it",
			path);
		return -EPERM;
	}
	*strrchr(folder, '/') = 0;
	if (stat(*folder ? folder : "/", &st) < 0)
		return -errno;
	if (!safe(&st) && !(st.st_mode & S_ISVTX)) {
		*ret_reason = string_printf("%s is not loaded: others than root and the daemon's "
					    "user may write to its folder",
			path);
		return -EPERM;
	}
	return 0;
}

static int find_file(const char *name, char **ret)
{
	if (strchr(name, '/'))
		return (*ret = realpath(name, NULL)) ? 0 : -errno;
	for (char *const *folder = folders; folder && *folder; folder++) {
		_cleanup_free_ char *path = string_printf("%s/%s", *folder, name);

		if (!path)
			return -ENOMEM;
		if (access(path, F_OK) >= 0)
			return (*ret = realpath(path, NULL)) ? 0 : -errno;
	}
	return (*ret = string_printf("%s/%s", MODULE_DIR, name)) ? 0 : -ENOMEM;
}

static int check_module(const char *path, const struct gloop_module *module, char **ret_reason)
{
	if (!module)
		*ret_reason =
			string_printf("%s is no module: it does not export gloop_module", path);
	else if (module->abi != GLOOP_ABI)
		*ret_reason = string_printf(
			"%s was built for ABI %u, this is %u", path, module->abi, GLOOP_ABI);
	else if (module->size < sizeof(*module) || !module->cycle || !module->host)
		*ret_reason = string_printf("%s is no complete module: it needs a cycle", path);
	else
		return 0;
	return -EINVAL;
}

struct loaded { /* one module, for good */
	struct loaded *next;
	const struct gloop_module *module;
	char name[]; /* as it was asked for */
};

static struct loaded *loaded;
static pthread_mutex_t lock =
	PTHREAD_MUTEX_INITIALIZER; /* of the list; also makes the first load the only one */

static const struct gloop_module *find_loaded(const char *name)
{
	for (struct loaded *one = loaded; one; one = one->next)
		if (strcmp(one->name, name) == 0)
			return one->module;
	return NULL;
}

static int open_module(const char *path, const struct gloop_module **ret, char **ret_reason)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct gloop_module *module;
	int r;

	if (!handle) {
		*ret_reason = string_printf("cannot load %s: %s", path, dlerror());
		return -ELIBBAD;
	}
	module = dlsym(handle, "gloop_module");
	r = check_module(path, module, ret_reason);
	if (r < 0) {
		dlclose(handle);
		return r;
	}
	*module->host = &host_table;
	*ret = module;
	return 0;
}

/* Under the lock. */
static int load_first(const char *name, const struct gloop_module **ret, char **ret_reason)
{
	_cleanup_free_ struct loaded *one = calloc(1, sizeof(*one) + strlen(name) + 1);
	_cleanup_free_ char *path = NULL;
	int r;

	if (!one)
		return -ENOMEM;
	r = find_file(name, &path);
	if (r < 0) {
		*ret_reason = string_printf("cannot load %s: %s", name, strerror(-r));
		return r;
	}
	r = check_file(path, ret_reason);
	if (r >= 0)
		r = open_module(path, &one->module, ret_reason);
	if (r < 0)
		return r;
	memcpy(one->name, name, strlen(name) + 1);
	one->next = loaded;
	*ret = one->module;
	loaded = TAKE_PTR(one);
	return 0;
}

int module_load(const char *name, const struct gloop_module **ret, char **ret_reason)
{
	const struct gloop_module *module;
	int r = 0;

	pthread_mutex_lock(&lock);
	module = find_loaded(name);
	if (!module)
		r = load_first(name, &module, ret_reason);
	pthread_mutex_unlock(&lock);
	if (r >= 0)
		*ret = module;
	return r;
}
