/* SPDX-License-Identifier: MIT */
/*
 * Following: lines are taken from what the loop keeps, from the number on where the client was left
 * last time. So there is no second queue: who reads too slowly misses lines, and is told how many.
 * A flood is told of in portions, some ten milliseconds apart.
 */
#include "daemon/bus-logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strings.h"
#include "core/snapshot.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-row.h"
#include "daemon/bus.h"
#include "daemon/target.h"

#define PORTION_USEC (20 * USEC_PER_MSEC)
#define ALL_LINES    SIZE_MAX

enum { UNREAD_MAX = 16 }; /* messages: who has not read these gets the next lines later */

struct follow {
	struct list link;  /* in the peer */
	struct task *task; /* a loop */
	uint64_t next;     /* the number of the first line that the client has not been told */
};

/* ---- which loops */

typedef int (*loop_visitor)(struct task *task, void *userdata);

static bool is_in(struct tree *tree, struct task *task, const struct task *group)
{
	const char *name;

	while (task && task != group) {
		name = task_group_name(task);
		task = name ? tree_find(tree, name) : NULL;
	}
	return task;
}

/* A loop, or all in a group. */
static int visit(struct tree *tree, struct task *target, loop_visitor visitor, void *userdata)
{
	struct task *task;
	int r = 0;

	if (task_loop(target))
		return visitor(target, userdata);
	for (size_t i = 0; r >= 0 && (task = tree_task(tree, i)); i++)
		if (task_loop(task) && is_in(tree, task, target))
			r = visitor(task, userdata);
	return r;
}

static int visit_all(struct peer *peer, sd_bus_message *message, loop_visitor visitor,
	void *userdata, char **ret_reason)
{
	_cleanup_(targets_done) struct targets targets = { 0 };
	_cleanup_vector_ char **patterns = NULL;
	struct tree *tree = peer->server->config.tree;
	int r = sd_bus_message_read_strv(message, &patterns);

	if (r >= 0)
		r = targets_find(tree, patterns, true, TARGET_TREES, &targets, ret_reason);
	for (size_t i = 0; r >= 0 && i < targets.n; i++)
		r = visit(tree, targets.tasks[i], visitor, userdata);
	return r;
}

/* ---- what is kept */

static int append_line(sd_bus_message *message, const struct tail_line *line)
{
	_cleanup_free_ char *text = string_utf8(line->text, line->length);

	return text ? sd_bus_message_append(message, BUS_LINE_ROW, line->stamp.realtime_usec,
			      (int)line->stamp.error, text)
		    : -ENOMEM;
}

