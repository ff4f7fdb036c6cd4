/* SPDX-License-Identifier: MIT */
/* Listening and accepting. */
#include "daemon/bus.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/strings.h"

#define PAUSE_USEC USEC_PER_SEC

static bool may_connect(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static bool is_full(const struct bus *bus, uid_t uid)
{
	unsigned n = 0;

	if (bus->n_peers >= BUS_PEERS_MAX)
		return true;
	for (const struct list *node = bus->peers.next; uid != 0 && node != &bus->peers;
		node = node->next)
		n += container_of(node, const struct peer, link)->uid == uid;
	return n >= BUS_PEERS_MAX - BUS_RESERVED_FOR_ROOT;
}

static void admit(struct bus *bus, int fd)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);
	int r = -EACCES;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0 ||
		!may_connect(credentials.uid)) {
		close(fd);
		return;
	}
	if (is_full(bus, credentials.uid)) {
		log_debug("control socket: too many connections: one of uid %u is refused",
			(unsigned)credentials.uid);
		close(fd);
		return;
	}
	r = peer_new(bus, fd, credentials.uid);
	if (r < 0 && r != -ECONNRESET && r != -EPIPE) /* those: it has gone already */
		log_warning("control socket: cannot serve a connection: %s", strerror(-r));
}

void bus_accept_again(struct bus *bus)
{
	if (!bus->pause) /* stopping */
		return;
	(void)sd_event_source_set_enabled(bus->pause, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(bus->listener, SD_EVENT_ON);
}

static int on_pause_over(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
	bus_accept_again(userdata);
	return 0;
}

/* Out of descriptors or memory: whoever waits is still there after a while; asking at once would
 * only spin. */
static void pause_accepting(struct bus *bus, int error)
{
	log_warning("control socket: cannot accept: %s; tried again in a second at the latest",
		strerror(error));
	(void)sd_event_source_set_time_relative(bus->pause, PAUSE_USEC);
	(void)sd_event_source_set_enabled(bus->pause, SD_EVENT_ONESHOT);
	(void)sd_event_source_set_enabled(bus->listener, SD_EVENT_OFF);
}

static int on_connection(
	_unused_ sd_event_source *source, int fd, _unused_ uint32_t revents, void *userdata)
{
	struct bus *bus = userdata;
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (accepted >= 0)
		admit(bus, accepted);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(bus, errno);
	return 0;
}

static int add_sources(struct bus *bus)
{
	int r = sd_event_add_io(
		bus->config.event, &bus->listener, bus->socket.fd, EPOLLIN, on_connection, bus);

	if (r >= 0)
		r = sd_event_add_time_relative(
			bus->config.event, &bus->pause, CLOCK_MONOTONIC, 0, 0, on_pause_over, bus);
	if (r >= 0)
		r = sd_event_source_set_enabled(bus->pause, SD_EVENT_OFF);
	return MIN(r, 0);
}

int bus_start(struct bus *bus, const struct bus_config *config, const char *path, char **ret_reason)
{
	int r;

	*bus = (struct bus){ .config = *config, .socket = BUS_SOCKET_NONE };
	list_init(&bus->peers);
	r = bus_socket_open(&bus->socket, path, ret_reason);
	if (r < 0)
		return r;
	r = add_sources(bus);
	if (r < 0)
		*ret_reason = string_printf("%s: %s", path, strerror(-r));
	return r;
}

void bus_stop(struct bus *bus)
{
	bus->listener = sd_event_source_disable_unref(bus->listener);
	bus->pause = sd_event_source_disable_unref(bus->pause);
	bus->portion = sd_event_source_disable_unref(bus->portion);
	for (struct list *node = bus->peers.next, *next; node != &bus->peers; node = next) {
		next = node->next;
		peer_drop(container_of(node, struct peer, link));
	}
	bus_socket_close(&bus->socket);
}
