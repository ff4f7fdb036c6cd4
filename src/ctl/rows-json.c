/* SPDX-License-Identifier: MIT */
/* The rows as JSON objects: one function each, the keys in the order in which a reader wants them.
 */
#include "ctl/rows.h"

#include <string.h>

/* An array of the lines in a text. */
static json_t *lines_json(const char *text)
{
	json_t *array = json_array();

	while (*text) {
		size_t length = strcspn(text, "\n");

		json_add(array, json_stringn(text, length));
		text += length + (text[length] == '\n');
	}
	return array;
}

json_t *failure_row_json(const struct failure_row *row)
{
	json_t *object;

	if (!*row->kind)
		return json_null();
	object = json_object();
	json_put_text(object, "kind", row->kind);
	json_put_text(object, "reason", row->reason);
	json_put_number(object, "time", row->realtime_usec);
	if (row->nth > 0) {
		json_put_number(object, "nth", row->nth);
		json_put_number(object, "of", row->of);
	}
	json_put(object, "last_lines", lines_json(row->lines));
	return object;
}

/* One of a list: there it is not clear whose it is, and the generation and the cycle are known. */
static json_t *attached_json(const struct failure_row *row)
{
	json_t *object = failure_row_json(row);

	json_put_text(object, "loop", row->loop);
	json_put_number(object, "generation", row->generation);
	json_put_number(object, "cycle", row->cycle);
	return object;
}

json_t *failure_rows_json(const struct failure_row *rows, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_add(array, attached_json(&rows[i]));
	return array;
}

json_t *loop_row_json(const struct loop_row *row)
{
	json_t *object = json_object();

	json_put_text(object, "name", row->name);
	json_put_text(object, "group", row->group);
	json_put_text(object, "type", row->type);
	json_put_text(object, "description", row->description);
	json_put_text(object, "state", row->state);
	json_put_text(object, "desired", row->desired);
	json_put_text(object, "color", row->color);
	json_put_bool(object, "ready", row->ready);
	json_put_number(object, "generation", row->generation);
	json_put_number(object, "cycle", row->cycle);
	json_put_number(object, "pid", row->pid);
	json_put_number(object, "since", row->since_usec);
	json_put_number(object, "failures", row->failures);
	json_put_number(object, "max_loop_failures", row->max_failures);
	json_put_number(object, "failures_total", row->failures_total);
	json_put_number(object, "starts", row->starts);
	json_put(object, "last_failure", failure_row_json(&row->failure));
	json_put_text(object, "outcome", row->outcome);
	json_put_text(object, "status", row->status);
	json_put_text(object, "note", row->note);
	json_put_number(object, "next_start", row->next_start_usec);
	return object;
}

json_t *group_row_json(const struct group_row *row)
{
	json_t *object = json_object();

	json_put_text(object, "name", row->name);
	json_put_text(object, "parent", row->parent);
	json_put_text(object, "description", row->description);
	json_put_text(object, "state", row->state);
	json_put_text(object, "desired", row->desired);
	json_put_text(object, "color", row->color);
	json_put_bool(object, "ready", row->ready);
	json_put_text(object, "light", row->light);
	json_put_text(object, "strategy", row->strategy);
	json_put_number(object, "generation", row->generation);
	json_put_number(object, "resets", row->resets);
	json_put_number(object, "max_resets", row->max_resets);
	json_put_number(object, "resets_total", row->resets_total);
	json_put_number(object, "episode", row->episode);
	json_put_bool(object, "episode_open", row->episode_open);
	json_put_number(object, "loops_wanted", row->n_loops);
	json_put_number(object, "loops_ready", row->n_ready);
	json_put_number(object, "since", row->since_usec);
	json_put_text(object, "note", row->note);
	return object;
}

json_t *daemon_row_json(const struct daemon_row *row)
{
	json_t *object = json_object();

	json_put_text(object, "version", row->version);
	json_put_text(object, "color", row->color);
	json_put_number(object, "loops_total", row->n_loops);
	json_put_number(object, "loops_ready", row->n_ready);
	json_put_number(object, "abandoned_threads", row->n_abandoned);
	json_put_text(object, "status", row->status);
	json_put_number(object, "pid", row->pid);
	json_put_number(object, "started", row->started_usec);
	json_put_text(object, "config", row->config);
	return object;
}

json_t *episode_row_json(const struct episode_row *row)
{
	json_t *object = json_object(), *cause = failure_row_json(&row->cause);

	json_put_number(object, "episode", row->number);
	json_put_text(object, "group", row->group);
	json_put_number(object, "opened", row->opened_usec);
	json_put_number(object, "closed", row->closed_usec);
	json_put_text(object, "result", row->closed_usec > 0 ? row->result : "open");
	if (json_is_object(cause)) {
		json_put_text(cause, "loop", row->cause.loop);
		json_put_text(cause, "throughline", row->throughline);
		json_put_text(cause, "origin", row->origin);
	}
	json_put(object, "cause", cause);
	json_put_number(object, "resets", row->resets);
	json_put_number(object, "failures_attached", row->n_attached);
	json_put(object, "failures", failure_rows_json(row->failures, row->n_failures));
	return object;
}
