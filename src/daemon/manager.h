/* SPDX-License-Identifier: MIT */
/*
 * The manager: owns the tree, the event loop, and everything between the tree and the outside.
 * Made, run and freed by main(), on the main thread, which is the only one that touches sd-*
 * objects.
 *
 * The way down: signals and bus requests become calls and stops of the tree. The way up: the
 * observer (manager-observe.c) gets the tree's events on any thread; it writes the log at once and
 * leaves everything else to the main thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "core/event.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/events.h"
#include "daemon/job.h"
#include "daemon/logger.h"
#include "daemon/options.h"
#include "daemon/systemd.h"
#include "daemon/wake.h"
#include "daemon/watchdog.h"

enum { EXIT_BAD_CONFIG = 78 }; /* EX_CONFIG */

struct manager {
	const struct options *options; /* borrowed */
	struct config *config;         /* while loading */
	struct daemon_settings settings;
	char *config_path;
	struct tree *tree;
	char *socket_path; /* NULL: no control socket */
	sd_event *event;
	struct logger *logger;
	struct systemd systemd;
	struct watchdog watchdog;
	struct watchdog_party parties[3];
	struct wake wake;
	struct events events;
	struct jobs jobs;
	struct bus bus;
	bool has_bus;
	bool tells_systemd; /* constant while threads run */
	bool stopping;
	unsigned n_stop_signals;
	int status;            /* to exit with */
	atomic_int exit_asked; /* exit[:N]: N of the first one; -1: none */
};

/* Reads the configuration and builds the tree. 0; -EINVAL: every fault was printed on standard
 * error; others: said. */
int manager_load(struct manager *manager, const struct options *options);

/* Runs until the end; the exit status. All signals that it handles must be blocked. */
int manager_run(struct manager *manager);

/* With threads that were given up (tree_free()) all that these may come back to stays as it is, the
 * manager included. */
void manager_done(struct manager *manager);

/* manager-control.c */
int manager_on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata);
int manager_add_signals(struct manager *manager);

/* manager-alive.c: does nothing without a watchdog. */
int manager_start_watchdog(struct manager *manager);

/* manager-observe.c; userdata is the manager. */
struct observer manager_observer(struct manager *manager);
