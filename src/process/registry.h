/* SPDX-License-Identifier: MIT */
/*
 * The registry of children: private to process/. process.c enters and signals, reaper.c looks up
 * and removes.
 *
 * A child can die before its spawner has learned its pid. Therefore a spawn takes a ticket before
 * it begins, and the reaper keeps an unknown death, stamped with the last ticket that was given, as
 * long as a spawn is in flight that began before it was seen. The spawner takes it when it returns
 * with that pid: a spawn that began later has a higher ticket and cannot mistake the death of an
 * earlier holder of the same number for its own child's.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"
#include "process/process.h"

enum { REGISTRY_BUCKETS = 1024 };

struct registry {
	pthread_mutex_t lock;
	pthread_cond_t born; /* the reaper waits for it while there is no child at all */
	struct list running[REGISTRY_BUCKETS]; /* by pid */
	struct list in_flight; /* processes whose spawn has not returned, by ticket */
	struct list lingering;
	struct list early; /* struct death: kept for a spawn in flight */
	uint64_t last_ticket;
	uint64_t n_born; /* ever entered */
	uint64_t n_unknown;
	uint64_t n_refused; /* of helpers that could not set up: ours, but nobody's when reaped */
	int null_fd; /* /dev/null: children's standard input, and output where it is not wanted; -1:
			not started */
	bool stopping, stopped; /* asked to; the reaper has */
};
extern struct registry registry;

/* All with the lock held. */
void registry_clear(void);                    /* no child is known */
void registry_begin(struct process *process); /* takes a ticket; the process is in flight */
void registry_enter(struct process *process, pid_t pid); /* its spawn has returned */
void registry_abort(struct process *process);            /* its spawn has failed */
void registry_settle_group(
	struct process *process); /* a lingering one has ended if its group is empty */

struct process *registry_find(pid_t pid); /* the one whose main process that is; NULL: none */
void registry_add_running(struct process *process); /* by its pid */
void registry_drop_notes(struct process *process);

/* Its main process was reaped: true if its successor has taken over. */
bool registry_succeed(struct process *process);

/* Reaps a dead child and tells its owner. -ENOMEM: not reaped, the zombie keeps its status. */
int registry_reap(pid_t pid);

/* To the main process or the whole group. -ESRCH: there is none. */
int registry_kill(struct process *process, int signal, bool group);

/* What all spawns share, in process.c: from a /dev/null that is open until it is closed. -ENOMEM.
 */
int spawn_prepare(void);
void spawn_forget(void);
