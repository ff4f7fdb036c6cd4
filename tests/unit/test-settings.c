/* SPDX-License-Identifier: MIT */
/* The table of keys: defaults, good and bad values of every type, the way there and back, and what
 * no single key can say. */
#include "lib/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/signal-name.h"
#include "base/strings.h"
#include "core/failure.h"
#include "core/settings.h"

#define LOOP   SETTINGS_LOOP
#define GROUP  SETTINGS_GROUP
#define DAEMON SETTINGS_DAEMON

union values {
	struct loop_settings loop;
	struct group_settings group;
	struct daemon_settings daemon;
};

static union values values;

static void start(enum settings_scope scope)
{
	ck_assert_int_eq(settings_init(scope, &values), 0);
}

static int set(enum settings_scope scope, const char *key, const char *text, char **ret_reason)
{
	return settings_set(scope, &values, key, text, ret_reason);
}

static void must_set(enum settings_scope scope, const char *key, const char *text)
{
	char *reason = NULL;

	ck_assert_msg(set(scope, key, text, &reason) == 0, "%s = %s: %s", key, text, reason);
}

static char *format(enum settings_scope scope, const char *key)
{
	char *text = setting_format(settings_find(scope, key), &values);

	ck_assert_ptr_nonnull(text);
	return text;
}

