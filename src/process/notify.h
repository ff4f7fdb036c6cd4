/* SPDX-License-Identifier: MIT */
/*
 * Sockets for children that speak sd_notify(3), in a folder of the daemon's own that others may
 * enter but not list.
 *
 * A loop that depends on what its command says has a socket of its own, which its thread reads. All
 * others share one: a thread reads it, tells the senders apart by their session, and leaves each
 * message with the sender's process, whose owner gets PROCESS_NOTED (process.h). So a loop whose
 * command never says anything costs nothing.
 *
 * Anybody may send; who sent is what the kernel says (SCM_CREDENTIALS). Messages of processes that
 * do not belong to the loop are dropped and counted, and so are those that are too long or broken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/poller.h"
#include "process/notify-message.h"

/* control_socket: the folder lies beside it, for the daemon's lock on that keeps others away; NULL:
 * one in the folder for temporary files. Once, before the first spawn and after processes_start().
 */
int notify_start(const char *control_socket);
void notify_stop(void); /* accepts that it was never started */

/* Where all those send whose loop has no socket of its own; NULL: not started. Constant in between.
 */
const char *notify_shared_path(void);

/* Messages that nobody was given, ever. */
uint64_t notify_dropped(void);
void notify_count_dropped(void);

/* ---- a loop's own socket; its thread only */

struct notify_socket {
	int fd; /* -1: closed */
	char *path;
	struct watch watch;
};
#define NOTIFY_SOCKET_NONE                                                                         \
	{                                                                                          \
		.fd = -1, .watch.fd = -1                                                           \
	}

/* The name is NAME.NUMBER. The watch's letter goes to box. */
int notify_open(struct notify_socket *ret, const char *name, uint64_t number, struct mailbox *box);
void notify_close(struct notify_socket *socket); /* accepts a closed one */

/* ---- receiving */

struct notify_datagram {
	pid_t sender;
	uid_t uid;
	int barrier_fd; /* of BARRIER=1 with exactly one descriptor, which ends the sender's wait
			   when it is closed; -1: none */
	size_t length;
	char text[NOTIFY_TEXT_MAX + 1];
};

/* 1: received; 0: nothing there; -EBADMSG: dropped, and counted; -errno. Does not wait. Descriptors
 * that came along are closed. */
int notify_receive(int fd, struct notify_datagram *ret);
