/* SPDX-License-Identifier: MIT */
/*
 * Merging and expanding. The keys of a task are collected first, the nearest section's first, then
 * set one by one. A key whose text has ${NAME} sets env.NAME before itself: so variables may use
 * each other in any order, each is expanded once, and a ring of them is found.
 */
#include "daemon/config-merge.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "daemon/config-instances.h"

enum { NESTING_MAX = 50 }; /* of variables in variables */

struct candidate {
	struct source_key *source;
	enum { FRESH, BEING_SET, SET } state;
};

struct merge {
	struct config_task *task;
	const struct source *source;
	const struct section *section;
	struct faults *faults;
	struct expansion expansion;
	struct candidate *candidates;
	size_t n;
	unsigned depth;
};

static struct candidate *find_candidate(struct merge *merge, const char *key)
{
	for (size_t i = 0; i < merge->n; i++)
		if (string_equal(merge->candidates[i].source->key, key))
			return &merge->candidates[i];
	return NULL;
}

/* The keys of one more section, unless a nearer section has them. */
static int collect(struct merge *merge, const struct section *section)
{
	size_t n_nearer = merge->n;
	struct candidate *grown;

	if (!section || section->n_keys == 0)
		return 0;
	grown = reallocarray(merge->candidates, merge->n + section->n_keys, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	merge->candidates = grown;
	for (size_t i = 0; i < section->n_keys; i++) {
		bool nearer = false;

		for (size_t j = 0; j < n_nearer && !nearer; j++)
			nearer = string_equal(grown[j].source->key, section->keys[i]->key);
		if (!nearer)
			grown[merge->n++] = (struct candidate){ .source = section->keys[i] };
	}
	return 0;
}

/* Tells it once, although many loops may inherit the key. */
static int key_fault(struct merge *merge, struct source_key *key, const char *reason)
{
	bool inherited = key->section != merge->section;
	int r;

	if (!reason)
		return -ENOMEM;
	key->faulty = true;
	merge->task->faulty = true;
	r = faults_add(merge->faults, key->file, key->line, "[%s] %s%s%s%s", key->section->head,
		reason, inherited ? " (for loop " : "", inherited ? merge->task->name : "",
		inherited ? ")" : "");
	return r == -EINVAL ? 0 : r;
}

static int remember_key(struct config_task *task, const struct source_key *source, char *text)
{
	struct config_key *grown = reallocarray(task->keys, task->n_keys + 1, sizeof(*grown));

	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	task->keys = grown;
	grown[task->n_keys++] = (struct config_key){ source, text };
	return 0;
}

/* 0 with *ret; -EINVAL with a sentence, or without one where a fault was told already. */
static int expand_key(
	struct merge *merge, const struct source_key *key, char **ret, char **ret_reason)
{
	const struct setting *setting = settings_find(merge->task->scope, key->key);
	_cleanup_free_ char *plain = NULL, *reason = NULL;
	bool command = string_equal(setting->type, "command");
	int r;

	r = source_unquote(setting, key->text, &plain, ret_reason);
	if (r < 0)
		return r;
	if (setting->flags & SETTING_VERBATIM || !expand_needed(plain)) {
		*ret = TAKE_PTR(plain);
		return 0;
	}
	r = expand(&merge->expansion, plain, command, ret, &reason);
	if (reason) {
		*ret_reason = string_printf("%s = %s: %s", key->key, key->text, reason);
		return *ret_reason ? -EINVAL : -ENOMEM;
	}
	return r;
}

static int replace_instances(const struct source *source, char **text)
{
	char *replaced = NULL;
	int r = instances_replace(source, *text, &replaced);

	if (r < 0)
		return r;
	free(*text);
	*text = replaced;
	return 0;
}

static int set_key(struct merge *merge, struct candidate *candidate)
{
	struct source_key *key = candidate->source;
	_cleanup_free_ char *text = NULL, *reason = NULL;
	int r;

	if (candidate->state != FRESH)
		return 0;
	if (key->faulty) {
		merge->task->faulty = true;
		return 0;
	}
	candidate->state = BEING_SET;
	merge->depth++;
	r = expand_key(merge, key, &text, &reason);
	merge->depth--;
	candidate->state = SET;
	if (r == 0 && string_equal(key->key, "after"))
		r = replace_instances(merge->source, &text);
	if (r == 0)
		r = settings_set(
			merge->task->scope, &merge->task->settings, key->key, text, &reason);
	if (r == 0)
		return remember_key(merge->task, key, TAKE_PTR(text));
	if (r == -EINVAL && !reason) {
		key->faulty = merge->task->faulty = true;
		return 0;
	}
	return r == -ENOMEM ? r : key_fault(merge, key, reason);
}

/* ${NAME}: expand()'s callback. -EINVAL: it is known and faulty. */
static int variable(const char *name, void *userdata, const char **ret)
{
	struct merge *merge = userdata;
	_cleanup_free_ char *key = string_printf("env.%s", name);
	struct candidate *candidate = key ? find_candidate(merge, key) : NULL;
	size_t length = strlen(name);
	char **entries;
	int r;

	if (!key)
		return -ENOMEM;
	if (merge->task->scope != SETTINGS_LOOP || !candidate)
		return -ENOENT;
	if (candidate->state == BEING_SET || merge->depth > NESTING_MAX)
		return -ELOOP;
	r = set_key(merge, candidate);
	if (r < 0)
		return r;
	entries = merge->task->settings.loop.environment;
	for (; entries && *entries; entries++) {
		if (strncmp(*entries, name, length) != 0 || (*entries)[length] != '=')
			continue;
		*ret = *entries + length + 1;
		return 0;
	}
	return candidate->source->faulty ? -EINVAL : -ENOENT;
}

/* A loop's group decides what it inherits, so it is set first. */
static int collect_inherited(struct merge *merge, const struct source *source)
{
	struct candidate *group = find_candidate(merge, "group");
	_cleanup_free_ char *head = NULL;
	int r;

	if (group) {
		r = set_key(merge, group);
		if (r < 0)
			return r;
	}
	merge->expansion.group = merge->task->settings.loop.group ?: "";
	head = string_printf("defaults:%s", merge->expansion.group);
	if (!head)
		return -ENOMEM;
	r = collect(merge, source_find(source, head));
	return r < 0 ? r : collect(merge, source_find(source, "defaults"));
}

/* What the keys say together. Left out where one of them is faulty: it would tell of what follows
 * from that. */
static int check_task(struct merge *merge)
{
	struct config_task *task = merge->task;
	_cleanup_free_ char *reason = NULL;
	const char *key = NULL;
	int r = 0;

	if (task->faulty)
		return 0;
	if (task->scope == SETTINGS_LOOP)
		r = loop_settings_check(&task->settings.loop, &key, &reason);
	else if (task->scope == SETTINGS_GROUP)
		r = group_settings_check(&task->settings.group, &key, &reason);
	if (r != -EINVAL)
		return r;
	task->faulty = true;
	r = config_task_fault(task, key, merge->faults, reason);
	return r == -EINVAL ? 0 : r;
}

static int merge_keys(struct merge *merge, const struct source *source)
{
	struct config_task *task = merge->task;
	int r = collect(merge, merge->section);

	if (r == 0 && task->scope == SETTINGS_LOOP) {
		merge->expansion.loop = task->name;
		r = collect_inherited(merge, source);
	} else if (task->scope == SETTINGS_GROUP) {
		merge->expansion.group = task->name;
	}
	for (size_t i = 0; r == 0 && i < merge->n; i++)
		r = set_key(merge, &merge->candidates[i]);
	return r < 0 ? r : check_task(merge);
}

int config_task_merge(struct config_task *task, const struct source *source,
	const struct section *section, const struct expansion *expansion, struct faults *faults)
{
	struct merge merge = {
		.task = task,
		.source = source,
		.section = section,
		.faults = faults,
		.expansion = *expansion,
	};
	int r;

	task->scope = section_scope(section->kind);
	task->name = section->name;
	if (expansion->instance) {
		task->instance = string_printf("%s%s", section->name, expansion->instance);
		task->name = task->instance;
		if (!task->name)
			return -ENOMEM;
	}
	task->file = section->file;
	task->line = section->line;
	task->faulty = section->faulty;
	merge.expansion.variable = variable;
	merge.expansion.userdata = &merge;
	r = settings_init(task->scope, &task->settings);
	if (r == 0)
		r = merge_keys(&merge, source);
	free(merge.candidates);
	return r;
}

void config_task_done(struct config_task *task)
{
	for (size_t i = 0; i < task->n_keys; i++)
		free(task->keys[i].text);
	free(task->keys);
	free(task->instance);
	settings_done(task->scope, &task->settings);
}
