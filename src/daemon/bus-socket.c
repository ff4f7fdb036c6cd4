/* SPDX-License-Identifier: MIT */
/* Binding, with care for whoever else may be there. */
#include "daemon/bus-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/strings.h"

static int fail(int error, char **ret_reason, const char *path, const char *what)
{
	*ret_reason = string_printf("%s: %s: %s", path, what, strerror(-error));
	return error;
}

/* mkdir -p of everything before the last slash. */
static int make_folder(const char *path)
{
	_cleanup_free_ char *folder = string_printf("%s", path);

	if (!folder)
		return -ENOMEM;
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int take_lock(const char *path)
{
	_cleanup_free_ char *name = string_printf("%s.lock", path);
	_cleanup_close_ int fd = -1;

	if (!name)
		return -ENOMEM;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	return TAKE_FD(fd);
}

/* 0: the name is free now. */
static int remove_stale(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int bind_and_listen(const struct sockaddr_un *address, struct bus_socket *ret)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;
	mode_t mask;
	int r;

	if (fd < 0)
		return -errno;
	mask = umask(0111);
	r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return r;
	if (stat(address->sun_path, &st) < 0 || listen(fd, 128) < 0)
		return -errno;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->fd = TAKE_FD(fd);
	return 0;
}

int bus_socket_open(struct bus_socket *ret, const char *path, char **ret_reason)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(bus_socket_close) struct bus_socket made = BUS_SOCKET_NONE;
	int r;

	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
		return fail(-EINVAL, ret_reason, path,
			"a socket's path is absolute and at most 107 bytes long");
	memcpy(address.sun_path, path, strlen(path));
	r = make_folder(path);
	if (r < 0)
		return fail(r, ret_reason, path, "cannot make its folder");
	made.lock_fd = take_lock(path);
	if (made.lock_fd < 0)
		return fail(made.lock_fd, ret_reason, path,
			made.lock_fd == -EADDRINUSE ? "another greenloopd uses it"
						    : "cannot lock it");
	r = remove_stale(&address);
	if (r < 0)
		return fail(r, ret_reason, path, "it is somebody else's");
	r = bind_and_listen(&address, &made);
	if (r < 0)
		return fail(r, ret_reason, path, "cannot listen");
	made.path = string_printf("%s", path);
	if (!made.path)
		return fail(-ENOMEM, ret_reason, path, "cannot listen");
	*ret = made;
	made = (struct bus_socket)BUS_SOCKET_NONE;
	return 0;
}

void bus_socket_close(struct bus_socket *socket)
{
	struct stat st;

	if (socket->path && lstat(socket->path, &st) == 0 && st.st_dev == socket->device &&
		st.st_ino == socket->inode)
		(void)unlink(socket->path);
	closep(&socket->fd);
	closep(&socket->lock_fd);
	free(socket->path);
	*socket = (struct bus_socket)BUS_SOCKET_NONE;
}
