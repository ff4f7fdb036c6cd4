/* SPDX-License-Identifier: MIT */
/* Why: episodes, and the last failures of the loops that are meant. */
#include "daemon/bus-show.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "core/snapshot.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-row.h"

enum { FAILURES_OF_LOOP = 8, FAILURES_MAX = 64 };

struct question {
	struct tree *tree;
	struct task *task; /* NULL: everything */
	uint64_t number;   /* of an episode; 0: any */
};

struct failed { /* one failure and whose it is */
	const char *loop;
	struct failure failure;
};

struct failed_list {
	struct failed *items;
	size_t n;
};

static void failed_list_done(struct failed_list *list)
{
	free(list->items);
}

static int parse(struct question *question, const char *target, char **ret_reason)
{
	char *end = NULL;

	if (*target == '#') {
		errno = 0;
		question->number = strtoull(target + 1, &end, 10);
		if (errno || target[1] < '0' || target[1] > '9' || *end || question->number == 0) {
			*ret_reason = string_printf("no number of an episode: %s", target);
			return -EINVAL;
		}
	} else if (*target) {
		question->task = tree_find(question->tree, target);
		if (!question->task) {
			*ret_reason = string_printf("no such loop or group: %s", target);
			return -ENOENT;
		}
	}
	return 0;
}

/* What was said before it, malloc()ed; NULL: nothing that is known. */
static char *lines_before(struct tree *tree, const char *loop, const struct failure *failure)
{
	struct task *task = tree_find(tree, loop);

	return task && task_loop(task) ? loop_failure_lines(task_loop(task), failure) : NULL;
}

static int append_failure(
	sd_bus_message *reply, struct tree *tree, const char *loop, const struct failure *failure)
{
	_cleanup_free_ char *lines = lines_before(tree, loop, failure);
	char reason[sizeof(failure->reason)];

	memcpy(reason, failure->reason, sizeof(reason));
	return sd_bus_message_append(reply, BUS_FAILURE_ROW, failure->realtime_usec, loop,
		failure_kind_to_string(failure->kind), bus_clean(reason), failure->generation,
		failure->cycle, failure->nth, failure->of, lines ?: "");
}

static int append_episode(sd_bus_message *reply, struct tree *tree, struct episode *episode)
{
	_cleanup_free_ char *lines = lines_before(tree, episode->cause_loop, &episode->cause);
	unsigned kept = MIN(episode->n_attached, (unsigned)EPISODE_ATTACHED_MAX);
	int r = sd_bus_message_open_container(reply, 'r', "tsttsssssstuusuua" BUS_FAILURE_ROW);

	if (r >= 0)
		r = sd_bus_message_append(reply, "tsttsssssstuusuu", episode->number,
			episode->group, episode->opened_usec, episode->closed_usec, episode->result,
			episode->cause_loop, failure_kind_to_string(episode->cause.kind),
			bus_clean(episode->cause.reason), episode->throughline,
			bus_clean(episode->origin), episode->cause.realtime_usec,
			episode->cause.nth, episode->cause.of, lines ?: "", episode->resets,
			episode->n_attached);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', BUS_FAILURE_ROW);
	for (unsigned i = 0; r >= 0 && i < kept; i++)
		r = append_failure(
			reply, tree, episode->attached[i].loop, &episode->attached[i].failure);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* The group whose episodes are meant: the task itself, or the group that the loop is a member of.
 */
static struct gloop_group *group_meant(const struct question *question)
{
	const char *group;

	if (!question->task)
		return NULL;
	if (task_group(question->task))
		return task_group(question->task);
	group = task_group_name(question->task);
	return group ? task_group(tree_find(question->tree, group)) : NULL;
}

static int append_episodes(
	sd_bus_message *reply, const struct question *question, char **ret_reason)
{
	struct gloop_group *group = group_meant(question);
	_cleanup_free_ struct episode *episodes = NULL;
	size_t n = 0;
	int r = 0;

	if (group || !question->task)
		r = episodes_copy(question->tree, group, question->number, &episodes, &n);
	if (r >= 0 && n == 0 && question->number > 0) {
		*ret_reason = string_printf(
			"no episode #%llu is known", (unsigned long long)question->number);
		return -ENOENT;
	}
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', BUS_EPISODE_ROW);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = append_episode(reply, question->tree, &episodes[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Is the loop the one that is meant, or somewhere in the group that is? */
static bool is_meant(const struct question *question, struct task *task)
{
	while (question->task && task != question->task) {
		const char *group = task_group_name(task);

		if (!group)
			return false;
		task = tree_find(question->tree, group);
	}
	return question->number == 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct failed *x = a, *y = b;

	return x->failure.when_usec < y->failure.when_usec   ? 1
	       : x->failure.when_usec > y->failure.when_usec ? -1
							     : 0;
}

/* Keeps the newest only, whatever the size of the tree. */
static void add_loop(struct failed_list *list, struct task *task)
{
	struct failure failures[FAILURES_OF_LOOP];
	unsigned n = loop_failures_copy(task_loop(task), failures, FAILURES_OF_LOOP);

	for (unsigned i = 0; i < n; i++)
		list->items[list->n++] = (struct failed){ task_name(task), failures[i] };
	if (n == 0)
		return;
	qsort(list->items, list->n, sizeof(list->items[0]), newest_first);
	list->n = MIN(list->n, (size_t)FAILURES_MAX);
}

static int append_failures(sd_bus_message *reply, const struct question *question)
{
	_cleanup_(failed_list_done) struct failed_list list = { 0 };
	struct task *task;
	int r = sd_bus_message_open_container(reply, 'a', BUS_FAILURE_ROW);

	list.items = calloc(FAILURES_MAX + FAILURES_OF_LOOP, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	for (size_t i = 0; (task = tree_task(question->tree, i)); i++)
		if (task_loop(task) && is_meant(question, task))
			add_loop(&list, task);
	for (size_t i = 0; r >= 0 && i < list.n; i++)
		r = append_failure(
			reply, question->tree, list.items[i].loop, &list.items[i].failure);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_why(sd_bus_message *message, struct tree *tree, const char *target, char **ret_reason)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct question question = { .tree = tree };
	int r = parse(&question, target, ret_reason);

	if (r >= 0)
		r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_episodes(reply, &question, ret_reason);
	if (r >= 0)
		r = append_failures(reply, &question);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
