/* SPDX-License-Identifier: MIT */
/* fail NAME [REASON…]: a failure reported by hand. The words behind the name are the reason; so is
 * -m. */
#include <errno.h>

#include "base/strings.h"
#include "ctl/act.h"

int verb_fail(const struct verb *verb, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_free_ char *words = NULL;
	char *none[] = { NULL }, *one[] = { names[0], NULL };
	char **rest = options->all ? names : names + 1;
	const char *reason = options->reason ? options->reason : "";
	int r;

	if (*rest) {
		words = vector_join(rest, " ");
		if (!words)
			return exit_errno(-ENOMEM, verb->name);
		reason = words;
	}
	r = act_begin(&client, verb->method, options, options->all ? none : one, &call);
	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_append(call, "sb", reason, options->trip);
	if (r < 0)
		return exit_errno(r, verb->name);
	return act_finish(&client, call, options);
}
