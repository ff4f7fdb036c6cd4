/* SPDX-License-Identifier: MIT */
/* Facts for the main thread. The descriptor is read before the word: a post in between is taken
 * now, not lost. */
#include "daemon/wake.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wake_init(struct wake *wake)
{
	atomic_init(&wake->facts, 0);
	wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return wake->fd < 0 ? -errno : 0;
}

void wake_done(struct wake *wake)
{
	if (wake->fd >= 0)
		close(wake->fd);
	wake->fd = -1;
}

void wake_post(struct wake *wake, unsigned facts)
{
	static const uint64_t one = 1;

	if (atomic_fetch_or(&wake->facts, facts) == 0)
		(void)!write(wake->fd, &one, sizeof(one));
}

unsigned wake_take(struct wake *wake)
{
	uint64_t count;

	(void)!read(wake->fd, &count, sizeof(count));
	return atomic_exchange(&wake->facts, 0);
}
