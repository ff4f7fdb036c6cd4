/* SPDX-License-Identifier: MIT */
/* What settings hold once they are read: the types of their values, and all of them together for
 * loops, groups and the daemon. Plain data; core/settings.h says how it is filled. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/settings-setup.h"

enum loop_type {
	LOOP_TYPE_SERVICE,
	LOOP_TYPE_ONESHOT,
	LOOP_TYPE_CYCLE,
	LOOP_TYPE_MODULE,
	LOOP_TYPE_AUTO
};
const char *loop_type_to_string(enum loop_type type);

enum strategy { STRATEGY_ONE_FOR_ALL, STRATEGY_REST_FOR_ONE, STRATEGY_ONE_FOR_ONE };
const char *strategy_to_string(enum strategy strategy);

enum action_kind {
	ACTION_ESCALATE,
	ACTION_STAY,
	ACTION_IGNORE,
	ACTION_COOLDOWN,
	ACTION_EXIT,
	ACTION_STOP_GROUP,
};
struct action { /* what an exhausted loop, group or daemon does, or a loop that is done */
	enum action_kind kind;
	int status;    /* ACTION_EXIT; unless said 1, of one that is done 0 */
	uint64_t usec; /* ACTION_COOLDOWN */
};

enum ready_kind {
	READY_AUTO,
	READY_START,
	READY_DELAY,
	READY_CYCLE,
	READY_PROBE,
	READY_NOTIFY,
	READY_FD
};
struct ready {
	enum ready_kind kind;
	unsigned number; /* READY_FD: the descriptor */
	uint64_t usec;   /* READY_DELAY */
};

struct share { /* of probes: so many failed, of the last so many */
	unsigned failed, of;
};
enum { SHARE_MAX = 64 };

struct status_set { /* exit statuses and signals */
	uint64_t exits[4];
	uint64_t signals; /* bit n - 1: signal n */
};
bool status_set_has_exit(const struct status_set *set, int status);
bool status_set_has_signal(const struct status_set *set, int signal);

struct trip_set {       /* what trips at once */
	unsigned kinds; /* bit n: enum failure_kind n */
	struct status_set statuses;
};

enum kill_mode { KILL_MIXED, KILL_ALL };

struct command { /* argv NULL: none */
	char **argv;
	bool ignore_failure; /* a leading "-" */
};

enum output_kind {
	OUTPUT_SAME, /* of error_output: where output goes */
	OUTPUT_AUTO,
	OUTPUT_JOURNAL,
	OUTPUT_CONSOLE,
	OUTPUT_NULL,
	OUTPUT_FILE
};
struct output_target {
	enum output_kind kind;
	char *path; /* OUTPUT_FILE */
};
bool output_target_equal(const struct output_target *a, const struct output_target *b);

enum log_prefix { LOG_PREFIX_AUTO, LOG_PREFIX_FULL, LOG_PREFIX_NONE };

struct ways_settings { /* a program's own ways, and hooks that few loops have */
	struct command stop_command, reload_command;
	struct command on_open, on_ready, on_failure, on_close, on_terminated;
};

struct loop_settings {
	char *group, *description, *module, *after;
	struct command command, on_start, on_stop, probe_command;
	char **parameters;            /* param.KEY: "KEY=value" */
	char **environment;           /* env.KEY: "KEY=value" */
	struct setup_settings *setup; /* NULL: nothing of it was said */
	enum loop_type type;
	struct output_target output, error_output;
	enum log_prefix log_prefix;
	struct ready ready;
	struct action exhausted_action;
	struct trip_set trip_on;
	char *instances; /* of a template; NULL: it is none */
	struct action done_action;
	enum kill_mode kill_mode;
	int reload_signal;          /* 0: none */
	struct ways_settings *ways; /* NULL: none of them was said; see loop_ways() */
	struct status_set fatal_exit_status, success_exit_status;
	uint64_t interval_usec; /* USEC_INFINITY: not said */
	uint64_t start_timeout_usec, grace_period_usec, cycle_timeout_usec, forgive_after_usec;
	uint64_t backoff_usec, backoff_max_usec, hook_timeout_usec;
	uint64_t watchdog_usec; /* 0: off */
	uint64_t probe_interval_usec, probe_timeout_usec;
	struct share probe_failures;
	uint64_t stack_size;   /* bytes */
	uint64_t log_max_size; /* bytes; 0: files are never rotated */
	unsigned log_max_files, log_tail;
	unsigned max_loop_failures;
	int stop_signal;
	bool start_timeout_said; /* oneshot and ready = cycle heed it only when it was said */
	bool autostart, stop_on_failure, reset_globally;
};

struct group_settings {
	char *parent, *description, *after;
	struct command on_red, on_reset, on_green, on_exhausted;
	enum strategy strategy;
	struct action exhausted_action;
	uint64_t reset_window_usec, backoff_usec, backoff_max_usec, stop_timeout_usec;
	unsigned max_resets;
	bool reset_globally, autostart;
};

struct daemon_settings {
	struct action exhausted_action; /* stay or exit */
	char *control_socket;           /* NULL: the default; "none": none */
	char **module_path;
	int log_level;
	enum log_target { LOG_TARGET_AUTO, LOG_TARGET_JOURNAL, LOG_TARGET_CONSOLE } log_target;
	unsigned max_abandoned_threads;
};
