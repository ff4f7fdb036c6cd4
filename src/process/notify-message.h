/* SPDX-License-Identifier: MIT */
/*
 * What one datagram of sd_notify(3) says: lines of KEY=value. Pure: no sockets, no time.
 *
 * Unknown fields are passed over, and so is a field whose value is no good; what else the datagram
 * says still counts. Of several READY, RELOADING and STOPPING in one, STOPPING wins, then READY.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	NOTIFY_TEXT_MAX = 4096, /* longer datagrams are not read */
	NOTIFY_SETS_MAX = 16,   /* of one datagram; more are passed over */
};

enum notify_phase { NOTIFY_NO_PHASE, NOTIFY_RELOADING, NOTIFY_READY, NOTIFY_STOPPING };

struct notify_message {
	enum notify_phase phase;
	bool keep_alive, hangs; /* WATCHDOG=1, WATCHDOG=trigger */
	bool barrier;           /* BARRIER=1, and nothing else */
	const char *status; /* STATUS=; NULL: not said. All texts are UTF-8, part of the datagram */
	const char *failure; /* X_GREENLOOP_FAILURE=; NULL: not said */
	int error;           /* ERRNO=; 0: not said */
	pid_t main_pid;      /* MAINPID=; 0: not said */
	bool has_watchdog_usec;
	uint64_t watchdog_usec; /* WATCHDOG_USEC= */
	uint64_t extend_usec;   /* EXTEND_TIMEOUT_USEC=; 0: not said */
	unsigned n_sets;
	char *sets[NOTIFY_SETS_MAX]; /* X_GREENLOOP_SET=: "key=value", the key good */
};

/* text: length bytes with room for one more; it is cut into lines, which *ret points into.
 * -EBADMSG: too long, or a NUL that is not its last byte. */
int notify_message_parse(struct notify_message *ret, char *text, size_t length);
