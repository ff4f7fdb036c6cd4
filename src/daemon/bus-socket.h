/* SPDX-License-Identifier: MIT */
/*
 * The control socket in the file system. Everybody may connect; who may stay is decided after
 * accept, by the kernel's word on who it is. A lock beside it says that a daemon uses this path, so
 * that two never fight for it.
 */
#pragma once

#include <sys/types.h>

struct bus_socket {
	int fd, lock_fd; /* -1: not open */
	char *path;
	dev_t device; /* of the path, as we made it: only that is removed */
	ino_t inode;
};
#define BUS_SOCKET_NONE                                                                            \
	{                                                                                          \
		.fd = -1, .lock_fd = -1                                                            \
	}

/* Makes the folder if it is missing, removes a dead daemon's socket, binds, listens. -EADDRINUSE:
 * somebody answers there, or something else than a socket has the name. *ret_reason is malloc()ed:
 * one sentence. */
int bus_socket_open(struct bus_socket *ret, const char *path, char **ret_reason);
void bus_socket_close(struct bus_socket *socket);
