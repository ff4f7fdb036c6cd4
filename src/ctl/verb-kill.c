/* SPDX-License-Identifier: MIT */
/* kill: a signal to a loop's processes, without a word to the daemon about why they end. */
#include <signal.h>

#include "base/signal-name.h"
#include "ctl/act.h"

int verb_kill(const struct verb *verb, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_message_ sd_bus_message *call = NULL;
	int number = options->signal ? signal_from_string(options->signal) : SIGTERM, r;

	if (number < 0)
		return exit_say(EXIT_USAGE, "--signal=%s: no such signal", options->signal);
	r = act_begin(&client, verb->method, options, names, &call);
	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_append(call, "i", number);
	if (r < 0)
		return exit_errno(r, verb->name);
	return act_finish(&client, call, options);
}
