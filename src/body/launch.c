/* SPDX-License-Identifier: MIT */
#include "body/launch.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strings.h"
#include "body/env-file.h"
#include "body/user.h"
#include "core/environment.h"

/* ---- the user */

/* Whether this process is that user already, and could not change to any other. */
static bool is_own(const struct user *user)
{
	return geteuid() != 0 && user->uid == geteuid() && user->gid == getegid();
}

static int add_groups(struct user *user, char *const *names, char **ret_reason)
{
	int r = 0;

	for (; r == 0 && names && *names; names++)
		r = user_add_group(user, *names, ret_reason);
	return r;
}

static void take_groups(struct launch *launch, struct user *user)
{
	launch->groups = TAKE_PTR(user->groups);
	launch->setup.groups = launch->groups;
	launch->setup.n_groups = user->n_groups;
	launch->setup.set |= SETUP_GROUPS;
}

static int say(char ***variables, const char *name, const char *value)
{
	return vector_append_take(variables, string_printf("%s=%s", name, value));
}

static int say_user(char ***variables, const struct user *user)
{
	int r = say(variables, "HOME", user->home);

	if (r == 0)
		r = say(variables, "USER", user->name);
	if (r == 0)
		r = say(variables, "LOGNAME", user->name);
	return r == 0 ? say(variables, "SHELL", user->shell) : r;
}

static int set_user(struct launch *launch, const struct setup_settings *settings, struct user *user,
	char **ret_reason)
{
	int r;

	if (settings->user) {
		r = user_resolve(settings->user, user, ret_reason);
		if (r == 0)
			r = say_user(&launch->variables, user);
	} else {
		r = settings->supplementary_groups ? user_take_own_groups(user) : 0;
	}
	if (r == 0)
		r = add_groups(user, settings->supplementary_groups, ret_reason);
	if (r < 0)
		return r;
	if (settings->user && !is_own(user)) {
		launch->setup.uid = user->uid;
		launch->setup.gid = user->gid;
		launch->setup.set |= SETUP_UID | SETUP_GID;
	}
	if ((launch->setup.set & SETUP_UID) || settings->supplementary_groups)
		take_groups(launch, user);
	return 0;
}

/* "~" is the user's home; without a user that of the daemon's. */
static int set_directory(
	struct launch *launch, const struct setup_settings *settings, const struct user *user)
{
	const char *directory = settings->working_directory;

	if (!directory)
		return 0;
	if (strcmp(directory, "~") == 0)
		directory = user->home ?: getenv("HOME") ?: "/";
	launch->working_directory = strdup(directory);
	launch->setup.working_directory = launch->working_directory;
	return launch->working_directory ? 0 : -ENOMEM;
}

/* ---- plain numbers */

static void set_limits(struct setup *setup, const struct limit *limits)
{
	_Static_assert((int)LIMITS == (int)SETUP_LIMITS, "all of them");

	for (unsigned i = 0; i < LIMITS; i++) {
		if (!limits[i].said)
			continue;
		setup->soft_set |= 1u << i;
		setup->hard_set |= 1u << i;
		setup->soft[i] = limits[i].soft;
		setup->hard[i] = limits[i].hard;
	}
}

static void set_cpus(struct setup *setup, const struct cpu_set *cpus)
{
	_Static_assert(sizeof(cpus->words) == sizeof(setup->cpus), "all of them");

	for (unsigned i = 0; i < SETUP_CPU_WORDS; i++) {
		setup->cpus[i] = cpus->words[i];
		if (cpus->words[i])
			setup->set |= SETUP_CPUS;
	}
}

static void set_numbers(struct setup *setup, const struct setup_settings *settings)
{
	if (settings->umask_said)
		setup->set |= SETUP_UMASK;
	if (settings->nice_said)
		setup->set |= SETUP_NICE;
	if (settings->oom_score_said)
		setup->set |= SETUP_OOM_SCORE;
	if (settings->no_new_privileges)
		setup->set |= SETUP_NO_NEW_PRIVILEGES;
	if (settings->capabilities_said)
		setup->set |= SETUP_BOUNDING | SETUP_INHERITABLE | SETUP_AMBIENT;
	setup->umask = settings->umask;
	setup->nice = settings->nice;
	setup->oom_score_adjust = settings->oom_score_adjust;
	setup->bounding = setup->inheritable = setup->ambient = settings->capabilities;
	set_limits(setup, settings->limits);
	set_cpus(setup, &settings->cpus);
}

/* ---- the environment */

