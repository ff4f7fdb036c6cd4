/* SPDX-License-Identifier: MIT */
/*
 * One connection. The order of the calls matters: descriptor, server, credentials, sender and the
 * connected signal come before the start, the objects after it.
 *
 * Two peculiarities of sd-bus are dealt with here. busctl and gdbus say Hello even where there is
 * no bus daemon. And a client may send its first call together with the end of its handshake:
 * sd-bus then has the call in its buffer and sleeps until more bytes come, so the connection is
 * processed once more, by hand, as soon as the handshake is over.
 */
#include "daemon/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "daemon/bus-group.h"
#include "daemon/bus-logs.h"
#include "daemon/bus-loop.h"
#include "daemon/bus-names.h"
#include "daemon/events.h"
#include "daemon/job.h"

#define PATIENCE_USEC (5 * USEC_PER_SEC)

static int on_hello(sd_bus_message *message, _unused_ void *userdata, _unused_ sd_bus_error *error)
{
	return sd_bus_reply_method_return(message, "s", ":1.0");
}

static const sd_bus_vtable hello[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Hello", NULL, "s", on_hello, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

void peer_drop(struct peer *peer)
{
	struct bus *server = peer->server;

	list_remove(&peer->link);
	server->n_peers--;
	if (peer->subscribed && --server->n_subscribed == 0)
		(void)events_want(server->config.events, false);
	bus_unfollow(peer);
	sd_event_source_disable_unref(peer->patience);
	sd_event_source_disable_unref(peer->first);
	jobs_forget(server->config.jobs, peer->bus);
	sd_bus_close_unref(peer->bus);
	bus_accept_again(server);
	free(peer);
}

int peer_subscribe(struct peer *peer)
{
	int r = peer->subscribed ? 0 : events_want(peer->server->config.events, true);

	if (r < 0)
		return r;
	peer->server->n_subscribed += !peer->subscribed;
	peer->subscribed = true;
	return 0;
}

static int on_first(_unused_ sd_event_source *source, void *userdata)
{
	struct peer *peer = userdata;
	sd_bus *bus = sd_bus_ref(peer->bus); /* the peer may be dropped by what is processed */
	int r = 1;

	for (int i = 0; i < 16 && r > 0; i++)
		r = sd_bus_process(bus, NULL);
	if (r < 0 && sd_bus_is_open(bus) > 0) /* not dropped yet: what it sent cannot be read */
		peer_drop(peer);
	sd_bus_unref(bus);
	return 0;
}

static int on_connected(
	_unused_ sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	struct peer *peer = userdata;

	peer->patience = sd_event_source_disable_unref(peer->patience);
	return sd_event_add_defer(peer->server->config.event, &peer->first, on_first, peer);
}

static int on_disconnected(
	_unused_ sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	peer_drop(userdata);
	return 0;
}

static int on_too_slow(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
	peer_drop(userdata);
	return 0;
}

/* Each message comes by here first: one who asks and asks and never reads the answers is dropped.
 */
static int on_message(
	_unused_ sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	struct peer *peer = userdata;
	uint64_t queued = 0, most = peer->subscribed ? BUS_QUEUE_MAX : BUS_ANSWERS_MAX;

	if (sd_bus_get_n_queued_write(peer->bus, &queued) < 0 || queued <= most)
		return 0;
	log_notice("control socket: a client of uid %u does not read what it asked for: dropped",
		(unsigned)peer->uid);
	peer_drop(peer);
	return 1;
}

static int open_bus(struct peer *peer, int fd)
{
	sd_id128_t id;
	int r = sd_bus_new(&peer->bus);

	if (r >= 0)
		r = sd_bus_set_fd(peer->bus, fd, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	(void)sd_bus_set_description(peer->bus, "control");
	r = sd_id128_randomize(&id);
	if (r >= 0)
		r = sd_bus_set_server(peer->bus, 1, id);
	if (r >= 0)
		r = sd_bus_negotiate_creds(
			peer->bus, 1, SD_BUS_CREDS_PID | SD_BUS_CREDS_UID | SD_BUS_CREDS_EUID);
	/* Who it is was asked of the kernel right after accept. sd-bus would want a pid as well,
	 * which who comes from outside of a container has not. */
	if (r >= 0)
		r = sd_bus_set_anonymous(peer->bus, 1);
	if (r >= 0)
		r = sd_bus_set_sender(peer->bus, BUS_SERVICE);
	if (r >= 0)
		r = sd_bus_set_connected_signal(peer->bus, 1);
	if (r >= 0)
		r = sd_bus_start(peer->bus);
	return r < 0 ? r
		     : sd_bus_attach_event(
			       peer->bus, peer->server->config.event, SD_EVENT_PRIORITY_NORMAL);
}

static int add_matches(struct peer *peer)
{
	int r = sd_bus_match_signal(peer->bus, NULL, "org.freedesktop.DBus.Local",
		"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
		on_disconnected, peer);

	if (r >= 0)
		r = sd_bus_match_signal(peer->bus, NULL, "org.freedesktop.DBus.Local",
			"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Connected",
			on_connected, peer);
	if (r >= 0)
		r = sd_bus_add_filter(peer->bus, NULL, on_message, peer);
	if (r >= 0)
		r = sd_event_add_time_relative(peer->server->config.event, &peer->patience,
			CLOCK_MONOTONIC, PATIENCE_USEC, 0, on_too_slow, peer);
	return r;
}

static int add_objects(struct peer *peer)
{
	struct tree *tree = peer->server->config.tree;
	int r = sd_bus_add_object_vtable(
		peer->bus, NULL, "/org/freedesktop/DBus", "org.freedesktop.DBus", hello, peer);

	if (r >= 0)
		r = bus_manager_add(peer);
	if (r >= 0)
		r = bus_group_add(peer->bus, tree);
	return r < 0 ? r : bus_loop_add(peer->bus, tree);
}

int peer_new(struct bus *server, int fd, uid_t uid)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int r;

	if (!peer) {
		close(fd);
		return -ENOMEM;
	}
	peer->server = server;
	peer->uid = uid;
	list_init(&peer->follows);
	list_append(&server->peers, &peer->link);
	server->n_peers++;
	r = open_bus(peer, fd);
	if (r >= 0)
		r = add_matches(peer);
	if (r >= 0)
		r = add_objects(peer);
	if (r < 0)
		peer_drop(peer);
	return MIN(r, 0);
}