/* What is written for what was said, and that it says the same again. */
static const struct {
	enum settings_scope scope;
	const char *key, *text, *written;
} good[] = {
	{ LOOP, "group", "trading", "trading" },
	{ LOOP, "group", "0a.B_c-d", "0a.B_c-d" },
	{ LOOP, "description", "Grüße, \"you\"", "Grüße, \"you\"" },
	{ LOOP, "type", "oneshot", "oneshot" },
	{ LOOP, "type", "", "" },
	{ LOOP, "command", "/bin/echo a b", "/bin/echo a b" },
	{ LOOP, "command", "  echo  'a b' \"c\\\"d\" ''", "echo \"a b\" \"c\\\"d\" \"\"" },
	{ LOOP, "command", "echo 'a\\b' \"tab\\tnew\\nline\"",
		"echo \"a\\\\b\" \"tab\\x09new\\x0aline\"" },
	{ LOOP, "command", "echo ';' '#' %n $HOME", "echo \";\" \"#\" %n $HOME" },
	{ LOOP, "command", "'-x' -y", "\"-x\" \"-y\"" },
	{ LOOP, "module", "feed.so", "feed.so" },
	{ LOOP, "interval", "0", "0" },
	{ LOOP, "interval", "1min 30s", "1min 30s" },
	{ LOOP, "interval", "", "" },
	{ LOOP, "autostart", "off", "no" },
	{ LOOP, "autostart", "TRUE", "yes" },
	{ LOOP, "autostart", "1", "yes" },
	{ LOOP, "after", "a & (b | c)", "a & (b | c)" },
	{ LOOP, "ready", "start", "start" },
	{ LOOP, "ready", "cycle", "cycle" },
	{ LOOP, "ready", "delay:250ms", "delay:250ms" },
	{ LOOP, "ready", "delay:2", "delay:2s" },
	{ LOOP, "ready", "", "" },
	{ LOOP, "ready", "notify", "notify" },
	{ LOOP, "ready", "probe", "probe" },
	{ LOOP, "ready", "fd:3", "fd:3" },
	{ LOOP, "ready", "fd:255", "fd:255" },
	{ LOOP, "watchdog", "5", "5s" },
	{ LOOP, "watchdog", "0", "0" },
	{ LOOP, "probe_command", "test -e /x", "test \"-e\" /x" },
	{ LOOP, "probe_command", "", "" },
	{ LOOP, "probe_failures", "3 of 5", "3 of 5" },
	{ LOOP, "probe_failures", "1", "1 of 1" },
	{ LOOP, "probe_failures", "64 of 64", "64 of 64" },
	{ LOOP, "start_timeout", "90s", "1min 30s" },
	{ LOOP, "start_timeout", "", "" },
	{ LOOP, "grace_period", "infinity", "infinity" },
	{ LOOP, "grace_period", "0", "0" },
	{ LOOP, "max_loop_failures", "0", "0" },
	{ LOOP, "max_loop_failures", "1000000000", "1000000000" },
	{ LOOP, "trip_on", "exit:3,signal  watchdog", "signal watchdog exit:3" },
	{ LOOP, "trip_on",
		"exit exit:255 start-timeout cycle-timeout exec probe hook error explicit",
		"exit exec start-timeout cycle-timeout probe hook error explicit exit:255" },
	{ LOOP, "trip_on", "", "" },
	{ LOOP, "fatal_exit_status", "78, 64 0 255", "0 64 78 255" },
	{ LOOP, "success_exit_status", "SIGHUP 9 term, RTMIN+2", "9 HUP TERM RTMIN+2" },
	{ LOOP, "success_exit_status", "", "" },
	{ LOOP, "exhausted_action", "stay", "stay" },
	{ LOOP, "exhausted_action", "ignore", "ignore" },
	{ LOOP, "exhausted_action", "cooldown:5min", "cooldown:5min" },
	{ LOOP, "exhausted_action", "exit", "exit:1" },
	{ LOOP, "exhausted_action", "exit:255", "exit:255" },
	{ LOOP, "backoff", "1ms", "1ms" },
	{ LOOP, "stop_signal", "SIGINT", "INT" },
	{ LOOP, "stop_signal", "quit", "QUIT" },
	{ LOOP, "stop_signal", "15", "TERM" },
	{ LOOP, "stop_signal", "32", "32" },
	{ LOOP, "stop_signal", "64", "RTMIN+30" },
	{ LOOP, "stop_signal", "SIGRTMIN+3", "RTMIN+3" },
	{ LOOP, "on_start", "-/bin/false x", "-/bin/false x" },
	{ LOOP, "instances", "4", "4" },
	{ LOOP, "instances", "3-10000", "3-10000" },
	{ LOOP, "instances", "red, green  blue", "red, green  blue" },
	{ LOOP, "instances", "a-b 1", "a-b 1" },
	{ LOOP, "instances", "", "" },
	{ LOOP, "done_action", "stay", "stay" },
	{ LOOP, "done_action", "stop_group", "stop_group" },
	{ LOOP, "done_action", "exit", "exit:0" },
	{ LOOP, "done_action", "exit:3", "exit:3" },
	{ LOOP, "reload_signal", "hup", "HUP" },
	{ LOOP, "reload_signal", "", "" },
	{ LOOP, "reload_command", "-x", "-x" },
	{ LOOP, "stop_command", "x y", "x y" },
	{ LOOP, "kill_mode", "all", "all" },
	{ LOOP, "kill_mode", "mixed", "mixed" },
	{ LOOP, "on_open", "/bin/true", "/bin/true" },
	{ LOOP, "on_ready", "-x", "-x" },
	{ LOOP, "on_failure", "x 'y z'", "x \"y z\"" },
	{ LOOP, "on_close", "-x", "-x" },
	{ LOOP, "on_terminated", "-x", "-x" },
	{ LOOP, "on_stop", "/bin/true", "/bin/true" },
	{ LOOP, "on_stop", "\"-odd\"", "\"-odd\"" },
	{ LOOP, "on_stop", "", "" },
	{ LOOP, "output", "null", "null" },
	{ LOOP, "output", "journal", "journal" },
	{ LOOP, "output", "file:/var/log/a b.log", "file:/var/log/a b.log" },
	{ LOOP, "error_output", "console", "console" },
	{ LOOP, "log_max_size", "0", "0" },
	{ LOOP, "log_max_files", "1", "1" },
	{ LOOP, "log_tail", "0", "0" },
	{ LOOP, "log_prefix", "none", "none" },
	{ LOOP, "stack_size", "64K", "64K" },
	{ LOOP, "stack_size", "1g", "1G" },
	{ LOOP, "stack_size", "65537", "65537" },
	{ LOOP, "stack_size", "1536K", "1536K" },
	{ GROUP, "parent", "top", "top" },
	{ GROUP, "strategy", "rest_for_one", "rest_for_one" },
	{ GROUP, "exhausted_action", "cooldown:1", "cooldown:1s" },
	{ GROUP, "reset_window", "infinity", "infinity" },
	{ GROUP, "on_red", "-x", "-x" },
	{ DAEMON, "exhausted_action", "exit:0", "exit:0" },
	{ DAEMON, "control_socket", "none", "none" },
	{ DAEMON, "control_socket", "/run/x.sock", "/run/x.sock" },
	{ DAEMON, "log_level", "debug", "debug" },
	{ DAEMON, "log_level", "4", "warning" },
	{ DAEMON, "log_target", "journal", "journal" },
	{ DAEMON, "module_path", "/a,/b\t/c", "/a /b /c" },
	{ DAEMON, "module_path", "", "" },
	{ DAEMON, "max_abandoned_threads", "0", "0" },
};

