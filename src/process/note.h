/* SPDX-License-Identifier: MIT */
/*
 * Whose is a message? A sender belongs to a process when it is that, or is in its session or group,
 * or has an ancestor that is. And notes: messages from the shared socket, which wait with the
 * process for its owner.
 */
#pragma once

#include <stdbool.h>

#include "process/notify.h"
#include "process/process.h"

enum { NOTES_MAX = 16 }; /* of one process; more are dropped, for its owner does not come after */

struct note {
	struct note *next;
	int barrier_fd;
	size_t length;
	char text[]; /* with room for one byte more */
};

/* Owner, after the spawn. false also when the sender is gone: then nobody can tell. */
bool process_owns(const struct process *process, pid_t sender);

/* Any thread: finds the process and tells its owner (PROCESS_NOTED); takes the barrier. false: it
 * is nobody's, or there is no room. */
bool note_leave(struct notify_datagram *datagram);

/* Owner: the oldest note, now the caller's; NULL: none. */
struct note *note_take(struct process *process);
struct note *note_free(struct note *note); /* closes the barrier; returns NULL */
