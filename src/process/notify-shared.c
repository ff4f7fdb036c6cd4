/* SPDX-License-Identifier: MIT */
/* It waits in poll(), hands each message to the process that it is from, and rests when they come
 * too fast: then the senders wait in the socket's own queue. */
#include "process/notify-shared.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "base/macro.h"
#include "base/thread.h"
#include "process/note.h"
#include "process/notify.h"

enum {
	AT_ONCE = 64,
	REST_MSEC = 5,
};

static struct {
	bool running;
	pthread_t thread;
	int fd;
	atomic_bool stopping;
	struct notify_datagram datagram; /* the thread's own */
} shared = { .fd = -1 };

static void take_all(void)
{
	static const struct timespec rest = { .tv_nsec = REST_MSEC * 1000 * 1000 };
	int r = 1;

	for (unsigned n = 0; r != 0 && n < AT_ONCE; n++) {
		r = notify_receive(shared.fd, &shared.datagram);
		if (r <= 0)
			continue;
		if (!note_leave(&shared.datagram))
			notify_count_dropped();
		closep(&shared.datagram.barrier_fd);
	}
	if (r != 0)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
}

static void *run(_unused_ void *unused)
{
	struct pollfd poll_fd = { .fd = shared.fd, .events = POLLIN };

	while (!atomic_load(&shared.stopping))
		if (poll(&poll_fd, 1, -1) > 0)
			take_all();
	return NULL;
}

int notify_shared_start(int fd)
{
	int r;

	shared.fd = fd;
	atomic_store(&shared.stopping, false);
	r = thread_start(&shared.thread, "notify", THREAD_STACK_SMALL, run, NULL);
	shared.running = r == 0;
	return r;
}

void notify_shared_stop(void)
{
	atomic_store(&shared.stopping, true);
	if (shared.running) {
		(void)shutdown(shared.fd, SHUT_RDWR); /* ends poll() */
		pthread_join(shared.thread, NULL);
	}
	shared.running = false;
	closep(&shared.fd);
	shared.fd = -1;
}