START_TEST(test_good)
{
	_cleanup_free_ char *first = NULL, *second = NULL;

	start(good[_i].scope);
	must_set(good[_i].scope, good[_i].key, good[_i].text);
	first = format(good[_i].scope, good[_i].key);
	ck_assert_str_eq(first, good[_i].written);
	must_set(good[_i].scope, good[_i].key, first);
	second = format(good[_i].scope, good[_i].key);
	ck_assert_str_eq(second, first);
	settings_done(good[_i].scope, &values);
}
END_TEST

static const struct {
	enum settings_scope scope;
	const char *key, *text;
	int error;
	const char *says; /* what the sentence names */
} bad[] = {
	{ LOOP, "group", "_x", -EINVAL, "first a letter or digit" },
	{ LOOP, "group", "a b", -EINVAL, "A-Z" },
	{ LOOP, "group", "12345678901234567890123456789012345678901", -EINVAL, "40" },
	{ LOOP, "description", "\xff", -EINVAL, "UTF-8" },
	{ LOOP, "instances", "0", -ERANGE, "from 1 to 10000" },
	{ LOOP, "instances", "10001", -ERANGE, "from 1 to 10000" },
	{ LOOP, "instances", "4-1", -ERANGE, "1-4" },
	{ LOOP, "instances", "a b a", -EINVAL, "different" },
	{ LOOP, "instances", "a _b", -EINVAL, "names" },
	{ LOOP, "instances", "a@", -EINVAL, "names" },
	{ LOOP, "instances", ",", -EINVAL, "names" },
	{ LOOP, "done_action", "escalate", -EINVAL, "stay, stop_group, exit[:N]" },
	{ LOOP, "done_action", "exit:256", -EINVAL, "exit[:N]" },
	{ LOOP, "exhausted_action", "stop_group", -EINVAL, "escalate" },
	{ LOOP, "kill_mode", "process", -EINVAL, "mixed, all" },
	{ LOOP, "reload_signal", "WAKE", -EINVAL, "signal" },
	{ LOOP, "type", "daemon", -EINVAL, "service, oneshot, cycle, module" },
	{ LOOP, "type", "auto", -EINVAL, "service" },
	{ LOOP, "type", "Service", -EINVAL, "service" },
	{ LOOP, "command", "-/bin/true", -EINVAL, "without \"-\"" },
	{ LOOP, "command", "  ", -EINVAL, "which program" },
	{ LOOP, "command", "''", -EINVAL, "which program" },
	{ LOOP, "command", "echo 'x", -EINVAL, "command line" },
	{ LOOP, "command", "echo \xff", -EINVAL, "UTF-8" },
	{ LOOP, "interval", "soon", -EINVAL, "from 0 to" },
	{ LOOP, "interval", "infinity", -ERANGE, "from 0 to" },
	{ LOOP, "interval", "-1", -EINVAL, "a time" },
	{ LOOP, "autostart", "maybe", -EINVAL, "yes or no" },
	{ LOOP, "autostart", "2", -EINVAL, "yes or no" },
	{ LOOP, "ready", "soon", -EINVAL, "notify" },
	{ LOOP, "ready", "fd:", -EINVAL, "fd:N" },
	{ LOOP, "ready", "fd:x", -EINVAL, "fd:N" },
	{ LOOP, "ready", "fd:2", -ERANGE, "3 to 255" },
	{ LOOP, "ready", "fd:256", -ERANGE, "3 to 255" },
	{ LOOP, "watchdog", "infinity", -ERANGE, "a time" },
	{ LOOP, "probe_command", "-true", -EINVAL, "without \"-\"" },
	{ LOOP, "probe_interval", "0", -ERANGE, "1ms" },
	{ LOOP, "probe_timeout", "infinity", -ERANGE, "1ms" },
	{ LOOP, "probe_failures", "0 of 3", -ERANGE, "X of Y" },
	{ LOOP, "probe_failures", "4 of 3", -ERANGE, "X of Y" },
	{ LOOP, "probe_failures", "1 of 65", -ERANGE, "at most 64" },
	{ LOOP, "probe_failures", "3 of", -EINVAL, "X of Y" },
	{ LOOP, "probe_failures", "3 of 5 6", -EINVAL, "X of Y" },
	{ LOOP, "probe_failures", "3/5", -EINVAL, "X of Y" },
	{ LOOP, "probe_failures", "99999999999999999999999999", -ERANGE, "X of Y" },
	{ LOOP, "ready", "delay", -EINVAL, "delay:TIME" },
	{ LOOP, "ready", "delay:", -EINVAL, "delay:TIME" },
	{ LOOP, "ready", "delay:infinity", -ERANGE, "delay:TIME" },
	{ LOOP, "start_timeout", "1 fortnight", -EINVAL, "infinity" },
	{ LOOP, "max_loop_failures", "1000000001", -ERANGE, "0 to 1000000000" },
	{ LOOP, "max_loop_failures", "99999999999999999999", -ERANGE, "0 to 1000000000" },
	{ LOOP, "max_loop_failures", "-1", -EINVAL, "0 to" },
	{ LOOP, "max_loop_failures", "+1", -EINVAL, "0 to" },
	{ LOOP, "max_loop_failures", "1x", -EINVAL, "0 to" },
	{ LOOP, "trip_on", "exit:256", -ERANGE, "exit:N" },
	{ LOOP, "trip_on", "exit:", -EINVAL, "exit:N" },
	{ LOOP, "trip_on", "signal:9", -EINVAL, "exit:N" },
	{ LOOP, "trip_on", "exit none", -EINVAL, "\"none\"" },
	{ LOOP, "trip_on", "group", -EINVAL, "watchdog" },
	{ LOOP, "fatal_exit_status", "256", -ERANGE, "0 to 255" },
	{ LOOP, "fatal_exit_status", "TERM", -EINVAL, "0 to 255" },
	{ LOOP, "success_exit_status", "1 NOSUCH", -EINVAL, "\"NOSUCH\"" },
	{ LOOP, "success_exit_status", "1x", -EINVAL, "signals" },
	{ LOOP, "exhausted_action", "restart", -EINVAL,
		"escalate, stay, ignore, cooldown:TIME, exit[:N]" },
	{ LOOP, "exhausted_action", "cooldown", -EINVAL, "cooldown:TIME" },
	{ LOOP, "exhausted_action", "cooldown:0", -EINVAL, "cooldown:TIME" },
	{ LOOP, "exhausted_action", "cooldown:infinity", -EINVAL, "cooldown:TIME" },
	{ LOOP, "exhausted_action", "exit:256", -EINVAL, "exit[:N]" },
	{ LOOP, "exhausted_action", "exit:", -EINVAL, "exit[:N]" },
	{ LOOP, "exhausted_action", "exits", -EINVAL, "exit[:N]" },
	{ LOOP, "exhausted_action", "stay:1", -EINVAL, "stay" },
	{ LOOP, "backoff", "0", -ERANGE, "1ms" },
	{ LOOP, "backoff", "infinity", -ERANGE, "1ms" },
	{ LOOP, "backoff_max", "999us", -ERANGE, "1ms" },
	{ LOOP, "stop_signal", "0", -EINVAL, "1 to 64" },
	{ LOOP, "stop_signal", "65", -EINVAL, "1 to 64" },
	{ LOOP, "stop_signal", "SIGSIGTERM", -EINVAL, "TERM" },
	{ LOOP, "stop_signal", "RTMIN+31", -EINVAL, "TERM" },
	{ LOOP, "stop_signal", "RTMIN3", -EINVAL, "TERM" },
	{ LOOP, "on_start", "-", -EINVAL, "which program" },
	{ LOOP, "on_start", "- ", -EINVAL, "which program" },
	{ LOOP, "output", "syslog", -EINVAL, "auto, journal, console, null, or file:" },
	{ LOOP, "output", "file:", -EINVAL, "absolute path" },
	{ LOOP, "output", "file:log", -EINVAL, "absolute path" },
	{ LOOP, "output", "file:/var/log/", -EINVAL, "absolute path" },
	{ LOOP, "error_output", "file:/var/..", -EINVAL, "absolute path" },
	{ LOOP, "log_max_files", "0", -ERANGE, "from 1" },
	{ LOOP, "log_prefix", "short", -EINVAL, "auto, full, none" },
	{ LOOP, "stack_size", "63K", -ERANGE, "64K to 1G" },
	{ LOOP, "stack_size", "2G", -ERANGE, "64K to 1G" },
	{ LOOP, "stack_size", "17179869185G", -ERANGE, "64K to 1G" },
	{ LOOP, "stack_size", "K", -EINVAL, "64K to 1G" },
	{ LOOP, "stack_size", "8T", -EINVAL, "64K to 1G" },
	{ LOOP, "stack_size", "8 M", -EINVAL, "64K to 1G" },
	{ LOOP, "param.", "1", -ENOENT, "unknown key" },
	{ LOOP, "param.a b", "1", -EINVAL, "param." },
	{ LOOP, "env.1A", "1", -EINVAL, "env." },
	{ LOOP, "env.A-B", "1", -EINVAL, "env." },
	{ LOOP, "env.A=B", "1", -EINVAL, "env." },
	{ LOOP, "env.A", "\xff", -EINVAL, "UTF-8" },
	{ LOOP, "grace_periode", "1", -ENOENT, "\"grace_period\"" },
	{ LOOP, "watchdogs", "1", -ENOENT, "\"watchdog\"" },
	{ LOOP, "max_resets", "1", -ENOENT, "unknown key" },
	{ GROUP, "exhausted_action", "ignore", -EINVAL, "escalate, stay, cooldown:TIME, exit[:N]" },
	{ GROUP, "strategy", "all", -EINVAL, "one_for_all" },
	{ GROUP, "reset_window", "0", -ERANGE, "1ms to infinity" },
	{ DAEMON, "exhausted_action", "escalate", -EINVAL, "stay, exit[:N]" },
	{ DAEMON, "exhausted_action", "cooldown:1s", -EINVAL, "stay, exit[:N]" },
	{ DAEMON, "control_socket", "run/x", -EINVAL, "107" },
	{ DAEMON, "log_level", "loud", -EINVAL, "debug" },
	{ DAEMON, "log_target", "file", -EINVAL, "auto, journal, console" },
	{ DAEMON, "module_path", "/a b", -EINVAL, "absolute" },
};

