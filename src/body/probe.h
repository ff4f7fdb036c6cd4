/* SPDX-License-Identifier: MIT */
/*
 * A loop's probe: a command, run again and again beside the loop's own process, never twice at a
 * time. It lives in the waiting of its loop's thread, so probes of different loops never wait for
 * each other. Of its output the last line is kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/generation.h"

#define PROBE_FIRST_USEC (250 * USEC_PER_MSEC) /* between probes until the first success */

struct probe;

enum probe_result {
	PROBE_NOTHING, /* none has ended */
	PROBE_GOOD,
	PROBE_BAD,
};

struct probe *probe_new(struct generation *generation); /* NULL: no memory */
struct probe *probe_free(struct probe *probe);          /* not running; accepts NULL */

/* Forgets the past; the first one begins at that time. */
void probe_begin(struct probe *probe, uint64_t first_usec);
void probe_next(struct probe *probe, uint64_t begin_usec); /* when the next one begins instead */
void probe_kill(struct probe *probe); /* one that runs; none is started any more */
void probe_end(struct probe *probe);  /* the same, and waits for its end */

/* One of its letters? Then it is handled. */
bool probe_letter(struct probe *probe, const struct letter *letter, unsigned facts);

uint64_t probe_due(const struct probe *probe);

/* Starts what is due, kills what takes too long; whether one has ended. pause: from the start of
 * one to the start of the next. */
enum probe_result probe_step(struct probe *probe, uint64_t pause_usec, uint64_t now_usec);

/* Counts a result; true: so many of the last ones were bad that it is a failure. */
bool probe_count(struct probe *probe, enum probe_result result);

/* How the last one ended: "exit 1: connection refused". */
const char *probe_describe(const struct probe *probe);

/* Adds a result to the window, bit 0 the newest; whether with it as many have failed as the share
 * says. */
bool probe_window_add(uint64_t *window, const struct share *share, bool failed);
