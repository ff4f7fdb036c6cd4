/* SPDX-License-Identifier: MIT */
#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strings.h"

void client_close(struct client *client)
{
	/* Nothing is left to be sent: every call waited for its answer. */
	if (client->bus)
		sd_bus_close(client->bus);
	sd_bus_unref(client->bus);
	free(client->path);
}

static int socket_path(const struct options *options, char **ret)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *named = getenv("GREENLOOP_SOCKET");

	if (options->socket)
		*ret = string_printf("%s", options->socket);
	else if (options->user && !(runtime && *runtime))
		return exit_say(EXIT_NOT_REACHABLE, "--user: XDG_RUNTIME_DIR is not set");
	else if (options->user)
		*ret = string_printf("%s/greenloop/control.sock", runtime);
	else
		*ret = string_printf("%s", named && *named ? named : "/run/greenloop/control.sock");
	return *ret ? EXIT_DONE : exit_errno(-ENOMEM, "socket");
}

static uint64_t time_left(const struct client *client)
{
	uint64_t now = clock_now();

	if (client->deadline == USEC_INFINITY)
		return USEC_INFINITY;
	return client->deadline > now ? client->deadline - now : 0;
}

static int timed_out(const struct client *client)
{
	if (client->deadline != USEC_INFINITY)
		return exit_say(EXIT_TIMED_OUT, "--timeout ran out");
	return exit_say(EXIT_NOT_REACHABLE, "%s: the daemon does not answer", client->path);
}

static bool is_disconnect(int error)
{
	return error == -ECONNRESET || error == -EPIPE || error == -ENOTCONN ||
	       error == -ESHUTDOWN || error == -ECONNABORTED;
}

/* What a connection's own error means, as opposed to an error that the daemon answered. */
static int broken(const struct client *client, int error)
{
	if (error == -ETIMEDOUT)
		return timed_out(client);
	if (!is_disconnect(error))
		return exit_say(EXIT_NOT_REACHABLE, "cannot reach the daemon: %s: %s", client->path,
			strerror(-error));
	if (!client->answered)
		return exit_say(EXIT_NOT_PERMITTED,
			"%s: not permitted: the daemon closed the connection", client->path);
	return exit_say(EXIT_NOT_REACHABLE, "%s: the daemon closed the connection", client->path);
}

/* A connected socket, or a negative errno. A full backlog makes connect() wait: no longer than the
 * deadline. */