/* Refused with a sentence, and nothing has changed. */
START_TEST(test_bad)
{
	const struct setting *setting = settings_find(bad[_i].scope, bad[_i].key);
	_cleanup_free_ char *reason = NULL, *before = NULL, *after = NULL;

	start(bad[_i].scope);
	if (setting)
		before = setting_format(setting, &values);
	ck_assert_int_eq(set(bad[_i].scope, bad[_i].key, bad[_i].text, &reason), bad[_i].error);
	ck_assert_ptr_nonnull(reason);
	ck_assert_msg(strstr(reason, bad[_i].says), "%s", reason);
	if (setting) {
		after = setting_format(setting, &values);
		ck_assert_str_eq(before, after);
	}
	settings_done(bad[_i].scope, &values);
}
END_TEST

/* Bytes that could fool a terminal are escaped in sentences. */
START_TEST(test_sentence_is_safe)
{
	_cleanup_free_ char *reason = NULL, *unknown = NULL;

	start(LOOP);
	set(LOOP, "type", "\033[2J", &reason);
	ck_assert_ptr_null(strchr(reason, '\033'));
	set(LOOP, "\033[2J", "x", &unknown);
	ck_assert_ptr_null(strchr(unknown, '\033'));
	settings_done(LOOP, &values);
}
END_TEST

