/* SPDX-License-Identifier: MIT */
/*
 * What each step does. Their order matters: what opens files or needs privileges comes before
 * limits and the change of user; the working directory is entered as that user; no_new_privileges
 * comes last, as it would stand in the way of the others.
 */
#include "exec/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* All steps: 0, or -1 with errno. */
static int set_nice(const struct setup *setup)
{
	return setup->set & SETUP_NICE ? setpriority(PRIO_PROCESS, 0, setup->nice) : 0;
}

static int set_oom_score(const struct setup *setup)
{
	char number[16];
	int fd, length, error = 0;

	if ((setup->set & SETUP_OOM_SCORE) == 0)
		return 0;
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	length = snprintf(number, sizeof(number), "%d", (int)setup->oom_score_adjust);
	if (write(fd, number, (size_t)length) < 0)
		error = errno;
	close(fd);
	errno = error;
	return error ? -1 : 0;
}

static int set_cpus(const struct setup *setup)
{
	_Static_assert(sizeof(cpu_set_t) == sizeof(setup->cpus), "words of 64 bits, all of them");

	if ((setup->set & SETUP_CPUS) == 0)
		return 0;
	return sched_setaffinity(0, sizeof(setup->cpus), (const cpu_set_t *)setup->cpus);
}

/* The half that is not said stays, but never lets the soft limit be above the hard one. */
static int set_limit(const struct setup *setup, unsigned which)
{
	struct rlimit limit;

	if (((setup->soft_set | setup->hard_set) >> which & 1) == 0)
		return 0;
	if (getrlimit((__rlimit_resource_t)which, &limit) < 0)
		return -1;
	if (setup->hard_set >> which & 1)
		limit.rlim_max = setup->hard[which];
	if (setup->soft_set >> which & 1)
		limit.rlim_cur = setup->soft[which];
	if (limit.rlim_cur > limit.rlim_max && (setup->soft_set >> which & 1) == 0)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)which, &limit);
}

static int set_groups(const struct setup *setup)
{
	if ((setup->set & SETUP_GROUPS) && setgroups(setup->n_groups, setup->groups) < 0)
		return -1;
	return setup->set & SETUP_GID ? setresgid(setup->gid, setup->gid, setup->gid) : 0;
}

static int set_user(const struct setup *setup)
{
	if ((setup->set & SETUP_UID) == 0)
		return 0;
	if ((setup->set & SETUP_INHERITABLE) && setup->inheritable &&
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -1;
	return setresuid(setup->uid, setup->uid, setup->uid);
}

/* As long as there is the capability to do so. */
static int set_bounding(const struct setup *setup)
{
	if ((setup->set & SETUP_BOUNDING) == 0)
		return 0;
	for (unsigned long capability = 0; capability < 64; capability++) {
		int has = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);

		if (has < 0)
			break; /* the kernel knows no more */
		if (has > 0 && (setup->bounding >> capability & 1) == 0 &&
			prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -1;
	}
	return 0;
}

static int set_own_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (unsigned i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(capabilities >> (32 * i));

		data[i] = (struct __user_cap_data_struct){ word, word, word };
	}
	return (int)syscall(SYS_capset, &header, data);
}

static int set_capabilities(const struct setup *setup)
{
	if ((setup->set & SETUP_INHERITABLE) && set_own_capabilities(setup->inheritable) < 0)
		return -1;
	if ((setup->set & SETUP_AMBIENT) == 0)
		return 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	for (unsigned long capability = 0; capability < 64; capability++)
		if ((setup->ambient >> capability & 1) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			return -1;
	return 0;
}

static int enter_directory(const struct setup *setup)
{
	return setup->working_directory ? chdir(setup->working_directory) : 0;
}

static int set_no_new_privileges(const struct setup *setup)
{
	return setup->set & SETUP_NO_NEW_PRIVILEGES ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) : 0;
}

static bool done(int r, enum setup_step step, unsigned detail, struct setup_status *ret_failed)
{
	if (r < 0)
		*ret_failed = (struct setup_status){
			.step = (uint16_t)step, .detail = (uint16_t)detail, .error = errno
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
		umask(setup->umask);
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

/* One that may not be executed is remembered: a later folder may still have it. */
static bool goes_on(int error, int *worst)
{
	if (error == EACCES)
		*worst = EACCES;
	return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE ||
	       error == ENODEV || error == ETIMEDOUT;
}

int steps_execute(char *const *argv)
{
	const char *folder = getenv("PATH"), *name = argv[0];
	size_t name_length = strlen(name);
	int worst = ENOENT;
	char path[PATH_MAX];

	if (strchr(name, '/')) {
		execve(name, argv, environ);
		return errno;
	}
	if (!*name)
		return ENOENT;
	if (!folder)
		folder = DEFAULT_PATH;
	for (;; folder++) {
		size_t length = strcspn(folder, ":");

		/* An empty folder is the working directory. */
		if (length + name_length + 2 <= sizeof(path)) {
			memcpy(path, folder, length);
			path[length] = '/';
			memcpy(path + length + (length > 0), name, name_length + 1);
			execve(path, argv, environ);
			if (!goes_on(errno, &worst))
				return errno;
		}
		folder += length;
		if (!*folder)
			return worst;
	}
}
