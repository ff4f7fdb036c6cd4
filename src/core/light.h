/* SPDX-License-Identifier: MIT */
/*
 * The green light: the shared health flag of a group. Anyone may turn it red; only the controller
 * turns it green.
 *
 * Each red is a turn, numbered. It suspends at once every member of the reset's set:
 * task.suspended_turn is this turn, and a generation that was born at an earlier turn of the light
 * starts no new cycle and its failures are attached, not counted. So three members that die
 * together are one reset, and a failure of a member that was started since is a turn of its own: it
 * is never lost.
 *
 * An episode is the record of what happened from red to its result.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/settings.h"
#include "core/snapshot.h"

struct gloop_group;
struct task;

enum { LIGHT_EPISODES_KEPT = 8 };

enum light_state {
	LIGHT_OFF, /* the group does not run, or is exhausted: a red means nothing */
	LIGHT_GREEN,
	LIGHT_RED, /* an episode is open */
};

enum red {
	RED_OPENED,  /* a new episode */
	RED_AGAIN,   /* a new red in the open episode: one more reset */
	RED_JOINED,  /* attached to the open episode */
	RED_IGNORED, /* the light is off */
};

struct light {
	pthread_mutex_t lock;
	enum light_state state;
	atomic_uint_fast64_t turn; /* how often it was turned red */
	uint64_t free_turns;       /* of these, by operators: no reset of the budget is used up */
	struct episode
		*episodes[LIGHT_EPISODES_KEPT]; /* newest first; [0] is the open one while
						   red; NULL where there was no memory for one */
	uint64_t number;                        /* of the open or last episode; 0: none yet */
};

int light_init(struct light *light);
void light_done(struct light *light);

/* Any thread. cause: the member; birth_turn: of its generation. origin: what is behind a failure of
 * kind group; may be NULL. */
enum red light_red(struct gloop_group *group, struct task *cause, uint64_t birth_turn,
	const struct failure *failure, const char *throughline, const char *origin);

/* By an operator: covers all members that take part in resets; not counted. */
enum red light_red_by_hand(struct gloop_group *group, const struct failure *failure);

/* Any thread: a failure of a suspended member, for the record. */
void light_attach(struct gloop_group *group, struct task *member, const struct failure *failure);

/* The controller's: on, with the open episode (if any) closed as "green" (false: turned red since,
 * it stays so). */
bool light_green(struct gloop_group *group);

/* Off, the open episode closed with that result; all members are suspended: what falls while its
 * peers are stopped is no failure. */
void light_off(struct gloop_group *group, const char *result);
uint64_t light_free_turns(struct light *light);
void light_count_reset(struct gloop_group *group);

/* The first cause of the open or last episode in words ("feed: exit 1"); returns its number. */
uint64_t light_cause(struct light *light, char *buf, size_t size);

bool light_covers(enum strategy strategy, const struct task *cause, const struct task *task);