START_TEST(test_defaults)
{
	const struct loop_settings *loop = &values.loop;

	start(LOOP);
	ck_assert_ptr_null(loop->group);
	ck_assert_ptr_null(loop->command.argv);
	ck_assert_ptr_null(loop->environment);
	ck_assert_int_eq(loop->type, LOOP_TYPE_AUTO);
	ck_assert_int_eq(loop->ready.kind, READY_AUTO);
	ck_assert_int_eq(loop->exhausted_action.kind, ACTION_ESCALATE);
	ck_assert_uint_eq(loop->interval_usec, USEC_INFINITY);
	ck_assert_uint_eq(loop->start_timeout_usec, 90 * USEC_PER_SEC);
	ck_assert(!loop->start_timeout_said);
	ck_assert_uint_eq(loop->grace_period_usec, 5 * USEC_PER_SEC);
	ck_assert_uint_eq(loop->cycle_timeout_usec, USEC_INFINITY);
	ck_assert_uint_eq(loop->forgive_after_usec, 600 * USEC_PER_SEC);
	ck_assert_uint_eq(loop->backoff_usec, 100 * USEC_PER_MSEC);
	ck_assert_uint_eq(loop->backoff_max_usec, 30 * USEC_PER_SEC);
	ck_assert_uint_eq(loop->hook_timeout_usec, 10 * USEC_PER_SEC);
	ck_assert_uint_eq(loop->stack_size, 8 << 20);
	ck_assert_uint_eq(loop->max_loop_failures, 10);
	ck_assert_int_eq(loop->stop_signal, SIGTERM);
	ck_assert(loop->autostart && !loop->stop_on_failure && loop->reset_globally);

	start(GROUP);
	ck_assert_int_eq(values.group.strategy, STRATEGY_ONE_FOR_ALL);
	ck_assert_uint_eq(values.group.max_resets, 5);
	ck_assert_uint_eq(values.group.reset_window_usec, 3600 * USEC_PER_SEC);
	ck_assert_uint_eq(values.group.backoff_usec, USEC_PER_SEC);
	ck_assert_uint_eq(values.group.stop_timeout_usec, USEC_INFINITY);
	ck_assert(values.group.reset_globally && values.group.autostart);

	start(DAEMON);
	ck_assert_int_eq(values.daemon.exhausted_action.kind, ACTION_STAY);
	ck_assert_uint_eq(values.daemon.max_abandoned_threads, 8);
}
END_TEST

