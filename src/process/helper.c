/* SPDX-License-Identifier: MIT */
/*
 * greenloop-exec gets its orders as arguments (how to set up, the working directory, the command)
 * and the command's environment as its own, each variable with one byte before its name: so nobody
 * can read it who could not read the command's, and it means nothing to the helper. Descriptor 3 is
 * the write end of a pipe: it closes when the command is executed, or brings a struct setup_status.
 */
#include "process/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/strings.h"
#include "process/origin.h"

#define HELPER_NAME  "greenloop-exec"
#define WATCHDOG_PID "WATCHDOG_PID=0000000000" /* room for the helper's pid */

enum {
	STATUS_FD = 3, /* or the next, when the command itself gets this one */
	/* Larger than what the allocator keeps for each thread: most of them spawn once and wait.
	 */
	BLOCK_MINIMUM = 1280,
};

static struct {
	char *path;
	posix_spawnattr_t attributes;
} helper;

static char *beside_own_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + sizeof(HELPER_NAME) > sizeof(path))
		return NULL;
	memcpy(slash + 1, HELPER_NAME, sizeof(HELPER_NAME));
	return access(path, X_OK) == 0 ? strdup(path) : NULL;
}

/* Own session and group; all signals blocked and none ignored until it is set up. */
static void attributes_fill(posix_spawnattr_t *attributes)
{
	sigset_t all;

	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigmask(attributes, &all);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

void helper_find(void)
{
	const char *said = secure_getenv("GREENLOOP_EXEC_PATH");

	helper.path = said && *said ? strdup(said) : beside_own_program();
	attributes_fill(&helper.attributes);
}

void helper_forget(void)
{
	posix_spawnattr_destroy(&helper.attributes);
	free(TAKE_PTR(helper.path));
}

/* ---- the orders: one block with argv, environment and their own texts */

struct orders {
	char **argv, **environment;
	char *text; /* free room behind them */
};

static size_t environment_size(char *const *environment)
{
	size_t size = sizeof(WATCHDOG_PID) + 1;

	for (; *environment; environment++)
		size += strlen(*environment) + 2;
	return size;
}

static char *veil(char **text, const char *variable)
{
	char *veiled = *text;

	*text = stpcpy(stpcpy(veiled, "="), variable) + 1;
	return veiled;
}

static void fill_environment(
	struct orders *orders, char *const *environment, const struct setup *setup)
{
	size_t n = 0;

	for (; *environment; environment++)
		orders->environment[n++] = veil(&orders->text, *environment);
	if (setup->set & SETUP_WATCHDOG_PID)
		orders->environment[n++] = veil(&orders->text, WATCHDOG_PID);
	orders->environment[n] = NULL;
}

static int fill_argv(struct orders *orders, char *const *argv, const struct setup *setup)
{
	const char *directory = setup->working_directory ? setup->working_directory : "";
	int r = setup_encode(setup, orders->text, setup_text_size(setup));
	char **next = orders->argv;

	if (r < 0)
		return r;
	*next++ = (char *)HELPER_NAME;
	*next++ = orders->text;
	*next++ = (char *)directory;
	while ((*next++ = *argv++))
		;
	orders->text += r + 1;
	return 0;
}

/* The block is argv's, to be freed. */
static int orders_make(const struct spec *spec, const struct setup *setup, struct orders *ret)
{
	size_t n_argv = vector_length(spec->argv) + 4;
	size_t n_environment = vector_length(spec->environment) + 2;
	size_t size = (n_argv + n_environment) * sizeof(char *) + setup_text_size(setup) +
		      environment_size(spec->environment);
	int r;

	ret->argv = malloc(MAX(size, (size_t)BLOCK_MINIMUM));
	if (!ret->argv)
		return -ENOMEM;
	ret->environment = ret->argv + n_argv;
	ret->text = (char *)(ret->environment + n_environment);
	r = fill_argv(ret, spec->argv, setup);
	if (r < 0) {
		free(ret->argv);
		return r;
	}
	fill_environment(ret, spec->environment, setup);
	return 0;
}

static int status_number(const struct spec *spec)
{
	return spec->extra_number == STATUS_FD ? STATUS_FD + 1 : STATUS_FD;
}

static int order(const struct spec *spec, const struct setup *setup,
	posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	const char *path = helper.path ? helper.path : LIBEXEC_DIR "/" HELPER_NAME;
	struct setup all = *setup;
	struct orders orders;
	int r;

	origin_apply(&all);
	all.set |= SETUP_STATUS;
	all.status_fd = (uint32_t)status_number(spec);
	r = orders_make(spec, &all, &orders);
	if (r < 0)
		return r;
	r = -posix_spawnp(
		ret_pid, path, actions, &helper.attributes, orders.argv, orders.environment);
	free(orders.argv);
	return r;
}

int helper_spawn(const struct spec *spec, const struct setup *setup,
	posix_spawn_file_actions_t *actions, pid_t *ret_pid, int *ret_status_fd)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = -posix_spawn_file_actions_adddup2(actions, ends[1], status_number(spec));
	if (r == 0)
		r = spec_add_extra(spec, actions);
	if (r == 0)
		r = order(spec, setup, actions, ret_pid);
	close(ends[1]);
	if (r < 0)
		close(ends[0]);
	else
		*ret_status_fd = ends[0];
	return r;
}

int helper_result(int status_fd, struct setup_status *ret_failed)
{
	struct setup_status status;
	ssize_t n;

	do
		n = read(status_fd, &status, sizeof(status));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	if (n != sizeof(status) || status.error <= 0)
		return -EBADMSG;
	*ret_failed = status;
	return -status.error;
}