static int append_lines(sd_bus_message *message, const struct tail_copy *copy)
{
	int r = sd_bus_message_open_container(message, 'a', BUS_LINE_ROW);

	for (size_t i = 0; r >= 0 && i < copy->n; i++)
		r = append_line(message, &copy->lines[i]);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static char *say_output(const struct peer *peer, const struct output_target *target)
{
	switch (target->kind) {
	case OUTPUT_AUTO:
		return strdup(peer->server->config.logs_to_journal ? "journal" : "console");
	case OUTPUT_JOURNAL:
		return strdup("journal");
	case OUTPUT_CONSOLE:
		return strdup("console");
	case OUTPUT_NULL:
		return strdup("null");
	case OUTPUT_FILE:
		return string_printf("file:%s", target->path);
	case OUTPUT_SAME:
		break;
	}
	return strdup("");
}

struct logs {
	struct peer *peer;
	sd_bus_message *reply;
	size_t max;
};

static int append_log(struct task *task, void *userdata)
{
	struct gloop_loop *loop = task_loop(task);
	struct logs *logs = userdata;
	const struct loop_settings *settings = loop_settings(loop);
	_cleanup_free_ char *output = say_output(logs->peer, &settings->output);
	_cleanup_free_ char *error_output = say_output(logs->peer, &settings->error_output);
	const char *group = task_group_name(task);
	struct tail_copy copy;
	int r = loop_lines_copy(loop, 0, logs->max, &copy);

	if (r < 0 || !output || !error_output)
		return -ENOMEM;
	r = sd_bus_message_open_container(logs->reply, 'r',
		"sssst"
		"a" BUS_LINE_ROW);
	if (r >= 0)
		r = sd_bus_message_append(logs->reply, "sssst", task_name(task), group ?: "",
			output, error_output, copy.next);
	if (r >= 0)
		r = append_lines(logs->reply, &copy);
	free(copy.lines);
	return r < 0 ? r : sd_bus_message_close_container(logs->reply);
}

int bus_logs(sd_bus_message *message, struct peer *peer, char **ret_reason)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct logs logs = { .peer = peer };
	uint32_t max;
	int r = sd_bus_message_skip(message, "as");

	if (r >= 0)
		r = sd_bus_message_read(message, "u", &max);
	if (r >= 0)
		r = sd_bus_message_rewind(message, true);
	if (r >= 0)
		r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', BUS_LOG_ROW);
	if (r < 0)
		return r;
	logs.reply = reply;
	logs.max = max;
	r = visit_all(peer, message, append_log, &logs, ret_reason);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* ---- following */

static bool follows(const struct peer *peer, const struct task *task)
{
	list_for_each (node, &peer->follows)
		if (container_of(node, const struct follow, link)->task == task)
			return true;
	return false;
}

static int add_follow(struct task *task, void *userdata)
{
	struct gloop_loop *loop = task_loop(task);
	struct peer *peer = userdata;
	struct follow *follow;
	struct tail_copy copy;
	int r;

	if (follows(peer, task))
		return 0;
	r = loop_follow(loop, true);
	if (r < 0)
		return r;
	follow = calloc(1, sizeof(*follow));
	if (!follow || loop_lines_copy(loop, UINT64_MAX, 0, &copy) < 0) {
		free(follow);
		(void)loop_follow(loop, false);
		return -ENOMEM;
	}
	follow->task = task;
	follow->next = copy.next;
	list_append(&peer->follows, &follow->link);
	return 0;
}

int bus_follow(sd_bus_message *message, struct peer *peer, char **ret_reason)
{
	int r = visit_all(peer, message, add_follow, peer, ret_reason);

	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

void bus_unfollow(struct peer *peer)
{
	struct list *node;

	while ((node = list_take(&peer->follows))) {
		struct follow *follow = container_of(node, struct follow, link);

		(void)loop_follow(task_loop(follow->task), false);
		free(follow);
	}
}

static int send_lines(struct peer *peer, const struct follow *follow, const struct tail_copy *copy)
{
	_cleanup_message_ sd_bus_message *message = NULL;
	const char *group = task_group_name(follow->task);
	uint64_t first = copy->next - copy->n;
	int r = sd_bus_message_new_signal(peer->bus, &message, BUS_PATH, BUS_MANAGER, "Log");

	if (r >= 0)
		r = sd_bus_message_append(message, "sstt", task_name(follow->task), group ?: "",
			first - follow->next, first);
	if (r >= 0)
		r = append_lines(message, copy);
	return r < 0 ? r : sd_bus_send(peer->bus, message, NULL);
}

/* false: the client has not read what it got. */
static bool tell(struct peer *peer, struct follow *follow)
{
	struct tail_copy copy;
	uint64_t unread = 0;

	if (sd_bus_get_n_queued_write(peer->bus, &unread) >= 0 && unread > UNREAD_MAX)
		return false;
	if (loop_lines_copy(task_loop(follow->task), follow->next, ALL_LINES, &copy) < 0)
		return false;
	if (copy.next > follow->next) {
		(void)send_lines(peer, follow, &copy);
		follow->next = copy.next;
	}
	free(copy.lines);
	return true;
}

static int on_portion(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
	struct bus *bus = userdata;
	bool behind = false;

	atomic_store(&bus->lines_told, false);
	list_for_each (node, &bus->peers) {
		struct peer *peer = container_of(node, struct peer, link);

		list_for_each (inner, &peer->follows)
			behind |= !tell(peer, container_of(inner, struct follow, link));
	}
	if (behind && !atomic_exchange(&bus->lines_told, true))
		bus_lines_came(bus);
	return 0;
}

bool bus_lines_news(struct bus *bus)
{
	return !atomic_exchange(&bus->lines_told, true);
}

void bus_lines_came(struct bus *bus)
{
	int r = 0;

	if (!bus->portion)
		r = sd_event_add_time_relative(bus->config.event, &bus->portion, CLOCK_MONOTONIC,
			PORTION_USEC, 0, on_portion, bus);
	else
		r = sd_event_source_set_time_relative(bus->portion, PORTION_USEC);
	if (r >= 0)
		(void)sd_event_source_set_enabled(bus->portion, SD_EVENT_ONESHOT);
}
