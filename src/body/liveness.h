/* SPDX-License-Identifier: MIT */
/*
 * Is the command ready, and is it still well? What its process says through sd_notify(3), what it
 * writes to `ready = fd:N`, its watchdog, its probe. All functions are the loop's thread only.
 *
 * A loop of which nothing of this was asked for, and that never says anything, has none: NULL,
 * which all functions accept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "body/limits.h"
#include "core/generation.h"
#include "process/process.h"

struct liveness;

/* Any thread: whether such a loop always has one. */
bool liveness_is_wanted(const struct loop_settings *settings);

/* Before the spawn: makes what the settings ask for and adds it to the spec: it may replace the
 * environment, and what it puts there is its own until liveness_up(). -errno: something is missing
 * that is ours to have. */
int liveness_prepare(struct liveness **liveness, struct generation *generation,
	struct process *process, struct spec *spec);

/* After the spawn: the clocks begin. */
void liveness_up(struct liveness *liveness);

/* One of its letters? Then it is handled; a message may extend limits. */
bool liveness_letter(struct liveness *liveness, const struct letter *letter, unsigned facts,
	struct limits *limits);

/* PROCESS_NOTED: what the process has said through the shared socket. */
void liveness_notes(struct liveness **liveness, struct generation *generation,
	struct process *process, struct limits *limits);

uint64_t liveness_due(const struct liveness *liveness);

/* Does what is due. FAILURE_WATCHDOG or FAILURE_PROBE: it must be ended. */
enum failure_kind liveness_step(struct liveness *liveness, struct limits *limits);

/* The main process has ended: its last words, the end of its probe. */
void liveness_down(struct liveness *liveness, struct limits *limits);

/* The sentence for a failure of kind watchdog or probe; and what the process itself said of its
 * end, put behind any failure. */
void liveness_describe(
	const struct liveness *liveness, enum failure_kind kind, struct failure *failure);
void liveness_add_error(const struct liveness *liveness, struct failure *failure);

struct liveness *liveness_free(struct liveness *liveness); /* after the last cycle; returns NULL */