/* Each row: help and type are there, the default can be said (but where saying makes a difference),
 * "" brings it back. */
START_TEST(test_rows)
{
	size_t n;
	const struct setting *table = settings_table(_i, &n);

	start(_i);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *first = NULL, *again = NULL;

		ck_assert(table[i].help[0] && table[i].type[0]);
		ck_assert(!(table[i].flags & SETTING_PREFIX) ==
			  (table[i].key[strlen(table[i].key) - 1] != '.'));
		if (table[i].flags & SETTING_PREFIX)
			continue;
		ck_assert_ptr_eq(settings_find(_i, table[i].key), &table[i]);
		first = format(_i, table[i].key);
		must_set(_i, table[i].key, first);
		again = format(_i, table[i].key);
		ck_assert_str_eq(first, again);
		if (table[i].fallback[0])
			must_set(_i, table[i].key, table[i].fallback);
		must_set(_i, table[i].key, "");
		free(again);
		again = format(_i, table[i].key);
		ck_assert_str_eq(first, again);
	}
	settings_done(_i, &values);
}
END_TEST

START_TEST(test_said)
{
	start(LOOP);
	must_set(LOOP, "start_timeout", "90s");
	ck_assert(values.loop.start_timeout_said);
	must_set(LOOP, "start_timeout", "");
	ck_assert(!values.loop.start_timeout_said);
	ck_assert_uint_eq(values.loop.start_timeout_usec, 90 * USEC_PER_SEC);
	settings_done(LOOP, &values);
}
END_TEST

START_TEST(test_back_to_default)
{
	start(LOOP);
	must_set(LOOP, "command", "/bin/true");
	must_set(LOOP, "group", "g");
	must_set(LOOP, "max_loop_failures", "3");
	must_set(LOOP, "command", "");
	must_set(LOOP, "group", "");
	must_set(LOOP, "max_loop_failures", "");
	ck_assert_ptr_null(values.loop.command.argv);
	ck_assert_ptr_null(values.loop.group);
	ck_assert_uint_eq(values.loop.max_loop_failures, 10);
	must_set(LOOP, "on_stop", "-x");
	must_set(LOOP, "on_stop", "y");
	ck_assert(!values.loop.on_stop.ignore_failure);
	settings_done(LOOP, &values);
	ck_assert_ptr_null(values.loop.on_stop.argv);
}
END_TEST

START_TEST(test_prefix)
{
	_cleanup_free_ char *text = NULL;

	start(LOOP);
	must_set(LOOP, "env.A", "1");
	must_set(LOOP, "env.AB", "two words");
	must_set(LOOP, "env.C", "=");
	must_set(LOOP, "param.rate.max-1", "5");
	ck_assert_str_eq(values.loop.parameters[0], "rate.max-1=5");
	must_set(LOOP, "env.A", "2");
	text = format(LOOP, "env.X");
	ck_assert_str_eq(text, "A=2 \"AB=two words\" C==");
	must_set(LOOP, "env.A", "");
	must_set(LOOP, "env.nobody", "");
	ck_assert_uint_eq(vector_length(values.loop.environment), 2);
	ck_assert_str_eq(values.loop.environment[0], "AB=two words");
	must_set(LOOP, "env.AB", "");
	must_set(LOOP, "env.C", "");
	ck_assert_ptr_null(values.loop.environment);
	settings_done(LOOP, &values);
}
END_TEST

