/* SPDX-License-Identifier: MIT */
/*
 * The poller. The kernel's events carry a slot and its serial, never a pointer: an event that was
 * fetched before poller_remove() and is looked at after it finds a serial that has moved on, and
 * names nobody.
 *
 * One lock guards the table and covers each post, so that nothing is posted for a watch that has
 * been removed. It is taken before the lock of a mailbox, never after it.
 */
#include "base/poller.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/macro.h"
#include "base/thread.h"

enum { FIRST_SLOTS = 16, EVENTS_AT_ONCE = 64 };

#define WAKE_UP UINT64_MAX /* in place of slot and serial: the eventfd */
#define NO_SLOT UINT32_MAX

struct slot {
	struct watch *watch; /* NULL: free */
	uint32_t serial;     /* how often it was freed */
	uint32_t next_free;
};

static struct {
	pthread_mutex_t lock; /* of all but the atomics */
	bool running;
	pthread_t thread;
	int epoll_fd, wake_fd;
	struct slot *slots;
	uint32_t n_slots, first_free;
	atomic_bool stopping;
	_Atomic uint64_t asked, answered;
} poller = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.epoll_fd = -1,
	.wake_fd = -1,
	.first_free = NO_SLOT,
};

/* Its slot, or NULL when it is not (or no longer) in the table. Under the lock, as all that follow.
 */
static struct slot *slot_of(const struct watch *watch)
{
	if (watch->fd < 0 || watch->slot >= poller.n_slots)
		return NULL;
	return poller.slots[watch->slot].watch == watch ? &poller.slots[watch->slot] : NULL;
}

static int grow(void)
{
	uint32_t n = poller.n_slots ? 2 * poller.n_slots : FIRST_SLOTS;
	struct slot *slots = reallocarray(poller.slots, n, sizeof(slots[0]));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = n; i-- > poller.n_slots;) {
		slots[i] = (struct slot){ .next_free = poller.first_free };
		poller.first_free = i;
	}
	poller.slots = slots;
	poller.n_slots = n;
	return 0;
}

static int take_slot(struct watch *watch)
{
	struct slot *slot;
	int r;

	if (poller.first_free == NO_SLOT) {
		r = grow();
		if (r < 0)
			return r;
	}
	slot = &poller.slots[poller.first_free];
	watch->slot = poller.first_free;
	watch->serial = slot->serial;
	poller.first_free = slot->next_free;
	slot->watch = watch;
	return 0;
}

static void free_slot(struct slot *slot)
{
	slot->watch = NULL;
	slot->serial++;
	slot->next_free = poller.first_free;
	poller.first_free = (uint32_t)(slot - poller.slots);
}

static int control(int operation, const struct watch *watch, uint32_t epoll_events)
{
	struct epoll_event event = {
		.events = epoll_events | EPOLLONESHOT,
		.data.u64 = (uint64_t)watch->serial << 32 | watch->slot,
	};

	return epoll_ctl(poller.epoll_fd, operation, watch->fd, &event) < 0 ? -errno : 0;
}

static void post_event(uint64_t data)
{
	uint32_t index = (uint32_t)data, serial = (uint32_t)(data >> 32);
	struct watch *watch = NULL;

	pthread_mutex_lock(&poller.lock);
	if (index < poller.n_slots && poller.slots[index].serial == serial)
		watch = poller.slots[index].watch;
	if (watch)
		mailbox_post(watch->box, &watch->letter, WATCH_READY);
	pthread_mutex_unlock(&poller.lock);
}

static void answer(int wake_fd)
{
	uint64_t count;

	(void)!read(wake_fd, &count, sizeof(count));
	atomic_store(&poller.answered, atomic_load(&poller.asked));
}

static void *run(_unused_ void *userdata)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int epoll_fd, wake_fd;

	pthread_mutex_lock(&poller.lock);
	epoll_fd = poller.epoll_fd;
	wake_fd = poller.wake_fd;
	pthread_mutex_unlock(&poller.lock);

	while (!atomic_load(&poller.stopping)) {
		int n = epoll_wait(epoll_fd, events, EVENTS_AT_ONCE, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.u64 == WAKE_UP)
				answer(wake_fd);
			else
				post_event(events[i].data.u64);
	}
	return NULL;
}

static void wake_up(void)
{
	if (poller.wake_fd >= 0)
		(void)eventfd_write(poller.wake_fd, 1);
}

static int start(void)
{
	_cleanup_close_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC), wake_fd = -1;
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = WAKE_UP };
	int r;

	if (epoll_fd < 0)
		return -errno;
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) < 0)
		return -errno;
	atomic_store(&poller.stopping, false);
	poller.epoll_fd = epoll_fd;
	poller.wake_fd = wake_fd;
	r = thread_start(&poller.thread, "poller", THREAD_STACK_SMALL, run, NULL);
	if (r < 0) {
		poller.epoll_fd = poller.wake_fd = -1;
		return r;
	}
	poller.running = true;
	TAKE_FD(epoll_fd);
	TAKE_FD(wake_fd);
	return 0;
}

int poller_start(void)
{
	int r;

	pthread_mutex_lock(&poller.lock);
	r = poller.running ? 0 : start();
	pthread_mutex_unlock(&poller.lock);
	return r;
}

void poller_stop(void)
{
	bool running;

	pthread_mutex_lock(&poller.lock);
	running = poller.running;
	poller.running = false;
	atomic_store(&poller.stopping, true);
	wake_up();
	pthread_mutex_unlock(&poller.lock);
	if (!running)
		return;
	pthread_join(poller.thread, NULL);

	pthread_mutex_lock(&poller.lock);
	closep(&poller.epoll_fd);
	closep(&poller.wake_fd);
	poller.epoll_fd = poller.wake_fd = -1;
	free(TAKE_PTR(poller.slots));
	poller.n_slots = 0;
	poller.first_free = NO_SLOT;
	pthread_mutex_unlock(&poller.lock);
}

int poller_add(struct watch *watch, int fd, uint32_t epoll_events, struct mailbox *box)
{
	int r;

	letter_init(&watch->letter);
	watch->box = box;
	watch->fd = -1;

	pthread_mutex_lock(&poller.lock);
	r = poller.running ? take_slot(watch) : -ESRCH;
	if (r >= 0) {
		watch->fd = fd;
		r = control(EPOLL_CTL_ADD, watch, epoll_events);
		if (r < 0) {
			free_slot(&poller.slots[watch->slot]);
			watch->fd = -1;
		}
	}
	pthread_mutex_unlock(&poller.lock);
	return r;
}

int poller_arm(struct watch *watch, uint32_t epoll_events)
{
	int r;

	pthread_mutex_lock(&poller.lock);
	r = slot_of(watch) ? control(EPOLL_CTL_MOD, watch, epoll_events) : -ENOENT;
	pthread_mutex_unlock(&poller.lock);
	return r;
}

void poller_remove(struct watch *watch)
{
	struct slot *slot;

	if (watch->fd < 0)
		return;
	pthread_mutex_lock(&poller.lock);
	slot = slot_of(watch);
	if (slot) {
		(void)control(EPOLL_CTL_DEL, watch, 0);
		free_slot(slot);
	}
	pthread_mutex_unlock(&poller.lock);
	(void)mailbox_retract(watch->box, &watch->letter);
	watch->fd = -1;
}

void poller_ping(uint64_t number)
{
	atomic_store(&poller.asked, number);
	pthread_mutex_lock(&poller.lock);
	wake_up();
	pthread_mutex_unlock(&poller.lock);
}

uint64_t poller_answered(void)
{
	return atomic_load(&poller.answered);
}
