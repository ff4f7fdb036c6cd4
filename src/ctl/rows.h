/* SPDX-License-Identifier: MIT */
/*
 * The rows that greenloopd sends (daemon/bus-names.h), decoded. Their strings are borrowed from the
 * message: they live as long as it does. Functions return a negative errno; what they read until
 * then is the caller's to free all the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "ctl/json.h"

struct failure_row {
	const char *loop, *kind, *reason; /* kind "": there is none */
	uint64_t realtime_usec, generation, cycle;
	const char *lines; /* what was said before it, a newline between them; "": nothing */
	uint32_t nth, of;  /* "11 of 10"; nth 0: it was not counted, or that is not known */
};

struct loop_row {
	const char *name, *group, *type, *description, *state, *desired, *color;
	const char *outcome, *status, *note;
	struct failure_row failure; /* the last one */
	uint64_t generation, cycle, since_usec, failures_total, starts, next_start_usec;
	uint32_t pid, failures, max_failures;
	int ready;
	bool selected;         /* view.c's, as the next: the tree, in the daemon's order */
	struct loop_row *next; /* of the same group */
};

struct group_row {
	const char *name, *parent, *description, *state, *desired, *color, *light, *strategy, *note;
	uint64_t generation, resets_total, episode, since_usec;
	uint32_t resets, max_resets, n_loops, n_ready;
	int ready, episode_open;
	bool selected;
	struct group_row *next, *groups; /* of the same parent; members */
	struct loop_row *loops;
};

struct daemon_row {
	const char *version, *color, *status, *config;
	uint64_t started_usec;
	uint32_t n_loops, n_ready, n_abandoned, pid;
};

struct episode_row {
	uint64_t number, opened_usec, closed_usec;
	const char *group, *result, *throughline, *origin;
	struct failure_row cause;
	uint32_t resets, n_attached;
	struct failure_row *failures; /* owned by the row: those attached that were kept */
	size_t n_failures;
};

int rows_read_loops(sd_bus_message *message, struct loop_row **ret, size_t *ret_n);
int rows_read_groups(sd_bus_message *message, struct group_row **ret, size_t *ret_n);
int rows_read_daemon(sd_bus_message *message, struct daemon_row *ret);
int rows_read_failures(sd_bus_message *message, struct failure_row **ret, size_t *ret_n);
int rows_read_episodes(sd_bus_message *message, struct episode_row **ret, size_t *ret_n);
void episode_rows_free(struct episode_row *rows, size_t n);

json_t *loop_row_json(const struct loop_row *row);
json_t *group_row_json(const struct group_row *row);
json_t *daemon_row_json(const struct daemon_row *row);
json_t *failure_row_json(const struct failure_row *row); /* null when there is none */
json_t *failure_rows_json(const struct failure_row *rows, size_t n);
json_t *episode_row_json(const struct episode_row *row);
