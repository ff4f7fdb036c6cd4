/* SPDX-License-Identifier: MIT */
/* list: one line per loop, for scripts: no cell is ever empty or holds a blank. */
#include <inttypes.h>
#include <string.h>

#include "ctl/table.h"
#include "ctl/view.h"

static const char *const states[] = { "inactive", "starting", "running", "stopping", "backoff",
	"failed", "done" };

static bool is_word(const char *list, size_t length, const char *word)
{
	return strlen(word) == length && strncmp(list, word, length) == 0;
}

/* Is the word in the list (a,b,c)? */
static bool list_has(const char *list, const char *word)
{
	for (;;) {
		size_t length = strcspn(list, ",");

		if (is_word(list, length, word))
			return true;
		if (!list[length])
			return false;
		list += length + 1;
	}
}

static int check_states(const char *list)
{
	for (;;) {
		size_t length = strcspn(list, ","), i = 0;

		while (i < ELEMENTS(states) && !is_word(list, length, states[i]))
			i++;
		if (i == ELEMENTS(states))
			return exit_say(
				EXIT_USAGE, "--state=: no such state: %.*s", (int)length, list);
		if (!list[length])
			return EXIT_DONE;
		list += length + 1;
	}
}

static bool is_listed(
	const struct view *view, const struct options *options, const struct loop_row *row)
{
	return view_shows_loop(view, row) &&
	       (!options->states || list_has(options->states, row->state));
}

static void add_row(struct table *table, const struct loop_row *row)
{
	table_text(table, PAINT_NONE, row->name);
	table_text(table, PAINT_NONE, *row->group ? row->group : "-");
	table_text(table, color_of(row->color), row->state);
	table_text(table, PAINT_NONE, row->desired);
	table_text(table, color_of(row->color), row->color);
	table_printf(table, PAINT_NONE, "%" PRIu64, row->generation);
	if (row->pid > 0)
		table_printf(table, PAINT_NONE, "%u", row->pid);
	else
		table_text(table, PAINT_NONE, "-");
	table_printf(table, PAINT_NONE, "%u/%u", row->failures, row->max_failures);
}

static int print_table(const struct view *view, const struct options *options)
{
	static const char *const heads[] = { "LOOP", "GROUP", "STATE", "DESIRED", "COLOR",
		"GENERATION", "PID", "FAILURES" };
	struct table table;
	int r;

	table_init(&table, ELEMENTS(heads));
	for (size_t i = 0; i < ELEMENTS(heads) && !options->no_legend; i++)
		table_text(&table, PAINT_BOLD, heads[i]);
	for (size_t i = 0; i < view->n_loops; i++)
		if (is_listed(view, options, &view->loops[i]))
			add_row(&table, &view->loops[i]);
	r = table_print(&table, stdout, table_screen_width());
	table_done(&table);
	return r < 0 ? exit_errno(r, "list") : EXIT_DONE;
}

static int print_json(const struct view *view, const struct options *options)
{
	json_auto_t *document = json_document();
	json_t *loops = json_array();

	json_put(document, "loops", loops);
	for (size_t i = 0; i < view->n_loops; i++)
		if (is_listed(view, options, &view->loops[i]))
			json_add(loops, loop_row_json(&view->loops[i]));
	return json_print(document, options->json);
}

int verb_list(const struct verb *verb _unused_, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_view_ struct view view = VIEW_INIT;
	int r = options->states ? check_states(options->states) : EXIT_DONE;

	if (r == EXIT_DONE)
		r = client_open(&client, options);
	if (r == EXIT_DONE)
		r = view_read(&view, &client);
	if (r == EXIT_DONE)
		r = view_select(&view, names);
	if (r != EXIT_DONE)
		return r;
	return options->json == JSON_OFF ? print_table(&view, options) : print_json(&view, options);
}
