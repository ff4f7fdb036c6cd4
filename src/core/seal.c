/* SPDX-License-Identifier: MIT */
/* From the `after` texts to the order of each group: once, when all members are known. */
#include "core/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "core/group.h"
#include "core/loop.h"

struct lookup {
	struct tree *tree;
	struct gloop_group *group;
};

static int find_sibling(const char *name, void *userdata)
{
	struct lookup *lookup = userdata;
	struct task *task = tree_find(lookup->tree, name);

	return task && task->parent == lookup->group ? (int)task->index : -ENOENT;
}

static const char *after_text(struct task *task)
{
	return (task->is_group ? group_of(task)->settings.after : loop_of(task)->settings.after)
		       ?: "";
}

static int append_task(struct task ***tasks, unsigned *n, struct task *task)
{
	struct task **larger = reallocarray(*tasks, *n + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	*tasks = larger;
	larger[(*n)++] = task;
	return 0;
}

struct linking {
	struct task *task;
	int result;
};

static void link_sibling(unsigned index, void *userdata)
{
	struct linking *linking = userdata;
	struct task *before = linking->task->parent->members[index];

	if (append_task(&linking->task->predecessors, &linking->task->n_predecessors, before) < 0 ||
		append_task(&before->successors, &before->n_successors, linking->task) < 0)
		linking->result = -ENOMEM;
}

static int parse_members(
	struct tree *tree, struct gloop_group *group, struct task **ret_task, char **ret_reason)
{
	struct lookup lookup = { tree, group };

	for (unsigned i = 0; i < group->n_members; i++) {
		struct task *task = group->members[i];
		struct linking linking = { task, 0 };
		int r;

		r = expression_parse(
			&task->after, after_text(task), find_sibling, &lookup, ret_reason);
		if (r < 0) {
			*ret_task = task;
			return r;
		}
		expression_visit(task->after, link_sibling, &linking);
		if (linking.result < 0)
			return linking.result;
	}
	return 0;
}

static void spell_cycle(
	struct gloop_group *group, const unsigned *cycle, size_t length, char **ret_reason)
{
	_cleanup_vector_ char **names = NULL;
	_cleanup_free_ char *path = NULL;

	for (size_t i = 0; i < length; i++)
		vector_append(&names, group->members[cycle[i]]->name);
	path = vector_join(names, " after ");
	*ret_reason = string_printf("a cycle: %s", path ?: "?");
}

static int rank_members(struct gloop_group *group, struct task **ret_task, char **ret_reason)
{
	_cleanup_free_ struct expression **after =
		calloc(group->n_members + 1, sizeof(struct expression *));
	_cleanup_free_ unsigned *rank = calloc(group->n_members + 1, sizeof(unsigned));
	_cleanup_free_ unsigned *cycle = NULL;
	size_t cycle_length = 0;
	int r;

	group->ranked = calloc(group->n_members + 1, sizeof(*group->ranked));
	if (!after || !rank || !group->ranked)
		return -ENOMEM;
	for (unsigned i = 0; i < group->n_members; i++)
		after[i] = group->members[i]->after;
	r = order_rank(after, group->n_members, rank, &cycle, &cycle_length);
	if (r == -ELOOP && cycle) {
		spell_cycle(group, cycle, cycle_length, ret_reason);
		*ret_task = group->members[cycle[0]];
	}
	if (r < 0)
		return r;
	for (unsigned i = 0; i < group->n_members; i++) {
		group->members[i]->rank = rank[i];
		group->ranked[rank[i]] = group->members[i];
	}
	return timers_reserve(&group->timers, group->n_members + 2);
}

static int seal_group(
	struct tree *tree, struct gloop_group *group, struct task **ret_task, char **ret_reason)
{
	int r = parse_members(tree, group, ret_task, ret_reason);

	return r < 0 ? r : rank_members(group, ret_task, ret_reason);
}

int tree_seal(struct tree *tree, struct task **ret_task, char **ret_reason)
{
	int r;

	*ret_task = NULL;
	*ret_reason = NULL;
	r = seal_group(tree, &tree->root, ret_task, ret_reason);
	for (size_t i = 0; r >= 0 && i < tree->n_tasks; i++)
		if (tree->tasks[i]->is_group)
			r = seal_group(tree, group_of(tree->tasks[i]), ret_task, ret_reason);
	return r;
}
