/* SPDX-License-Identifier: MIT */
/* The folder, the sockets in it, and how a datagram is received. */
#include "process/notify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/macro.h"
#include "base/strings.h"
#include "process/notify-shared.h"

enum {
	NAME_ROOM = 1 + 40 + 1 + 10, /* "/NAME.NUMBER" must fit into an address, too */
	DESCRIPTORS_SEEN = 2,        /* the kernel drops what is beyond them */
};

static struct {
	char *folder, *shared_path;
	_Atomic uint64_t dropped;
} notify;

uint64_t notify_dropped(void)
{
	return atomic_load(&notify.dropped);
}

void notify_count_dropped(void)
{
	atomic_fetch_add(&notify.dropped, 1);
}

const char *notify_shared_path(void)
{
	return notify.shared_path;
}

/* ---- the folder */

/* Nobody else can have put anything there: what a daemon that was killed has left. */
static void empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (entry->d_type == DT_SOCK)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

/* A folder that is there already must be a folder of ours. */
static int take_folder(const char *path)
{
	struct stat st;

	if (mkdir(path, 0711) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return -EPERM;
	empty_folder(path);
	return chmod(path, 0711) < 0 ? -errno : 0;
}

static bool fits(const char *folder)
{
	return strlen(folder) + NAME_ROOM < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static int make_temporary(char **ret)
{
	const char *parent = secure_getenv("TMPDIR");
	_cleanup_free_ char *path = string_printf("%s/greenloop-XXXXXX", parent ?: "/tmp");

	if (!path)
		return -ENOMEM;
	if (!fits(path))
		return -ENAMETOOLONG;
	if (!mkdtemp(path) || chmod(path, 0711) < 0)
		return -errno;
	*ret = TAKE_PTR(path);
	return 0;
}

static int make_folder(const char *control_socket, char **ret)
{
	_cleanup_free_ char *path = NULL;

	if (!control_socket)
		return make_temporary(ret);
	path = string_printf("%s.notify", control_socket);
	if (!path)
		return -ENOMEM;
	if (!fits(path) || take_folder(path) < 0)
		return make_temporary(ret);
	*ret = TAKE_PTR(path);
	return 0;
}

/* ---- sockets */

/* The umask belongs to all threads, and children inherit it: hence the mode afterwards. */
static int bind_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	const int on = 1;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (chmod(path, 0666) < 0) {
		int r = -errno;

		(void)unlink(path);
		return r;
	}
	return TAKE_FD(fd);
}

int notify_open(struct notify_socket *ret, const char *name, uint64_t number, struct mailbox *box)
{
	struct notify_socket made = NOTIFY_SOCKET_NONE;
	int r;

	if (!notify.folder)
		return -ESRCH;
	made.path = string_printf("%s/%s.%" PRIu64, notify.folder, name, number);
	if (!made.path)
		return -ENOMEM;
	*ret = made;
	ret->fd = bind_socket(ret->path);
	if (ret->fd < 0) {
		r = ret->fd;
		free(TAKE_PTR(ret->path));
		ret->fd = -1;
		return r;
	}
	r = poller_add(&ret->watch, ret->fd, EPOLLIN, box);
	if (r < 0)
		notify_close(ret);
	return r;
}

void notify_close(struct notify_socket *socket)
{
	if (socket->fd < 0)
		return;
	poller_remove(&socket->watch);
	(void)unlink(socket->path);
	free(TAKE_PTR(socket->path));
	close(TAKE_FD(socket->fd));
}

/* ---- start and stop */

int notify_start(const char *control_socket)
{
	int fd, r = make_folder(control_socket, &notify.folder);

	if (r < 0)
		return r;
	notify.shared_path = string_printf("%s/all", notify.folder);
	fd = notify.shared_path ? bind_socket(notify.shared_path) : -ENOMEM;
	r = fd < 0 ? fd : notify_shared_start(fd);
	if (r < 0)
		notify_stop();
	return r;
}

void notify_stop(void)
{
	notify_shared_stop();
	if (notify.shared_path)
		(void)unlink(notify.shared_path);
	if (notify.folder)
		(void)rmdir(notify.folder);
	free(TAKE_PTR(notify.shared_path));
	free(TAKE_PTR(notify.folder));
}

/* ---- receiving */

struct extras { /* what came along */
	struct ucred sender;
	int fds[DESCRIPTORS_SEEN];
	unsigned n_fds;
	bool cut;
};

static void read_extras(struct msghdr *header, struct extras *ret)
{
	*ret = (struct extras){ .cut = header->msg_flags & MSG_CTRUNC };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t length = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS && length == sizeof(ret->sender)) {
			memcpy(&ret->sender, CMSG_DATA(c), length);
		} else if (c->cmsg_type == SCM_RIGHTS && length <= sizeof(ret->fds)) {
			memcpy(ret->fds, CMSG_DATA(c), length);
			ret->n_fds = (unsigned)(length / sizeof(int));
		}
	}
}

static bool is_barrier(const struct notify_datagram *datagram, const struct extras *extras)
{
	static const char word[] = "BARRIER=1";

	return extras->n_fds == 1 && !extras->cut && datagram->length >= sizeof(word) - 1 &&
	       datagram->length <= sizeof(word) && /* with a newline, or a NUL */
	       memcmp(datagram->text, word, sizeof(word) - 1) == 0;
}

int notify_receive(int fd, struct notify_datagram *ret)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) +
			   CMSG_SPACE(DESCRIPTORS_SEEN * sizeof(int))];
	} control;
	struct iovec text = { .iov_base = ret->text, .iov_len = NOTIFY_TEXT_MAX };
	struct msghdr header = {
		.msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC);
	struct extras extras;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	read_extras(&header, &extras);
	ret->sender = extras.sender.pid;
	ret->uid = extras.sender.uid;
	ret->length = MIN((size_t)n, (size_t)NOTIFY_TEXT_MAX);
	ret->barrier_fd = -1;
	if (is_barrier(ret, &extras))
		ret->barrier_fd = TAKE_FD(extras.fds[0]);
	for (unsigned i = 0; i < extras.n_fds; i++)
		closep(&extras.fds[i]);
	if ((size_t)n <= NOTIFY_TEXT_MAX && ret->sender > 0)
		return 1;
	closep(&ret->barrier_fd);
	notify_count_dropped();
	return -EBADMSG;
}
