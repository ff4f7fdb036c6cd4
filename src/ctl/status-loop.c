/* SPDX-License-Identifier: MIT */
/* status of one loop: everything worth a line, the names on the right edge of their column. */
#include "ctl/status.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/format.h"
#include "ctl/table.h"

static void add(struct table *table, const char *key, const char *text)
{
	if (!*text)
		return;
	table_printf(table, PAINT_NONE, "%12s:", key);
	table_text(table, PAINT_NONE, text);
}

static void add_state(struct table *table, const struct loop_row *row, uint64_t now_usec)
{
	char age[FORMAT_MAX], date[FORMAT_MAX], text[2 * FORMAT_MAX + 64];

	table_printf(table, PAINT_NONE, "%12s:", "State");
	table_text(table, color_of(row->color), row->state);
	(void)snprintf(text, sizeof(text), "%s since %s, %s ago; wanted: %s",
		row->ready ? ", ready" : "", format_date(row->since_usec, date),
		format_age(row->since_usec, now_usec, age), row->desired);
	table_append(table, PAINT_NONE, text);
}

static void add_counts(struct table *table, const struct loop_row *row)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "%" PRIu64 " (%" PRIu64 " starts), cycle %" PRIu64,
		row->generation, row->starts, row->cycle);
	add(table, "Generation", text);
	(void)snprintf(text, sizeof(text), "%" PRIu32, row->pid);
	if (row->pid > 0)
		add(table, "Process", text);
	(void)snprintf(text, sizeof(text), "%" PRIu32 "/%" PRIu32 " (%" PRIu64 " ever)",
		row->failures, row->max_failures, row->failures_total);
	add(table, "Failures", text);
}

static void add_failure(struct table *table, const char *key, const struct failure_row *failure)
{
	char date[FORMAT_MAX], count[32];

	if (!*failure->kind)
		return;
	add(table, key, format_date(failure->realtime_usec, date));
	table_append(table, PAINT_NONE, "  ");
	table_append(table, PAINT_RED, failure->kind);
	table_append(table, PAINT_NONE, ": ");
	table_append(table, PAINT_NONE, failure->reason);
	(void)snprintf(
		count, sizeof(count), ", %" PRIu32 " of %" PRIu32, failure->nth, failure->of);
	if (failure->nth > 0)
		table_append(table, PAINT_NONE, count);
}

/* What was said before the last failure. */
static void add_lines(struct table *table, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		_cleanup_free_ char *line = strndup(text, length);

		table_printf(table, PAINT_NONE, "%12s", "");
		table_text(table, PAINT_GREY, "| ");
		table_append(table, PAINT_NONE, line ? line : "?");
		text += length + (text[length] == '\n');
	}
}

int status_loop(const struct loop_row *row, const struct failure_row *failures, size_t n)
{
	uint64_t now_usec = clock_realtime();
	char date[FORMAT_MAX];
	struct table head, table;
	int r;

	table_init(&head, 1);
	table_text(&head, color_of(row->color), "● ");
	table_append(&head, PAINT_BOLD, row->name);
	table_append(&head, PAINT_NONE, *row->description ? " - " : "");
	table_append(&head, PAINT_NONE, row->description);
	table_init(&table, 2);
	add_state(&table, row, now_usec);
	add(&table, "Group", row->group);
	add(&table, "Type", row->type);
	add_counts(&table, row);
	add(&table, "Outcome", row->outcome);
	add(&table, "Status", row->status);
	add(&table, "Note", row->note);
	if (row->next_start_usec > 0)
		add(&table, "Next start", format_date(row->next_start_usec, date));
	if (n == 0)
		add_failure(&table, "Failed", &row->failure);
	for (size_t i = 0; i < n; i++) {
		add_failure(&table, i == 0 ? "Failed" : "before", &failures[i]);
		if (i == 0)
			add_lines(&table, failures[i].lines);
	}
	r = table_print(&head, stdout, table_screen_width());
	if (r >= 0)
		r = table_print(&table, stdout, table_screen_width());
	table_done(&head);
	table_done(&table);
	return r < 0 ? exit_errno(r, "status") : EXIT_DONE;
}