static const struct {
	enum settings_scope scope;
	const char *key, *nearest;
} misses[] = {
	{ LOOP, "comand", "command" },
	{ LOOP, "Group", "group" },
	{ LOOP, "max_loop_failure", "max_loop_failures" },
	{ LOOP, "backof_max", "backoff_max" },
	{ LOOP, "parm.rate", "param." },
	{ LOOP, "enx.HOME", "env." },
	{ LOOP, "zzzzzz", NULL },
	{ LOOP, "q", NULL },
	{ GROUP, "max_reset", "max_resets" },
	{ DAEMON, "loglevel", "log_level" },
	{ LOOP, "a_key_that_is_much_longer_than_any_key_in_the_table", NULL },
};

START_TEST(test_nearest)
{
	const char *nearest = settings_nearest(misses[_i].scope, misses[_i].key);

	ck_assert_msg(string_equal(nearest, misses[_i].nearest), "%s: %s", misses[_i].key,
		nearest ? nearest : "nothing");
}
END_TEST

START_TEST(test_sets)
{
	start(LOOP);
	must_set(LOOP, "success_exit_status", "0 63 64 255 HUP");
	for (int status = -1; status <= 256; status++)
		ck_assert_int_eq(status_set_has_exit(&values.loop.success_exit_status, status),
			status == 0 || status == 63 || status == 64 || status == 255);
	for (int signal = -1; signal <= 65; signal++)
		ck_assert_int_eq(status_set_has_signal(&values.loop.success_exit_status, signal),
			signal == SIGHUP);
	must_set(LOOP, "trip_on", "probe exit:7");
	ck_assert_uint_eq(values.loop.trip_on.kinds, 1u << FAILURE_PROBE);
	ck_assert(status_set_has_exit(&values.loop.trip_on.statuses, 7));
	settings_done(LOOP, &values);
}
END_TEST

START_TEST(test_signals)
{
	char name[16];

	for (int signal = 1; signal <= SIGNAL_MAX; signal++)
		ck_assert_int_eq(
			signal_from_string(signal_format(signal, name, sizeof(name))), signal);
}
END_TEST

static const struct {
	const char *set[5][2];
	const char *key; /* at fault; NULL: none */
	enum loop_type type;
} checks[] = {
	{ { { "command", "x" } }, NULL, LOOP_TYPE_SERVICE },
	{ { { "command", "x" }, { "interval", "0" } }, NULL, LOOP_TYPE_CYCLE },
	{ { { "module", "x" } }, NULL, LOOP_TYPE_MODULE },
	{ { { "module", "x" }, { "interval", "1s" } }, NULL, LOOP_TYPE_MODULE },
	{ { { "module", "x" }, { "type", "module" } }, NULL, LOOP_TYPE_MODULE },
	{ { { "module", "x" }, { "stop_signal", "INT" }, { "on_start", "y" } }, NULL,
		LOOP_TYPE_MODULE },
	{ { { "command", "x" }, { "type", "oneshot" } }, NULL, LOOP_TYPE_ONESHOT },
	{ { { "command", "x" }, { "stop_signal", "INT" }, { "on_start", "y" } }, NULL,
		LOOP_TYPE_SERVICE },
	{ { { "command", "x" }, { "interval", "1" }, { "ready", "cycle" } }, NULL,
		LOOP_TYPE_CYCLE },
	{ { { "command", "x" }, { "backoff", "30s" } }, NULL, LOOP_TYPE_SERVICE },
	{ { { "command", "x" }, { "ready", "notify" }, { "watchdog", "1" } }, NULL,
		LOOP_TYPE_SERVICE },
	{ { { "command", "x" }, { "ready", "fd:3" }, { "interval", "1" } }, NULL, LOOP_TYPE_CYCLE },
	{ { { "command", "x" }, { "ready", "probe" }, { "probe_command", "y" } }, NULL,
		LOOP_TYPE_SERVICE },
	{ { { "command", "x" }, { "type", "oneshot" }, { "watchdog", "1" } }, NULL,
		LOOP_TYPE_ONESHOT },
	{ { { "command", "x" }, { "ready", "probe" } }, "ready", 0 },
	{ { { "command", "x" }, { "type", "oneshot" }, { "ready", "notify" } }, "ready", 0 },
	{ { { "command", "x" }, { "type", "oneshot" }, { "ready", "fd:3" } }, "ready", 0 },
	{ { { "command", "x" }, { "type", "oneshot" }, { "probe_command", "y" } }, "probe_command",
		0 },
	{ { { "module", "x" }, { "ready", "notify" } }, "ready", 0 },
	{ { { "module", "x" }, { "watchdog", "1" } }, "watchdog", 0 },
	{ { { "module", "x" }, { "probe_command", "y" } }, "probe_command", 0 },
	{ { { "description", "x" } }, "command", 0 },
	{ { { "command", "x" }, { "module", "x" } }, "module", 0 },
	{ { { "type", "module" } }, "module", 0 },
	{ { { "command", "x" }, { "type", "module" } }, "type", 0 },
	{ { { "module", "x" }, { "type", "service" } }, "type", 0 },
	{ { { "module", "x" }, { "type", "cycle" }, { "interval", "1" } }, "type", 0 },
	{ { { "command", "x" }, { "type", "cycle" } }, "interval", 0 },
	{ { { "command", "x" }, { "type", "service" }, { "interval", "1" } }, "interval", 0 },
	{ { { "command", "x" }, { "type", "oneshot" }, { "interval", "0" } }, "interval", 0 },
	{ { { "command", "x" }, { "ready", "cycle" } }, "ready", 0 },
	{ { { "command", "x" }, { "backoff", "31s" } }, "backoff_max", 0 },
	{ { { "command", "x" }, { "backoff", "2s" }, { "backoff_max", "1s" } }, "backoff_max", 0 },
};