static int connect_to(const struct client *client)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint64_t left = time_left(client);
	_cleanup_close_ int fd = -1;

	if (strlen(client->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, client->path, strlen(client->path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (left != USEC_INFINITY) {
		struct timeval limit = {
			.tv_sec = (time_t)(left / USEC_PER_SEC),
			.tv_usec = (suseconds_t)MAX(left % USEC_PER_SEC, UINT64_C(1)),
		};
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
			return -errno;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return TAKE_FD(fd);
}

/* Whoever else listens there could feed us lies; a daemon of somebody else's would not let us in
 * either. Root may talk to everybody's. */
static int check_server(int fd, const char *path)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (geteuid() == 0)
		return EXIT_DONE;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return exit_errno(-errno, path);
	if (peer.uid != 0 && peer.uid != geteuid())
		return exit_say(EXIT_NOT_PERMITTED,
			"%s: not permitted: it belongs to uid %u, not to root or you", path,
			(unsigned)peer.uid);
	return EXIT_DONE;
}

/* Waits within the deadline for the handshake: sd-bus alone would wait for 90 s. */
static int handshake(struct client *client)
{
	uint64_t deadline = client->deadline != USEC_INFINITY
				    ? client->deadline
				    : clock_now() + CLIENT_PATIENCE_SEC * USEC_PER_SEC;
	int r;

	while ((r = sd_bus_is_ready(client->bus)) == 0) {
		uint64_t now = clock_now();

		if (now >= deadline)
			return timed_out(client);
		r = sd_bus_process(client->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(client->bus, deadline - now);
		if (r < 0 && r != -EINTR)
			break;
	}
	if (r < 0)
		return broken(client, r);
	/* Whoever may do nothing does not come this far. */
	client->answered = true;
	return EXIT_DONE;
}

int client_open(struct client *client, const struct options *options)
{
	_cleanup_close_ int fd = -1;
	int r;

	client->deadline = options->timeout_usec == USEC_INFINITY
				   ? USEC_INFINITY
				   : usec_add(clock_now(), options->timeout_usec);
	r = socket_path(options, &client->path);
	if (r != EXIT_DONE)
		return r;
	fd = connect_to(client);
	if (fd < 0)
		return broken(client, fd);
	r = check_server(fd, client->path);
	if (r != EXIT_DONE)
		return r;
	r = sd_bus_new(&client->bus);
	if (r >= 0)
		r = sd_bus_set_fd(client->bus, fd, fd);
	if (r < 0)
		return exit_errno(r, "sd-bus");
	(void)TAKE_FD(fd);
	r = sd_bus_start(client->bus);
	if (r < 0)
		return broken(client, r);
	return handshake(client);
}

int client_message(struct client *client, const char *method, sd_bus_message **ret)
{
	int r = sd_bus_message_new_method_call(
		client->bus, ret, NULL, BUS_PATH, BUS_MANAGER, method);

	return r < 0 ? exit_errno(r, method) : EXIT_DONE;
}

/* The exit status of an error that the daemon answered. */
static int refused(const char *method, const sd_bus_error *error)
{
	static const struct {
		const char *name;
		int status;
	} table[] = {
		{ BUS_ERROR_NO_SUCH, EXIT_NO_SUCH },
		{ BUS_ERROR_USAGE, EXIT_USAGE },
		{ SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE },
		{ SD_BUS_ERROR_ACCESS_DENIED, EXIT_NOT_PERMITTED },
		{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_NOT_PERMITTED },
	};
	const char *text = error->message ? error->message : error->name;

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (sd_bus_error_has_name(error, table[i].name))
			return exit_say(table[i].status, "%s", text);
	return exit_say(EXIT_FAILED, "%s: %s", method, text);
}

int client_call(
	struct client *client, sd_bus_message *call, uint64_t limit_usec, sd_bus_message **ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t left = MIN(
		time_left(client), client->deadline == USEC_INFINITY ? limit_usec : USEC_INFINITY);
	int r;

	if (left == 0)
		return timed_out(client);
	r = sd_bus_call(client->bus, call, left, &error, ret);
	if (r >= 0)
		return EXIT_DONE;
	/* sd-bus describes its own troubles as errors, too: by errno; those of the daemon have
	 * names. */
	if (r == -ETIMEDOUT || is_disconnect(r) || sd_bus_is_open(client->bus) <= 0)
		return broken(client, r);
	return refused(sd_bus_message_get_member(call), &error);
}

int client_ask(struct client *client, const char *method, const char *types, const char *text,
	sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = client_message(client, method, &call);

	if (r != EXIT_DONE)
		return r;
	if (types && strcmp(types, "as") == 0)
		r = sd_bus_message_append(call, "as", 0);
	else if (types)
		r = sd_bus_message_append(call, types, text);
	if (r < 0)
		return exit_errno(r, method);
	return client_call(client, call, CLIENT_PATIENCE_SEC * USEC_PER_SEC, ret);
}

int client_subscribe(struct client *client, sd_bus_message_handler_t handler, void *userdata)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = sd_bus_match_signal(
		client->bus, NULL, NULL, BUS_PATH, BUS_MANAGER, NULL, handler, userdata);

	if (r < 0)
		return exit_errno(r, "Subscribe");
	return client_ask(client, "Subscribe", NULL, NULL, &reply);
}

/* Sleeps until the bus has something to do, a signal comes or the deadline passes. A negative
 * errno. */
static int sleep_for_bus(struct client *client)
{
	struct pollfd pollfd = { .fd = sd_bus_get_fd(client->bus) };
	uint64_t left = time_left(client);
	struct timespec timeout = { .tv_sec = (time_t)(left / USEC_PER_SEC),
		.tv_nsec = (long)(left % USEC_PER_SEC * 1000) };
	sigset_t none;
	int events = sd_bus_get_events(client->bus), r;

	if (pollfd.fd < 0 || events < 0)
		return -ENOTCONN;
	pollfd.events = (short)events;
	(void)sigemptyset(&none);
	r = ppoll(&pollfd, 1, left == USEC_INFINITY ? NULL : &timeout, &none);
	if (r == 0)
		return -ETIMEDOUT;
	return r < 0 && errno != EINTR ? -errno : 0;
}

int client_wait(struct client *client, const volatile int *interrupted)
{
	bool some = false;
	int r;

	for (;;) {
		r = sd_bus_process(client->bus, NULL);
		if (r > 0)
			some = true;
		if (r == 0 && some)
			return EXIT_DONE;
		if (r == 0)
			r = sleep_for_bus(client);
		if (r < 0)
			return broken(client, r);
		if (interrupted && *interrupted)
			return EXIT_DONE;
	}
}

int client_garbled(int error)
{
	return exit_say(
		EXIT_FAILED, "the daemon's answer cannot be understood: %s", strerror(-error));
}
