/* SPDX-License-Identifier: MIT */
/* What no single key can say: each check gives the key at fault and a sentence. */
#include "core/settings.h"

#include <errno.h>

#include "base/clock.h"
#include "base/strings.h"

static int fault(const char *key, const char *sentence, const char **ret_key, char **ret_reason)
{
	*ret_key = key;
	*ret_reason = string_printf("%s", sentence);
	return *ret_reason ? -EINVAL : -ENOMEM;
}

static int check_backoff(
	uint64_t backoff, uint64_t maximum, const char **ret_key, char **ret_reason)
{
	char a[64], b[64];

	if (maximum >= backoff)
		return 0;
	*ret_key = "backoff_max";
	*ret_reason = string_printf("backoff_max (%s) is less than backoff (%s)",
		timespan_format(maximum, a, sizeof(a)), timespan_format(backoff, b, sizeof(b)));
	return *ret_reason ? -EINVAL : -ENOMEM;
}

static enum loop_type effective_type(const struct loop_settings *settings)
{
	if (settings->type != LOOP_TYPE_AUTO)
		return settings->type;
	if (settings->module)
		return LOOP_TYPE_MODULE;
	return settings->interval_usec != USEC_INFINITY ? LOOP_TYPE_CYCLE : LOOP_TYPE_SERVICE;
}

static int check_body(const struct loop_settings *settings, enum loop_type type,
	const char **ret_key, char **ret_reason)
{
	bool command = settings->command.argv, module = settings->module;

	if (command && module)
		return fault(
			"module", "command and module exclude each other", ret_key, ret_reason);
	if (type == LOOP_TYPE_MODULE && !module)
		return fault(command ? "type" : "module", "type module needs a module", ret_key,
			ret_reason);
	if (type != LOOP_TYPE_MODULE && module)
		return fault("type", "a module needs type module, or no type at all", ret_key,
			ret_reason);
	if (!command && !module)
		return fault("command", "a command or a module is needed", ret_key, ret_reason);
	return 0;
}

static int check_time(const struct loop_settings *settings, enum loop_type type,
	const char **ret_key, char **ret_reason)
{
	bool interval = settings->interval_usec != USEC_INFINITY;

	if (type == LOOP_TYPE_CYCLE && !interval)
		return fault("interval",
			"type cycle needs an interval (0: one cycle right after the other)",
			ret_key, ret_reason);
	if ((type == LOOP_TYPE_SERVICE || type == LOOP_TYPE_ONESHOT) && interval)
		return fault("interval", "interval is for type cycle and for modules", ret_key,
			ret_reason);
	if (type == LOOP_TYPE_SERVICE && settings->ready.kind == READY_CYCLE)
		return fault("ready",
			"a service has no cycle that could make it ready: say start or delay:TIME",
			ret_key, ret_reason);
	return check_backoff(
		settings->backoff_usec, settings->backoff_max_usec, ret_key, ret_reason);
}

static int check_done(const struct loop_settings *settings, const char **ret_key, char **ret_reason)
{
	if (settings->done_action.kind == ACTION_STOP_GROUP && !settings->group)
		return fault("done_action",
			"done_action = stop_group: the loop is not a member of any group", ret_key,
			ret_reason);
	return 0;
}

/* What only a process that runs on can tell. */
static const char *liveness_fault(
	const struct loop_settings *settings, enum loop_type type, const char **ret_key)
{
	enum ready_kind ready = settings->ready.kind;
	bool process = type == LOOP_TYPE_SERVICE || type == LOOP_TYPE_CYCLE;

	*ret_key = "ready";
	if (ready == READY_PROBE && !settings->probe_command.argv)
		return "ready = probe needs a probe_command";
	if (!process && ready == READY_NOTIFY)
		return "ready = notify is for services and cycles";
	if (!process && ready == READY_PROBE)
		return "ready = probe is for services and cycles";
	if (!process && ready == READY_FD)
		return "ready = fd:N is for services and cycles";
	*ret_key = "watchdog";
	if (type == LOOP_TYPE_MODULE && settings->watchdog_usec > 0)
		return "a watchdog is for commands";
	*ret_key = "probe_command";
	if (!process && settings->probe_command.argv)
		return "only services and cycles can be probed";
	return NULL;
}

static int check_liveness(const struct loop_settings *settings, enum loop_type type,
	const char **ret_key, char **ret_reason)
{
	const char *key, *sentence = liveness_fault(settings, type, &key);

	return sentence ? fault(key, sentence, ret_key, ret_reason) : 0;
}

int loop_settings_check(struct loop_settings *settings, const char **ret_key, char **ret_reason)
{
	enum loop_type type = effective_type(settings);
	int r;

	r = check_body(settings, type, ret_key, ret_reason);
	if (r < 0)
		return r;
	r = check_time(settings, type, ret_key, ret_reason);
	if (r == 0)
		r = check_done(settings, ret_key, ret_reason);
	if (r < 0)
		return r;
	r = check_liveness(settings, type, ret_key, ret_reason);
	if (r < 0)
		return r;
	settings->type = type;
	if (type == LOOP_TYPE_MODULE && settings->interval_usec == USEC_INFINITY)
		settings->interval_usec = 0;
	return 0;
}

int function_settings_check(struct loop_settings *settings, const char **ret_key, char **ret_reason)
{
	int r;

	if (settings->command.argv || settings->module)
		return fault(settings->module ? "module" : "command",
			"a loop of functions has neither command nor module", ret_key, ret_reason);
	r = check_liveness(settings, LOOP_TYPE_MODULE, ret_key, ret_reason);
	if (r < 0)
		return r;
	settings->type = LOOP_TYPE_MODULE;
	return check_time(settings, LOOP_TYPE_MODULE, ret_key, ret_reason);
}

int group_settings_check(struct group_settings *settings, const char **ret_key, char **ret_reason)
{
	return check_backoff(
		settings->backoff_usec, settings->backoff_max_usec, ret_key, ret_reason);
}
