/* SPDX-License-Identifier: MIT */
/* version: this program's and the daemon's. Without a daemon the first still answers the question;
 * only when the user named a socket does its silence count (6). */
#include <errno.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/rows.h"

static int print_json(const struct daemon_row *daemon, enum json_mode mode)
{
	json_auto_t *document = json_document();

	json_put_text(document, "greenloopctl", PACKAGE_VERSION);
	json_put(document, "greenloopd",
		daemon->version ? json_string(daemon->version) : json_null());
	return json_print(document, mode);
}

int verb_version(
	const struct verb *verb _unused_, const struct options *options, char **names _unused_)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct daemon_row daemon = { 0 };
	int r, printed;

	if (options->json == JSON_OFF)
		(void)printf("greenloopctl %s\n", PACKAGE_VERSION);
	r = client_open(&client, options);
	if (r == EXIT_DONE)
		r = client_ask(&client, "Daemon", NULL, NULL, &reply);
	if (r == EXIT_DONE && rows_read_daemon(reply, &daemon) < 0)
		r = client_garbled(-EBADMSG);
	if (options->json != JSON_OFF) {
		printed = print_json(&daemon, options->json);
		r = r == EXIT_DONE ? printed : r;
	} else if (daemon.version) {
		(void)printf("greenloopd %s\n", daemon.version);
	}
	return r == EXIT_NOT_REACHABLE && !options->socket && !options->user ? EXIT_DONE : r;
}
