/* SPDX-License-Identifier: MIT */
/*
 * The one table of keys: name, type, default, range, live or restart. It serves the configuration
 * file, the library's gloop_loop_set(), `greenloopctl show` and the test that holds the manual
 * against it. A new key is one more row, one more field below, and a paragraph in
 * greenloop.conf(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum settings_scope { SETTINGS_LOOP, SETTINGS_GROUP, SETTINGS_DAEMON };

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

enum action_kind { ACTION_ESCALATE, ACTION_STAY, ACTION_IGNORE, ACTION_COOLDOWN, ACTION_EXIT };
struct action { /* what an exhausted loop, group or daemon does */
	enum action_kind kind;
	int status;    /* ACTION_EXIT; 1 unless said */
	uint64_t usec; /* ACTION_COOLDOWN */
};

enum ready_kind { READY_AUTO, READY_START, READY_DELAY, READY_CYCLE };
struct ready {
	enum ready_kind kind;
	uint64_t usec; /* READY_DELAY */
};

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

struct command { /* argv NULL: none */
	char **argv;
	bool ignore_failure; /* a leading "-" */
};

enum output_kind { OUTPUT_AUTO, OUTPUT_CONSOLE, OUTPUT_NULL };
enum log_prefix { LOG_PREFIX_FULL, LOG_PREFIX_NONE };

struct loop_settings {
	char *group, *description, *module, *after;
	struct command command, on_start, on_stop;
	char **parameters;  /* param.KEY: "KEY=value" */
	char **environment; /* env.KEY: "KEY=value" */
	enum loop_type type;
	enum output_kind output;
	enum log_prefix log_prefix;
	struct ready ready;
	struct action exhausted_action;
	struct trip_set trip_on;
	struct status_set fatal_exit_status, success_exit_status;
	uint64_t interval_usec; /* USEC_INFINITY: not said */
	uint64_t start_timeout_usec, grace_period_usec, cycle_timeout_usec, forgive_after_usec;
	uint64_t backoff_usec, backoff_max_usec, hook_timeout_usec;
	uint64_t stack_size; /* bytes */
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

struct setting {
	const char *key;      /* "param." with SETTING_PREFIX: any key that begins so */
	const char *type;     /* for humans: "time", "number", "yes or no", … */
	const char *fallback; /* default as text, "" for none */
	const char *help;     /* one line */
	size_t offset;
	size_t said; /* offset of a bool: was a text given, or is it the default; 0: not kept */
	int (*parse)(const struct setting *, void *value, const char *text, char **ret_reason);
	char *(*format)(const struct setting *, const void *value);
	void (*release)(void *value); /* NULL: nothing to free */
	uint64_t minimum, maximum;    /* numbers and times */
	const char *const
		*names; /* what may be said, NULL-terminated; enumerations: value = index */
	unsigned flags;
};
enum {
	SETTING_PREFIX = 1 << 0,   /* key is a prefix; value is a vector of "KEY=value" */
	SETTING_RESTART = 1 << 1,  /* heeded at the next generation; the others are live */
	SETTING_VERBATIM = 1 << 2, /* no substitution of %x and ${NAME} in the text */
};

const struct setting *settings_table(enum settings_scope scope, size_t *ret_length);
/* Prefix keys too; NULL: unknown. And what was probably meant; NULL: nothing near. */
const struct setting *settings_find(enum settings_scope scope, const char *key);
const char *settings_nearest(enum settings_scope scope, const char *key);

/* Of a loop or group: A-Z a-z 0-9 _ . -, first a letter or digit, at most 40 characters. */
bool settings_name_valid(const char *name);

/* The whole struct of that scope: any memory to defaults, or -ENOMEM; and back to zeroes. */
int settings_init(enum settings_scope scope, void *values);
void settings_done(enum settings_scope scope, void *values);

/* Assigns one key from text ("": the default again). Unknown key -ENOENT, bad value -EINVAL or
 * -ERANGE, each with a malloc()ed sentence in *ret_reason (NULL when there was no memory for it);
 * on failure the value stays. */
int settings_set(enum settings_scope scope, void *values, const char *key, const char *text,
	char **ret_reason);

/* The value as text that settings_set() would take; malloc()ed; NULL: no memory. "" where nothing
 * was said and that is known: then the fallback applies. Prefix keys: all of them, as words
 * "KEY=value" that words_split() reads. */
char *setting_format(const struct setting *setting, const void *values);

/* What no single key can say: command or module missing, interval required or out of place, backoff
 * above its maximum… Also settles type = auto, and the interval of a module (0 unless said).
 * -EINVAL with a sentence, the key at fault in *ret_key (a literal). */
int loop_settings_check(struct loop_settings *settings, const char **ret_key, char **ret_reason);
/* The same for a loop whose cycle is a function of the program's own. */
int function_settings_check(
	struct loop_settings *settings, const char **ret_key, char **ret_reason);
int group_settings_check(struct group_settings *settings, const char **ret_key, char **ret_reason);
