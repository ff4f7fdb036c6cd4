/* SPDX-License-Identifier: MIT */
/* References between tasks: the group of a loop, the parent of a group, whom defaults are for,
 * siblings in `after`. */
#include "daemon/config-check.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "core/order.h"

static int no_such_group(const struct config *config, const char *name, char **ret_sentence)
{
	unsigned least = MAX((unsigned)strlen(name) / 3, 1u) + 1;
	const char *near = NULL;

	for (size_t i = 0; i < config->n_tasks; i++) {
		unsigned distance = string_distance(config->tasks[i].name, name);

		if (config->tasks[i].scope != SETTINGS_GROUP || distance >= least)
			continue;
		least = distance;
		near = config->tasks[i].name;
	}
	*ret_sentence = near ? string_printf("there is no group %s; did you mean %s?", name, near)
			     : string_printf("there is no group %s; it needs a section [group:%s]",
				       name, name);
	return *ret_sentence ? -ENOENT : -ENOMEM;
}

/* -ENOENT with a sentence. */
static int check_group(const struct config *config, const char *name, char **ret_sentence)
{
	const struct config_task *found = config_find(config, name);

	if (!found)
		return no_such_group(config, name, ret_sentence);
	if (found->scope == SETTINGS_GROUP)
		return 0;
	*ret_sentence = string_printf("%s is a loop, not a group", name);
	return *ret_sentence ? -ENOENT : -ENOMEM;
}

static int check_task_group(
	const struct config *config, struct config_task *task, struct faults *faults)
{
	_cleanup_free_ char *reason = NULL, *sentence = NULL;
	const char *group = config_task_group(task), *key;
	int r;

	if (!*group)
		return 0;
	r = check_group(config, group, &reason);
	if (r != -ENOENT)
		return r;
	task->faulty = true;
	key = task->scope == SETTINGS_LOOP ? "group" : "parent";
	sentence = string_printf("%s = %s: %s", key, group, reason);
	return sentence ? config_task_fault(task, key, faults, sentence) : -ENOMEM;
}

/* Whether the way from a group to the root leads back to it; of a ring only its first member in
 * order of appearance. */
static bool begins_ring(const struct config *config, const struct config_task *task)
{
	const struct config_task *up = task;

	for (size_t steps = 0; steps < config->n_tasks; steps++) {
		up = config_find(config, config_task_group(up));
		if (!up || up->scope != SETTINGS_GROUP || up < task)
			return false;
		if (up == task)
			return true;
	}
	return false;
}

static int check_ring(const struct config *config, struct config_task *task, struct faults *faults)
{
	_cleanup_free_ char *ring = NULL, *sentence = NULL;
	const struct config_task *up = task;

	if (!begins_ring(config, task))
		return 0;
	task->faulty = true;
	do {
		up = config_find(config, config_task_group(up));
		if (string_set(&ring, "%s, %s", ring ?: task->name, up->name) < 0)
			return -ENOMEM;
	} while (up != task);
	sentence = string_printf("parent = %s: the group is among its own ancestors: %s",
		config_task_group(task), ring);
	return sentence ? config_task_fault(task, "parent", faults, sentence) : -ENOMEM;
}

struct sibling_search {
	const struct config *config;
	const struct config_task *task,
		*elsewhere; /* elsewhere: a task of that name, but no sibling */
};

static int find_sibling(const char *name, void *userdata)
{
	struct sibling_search *search = userdata;
	const struct config_task *found = config_find(search->config, name);

	if (found && string_equal(config_task_group(found), config_task_group(search->task)))
		return 0;
	search->elsewhere = found;
	return -ENOENT;
}

/* Its `after` has been told of: without it the order of the others can still be checked. */
static int forget_after(struct config_task *task)
{
	_cleanup_free_ char *reason = NULL;

	for (size_t i = 0; i < task->n_keys; i++) {
		if (!string_equal(task->keys[i].source->key, "after"))
			continue;
		free(task->keys[i].text);
		task->n_keys--;
		memmove(&task->keys[i], &task->keys[i + 1],
			(task->n_keys - i) * sizeof(task->keys[i]));
		break;
	}
	return settings_set(task->scope, &task->settings, "after", "", &reason);
}

/* Syntax and names; whether the order has a ring is seen when the tree is sealed. */
static int check_after(const struct config *config, struct config_task *task, struct faults *faults)
{
	const char *after = task->scope == SETTINGS_LOOP ? task->settings.loop.after
							 : task->settings.group.after;
	struct sibling_search search = { .config = config, .task = task };
	_cleanup_free_ char *reason = NULL, *sentence = NULL;
	struct expression *expression = NULL;
	int r = expression_parse(&expression, after, find_sibling, &search, &reason);

	expression_free(expression);
	if (r != -EINVAL)
		return r;
	task->faulty = true;
	sentence = string_printf("after = %s: %s%s", after, reason,
		search.elsewhere
			? "; it is a member of another group, and only siblings can be named"
			: "");
	if (!sentence)
		return -ENOMEM;
	r = config_task_fault(task, "after", faults, sentence);
	return r == -EINVAL ? forget_after(task) : r;
}

static int check_defaults(
	const struct config *config, const struct section *section, struct faults *faults)
{
	_cleanup_free_ char *reason = NULL;
	int r = check_group(config, section->name, &reason);

	if (r != -ENOENT)
		return r;
	return faults_add(
		faults, section->file, section->line, "section [%s]: %s", section->head, reason);
}

int config_check_references(struct config *config, struct faults *faults)
{
	int r;

	for (size_t i = 0; i < config->n_tasks; i++) {
		struct config_task *task = &config->tasks[i];

		r = check_task_group(config, task, faults);
		if (r == 0 && task->scope == SETTINGS_GROUP)
			r = check_ring(config, task, faults);
		if (r == 0)
			r = check_after(config, task, faults);
		if (r < 0 && r != -EINVAL)
			return r;
	}
	for (size_t i = 0; i < config->source.n_sections; i++) {
		const struct section *section = config->source.sections[i];

		if (section->kind != SECTION_GROUP_DEFAULTS)
			continue;
		r = check_defaults(config, section, faults);
		if (r < 0 && r != -EINVAL)
			return r;
	}
	return 0;
}
