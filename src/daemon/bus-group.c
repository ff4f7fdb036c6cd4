/* SPDX-License-Identifier: MIT */
/* One snapshot, made flat. Used on the main thread only, one view at a time. */
#include "daemon/bus-group.h"

#include "base/macro.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-node.h"
#include "daemon/bus-row.h"

#define COLUMN(Name, name, type, field) BUS_COLUMN(Name, name, type, struct group_view, field)

const sd_bus_vtable group_columns[] = {
	/* the order of BUS_GROUP_ROW */
	SD_BUS_VTABLE_START(0),
	COLUMN("Name", "name", "s", name),
	COLUMN("Parent", "parent", "s", parent),
	COLUMN("Description", "description", "s", description),
	COLUMN("State", "state", "s", state),
	COLUMN("Desired", "desired", "s", desired),
	COLUMN("Color", "color", "s", color),
	COLUMN("Ready", "ready", "b", ready),
	COLUMN("Light", "light", "s", light),
	COLUMN("Strategy", "strategy", "s", strategy),
	COLUMN("Generation", "generation", "t", generation),
	COLUMN("Resets", "resets", "u", resets),
	COLUMN("MaxResets", "max_resets", "u", max_resets),
	COLUMN("ResetsTotal", "resets_total", "t", resets_total),
	COLUMN("Episode", "episode", "t", episode),
	COLUMN("EpisodeOpen", "episode_open", "b", episode_open),
	COLUMN("LoopsWanted", "loops_wanted", "u", loops_wanted),
	COLUMN("LoopsReady", "loops_ready", "u", loops_ready),
	COLUMN("Since", "since", "t", since_usec),
	COLUMN("Note", "note", "s", note),
	SD_BUS_VTABLE_END,
};

void group_view_fill(struct group_view *view, struct gloop_group *group)
{
	struct group_snapshot *now = &view->snapshot;
	const struct group_settings *settings = group_settings(group);

	group_snapshot(group, now);
	view->name = now->name;
	view->parent = now->parent ? now->parent : "";
	view->description = settings->description ? settings->description : "";
	view->state = group_state_to_string(now->state);
	view->desired = now->wanted ? "started" : "stopped";
	view->color = color_to_string(now->color);
	view->ready = now->ready;
	view->light = now->light ? "green" : "red";
	view->strategy = strategy_to_string(settings->strategy);
	view->generation = now->generation;
	view->resets = now->resets;
	view->max_resets = now->max_resets;
	view->resets_total = now->resets_total;
	view->episode = now->episode;
	view->episode_open = now->episode_open;
	view->loops_wanted = now->n_loops;
	view->loops_ready = now->n_ready;
	view->since_usec = now->since_usec;
	view->note = bus_clean(now->note);
}

static int find(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
	void *userdata, void **ret_found, _unused_ sd_bus_error *error)
{
	static struct group_view view;
	struct task *task = bus_node_find(userdata, path, BUS_PATH_GROUP);

	if (!task || !task_group(task))
		return 0;
	group_view_fill(&view, task_group(task));
	*ret_found = &view;
	return 1;
}

static int enumerate(_unused_ sd_bus *bus, _unused_ const char *prefix, void *userdata,
	char ***ret_nodes, _unused_ sd_bus_error *error)
{
	return bus_node_list(userdata, BUS_PATH_GROUP, true, ret_nodes);
}

int bus_group_add(sd_bus *bus, struct tree *tree)
{
	int r = sd_bus_add_fallback_vtable(
		bus, NULL, BUS_PATH_GROUP, BUS_GROUP, group_columns, find, tree);

	return r < 0 ? r : sd_bus_add_node_enumerator(bus, NULL, BUS_PATH_GROUP, enumerate, tree);
}
