/* SPDX-License-Identifier: MIT */
/*
 * Loading: files → sections (config-source) → tasks (config-merge) → references between tasks
 * (config-check). Everything goes on after a fault, so that one run tells of all of them.
 */
#include "daemon/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "daemon/config-check.h"
#include "daemon/config-instances.h"
#include "daemon/config-merge.h"
#include "daemon/config-paths.h"

const struct config_task *config_find(const struct config *config, const char *name)
{
	return map_get(&config->names, name);
}

const char *config_task_group(const struct config_task *task)
{
	const char *name = task->scope == SETTINGS_LOOP ? task->settings.loop.group
							: task->settings.group.parent;

	return name ?: "";
}

static const struct source_key *locate(const struct config_task *task, const char *key)
{
	for (size_t i = 0; i < task->n_keys; i++)
		if (string_equal(task->keys[i].source->key, key))
			return task->keys[i].source;
	return NULL;
}

int config_task_fault(const struct config_task *task, const char *key, struct faults *faults,
	const char *sentence)
{
	const struct source_key *source = key ? locate(task, key) : NULL;
	const char *file = source ? source->file : task->file;
	unsigned line = source ? source->line : task->line;

	if (task->instance && faults_tell_of(faults, file, line)) /* by another instance */
		return -EINVAL;
	return faults_add(faults, file, line, "[%s:%s] %s",
		task->scope == SETTINGS_LOOP ? "loop" : "group", task->name, sentence);
}

int config_task_settings(const struct config_task *task, void *values)
{
	_cleanup_free_ char *reason = NULL;
	const char *key;
	int r = settings_init(task->scope, values);

	for (size_t i = 0; r == 0 && i < task->n_keys; i++)
		r = settings_set(task->scope, values, task->keys[i].source->key, task->keys[i].text,
			&reason);
	if (r == 0 && !task->faulty)
		r = task->scope == SETTINGS_LOOP ? loop_settings_check(values, &key, &reason)
						 : group_settings_check(values, &key, &reason);
	if (r < 0)
		settings_done(task->scope, values);
	return r;
}

/* ---- tasks */

static int merge_daemon(
	struct config *config, const struct expansion *expansion, struct faults *faults)
{
	const struct section *section = source_find(&config->source, "greenloopd");
	struct config_task task = { .scope = SETTINGS_DAEMON };
	int r;

	if (!section)
		return settings_init(SETTINGS_DAEMON, &config->daemon);
	r = config_task_merge(&task, &config->source, section, expansion, faults);
	config->daemon = task.settings.daemon;
	task.settings.daemon = (struct daemon_settings){ 0 };
	config_task_done(&task);
	return r;
}

enum { NAME_MAX_LENGTH = 40 };

static int merge_task(struct config *config, struct section *section,
	const struct expansion *expansion, struct faults *faults)
{
	struct config_task *task = &config->tasks[config->n_tasks++];
	int r = config_task_merge(task, &config->source, section, expansion, faults);

	if (r < 0)
		return r;
	if (task->instance && strlen(task->name) > NAME_MAX_LENGTH && !task->faulty) {
		task->faulty = true;
		r = config_task_fault(task, NULL, faults,
			"the name of an instance has at most 40 characters in all");
	}
	section->faulty |= task->faulty; /* what is wrong with one is not told of all */
	return r == -ENOMEM ? r : map_put(&config->names, task->name, task);
}

/* A loop for each instance. */
static int merge_template(struct config *config, struct section *section,
	const struct expansion *expansion, struct faults *faults)
{
	_cleanup_vector_ char **instances = NULL;
	struct expansion own = *expansion;
	int r = section_instances(section, &instances);

	if (r == -ENOENT)
		r = faults_add(faults, section->file, section->line,
			"[%s] instances is needed: a number, a range or a list of names",
			section->head);
	for (size_t i = 0; r == 0 && instances[i]; i++) {
		own.instance = instances[i];
		r = merge_task(config, section, &own, faults);
	}
	return r == -EINVAL ? 0 : r;
}

