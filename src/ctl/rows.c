/* SPDX-License-Identifier: MIT */
#include "ctl/rows.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "daemon/bus-names.h"

/* Reads one row into place: > 0 read, 0 the array has ended. */
typedef int (*row_reader)(sd_bus_message *message, void *row);

/* The rows read so far are the caller's, also on failure: those of episodes own memory. */
static int read_array(sd_bus_message *message, const char *type, size_t size, row_reader reader,
	void **ret, size_t *ret_n)
{
	char *rows = NULL;
	size_t n = 0, room = 0;
	int r = sd_bus_message_enter_container(message, 'a', type);

	while (r >= 0) {
		if (n == room) {
			void *larger = reallocarray(rows, MAX(room * 2, (size_t)32), size);
			if (!larger) {
				r = -ENOMEM;
				break;
			}
			rows = larger;
			room = MAX(room * 2, (size_t)32);
		}
		r = reader(message, rows + n * size);
		if (r == 0) {
			r = sd_bus_message_exit_container(message);
			break;
		}
		n += r > 0;
	}
	*ret = rows;
	*ret_n = n;
	return r < 0 ? r : 0;
}

static int read_loop(sd_bus_message *message, void *p)
{
	struct loop_row *row = p;
	int r;

	*row = (struct loop_row){ 0 };
	r = sd_bus_message_read(message, BUS_LOOP_ROW, &row->name, &row->group, &row->type,
		&row->description, &row->state, &row->desired, &row->color, &row->ready,
		&row->generation, &row->cycle, &row->pid, &row->since_usec, &row->failures,
		&row->max_failures, &row->failures_total, &row->starts, &row->failure.kind,
		&row->failure.reason, &row->failure.realtime_usec, &row->outcome, &row->status,
		&row->note, &row->next_start_usec, &row->failure.lines);
	row->failure.loop = row->name;
	return r;
}

int rows_read_loops(sd_bus_message *message, struct loop_row **ret, size_t *ret_n)
{
	return read_array(
		message, BUS_LOOP_ROW, sizeof(struct loop_row), read_loop, (void **)ret, ret_n);
}

static int read_group(sd_bus_message *message, void *p)
{
	struct group_row *row = p;

	*row = (struct group_row){ 0 };
	return sd_bus_message_read(message, BUS_GROUP_ROW, &row->name, &row->parent,
		&row->description, &row->state, &row->desired, &row->color, &row->ready,
		&row->light, &row->strategy, &row->generation, &row->resets, &row->max_resets,
		&row->resets_total, &row->episode, &row->episode_open, &row->n_loops, &row->n_ready,
		&row->since_usec, &row->note);
}

int rows_read_groups(sd_bus_message *message, struct group_row **ret, size_t *ret_n)
{
	return read_array(
		message, BUS_GROUP_ROW, sizeof(struct group_row), read_group, (void **)ret, ret_n);
}

int rows_read_daemon(sd_bus_message *message, struct daemon_row *ret)
{
	int r = sd_bus_message_read(message, BUS_DAEMON_ROW, &ret->version, &ret->color,
		&ret->n_loops, &ret->n_ready, &ret->n_abandoned, &ret->status, &ret->pid,
		&ret->started_usec, &ret->config);

	return r < 0 ? r : 0;
}

static int read_failure(sd_bus_message *message, void *p)
{
	struct failure_row *row = p;

	return sd_bus_message_read(message, BUS_FAILURE_ROW, &row->realtime_usec, &row->loop,
		&row->kind, &row->reason, &row->generation, &row->cycle, &row->nth, &row->of,
		&row->lines);
}

int rows_read_failures(sd_bus_message *message, struct failure_row **ret, size_t *ret_n)
{
	return read_array(message, BUS_FAILURE_ROW, sizeof(struct failure_row), read_failure,
		(void **)ret, ret_n);
}

static int read_episode(sd_bus_message *message, void *p)
{
	struct episode_row *row = p;
	struct failure_row *cause = &row->cause;
	int r;

	*row = (struct episode_row){ 0 };
	r = sd_bus_message_enter_container(message, 'r', "tsttsssssstuusuua" BUS_FAILURE_ROW);
	if (r <= 0)
		return r;
	r = sd_bus_message_read(message, "tsttsssssstuusuu", &row->number, &row->group,
		&row->opened_usec, &row->closed_usec, &row->result, &cause->loop, &cause->kind,
		&cause->reason, &row->throughline, &row->origin, &cause->realtime_usec, &cause->nth,
		&cause->of, &cause->lines, &row->resets, &row->n_attached);
	if (r < 0)
		return r;
	r = rows_read_failures(message, &row->failures, &row->n_failures);
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r < 0) {
		free(row->failures);
		return r;
	}
	return 1;
}

int rows_read_episodes(sd_bus_message *message, struct episode_row **ret, size_t *ret_n)
{
	return read_array(message, BUS_EPISODE_ROW, sizeof(struct episode_row), read_episode,
		(void **)ret, ret_n);
}

void episode_rows_free(struct episode_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(rows[i].failures);
	free(rows);
}
