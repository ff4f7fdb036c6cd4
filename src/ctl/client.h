/* SPDX-License-Identifier: MIT */
/*
 * The connection to greenloopd. Every function here returns an exit status and has said on standard
 * error why it is not EXIT_DONE, so a verb just passes it on.
 *
 * greenloopd disconnects whoever may do nothing right after accept: a connection that was made and
 * closed before any answer is "not permitted", one that is closed later is "not reachable".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "ctl/verb.h"
#include "daemon/bus-names.h"

struct client {
	sd_bus *bus;
	char *path;
	uint64_t deadline; /* clock_now() based; USEC_INFINITY: no --timeout */
	bool answered;     /* the daemon shook hands */
};
#define CLIENT_INIT                                                                                \
	{                                                                                          \
		.deadline = UINT64_MAX                                                             \
	}

void client_close(struct client *client); /* also of one that was never opened */

int client_open(struct client *client, const struct options *options);

/* A new call of a method of the manager. */
int client_message(struct client *client, const char *method, sd_bus_message **ret);

/* Sends a call and waits for its answer: until the deadline; without one for limit_usec
 * (USEC_INFINITY: as long as it takes). The reply is the caller's. */
int client_call(
	struct client *client, sd_bus_message *call, uint64_t limit_usec, sd_bus_message **ret);

/* The same for a call that asks and takes no time, with at most one argument. */
enum { CLIENT_PATIENCE_SEC = 25 };
int client_ask(struct client *client, const char *method, const char *types, const char *text,
	sd_bus_message **ret);

/* From now on each signal of the daemon goes to this handler. */
int client_subscribe(struct client *client, sd_bus_message_handler_t handler, void *userdata);

/* Sleeps until something came, hands all of it to the handler and returns EXIT_DONE; so it does
 * when *interrupted (NULL: nothing interrupts) was set by the handler of a signal that the caller
 * blocked: signals are let in while it sleeps. */
int client_wait(struct client *client, const volatile int *interrupted);

/* A reply that cannot be understood. */
int client_garbled(int error);

static inline void sd_bus_message_cleanup(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}
#define _cleanup_message_ __attribute__((cleanup(sd_bus_message_cleanup)))
#define _cleanup_client_  __attribute__((cleanup(client_close)))