/* Room for all tasks: they do not move any more. */
static int make_room(struct config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < config->source.n_sections; i++) {
		_cleanup_vector_ char **instances = NULL;

		if (section_is_template(config->source.sections[i]))
			(void)section_instances(config->source.sections[i], &instances);
		n += MAX(vector_length(instances), (size_t)1);
	}
	config->tasks = calloc(n + 1, sizeof(*config->tasks));
	return config->tasks ? 0 : -ENOMEM;
}

static int merge_tasks(
	struct config *config, const struct expansion *expansion, struct faults *faults)
{
	const struct source *source = &config->source;
	int r = merge_daemon(config, expansion, faults);

	if (r == 0)
		r = make_room(config);
	for (size_t i = 0; r == 0 && i < source->n_sections; i++) {
		struct section *section = source->sections[i];

		/* Only loops and groups, and of two with one name only the first. */
		if (map_get(&source->names, section->name) != section)
			continue;
		if (section_is_template(section))
			r = merge_template(config, section, expansion, faults);
		else
			r = merge_task(config, section, expansion, faults);
	}
	return r < 0 ? r : config_check_references(config, faults);
}

static int resolve(struct config *config, bool user_mode, struct faults *faults)
{
	_cleanup_free_ char *home = NULL, *runtime = NULL, *directory = NULL;
	struct expansion expansion = { 0 };

	/* What is not known is a fault where it is used. */
	if (paths_home(&home) == -ENOMEM || paths_runtime(user_mode, &runtime) == -ENOMEM ||
		paths_directory(config->path, &directory) == -ENOMEM)
		return -ENOMEM;
	expansion.home = home;
	expansion.runtime = runtime;
	expansion.directory = directory;
	return merge_tasks(config, &expansion, faults);
}

/* ---- files */

static int read_files(struct config *config, bool must_exist, struct faults *faults)
{
	_cleanup_vector_ char **dropins = NULL;
	_cleanup_free_ char *faulty = NULL;
	int r = source_read(&config->source, config->path, !must_exist, faults);

	if (r < 0)
		return r;
	r = paths_dropins(config->path, &dropins, &faulty);
	if (r < 0 && faulty)
		r = faults_add(faults, faulty, 0, "cannot be read: %s", strerror(-r));
	if (r < 0 && r != -EINVAL)
		return r;
	for (char **file = dropins; file && *file; file++) {
		r = source_read(&config->source, *file, false, faults);
		if (r < 0)
			return r;
	}
	return 0;
}

static int config_new(struct config **ret, const char *path, bool user_mode, struct faults *faults)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return -ENOMEM;
	r = source_init(&config->source);
	if (r < 0)
		return r;
	if (!path) {
		r = paths_config(user_mode, &config->path);
		if (r == -ENOENT)
			return faults_add(faults, "greenloop.conf", 0,
				"cannot be found: neither XDG_CONFIG_HOME nor a home directory is "
				"known");
		if (r < 0)
			return r;
	} else {
		config->path = strdup(path);
		if (!config->path)
			return -ENOMEM;
	}
	*ret = TAKE_PTR(config);
	return 0;
}

int config_load(struct config **ret, const char *path, bool must_exist, bool user_mode,
	struct faults *faults)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r;

	r = config_new(&config, path, user_mode, faults);
	if (r == 0)
		r = read_files(config, must_exist, faults);
	if (r == 0)
		r = resolve(config, user_mode, faults);
	if (r < 0)
		return r;
	faults_sort(faults);
	*ret = TAKE_PTR(config);
	return faults->n > 0 ? -EINVAL : 0;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < config->n_tasks; i++)
		config_task_done(&config->tasks[i]);
	free(config->tasks);
	settings_done(SETTINGS_DAEMON, &config->daemon);
	map_done(&config->names);
	source_done(&config->source);
	free(config->path);
	free(config);
	return NULL;
}