/* These are between the daemon and who started it: no pattern passes them on. */
static bool is_private(const char *variable)
{
	static const char *const names[] = { "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=",
		"LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "GREENLOOP_EXEC_PATH=" };

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* 1: it is; 0: not; -ENOMEM. */
static int is_passed(const char *variable, char *const *patterns)
{
	_cleanup_free_ char *name = strndup(variable, strcspn(variable, "="));

	if (!name)
		return -ENOMEM;
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return !is_private(variable);
	return 0;
}

static int pass_variables(char ***variables, char *const *patterns)
{
	int r = 0;

	for (char **own = environ; patterns && r >= 0 && *own; own++) {
		r = is_passed(*own, patterns);
		if (r > 0)
			r = vector_append(variables, *own);
	}
	return MIN(r, 0);
}

static int set_environment(struct launch *launch, const struct loop_settings *settings,
	char *const *environment, char **ret_reason)
{
	const struct setup_settings *setup = settings->setup;
	int r = pass_variables(&launch->variables, setup->pass_env);

	if (r == 0 && setup->env_file)
		r = env_file_read(setup->env_file, &launch->variables, ret_reason);
	if (r < 0)
		return r;
	launch->environment =
		environment_insert(environment, settings->environment, launch->variables);
	return launch->environment ? 0 : -ENOMEM;
}

/* ---- all of it */

int launch_new(const struct loop_settings *settings, char *const *environment, struct launch **ret,
	char **ret_reason)
{
	_cleanup_(launch_freep) struct launch *launch = NULL;
	_cleanup_user_ struct user user = { 0 };
	int r;

	*ret = NULL;
	if (!settings || !settings->setup)
		return 0;
	launch = calloc(1, sizeof(*launch));
	if (!launch)
		return -ENOMEM;
	r = set_user(launch, settings->setup, &user, ret_reason);
	if (r == 0)
		r = set_directory(launch, settings->setup, &user);
	if (r == 0)
		r = set_environment(launch, settings, environment, ret_reason);
	if (r < 0)
		return r;
	set_numbers(&launch->setup, settings->setup);
	*ret = TAKE_PTR(launch);
	return 0;
}

struct launch *launch_free(struct launch *launch)
{
	if (!launch)
		return NULL;
	environment_free(launch->environment);
	vector_free(launch->variables);
	free(launch->working_directory);
	free(launch->groups);
	free(launch);
	return NULL;
}

/* ---- failures */

static const char *const limit_names[SETUP_LIMITS] = { "cpu", "fsize", "data", "stack", "core",
	"rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice",
	"rtprio", "rttime" };

static char *explain_user(const struct setup_settings *settings, const char *why)
{
	int length = settings && settings->user ? (int)strcspn(settings->user, ":") : 0;

	if (length == 0)
		return string_printf("cannot change to supplementary_groups: %s", why);
	return string_printf("cannot change to user `%.*s`: %s", length, settings->user, why);
}

static char *explain(const struct loop_settings *settings, const char *program, int error,
	const struct setup_status *failed)
{
	const struct setup_settings *setup = settings ? settings->setup : NULL;
	const char *why = strerrordesc_np(-error);

	switch ((enum setup_step)failed->step) {
	case SETUP_STEP_SPAWN:
		return string_printf("cannot execute greenloop-exec: %s", why);
	case SETUP_STEP_DIRECTORY:
		return string_printf("cannot change to directory %s: %s",
			setup && setup->working_directory ? setup->working_directory : "/", why);
	case SETUP_STEP_NICE:
		return string_printf("cannot set nice: %s", why);
	case SETUP_STEP_LIMIT:
		return string_printf("cannot set limit %s: %s",
			failed->detail < SETUP_LIMITS ? limit_names[failed->detail] : "?", why);
	case SETUP_STEP_OOM_SCORE:
		return string_printf("cannot set oom_score_adjust: %s", why);
	case SETUP_STEP_CPUS:
		return string_printf("cannot set cpu_affinity: %s", why);
	case SETUP_STEP_GROUPS:
	case SETUP_STEP_USER:
		return explain_user(setup, why);
	case SETUP_STEP_CAPABILITIES:
		return string_printf("cannot set capabilities: %s", why);
	case SETUP_STEP_NO_NEW_PRIVILEGES:
		return string_printf("cannot set no_new_privileges: %s", why);
	case SETUP_STEP_DECODE:
	case SETUP_STEP_EXEC:
	case SETUP_STEP_NONE:
		break;
	}
	return string_printf("cannot execute %s: %s", program, why);
}

/* ---- the spawn */

/* Pipes only: what else is there, /dev/null above all, is not ours to give away. */
static void own_output(const struct setup *setup, int output_fd)
{
	struct stat st;

	if (output_fd >= 0 && (setup->set & SETUP_UID) && fstat(output_fd, &st) == 0 &&
		S_ISFIFO(st.st_mode))
		(void)!fchown(output_fd, setup->uid, setup->gid);
}

static int spawn(struct launch *launch, struct process *process, const struct spec *plain)
{
	struct spec spec = *plain;

	if (plain->setup)
		launch->setup.set |= plain->setup->set & SETUP_WATCHDOG_PID;
	spec.setup = &launch->setup;
	spec.environment = launch->environment;
	own_output(&launch->setup, spec.output_fd);
	own_output(&launch->setup, spec.error_fd);
	return process_spawn(process, &spec);
}

int launch_spawn(const struct loop_settings *settings, struct process *process,
	const struct spec *spec, bool *ret_ours, char **ret_reason)
{
	_cleanup_(launch_freep) struct launch *launch = NULL;
	int r = launch_new(settings, spec->environment, &launch, ret_reason);

	*ret_ours = process_is_resource_error(r);
	if (r < 0)
		return r;
	r = launch ? spawn(launch, process, spec) : process_spawn(process, spec);
	if (r == 0)
		return 0;
	*ret_ours = process->failed.step == SETUP_STEP_SPAWN ||
		    (process->failed.step == SETUP_STEP_NONE && process_is_resource_error(r));
	if (!*ret_ours || process->failed.step == SETUP_STEP_SPAWN)
		*ret_reason = explain(settings, spec->argv[0], r, &process->failed);
	return r;
}

const char *launch_doubt(const struct loop_settings *settings)
{
	const struct setup_settings *setup = settings->setup;

	if (!setup)
		return NULL;
	if (settings->type == LOOP_TYPE_MODULE)
		return "a module runs in the daemon itself: user, limits and the like are for its "
		       "hooks only";
	if (geteuid() == 0)
		return NULL;
	if (setup->supplementary_groups)
		return "supplementary_groups needs a daemon that runs as root";
	if (setup->capabilities_said)
		return "capabilities needs a daemon that runs as root";
	if (setup->oom_score_said && setup->oom_score_adjust < 0)
		return "an oom_score_adjust below 0 needs a daemon that runs as root";
	return setup->user ? "user needs a daemon that runs as root, unless it is its own" : NULL;
}
