/* SPDX-License-Identifier: MIT */
/* One snapshot, made flat. Used on the main thread only, one view at a time. */
#include "daemon/bus-loop.h"

#include <stdio.h>

#include "base/macro.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-node.h"
#include "daemon/bus-row.h"

#define COLUMN(Name, name, type, field) BUS_COLUMN(Name, name, type, struct loop_view, field)

const sd_bus_vtable loop_columns[] = {
	/* the order of BUS_LOOP_ROW */
	SD_BUS_VTABLE_START(0),
	COLUMN("Name", "name", "s", name),
	COLUMN("Group", "group", "s", group),
	COLUMN("Type", "type", "s", type),
	COLUMN("Description", "description", "s", description),
	COLUMN("State", "state", "s", state),
	COLUMN("Desired", "desired", "s", desired),
	COLUMN("Color", "color", "s", color),
	COLUMN("Ready", "ready", "b", ready),
	COLUMN("Generation", "generation", "t", generation),
	COLUMN("Cycle", "cycle", "t", cycle),
	COLUMN("Pid", "pid", "u", pid),
	COLUMN("Since", "since", "t", since_usec),
	COLUMN("Failures", "failures", "u", failures),
	COLUMN("MaxLoopFailures", "max_loop_failures", "u", max_loop_failures),
	COLUMN("FailuresTotal", "failures_total", "t", failures_total),
	COLUMN("Starts", "starts", "t", starts),
	COLUMN("LastFailureKind", "last_failure_kind", "s", failure_kind),
	COLUMN("LastFailureReason", "last_failure_reason", "s", failure_reason),
	COLUMN("LastFailureTime", "last_failure_time", "t", failure_usec),
	COLUMN("Outcome", "outcome", "s", outcome),
	COLUMN("Status", "status", "s", status),
	COLUMN("Note", "note", "s", note),
	COLUMN("NextStart", "next_start", "t", next_start_usec),
	COLUMN("LastFailureLines", "last_failure_lines", "s", failure_lines),
	SD_BUS_VTABLE_END,
};

static void fill_failure(struct loop_view *view, struct gloop_loop *loop)
{
	struct failure *failure = &view->snapshot.last_failure;
	bool some = view->snapshot.has_failure;
	_cleanup_free_ char *lines = some ? loop_failure_lines(loop, failure) : NULL;

	snprintf(view->lines, sizeof(view->lines), "%s", lines ?: "");
	view->failure_lines = view->lines;

	view->failure_kind = some ? failure_kind_to_string(failure->kind) : "";
	view->failure_reason = some ? bus_clean(failure->reason) : "";
	view->failure_usec = some ? failure->realtime_usec : 0;
}

void loop_view_fill(struct loop_view *view, struct gloop_loop *loop)
{
	struct loop_snapshot *now = &view->snapshot;
	const struct loop_settings *settings = loop_settings(loop);

	loop_snapshot(loop, now);
	view->name = now->name;
	view->group = now->group ? now->group : "";
	view->type = now->type;
	view->description = settings->description ? settings->description : "";
	view->state = loop_state_to_string(now->state);
	view->desired = now->wanted ? "started" : "stopped";
	view->color = color_to_string(now->color);
	view->ready = now->ready;
	view->generation = now->generation;
	view->cycle = now->cycle;
	view->pid = (uint32_t)now->pid;
	view->since_usec = now->since_usec;
	view->failures = now->failures;
	view->max_loop_failures = now->max_loop_failures;
	view->failures_total = now->failures_total;
	view->starts = now->starts;
	view->outcome = now->outcome;
	view->status = bus_clean(now->status);
	view->note = bus_clean(now->note);
	view->next_start_usec = now->next_start_usec;
	fill_failure(view, loop);
}

static int find(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
	void *userdata, void **ret_found, _unused_ sd_bus_error *error)
{
	static struct loop_view view;
	struct task *task = bus_node_find(userdata, path, BUS_PATH_LOOP);

	if (!task || !task_loop(task))
		return 0;
	loop_view_fill(&view, task_loop(task));
	*ret_found = &view;
	return 1;
}

static int enumerate(_unused_ sd_bus *bus, _unused_ const char *prefix, void *userdata,
	char ***ret_nodes, _unused_ sd_bus_error *error)
{
	return bus_node_list(userdata, BUS_PATH_LOOP, false, ret_nodes);
}

int bus_loop_add(sd_bus *bus, struct tree *tree)
{
	int r = sd_bus_add_fallback_vtable(
		bus, NULL, BUS_PATH_LOOP, BUS_LOOP, loop_columns, find, tree);

	return r < 0 ? r : sd_bus_add_node_enumerator(bus, NULL, BUS_PATH_LOOP, enumerate, tree);
}
