/* SPDX-License-Identifier: MIT */
/*
 * What each step does. Their order matters: what opens files or needs privileges comes before
 * limits and the change of user; the working directory is entered as that user; no_new_privileges
 * comes last, as it would stand in the way of the others.
 */
#include "exec/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "exec/kernel.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct kernel_limit {
	uint64_t soft, hard;
};

size_t steps_write_number(char *to, long number)
{
	char digits[20];
	size_t n = 0, length = 0;
	unsigned long rest = number < 0 ? 0 - (unsigned long)number : (unsigned long)number;

	if (number < 0)
		to[length++] = '-';
	do
		digits[n++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	while (n > 0)
		to[length++] = digits[--n];
	to[length] = '\0';
	return length;
}

/* All steps: 0 or more, or -errno. */
static long set_nice(const struct setup *setup)
{
	return setup->set & SETUP_NICE ? KERNEL3(setpriority, PRIO_PROCESS, 0, setup->nice) : 0;
}

static long set_oom_score(const struct setup *setup)
{
	char number[24];
	long fd, r;

	if ((setup->set & SETUP_OOM_SCORE) == 0)
		return 0;
	fd = KERNEL4(openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = KERNEL3(write, fd, number, steps_write_number(number, setup->oom_score_adjust));
	(void)KERNEL1(close, fd);
	return r;
}

static long set_cpus(const struct setup *setup)
{
	if ((setup->set & SETUP_CPUS) == 0)
		return 0;
	return KERNEL3(sched_setaffinity, 0, sizeof(setup->cpus), setup->cpus);
}

/* The half that is not said stays, but never lets the soft limit be above the hard one. */
static long set_limit(const struct setup *setup, unsigned which)
{
	struct kernel_limit limit;
	long r;

	if (((setup->soft_set | setup->hard_set) >> which & 1) == 0)
		return 0;
	r = KERNEL4(prlimit64, 0, which, NULL, &limit);
	if (r < 0)
		return r;
	if (setup->hard_set >> which & 1)
		limit.hard = setup->hard[which];
	if (setup->soft_set >> which & 1)
		limit.soft = setup->soft[which];
	else if (limit.soft > limit.hard)
		limit.soft = limit.hard;
	return KERNEL4(prlimit64, 0, which, &limit, NULL);
}

static long set_groups(const struct setup *setup)
{
	long r = 0;

	if (setup->set & SETUP_GROUPS)
		r = KERNEL2(setgroups, setup->n_groups, setup->groups);
	if (r < 0 || (setup->set & SETUP_GID) == 0)
		return r;
	return KERNEL3(setresgid, setup->gid, setup->gid, setup->gid);
}

static long set_user(const struct setup *setup)
{
	long r = 0;

	if ((setup->set & SETUP_UID) == 0)
		return 0;
	if ((setup->set & SETUP_INHERITABLE) && setup->inheritable)
		r = KERNEL2(prctl, PR_SET_KEEPCAPS, 1);
	return r < 0 ? r : KERNEL3(setresuid, setup->uid, setup->uid, setup->uid);
}

/* As long as there is the capability to do so. */
static long set_bounding(const struct setup *setup)
{
	if ((setup->set & SETUP_BOUNDING) == 0)
		return 0;
	for (unsigned capability = 0; capability < 64; capability++) {
		long has = KERNEL2(prctl, PR_CAPBSET_READ, capability), r = 0;

		if (has < 0)
			break; /* the kernel knows no more */
		if (has > 0 && (setup->bounding >> capability & 1) == 0)
			r = KERNEL2(prctl, PR_CAPBSET_DROP, capability);
		if (r < 0)
			return r;
	}
	return 0;
}

static long set_own_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (unsigned i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(capabilities >> (32 * i));

		data[i] = (struct __user_cap_data_struct){ word, word, word };
	}
	return KERNEL2(capset, &header, data);
}

static long set_capabilities(const struct setup *setup)
{
	long r = 0;

	if (setup->set & SETUP_INHERITABLE)
		r = set_own_capabilities(setup->inheritable);
	if (r < 0 || (setup->set & SETUP_AMBIENT) == 0)
		return r;
	r = kernel(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (long capability = 0; r >= 0 && capability < 64; capability++)
		if (setup->ambient >> capability & 1)
			r = kernel(
				SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
	return r;
}

static long enter_directory(const struct setup *setup)
{
	return setup->working_directory ? KERNEL1(chdir, setup->working_directory) : 0;
}

static long set_no_new_privileges(const struct setup *setup)
{
	return setup->set & SETUP_NO_NEW_PRIVILEGES ? KERNEL2(prctl, PR_SET_NO_NEW_PRIVS, 1) : 0;
}

static bool done(long r, enum setup_step step, unsigned detail, struct setup_status *ret_failed)
{
	if (r < 0)
		*ret_failed = (struct setup_status){
			.step = (uint16_t)step, .detail = (uint16_t)detail, .error = (int32_t)-r
		};
	return r >= 0;
}

static bool limit_all(const struct setup *setup, struct setup_status *ret_failed)
{
	for (unsigned which = 0; which < SETUP_LIMITS; which++)
		if (!done(set_limit(setup, which), SETUP_STEP_LIMIT, which, ret_failed))
			return false;
	return true;
}

bool steps_run(const struct setup *setup, struct setup_status *ret_failed)
{
	if (setup->set & SETUP_UMASK)
		(void)KERNEL1(umask, setup->umask);
	return done(set_nice(setup), SETUP_STEP_NICE, 0, ret_failed) &&
	       done(set_oom_score(setup), SETUP_STEP_OOM_SCORE, 0, ret_failed) &&
	       done(set_cpus(setup), SETUP_STEP_CPUS, 0, ret_failed) &&
	       limit_all(setup, ret_failed) &&
	       done(set_bounding(setup), SETUP_STEP_CAPABILITIES, 0, ret_failed) &&
	       done(set_groups(setup), SETUP_STEP_GROUPS, 0, ret_failed) &&
	       done(set_user(setup), SETUP_STEP_USER, 0, ret_failed) &&
	       done(set_capabilities(setup), SETUP_STEP_CAPABILITIES, 0, ret_failed) &&
	       done(enter_directory(setup), SETUP_STEP_DIRECTORY, 0, ret_failed) &&
	       done(set_no_new_privileges(setup), SETUP_STEP_NO_NEW_PRIVILEGES, 0, ret_failed);
}

/* ---- the command */

static int execute(const char *path, char *const *argv, char *const *environment)
{
	return (int)-KERNEL3(execve, path, argv, environment);
}

/* Up to that character, or all of it. */
static size_t span(const char *text, char end)
{
	size_t length = 0;

	while (text[length] && text[length] != end)
		length++;
	return length;
}

static const char *search_path(char *const *environment)
{
	static const char name[] = "PATH=";

	for (; *environment; environment++)
		if (strncmp(*environment, name, sizeof(name) - 1) == 0)
			return *environment + sizeof(name) - 1;
	return DEFAULT_PATH;
}

/* One that may not be executed is remembered: a later folder may still have it. */
static bool goes_on(int error, int *worst)
{
	if (error == EACCES)
		*worst = EACCES;
	return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE ||
	       error == ENODEV || error == ETIMEDOUT;
}

int steps_execute(char *const *argv, char *const *environment)
{
	const char *folder = search_path(environment), *name = argv[0];
	size_t name_length = strlen(name);
	int error, worst = ENOENT;
	char path[PATH_MAX];

	if (name[span(name, '/')])
		return execute(name, argv, environment);
	if (!*name)
		return ENOENT;
	for (;; folder++) {
		size_t length = span(folder, ':');

		/* An empty folder is the working directory. */
		if (length + name_length + 2 <= sizeof(path)) {
			memcpy(path, folder, length);
			path[length] = '/';
			memcpy(path + length + (length > 0), name, name_length + 1);
			error = execute(path, argv, environment);
			if (!goes_on(error, &worst))
				return error;
		}
		folder += length;
		if (!*folder)
			return worst;
	}
}
