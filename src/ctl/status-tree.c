/* SPDX-License-Identifier: MIT */
/* status as a tree: a line for each group, its members indented below it; all of it one table. */
#include "ctl/status.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/format.h"
#include "ctl/table.h"

enum { INDENT_MAX = 512 };

struct painter {
	struct table table;
	uint64_t now_usec;
	char indent[INDENT_MAX]; /* what stands before the present member's branch */
};

/* The first cell: the way down to it, its dot, its name. */
static void add_name(
	struct painter *painter, const char *branch, const char *color, const char *name)
{
	table_text(&painter->table, PAINT_GREY, painter->indent);
	table_append(&painter->table, PAINT_GREY, branch);
	table_append(&painter->table, color_of(color), "●");
	table_append(&painter->table, PAINT_NONE, " ");
	table_append(&painter->table, PAINT_NONE, name);
}

static void add_state(struct painter *painter, const char *state, const char *color,
	uint64_t generation, uint32_t pid, uint64_t since_usec)
{
	char age[FORMAT_MAX];

	table_text(&painter->table, color_of(color), state);
	table_printf(&painter->table, PAINT_NONE, "%" PRIu64, generation);
	if (pid > 0)
		table_printf(&painter->table, PAINT_NONE, "%" PRIu32, pid);
	else
		table_text(&painter->table, PAINT_NONE, "-");
	table_text(&painter->table, PAINT_NONE, format_age(since_usec, painter->now_usec, age));
}

/* One more remark at the end of the line. */
static void add_remark(struct painter *painter, bool *some, const char *before, const char *text)
{
	if (!*text)
		return;
	table_append(&painter->table, PAINT_NONE, *some ? "; " : "");
	table_append(&painter->table, PAINT_NONE, before);
	table_append(&painter->table, PAINT_NONE, text);
	*some = true;
}

static bool is_troubled(const struct loop_row *row)
{
	return strcmp(row->state, "backoff") == 0 || strcmp(row->state, "failed") == 0;
}

static void add_loop(struct painter *painter, const char *branch, const struct loop_row *row)
{
	char in[FORMAT_MAX], text[256];
	bool some = false;

	add_name(painter, branch, row->color, row->name);
	add_state(painter, row->state, row->color, row->generation, row->pid, row->since_usec);
	table_printf(&painter->table, row->failures > 0 ? PAINT_AMBER : PAINT_NONE,
		"%" PRIu32 "/%" PRIu32, row->failures, row->max_failures);
	table_text(&painter->table, PAINT_NONE, "");
	if (strcmp(row->state, "running") == 0 && !row->ready)
		add_remark(painter, &some, "", "not ready");
	add_remark(painter, &some, "", row->note);
	add_remark(painter, &some, "", row->status);
	if (is_troubled(row) && *row->failure.kind) {
		(void)snprintf(
			text, sizeof(text), "%s: %s", row->failure.kind, row->failure.reason);
		add_remark(painter, &some, "", text);
	}
	if (row->next_start_usec > painter->now_usec)
		add_remark(painter, &some, "next start in ",
			format_age(painter->now_usec, row->next_start_usec, in));
}

static void add_group(struct painter *painter, const char *branch, const struct group_row *row)
{
	char text[FORMAT_MAX];
	bool some = false;

	add_name(painter, branch, row->color, row->name);
	add_state(painter, row->state, row->color, row->generation, 0, row->since_usec);
	table_printf(&painter->table, row->resets > 0 ? PAINT_AMBER : PAINT_NONE,
		"%" PRIu32 "/%" PRIu32 " resets", row->resets, row->max_resets);
	(void)snprintf(
		text, sizeof(text), "%" PRIu32 "/%" PRIu32 " ready", row->n_ready, row->n_loops);
	table_text(&painter->table, PAINT_NONE, "");
	add_remark(painter, &some, "", text);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " open", row->episode);
	if (row->episode_open)
		add_remark(painter, &some, "episode #", text);
	add_remark(painter, &some, "", row->note);
}

static void add_members(
	struct painter *painter, const struct loop_row *loop, const struct group_row *group);

/* A group and all below it; more: a sibling follows. */
static void add_subtree(
	struct painter *painter, const struct group_row *group, bool nested, bool more)
{
	size_t length = strlen(painter->indent);

	add_group(painter, nested ? more ? "├─" : "└─" : "", group);
	if (nested && length + sizeof("│ ") < INDENT_MAX)
		memcpy(painter->indent + length, more ? "│ " : "  ",
			more ? sizeof("│ ") : sizeof("  "));
	add_members(painter, group->loops, group->groups);
	painter->indent[length] = '\0';
}

static void add_members(
	struct painter *painter, const struct loop_row *loop, const struct group_row *group)
{
	for (; loop; loop = loop->next)
		add_loop(painter, loop->next || group ? "├─" : "└─", loop);
	for (; group; group = group->next)
		add_subtree(painter, group, true, group->next != NULL);
}

/* Groups that are selected by themselves, not with a group above them; then loops likewise. */
static void add_selected(struct painter *painter, const struct view *view)
{
	for (size_t i = 0; i < view->n_groups; i++) {
		const struct group_row *row = &view->groups[i];
		if (row->selected && !view_shows_group(view, view_parent(view, row->parent)))
			add_subtree(painter, row, false, false);
	}
	for (size_t i = 0; i < view->n_loops; i++) {
		const struct loop_row *row = &view->loops[i];
		if (row->selected && !view_shows_group(view, view_parent(view, row->group)))
			add_loop(painter, "", row);
	}
}

static void print_daemon(const struct daemon_row *daemon, uint64_t now_usec)
{
	struct table line;
	char text[FORMAT_MAX];

	table_init(&line, 1);
	table_text(&line, color_of(daemon->color), "●");
	table_append(&line, PAINT_BOLD, " greenloop ");
	table_append(&line, PAINT_BOLD, daemon->version);
	(void)snprintf(text, sizeof(text), " (pid %" PRIu32 "), up ", daemon->pid);
	table_append(&line, PAINT_NONE, text);
	table_append(&line, PAINT_NONE, format_age(daemon->started_usec, now_usec, text));
	table_append(&line, PAINT_NONE, ", ");
	table_append(&line, color_of(daemon->color), daemon->status);
	(void)snprintf(text, sizeof(text), ", %" PRIu32 " abandoned threads", daemon->n_abandoned);
	if (daemon->n_abandoned > 0)
		table_append(&line, PAINT_RED, text);
	(void)table_print(&line, stdout, table_screen_width());
	table_done(&line);
}

int status_tree(const struct view *view, const struct options *options, bool with_daemon)
{
	static const char *const heads[] = { "NAME", "STATE", "GEN", "PID", "FOR", "FAILURES",
		"NOTE" };
	struct painter painter = { .now_usec = clock_realtime() };
	int r;

	if (with_daemon)
		print_daemon(&view->daemon, painter.now_usec);
	table_init(&painter.table, ELEMENTS(heads));
	for (size_t i = 0; i < ELEMENTS(heads) && !options->no_legend; i++)
		table_text(&painter.table, PAINT_BOLD, heads[i]);
	add_selected(&painter, view);
	r = table_print(&painter.table, stdout, table_screen_width());
	table_done(&painter.table);
	return r < 0 ? exit_errno(r, "status") : EXIT_DONE;
}
