/* SPDX-License-Identifier: MIT */
/*
 * The control interface's server: one sd_bus for each connection, no bus daemon in between. Main
 * thread only.
 *
 * Who is let in is decided right after accept, by the kernel's word on the other side
 * (SO_PEERCRED): root and the daemon's own user. Everybody else, and who comes when all places are
 * taken, is disconnected before a byte is read.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/list.h"
#include "daemon/bus-socket.h"

enum {
	BUS_PEERS_MAX = 128,
	BUS_RESERVED_FOR_ROOT = 8, /* of these: so that root always gets in */
	BUS_QUEUE_MAX = 1024, /* messages that a client has not read: more, and it is dropped */
	BUS_ANSWERS_MAX = 64, /* the same of one that has not subscribed: these may be long */
};

struct events;
struct jobs;
struct told;
struct tree;

struct bus_config { /* all borrowed */
	sd_event *event;
	struct tree *tree;
	struct jobs *jobs;
	struct events *events;
	const char *config_path; /* for Daemon() */
	uint64_t started_usec;   /* realtime */
	bool logs_to_journal;    /* what output = auto means */
};

struct bus {
	struct bus_config config;
	struct bus_socket socket;
	sd_event_source *listener;
	sd_event_source *pause; /* on while accepting is suspended for want of descriptors */
	struct list peers;
	unsigned n_peers, n_subscribed;
	sd_event_source *portion; /* when lines are told next; made when first needed */
	atomic_bool lines_told;   /* there are some, and main knows */
};

struct peer {
	struct list link;
	struct bus *server;
	sd_bus *bus;
	sd_event_source *patience; /* until it has authenticated */
	sd_event_source *first;    /* looks once at what came with the handshake */
	uid_t uid;
	bool subscribed;
	struct list follows; /* bus-logs.c's */
};

int bus_start(
	struct bus *bus, const struct bus_config *config, const char *path, char **ret_reason);
void bus_stop(struct bus *bus); /* what was sent is on its way; closes all */

/* A descriptor was given back: those who wait for one are looked at now. */
void bus_accept_again(struct bus *bus);

/* bus-peer.c: takes the descriptor, also on failure. */
int peer_new(struct bus *server, int fd, uid_t uid);
void peer_drop(struct peer *peer);
int peer_subscribe(struct peer *peer);

/* bus-manager.c */
int bus_manager_add(struct peer *peer);

/* bus-logs.c. A loop that somebody follows has lines: any thread; true: main is to be woken, for
 * bus_lines_came(). */
bool bus_lines_news(struct bus *bus);
void bus_lines_came(struct bus *bus);

/* bus-signal.c: tells all subscribers; cleans the text. */
void bus_emit(struct bus *bus, struct told *told);
