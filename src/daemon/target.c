/* SPDX-License-Identifier: MIT */
/* Marks in one array, one byte a task: so everything comes out once and in order. */
#include "daemon/target.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/map.h"
#include "base/pattern.h"
#include "base/strings.h"
#include "core/tree.h"

enum { MARK_GLOB = 1, MARK_NAMED = 2 };

void targets_done(struct targets *targets)
{
	free(targets->tasks);
	*targets = (struct targets){ 0 };
}

static bool is_wanted(struct task *task, enum target_want want)
{
	if (want == TARGET_LOOPS)
		return task_loop(task) != NULL;
	if (want == TARGET_GROUPS)
		return task_group(task) != NULL;
	return true;
}

/* One request on its way from words to tasks. */
struct search {
	struct tree *tree;
	enum target_want want;
	struct map places; /* name to its number in the tree, from 1 on */
	unsigned char *marks;
	size_t n_tasks;
	char **ret_reason;
};

static void search_done(struct search *search)
{
	map_done(&search->places);
	free(search->marks);
}

static int search_init(struct search *search)
{
	struct task *task;
	int r = 0;

	for (size_t i = 0; r == 0 && (task = tree_task(search->tree, i)); i++) {
		r = map_put(&search->places, task_name(task), (void *)(uintptr_t)(i + 1));
		search->n_tasks++;
	}
	search->marks = calloc(search->n_tasks + 1, 1);
	return search->marks ? r : -ENOMEM;
}

static const char *group_of_task(struct task *task)
{
	const char *group = task_group_name(task);

	return group ? group : "";
}

/* Marks the task if the pattern means it. Whether it does. */
static bool mark_one(struct search *search, const char *pattern, unsigned char mark, size_t place,
	bool *ret_wrong_kind)
{
	struct task *task = tree_task(search->tree, place);

	if (!pattern_matches(pattern, group_of_task(task), task_name(task)))
		return false;
	*ret_wrong_kind = !is_wanted(task, search->want);
	if (*ret_wrong_kind)
		return false;
	search->marks[place] |= mark;
	return true;
}

static bool mark_glob(struct search *search, const char *pattern, bool *ret_wrong_kind)
{
	bool some = false;

	for (size_t i = 0; i < search->n_tasks; i++) {
		bool wrong_kind = false;

		some |= mark_one(search, pattern, MARK_GLOB, i, &wrong_kind);
		*ret_wrong_kind |= wrong_kind;
	}
	return some;
}

/* Looked up: whoever names ten thousand loops must not hold up the others. */
static bool mark_named(struct search *search, const char *pattern, bool *ret_wrong_kind)
{
	size_t place = (size_t)(uintptr_t)map_get(&search->places, pattern_name(pattern));

	return place > 0 && mark_one(search, pattern, MARK_NAMED, place - 1, ret_wrong_kind);
}

static int mark(struct search *search, const char *pattern)
{
	bool wrong_kind = false, some = pattern_is_glob(pattern)
						? mark_glob(search, pattern, &wrong_kind)
						: mark_named(search, pattern, &wrong_kind);

	if (some)
		return 0;
	if (wrong_kind)
		*search->ret_reason = string_printf(search->want == TARGET_LOOPS
							    ? "%s is a group: this works on loops"
							    : "%s is a loop: this works on groups",
			pattern);
	else
		*search->ret_reason = string_printf("no such loop or group: %s", pattern);
	return wrong_kind ? -EINVAL : -ENOENT;
}

/* A group above it is marked, too: what is done to that is done to this. */
static bool is_covered(struct tree *tree, const struct map *groups, struct task *task)
{
	const char *group = task_group_name(task);

	for (; group; group = task_group_name(tree_find(tree, group)))
		if (map_get(groups, group))
			return true;
	return false;
}

static bool covers(enum target_want want)
{
	return want == TARGET_TREES || want == TARGET_GROUPS;
}

static void mark_all(struct search *search)
{
	for (size_t i = 0; i < search->n_tasks; i++) {
		struct task *task = tree_task(search->tree, i);

		if (is_wanted(task, search->want) &&
			(!covers(search->want) || !task_group_name(task)))
			search->marks[i] = MARK_NAMED;
	}
}

static int collect(struct search *search, struct targets *ret)
{
	_cleanup_(map_done) struct map groups = { 0 };
	const unsigned char *marks = search->marks;
	struct task *task;
	int r = 0;

	ret->tasks = calloc(search->n_tasks + 1, sizeof(*ret->tasks));
	if (!ret->tasks)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && covers(search->want) && i < search->n_tasks; i++) {
		task = tree_task(search->tree, i);
		if (marks[i] && task_group(task))
			r = map_put(&groups, task_name(task), task);
	}
	for (size_t i = 0; r == 0 && i < search->n_tasks; i++) {
		task = tree_task(search->tree, i);
		if ((marks[i] & MARK_NAMED) ||
			(marks[i] && !is_covered(search->tree, &groups, task)))
			ret->tasks[ret->n++] = task;
	}
	if (r < 0)
		targets_done(ret);
	return r;
}

int targets_find(struct tree *tree, char *const *patterns, bool all, enum target_want want,
	struct targets *ret, char **ret_reason)
{
	_cleanup_(search_done) struct search search = {
		.tree = tree, .want = want, .ret_reason = ret_reason
	};
	int r = search_init(&search);

	*ret = (struct targets){ 0 };
	if (r == 0 && all && !(patterns && *patterns))
		mark_all(&search);
	for (; r == 0 && patterns && *patterns; patterns++)
		r = mark(&search, *patterns);
	return r < 0 ? r : collect(&search, ret);
}
