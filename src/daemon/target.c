/* SPDX-License-Identifier: MIT */
/* Marks in one array, one byte a task: so everything comes out once and in order. */
#include "daemon/target.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/macro.h"
#include "base/map.h"
#include "base/strings.h"
#include "core/tree.h"

enum { MARK_GLOB = 1, MARK_NAMED = 2 };

void targets_done(struct targets *targets)
{
	free(targets->tasks);
	*targets = (struct targets){ 0 };
}

bool target_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

bool target_matches(const char *pattern, const char *group, const char *name)
{
	const char *slash = strchr(pattern, '/');
	_cleanup_free_ char *head = NULL;

	if (!slash)
		return fnmatch(pattern, name, 0) == 0;
	head = strndup(pattern, (size_t)(slash - pattern));
	return head && fnmatch(head, group ? group : "", 0) == 0 &&
	       fnmatch(slash + 1, name, 0) == 0;
}

static bool is_wanted(struct task *task, enum target_want want)
{
	if (want == TARGET_LOOPS)
		return task_loop(task) != NULL;
	if (want == TARGET_GROUPS)
		return task_group(task) != NULL;
	return true;
}

static int mark(struct tree *tree, const char *pattern, enum target_want want, unsigned char *marks,
	char **ret_reason)
{
	bool glob = target_is_glob(pattern), some = false, wrong_kind = false;
	struct task *task;

	for (size_t i = 0; (task = tree_task(tree, i)); i++) {
		if (!target_matches(pattern, task_group_name(task), task_name(task)))
			continue;
		if (!is_wanted(task, want)) {
			wrong_kind = true;
			continue;
		}
		marks[i] |= glob ? MARK_GLOB : MARK_NAMED;
		some = true;
	}
	if (some)
		return 0;
	if (wrong_kind)
		*ret_reason =
			string_printf(want == TARGET_LOOPS ? "%s is a group: this works on loops"
							   : "%s is a loop: this works on groups",
				pattern);
	else
		*ret_reason = string_printf("no such loop or group: %s", pattern);
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

static void mark_all(struct tree *tree, enum target_want want, unsigned char *marks)
{
	struct task *task;

	for (size_t i = 0; (task = tree_task(tree, i)); i++)
		if (is_wanted(task, want) && (want != TARGET_TREES || !task_group_name(task)))
			marks[i] = MARK_NAMED;
}

static int collect(struct tree *tree, const unsigned char *marks, enum target_want want,
	size_t n_tasks, struct targets *ret)
{
	_cleanup_(map_done) struct map groups = { 0 };
	struct task *task;
	int r = 0;

	ret->tasks = calloc(n_tasks + 1, sizeof(*ret->tasks));
	if (!ret->tasks)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && want == TARGET_TREES && (task = tree_task(tree, i)); i++)
		if (marks[i] && task_group(task))
			r = map_put(&groups, task_name(task), task);
	for (size_t i = 0; r == 0 && (task = tree_task(tree, i)); i++)
		if ((marks[i] & MARK_NAMED) || (marks[i] && !is_covered(tree, &groups, task)))
			ret->tasks[ret->n++] = task;
	if (r < 0)
		targets_done(ret);
	return r;
}

int targets_find(struct tree *tree, char *const *patterns, bool all, enum target_want want,
	struct targets *ret, char **ret_reason)
{
	_cleanup_free_ unsigned char *marks = NULL;
	size_t n_tasks = 0;
	int r = 0;

	*ret = (struct targets){ 0 };
	while (tree_task(tree, n_tasks))
		n_tasks++;
	marks = calloc(n_tasks + 1, 1);
	if (!marks)
		return -ENOMEM;
	if (all && !(patterns && *patterns))
		mark_all(tree, want, marks);
	for (; r == 0 && patterns && *patterns; patterns++)
		r = mark(tree, *patterns, want, marks, ret_reason);
	return r < 0 ? r : collect(tree, marks, want, n_tasks, ret);
}
