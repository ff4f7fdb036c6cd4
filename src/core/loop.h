/* SPDX-License-Identifier: MIT */
/*
 * A loop, and its generations: the runs of its thread. The controller owns the loop; each
 * generation is shared by the controller and its thread, one reference each, so that a thread that
 * was given up never touches what its successor uses.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/body.h"
#include "core/budget.h"
#include "core/generation-private.h"
#include "core/snapshot.h"
#include "core/state.h"
#include "core/task.h"
#include "greenloop.h"

struct event_lines;
struct loop_words;

enum { LOOP_FAILURES_KEPT = 8 };

struct gloop_loop {
	struct task task;
	struct loop_settings settings;
	const struct body_ops *ops;
	struct gloop_functions functions; /* of a program's own loop, with its userdata */
	void *userdata;
	struct budget budget;

	/* the controller's */
	struct generation *generation; /* the present one; NULL: none */
	struct hook *start_hook;       /* on_open or on_start */
	struct hook *stop_hook;        /* stop_command */
	struct hook *reload_hook;
	bool opened; /* on_open has succeeded */
	bool lived;  /* it was told to start at least once */
	bool closed; /* on_close and on_terminated have been run */
	uint64_t next_generation;
	uint64_t kill_since_usec;

	/* published under lock */
	pthread_mutex_t lock;
	enum loop_state state;
	bool ignored_trip; /* red until its next success: exhausted_action = ignore */
	bool ready, wanted, failed;
	bool aside; /* done or vetoed: not wanted for the time being */
	pid_t pid;
	uint64_t number, cycle, starts, cycles_succeeded, trips;
	uint64_t since_realtime_usec, next_start_realtime_usec;
	struct failure *failures; /* ring of LOOP_FAILURES_KEPT, made at the first failure */
	unsigned n_failures;      /* ever, modulo nothing: index of the next slot is n % KEPT */
	struct loop_words *words; /* what its children said; made with the first line */
	const char *outcome;      /* literal */
	char *status, *note;      /* NULL: none */
	char **routine;           /* its command's messages, "key=value"; NULL: none */
};

struct loop_brief { /* what its group's color is made of */
	enum color color;
	bool wanted, ready;
};
void loop_brief(struct gloop_loop *loop, struct loop_brief *ret);

struct gloop_loop *loop_of(struct task *task); /* container_of, for loops only */

int loop_init(
	struct gloop_loop *loop, struct tree *tree, const char *name, struct gloop_group *group);
void loop_done(struct gloop_loop *loop);

/* Any thread. A transition that the table does not have is refused and reported as a bug.
 * generation: on whose behalf, stale ones are ignored; NULL: the controller. */
bool loop_set_state(struct gloop_loop *loop, struct generation *generation, enum loop_state state);
void loop_set_note(struct gloop_loop *loop, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* For its controller: which siblings its `after` names that are not wanted. */
void loop_note_absent(struct gloop_loop *loop);
void loop_throughline(
	const struct gloop_loop *loop, uint64_t generation, uint64_t cycle, char *buf, size_t size);
void loop_event(struct gloop_loop *loop, struct generation *generation,
	struct event *event); /* fills in who, and tells the observer */
void loop_trouble(struct gloop_loop *loop, const char *what, int error);  /* the daemon's own */
void loop_record(struct gloop_loop *loop, const struct failure *failure); /* into the history */

/* core/loop-lines.c. Of a loop's last lines; the second under its lock: the failure takes the slot.
 */
void loop_keep_lines(struct gloop_loop *loop, uint64_t generation, uint64_t cycle,
	const struct event_lines *lines, size_t length);
void loop_words_record(struct gloop_loop *loop, const struct failure *failure, unsigned slot);
void loop_words_free(struct gloop_loop *loop);

struct environment_room;
struct hook_facts { /* what a child gets to know beside its loop; NULL: nothing of that */
	const struct failure *cause;
	const char *outcome;
	pid_t pid;                     /* its main process */
	const char *notify_path;       /* of a command, not of hooks */
	struct environment_room *room; /* where it may lie */
};
/* As environment_new(); of a hook with the cause: the loop's last failure. */
char **loop_environment(struct gloop_loop *loop, uint64_t generation, uint64_t cycle);
char **loop_facts_environment(struct gloop_loop *loop, uint64_t generation, uint64_t cycle,
	const struct hook_facts *facts);
char **loop_hook_environment(
	struct gloop_loop *loop, uint64_t generation, uint64_t cycle, bool starting);
