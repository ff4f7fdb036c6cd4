/* SPDX-License-Identifier: MIT */
/*
 * Building the tree: from the root down, the members of each group in order of appearance, because
 * that is a part of the start order. What hangs on a missing group or on a ring of parents is never
 * reached; config_load() told of it.
 */
#include "daemon/config-tree.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "body/command.h"
#include "body/module.h"
#include "core/tree.h"

struct building {
	const struct config *config;
	struct tree *tree;
	struct faults *faults;
};

static int tell(const struct building *building, const struct config_task *task, const char *key,
	const char *reason)
{
	_cleanup_free_ char *sentence = string_printf("%s: %s", key, reason);

	return sentence ? config_task_fault(task, key, building->faults, sentence) : -ENOMEM;
}

/* Whether its body can run: a fault where it cannot. */
static int check_body(const struct building *building, const struct config_task *task,
	const struct body_ops *body, const struct loop_settings *settings)
{
	_cleanup_free_ char *reason = NULL;
	const char *key = settings->module ? "module" : "command";
	int r;

	if (task->faulty || !body->check)
		return 0;
	r = body->check(settings, &reason);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		r = tell(building, task, key, reason ?: strerror(-r));
	return r == -EINVAL ? 0 : r;
}

static int add_loop(
	const struct building *building, const struct config_task *task, struct gloop_group *group)
{
	struct loop_settings settings;
	const struct body_ops *body;
	struct gloop_loop *loop;
	int r = config_task_settings(task, &settings);

	if (r < 0)
		return r;
	body = settings.module ? &module_body : &command_body;
	r = check_body(building, task, body, &settings);
	if (r == 0)
		r = tree_add_loop(building->tree, task->name, group, &settings, body, &loop);
	settings_done(SETTINGS_LOOP, &settings);
	return r;
}

static int add_members(const struct building *building, const char *of, struct gloop_group *group);

static int add_group(
	const struct building *building, const struct config_task *task, struct gloop_group *parent)
{
	struct group_settings settings;
	struct gloop_group *group;
	int r = config_task_settings(task, &settings);

	if (r < 0)
		return r;
	r = tree_add_group(building->tree, task->name, parent, &settings, &group);
	settings_done(SETTINGS_GROUP, &settings);
	return r < 0 ? r : add_members(building, task->name, group);
}

static int add_members(const struct building *building, const char *of, struct gloop_group *group)
{
	for (size_t i = 0; i < building->config->n_tasks; i++) {
		const struct config_task *task = &building->config->tasks[i];
		int r;

		if (!string_equal(config_task_group(task), of))
			continue;
		r = task->scope == SETTINGS_LOOP ? add_loop(building, task, group)
						 : add_group(building, task, group);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Of `after` only rings are left: config_load() has taken away what is faulty in itself. */
static int seal(const struct building *building)
{
	_cleanup_free_ char *reason = NULL;
	struct task *at_fault = NULL;
	const struct config_task *task;
	int r = tree_seal(building->tree, &at_fault, &reason);

	if (r != -EINVAL && r != -ELOOP)
		return r;
	task = config_find(building->config, task_name(at_fault));
	return tell(building, task, "after", reason);
}

int config_build(const struct config *config, struct tree *tree, struct faults *faults)
{
	struct building building = { config, tree, faults };
	int r = add_members(&building, "", NULL);

	if (r == 0)
		r = seal(&building);
	if (r < 0 && r != -EINVAL)
		return r;
	faults_sort(faults);
	return faults->n > 0 ? -EINVAL : 0;
}
