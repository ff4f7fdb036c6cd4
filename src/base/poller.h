/* SPDX-License-Identifier: MIT */
/*
 * The poller: one thread with one epoll set, for everybody who waits for descriptors in a mailbox.
 * It never reads: it posts WATCH_READY to the owner's mailbox, who reads until EAGAIN and arms the
 * watch again (EPOLLONESHOT).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/mailbox.h"

enum { WATCH_READY = 1 << 0 }; /* the fact of a watch's letter */

struct watch {         /* memory of the owner's, which must outlive poller_remove() */
	int fd;        /* borrowed; -1: not added */
	uint32_t slot; /* the poller's: index and serial, so that a stale event names nobody */
	uint32_t serial;
	struct mailbox *box; /* borrowed */
	struct letter letter;
};

int poller_start(void); /* the thread; 0 when it runs already */
void poller_stop(void); /* joins it */

/* Any thread. Added watches are armed. Removing forgets posted letters too; remove before closing
 * the descriptor. */
int poller_add(struct watch *watch, int fd, uint32_t epoll_events, struct mailbox *box);
int poller_arm(struct watch *watch, uint32_t epoll_events);
void poller_remove(struct watch *watch); /* accepts one that was never added (fd -1) */

/* Liveness: asks the thread to answer; the last answered number is poller_answered(). Never blocks.
 */
void poller_ping(uint64_t number);
uint64_t poller_answered(void);
