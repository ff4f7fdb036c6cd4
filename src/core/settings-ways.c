/* SPDX-License-Identifier: MIT */
/* Values of the keys that say how a program is stopped and reloaded, and what its own end means. */
#include "core/settings-value.h"

#include <string.h>

VALUE_PARSER(value_parse_signal_or_none)
{
	if (*text)
		return value_parse_signal(setting, value, text, ret_reason);
	*(int *)value = 0;
	return 0;
}

VALUE_FORMATTER(value_format_signal_or_none)
{
	return *(const int *)value ? value_format_signal(setting, value) : strdup("");
}

VALUE_PARSER(value_parse_done_action)
{
	struct action *action = value;
	int r = value_parse_action(setting, value, text, ret_reason);

	if (r == 0 && strcmp(text, "exit") == 0)
		action->status = 0;
	return r;
}
