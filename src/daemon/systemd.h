/* SPDX-License-Identifier: MIT */
/*
 * All of sd_notify: what greenloopd tells the service manager that started it. Main thread only.
 *
 * $NOTIFY_SOCKET and its relatives are taken out of the environment at once, so that no child can
 * ever speak in the daemon's name; hence the datagrams are sent here and not by libsystemd, which
 * looks there each time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/macro.h"

struct systemd {
	int fd;                 /* a connected datagram socket; -1: nobody to tell */
	uint64_t watchdog_usec; /* 0: no watchdog */
	sd_event_source *status_timer, *extend_timer;
	uint64_t status_sent_usec; /* monotonic */
	char sent[256];            /* the last STATUS=, so that nothing is said twice */
	/* The present status line. */
	void (*line)(char *buf, size_t size, void *userdata);
	void *userdata;
};

/* Before the first thread. Reads and clears the environment; without a service manager all that
 * follows does nothing. */
int systemd_init(struct systemd *systemd);
int systemd_attach(struct systemd *systemd, sd_event *event,
	void (*line)(char *buf, size_t size, void *userdata), void *userdata);
void systemd_done(struct systemd *systemd);

static inline bool systemd_present(const struct systemd *systemd)
{
	return systemd->fd >= 0;
}

void systemd_ready(struct systemd *systemd);
void systemd_alive(struct systemd *systemd); /* WATCHDOG=1 */
void systemd_stopping(struct systemd
		*systemd); /* from now on asks for more time, again and again, until the end */

/* The status line may have changed: told now, or 100 ms after the last time. */
void systemd_status_changed(struct systemd *systemd);