START_TEST(test_check)
{
	_cleanup_free_ char *reason = NULL;
	const char *key = NULL;
	int r;

	start(LOOP);
	for (size_t i = 0; i < 5 && checks[_i].set[i][0]; i++)
		must_set(LOOP, checks[_i].set[i][0], checks[_i].set[i][1]);
	r = loop_settings_check(&values.loop, &key, &reason);
	ck_assert_int_eq(r, checks[_i].key ? -EINVAL : 0);
	ck_assert_msg(string_equal(key, checks[_i].key), "%s", key ? key : "no key");
	ck_assert_int_eq(!reason, !checks[_i].key);
	if (r == 0) {
		ck_assert_int_eq(values.loop.type, checks[_i].type);
		/* It says the same of what it has settled. */
		ck_assert_int_eq(loop_settings_check(&values.loop, &key, &reason), 0);
		if (values.loop.type == LOOP_TYPE_MODULE)
			ck_assert_uint_ne(values.loop.interval_usec, USEC_INFINITY);
	}
	settings_done(LOOP, &values);
}
END_TEST

START_TEST(test_group_check)
{
	_cleanup_free_ char *reason = NULL;
	const char *key = NULL;

	start(GROUP);
	ck_assert_int_eq(group_settings_check(&values.group, &key, &reason), 0);
	must_set(GROUP, "backoff", "1min");
	ck_assert_int_eq(group_settings_check(&values.group, &key, &reason), -EINVAL);
	ck_assert_str_eq(key, "backoff_max");
	ck_assert_str_eq(reason, "backoff_max (30s) is less than backoff (1min)");
	settings_done(GROUP, &values);
}
END_TEST

START_TEST(test_type_names)
{
	ck_assert_str_eq(loop_type_to_string(LOOP_TYPE_SERVICE), "service");
	ck_assert_str_eq(loop_type_to_string(LOOP_TYPE_MODULE), "module");
	ck_assert_str_eq(loop_type_to_string(LOOP_TYPE_AUTO), "auto");
	ck_assert_str_eq(strategy_to_string(STRATEGY_ONE_FOR_ONE), "one_for_one");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");

	unit_add_table(suite, "good", test_good, ELEMENTS(good));
	unit_add_table(suite, "bad", test_bad, ELEMENTS(bad));
	unit_add(suite, "safe sentences", test_sentence_is_safe);
	unit_add(suite, "defaults", test_defaults);
	unit_add_table(suite, "rows", test_rows, 3);
	unit_add(suite, "said", test_said);
	unit_add(suite, "back to default", test_back_to_default);
	unit_add(suite, "prefix", test_prefix);
	unit_add_table(suite, "nearest", test_nearest, ELEMENTS(misses));
	unit_add(suite, "sets", test_sets);
	unit_add(suite, "signals", test_signals);
	unit_add_table(suite, "check", test_check, ELEMENTS(checks));
	unit_add(suite, "group check", test_group_check);
	unit_add(suite, "type names", test_type_names);
	return unit_main(suite);
}
