/* SPDX-License-Identifier: MIT */
/*
 * The table: one row per key. Defaults own no memory. A row's last word says when a change is
 * heeded: LIVE at once, RESTART at the next generation.
 */
#include "core/settings-value.h"

#include <sys/resource.h>

#include "base/clock.h"

static const char *const type_names[] = { "service", "oneshot", "cycle", "module", NULL };
static const char *const strategy_names[] = { "one_for_all", "rest_for_one", "one_for_one", NULL };
static const char *const kill_modes[] = { "mixed", "all", NULL };
static const char *const prefix_names[] = { "auto", "full", "none", NULL };
static const char *const target_names[] = { "auto", "journal", "console", NULL };
static const char *const loop_actions[] = { "escalate", "stay", "ignore", "cooldown:TIME",
	"exit[:N]", NULL };
static const char *const done_actions[] = { "stay", "stop_group", "exit[:N]", NULL };
static const char *const group_actions[] = { "escalate", "stay", "cooldown:TIME", "exit[:N]",
	NULL };
static const char *const daemon_actions[] = { "stay", "exit[:N]", NULL };

enum {
	LIVE = 0,
	RESTART = SETTING_RESTART,
};

#define YEAR                     (UINT64_C(365) * 24 * 3600 * USEC_PER_SEC)
#define COUNT_MAXIMUM            1000000000

#define TYPE(words, read, write) .type = (words), .parse = (read), .format = (write)
#define RANGE(low, high)         .minimum = (low), .maximum = (high)

/* clang-format off */
#define BOOL      TYPE("yes or no", value_parse_bool, value_format_bool)
#define NUMBER    TYPE("number", value_parse_number, value_format_number)
#define SIZE      TYPE("size", value_parse_size, value_format_size)
#define TIME      TYPE("time", value_parse_time, value_format_time)
#define ANY_TIME  TIME, RANGE(0, USEC_INFINITY)
#define PAUSE     TIME, RANGE(USEC_PER_MSEC, YEAR)
#define INTERVAL  TYPE("time", value_parse_time, value_format_interval), RANGE(0, USEC_INFINITY - 1)
#define SIGNAL    TYPE("signal", value_parse_signal, value_format_signal)
#define ANY_SIGNAL TYPE("signal", value_parse_signal_or_none, value_format_signal_or_none)
#define LEVEL     TYPE("log level", value_parse_log_level, value_format_log_level)
#define READY     TYPE("readiness", value_parse_ready, value_format_ready)
#define SHARE     TYPE("X of Y", value_parse_share, value_format_share)
#define EXITS     TYPE("list of exit statuses", value_parse_exits, value_format_statuses)
#define STATUSES  TYPE("list of exit statuses and signals", value_parse_statuses, value_format_statuses)
#define TRIPS     TYPE("list of failure kinds", value_parse_trips, value_format_trips)
#define ONE_OF(n) TYPE("name", value_parse_name_of, value_format_name_of), .names = (n)
#define ACTION(n) TYPE("action", value_parse_action, value_format_action), .names = (n)

#define SIGNED(low, high) TYPE("number", value_parse_signed, value_format_signed), .minimum = (uint64_t)(int64_t)(low), .maximum = (uint64_t)(int64_t)(high)
#define MODE      TYPE("octal number", value_parse_mode, value_format_mode)
#define CPUS      TYPE("list of processors", value_parse_cpus, value_format_cpus)
#define CAPABILITIES TYPE("list of capabilities", value_parse_capabilities, value_format_capabilities)
#define COUNTS    TYPE("limit (number)", value_parse_limit_count, value_format_limit_count)
#define SIZES     TYPE("limit (size)", value_parse_limit_size, value_format_limit_size)
#define SECONDS   TYPE("limit (time)", value_parse_limit_seconds, value_format_limit_seconds)
#define USECS     TYPE("limit (time)", value_parse_limit_usec, value_format_limit_usec)

/* Those that own memory. */
#define STRING    TYPE("text", value_parse_string, value_format_string), .release = value_release_string
#define NAME      TYPE("name", value_parse_name, value_format_string), .release = value_release_string
#define SOCKET    TYPE("path", value_parse_socket, value_format_string), .release = value_release_string
#define PATHS     TYPE("list of paths", value_parse_paths, value_format_paths), .release = value_release_vector
#define COMMAND   TYPE("command", value_parse_command, value_format_command), .release = value_release_command
#define HOOK      TYPE("command", value_parse_hook, value_format_command), .release = value_release_command
#define OUTPUT    TYPE("output", value_parse_output, value_format_output), .release = value_release_output
#define USER      TYPE("user", value_parse_user, value_format_string), .release = value_release_string
#define DIRECTORY TYPE("path", value_parse_directory, value_format_string), .release = value_release_string
#define ENV_FILE  TYPE("path", value_parse_env_file, value_format_string), .release = value_release_string
#define NAMES     TYPE("list of names", value_parse_words, value_format_paths), .release = value_release_vector
#define WORDS     .type = "text", .release = value_release_vector
/* clang-format on */

#define ROW(owner, word, standard, member, when, explanation, ...)                                 \
	{                                                                                          \
		.key = (word), .fallback = (standard), .offset = offsetof(struct owner, member),   \
		.flags = (when), .help = (explanation), __VA_ARGS__                                \
	}
#define LOOP(...) ROW(loop_settings, __VA_ARGS__)

/* Those of struct setup_settings, which is kept apart. */
#define INNER(member)                                                                              \
	.inner = offsetof(struct setup_settings, member),                                          \
	.inner_size = sizeof(struct setup_settings)
#define SETUP(word, member, explanation, ...)                                                      \
	LOOP(word, "", setup, RESTART, explanation, INNER(member), __VA_ARGS__)
#define WAY(word, member, explanation)                                                             \
	LOOP(word, "", ways, LIVE, explanation, .inner = offsetof(struct ways_settings, member),   \
		.inner_size = sizeof(struct ways_settings), HOOK)
#define SAID(flag) .said = offsetof(struct setup_settings, flag)
#define LIMIT(word, number, explanation, ...)                                                      \
	SETUP("limit_" word, limits[number], "its limit of " explanation, __VA_ARGS__)

#define GROUP(...)  ROW(group_settings, __VA_ARGS__)
#define DAEMON(...) ROW(daemon_settings, __VA_ARGS__)

/* clang-format off */
static const struct setting loop_table[] = {
	LOOP("group", "", group, RESTART, "the group that it is a member of; none: under the root", NAME),
	LOOP("description", "", description, LIVE, "what it is for, in words", STRING),
	LOOP("type", "", type, RESTART, "what a cycle of it is; default: by command, interval and module", ONE_OF(type_names)),
	LOOP("command", "", command, RESTART, "the program to run, with its arguments", COMMAND),
	LOOP("module", "", module, RESTART, "the shared object whose functions are run", STRING),
	LOOP("interval", "", interval_usec, LIVE, "time from the start of one cycle to the start of the next", INTERVAL),
	LOOP("instances", "", instances, RESTART | SETTING_VERBATIM, "how many loops [loop:NAME@] stands for, or their names",
		TYPE("instances", value_parse_instances, value_format_string), .release = value_release_string),
	LOOP("autostart", "yes", autostart, LIVE, "whether it is wanted from the beginning", BOOL),
	LOOP("after", "", after, RESTART, "the siblings that must be ready before it starts", STRING),
	LOOP("ready", "", ready, RESTART, "what makes it ready; default: by type", READY),
	LOOP("start_timeout", "90s", start_timeout_usec, LIVE, "not ready within this time is a failure",
		TYPE("time", value_parse_time, value_format_start_timeout), RANGE(0, USEC_INFINITY),
		.said = offsetof(struct loop_settings, start_timeout_said)),
	LOOP("grace_period", "5s", grace_period_usec, LIVE, "how long it may take to stop before it is killed", ANY_TIME),
	LOOP("max_loop_failures", "10", max_loop_failures, LIVE, "how many failures are tolerated; the next one trips", NUMBER, RANGE(0, COUNT_MAXIMUM)),
	LOOP("stop_on_failure", "no", stop_on_failure, LIVE, "whether it stops itself when it trips", BOOL),
	LOOP("reset_globally", "yes", reset_globally, LIVE, "whether it takes part in resets that others cause", BOOL),
	LOOP("trip_on", "", trip_on, LIVE, "failures that trip at once", TRIPS),
	LOOP("fatal_exit_status", "", fatal_exit_status, LIVE, "exit statuses after which it is failed, and nobody else reset", EXITS),
	LOOP("success_exit_status", "", success_exit_status, LIVE, "exit statuses and signals that are no failure", STATUSES),
	LOOP("exhausted_action", "escalate", exhausted_action, LIVE, "what follows when it trips", ACTION(loop_actions)),
	LOOP("done_action", "stay", done_action, LIVE, "what follows when it is done",
		TYPE("action", value_parse_done_action, value_format_action), .names = done_actions),
	LOOP("forgive_after", "10min", forgive_after_usec, LIVE, "how long it must be healthy for its failures to be forgotten", ANY_TIME),
	LOOP("backoff", "100ms", backoff_usec, LIVE, "the wait after the second failure in a row; doubles with each more", PAUSE),
	LOOP("backoff_max", "30s", backoff_max_usec, LIVE, "the longest wait between two attempts", PAUSE),
	LOOP("cycle_timeout", "infinity", cycle_timeout_usec, LIVE, "a cycle that takes longer is a failure", ANY_TIME),
	LOOP("watchdog", "0", watchdog_usec, RESTART, "no sign of life for this time is a failure", TIME, RANGE(0, YEAR)),
	LOOP("probe_command", "", probe_command, RESTART, "asks whether it is well; exit status 0 means yes", COMMAND),
	LOOP("probe_interval", "10s", probe_interval_usec, LIVE, "time from the start of one probe to the start of the next", PAUSE),
	LOOP("probe_timeout", "5s", probe_timeout_usec, LIVE, "a probe that takes longer has failed", PAUSE),
	LOOP("probe_failures", "3 of 3", probe_failures, LIVE, "so many failed probes of the last so many are one failure", SHARE),
	LOOP("stop_signal", "TERM", stop_signal, LIVE, "the signal that asks its process to stop", SIGNAL),
	WAY("stop_command", stop_command, "runs before stop_signal is sent"),
	LOOP("kill_mode", "mixed", kill_mode, LIVE, "whom stop_signal goes to: the main process, or all", ONE_OF(kill_modes)),
	LOOP("reload_signal", "", reload_signal, LIVE, "the signal that lets its process reload", ANY_SIGNAL),
	WAY("reload_command", reload_command, "the command that lets it reload, instead of a signal"),
	WAY("on_open", on_open, "runs before the first start"),
	LOOP("on_start", "", on_start, LIVE, "runs before each start; exit status 77 is a veto", HOOK),
	WAY("on_ready", on_ready, "runs each time it becomes ready"),
	WAY("on_failure", on_failure, "runs at each failure that counts"),
	LOOP("on_stop", "", on_stop, LIVE, "runs after each end", HOOK),
	WAY("on_close", on_close, "runs when all is stopped for good"),
	WAY("on_terminated", on_terminated, "runs after on_close, and gets the outcome"),
	LOOP("hook_timeout", "10s", hook_timeout_usec, LIVE, "how long a hook may take", ANY_TIME),
	LOOP("output", "auto", output, RESTART, "where its standard output goes", OUTPUT),
	LOOP("error_output", "", error_output, RESTART, "where its standard error goes; default: as output", OUTPUT),
	LOOP("log_prefix", "auto", log_prefix, LIVE, "whether its lines begin with time and name; auto: not in files", ONE_OF(prefix_names)),
	LOOP("log_max_size", "10M", log_max_size, LIVE, "the size at which its file is rotated; 0: never", SIZE, RANGE(0, UINT64_C(1) << 50)),
	LOOP("log_max_files", "5", log_max_files, LIVE, "how many files are kept, the present one included", NUMBER, RANGE(1, 1000)),
	LOOP("log_tail", "64", log_tail, LIVE, "how many of its last lines are kept in memory", NUMBER, RANGE(0, 10000)),
	LOOP("stack_size", "8M", stack_size, RESTART, "the stack of a module's thread", SIZE, RANGE(64 << 10, 1 << 30)),
	LOOP("param.", "", parameters, RESTART | SETTING_PREFIX, "a parameter for the module", WORDS),
	SETUP("user", user, "the user, and group, that the command runs as", USER),
	SETUP("supplementary_groups", supplementary_groups, "groups that its process has in addition", NAMES),
	SETUP("working_directory", working_directory, "the folder that it is started in", DIRECTORY),
	SETUP("umask", umask, "the permissions that files of its do not get", MODE, SAID(umask_said)),
	SETUP("nice", nice, "its scheduling priority: the higher, the less it gets", SIGNED(-20, 19), SAID(nice_said)),
	SETUP("oom_score_adjust", oom_score_adjust, "how soon the kernel kills it when memory is short", SIGNED(-1000, 1000), SAID(oom_score_said)),
	SETUP("cpu_affinity", cpus, "the processors that it may run on", CPUS),
	LOOP("no_new_privileges", "no", setup, RESTART, "whether set-user-ID programs and file capabilities have no effect", BOOL, INNER(no_new_privileges)),
	SETUP("capabilities", capabilities, "all that it keeps of root's powers", CAPABILITIES, SAID(capabilities_said)),
	LIMIT("as", RLIMIT_AS, "address space", SIZES),
	LIMIT("core", RLIMIT_CORE, "core file", SIZES),
	LIMIT("cpu", RLIMIT_CPU, "processor time", SECONDS),
	LIMIT("data", RLIMIT_DATA, "data segment", SIZES),
	LIMIT("fsize", RLIMIT_FSIZE, "files that it writes", SIZES),
	LIMIT("locks", RLIMIT_LOCKS, "file locks", COUNTS),
	LIMIT("memlock", RLIMIT_MEMLOCK, "memory that it locks", SIZES),
	LIMIT("msgqueue", RLIMIT_MSGQUEUE, "POSIX message queues", SIZES),
	LIMIT("nice", RLIMIT_NICE, "priority: 20 minus the lowest nice value that it may take", COUNTS),
	LIMIT("nofile", RLIMIT_NOFILE, "descriptors", COUNTS),
	LIMIT("nproc", RLIMIT_NPROC, "processes and threads of its user", COUNTS),
	LIMIT("rss", RLIMIT_RSS, "resident memory (Linux does not enforce it)", SIZES),
	LIMIT("rtprio", RLIMIT_RTPRIO, "real-time priority", COUNTS),
	LIMIT("rttime", RLIMIT_RTTIME, "processor time in a row as a real-time process", USECS),
	LIMIT("sigpending", RLIMIT_SIGPENDING, "queued signals of its user", COUNTS),
	LIMIT("stack", RLIMIT_STACK, "stack", SIZES),
	SETUP("env_file", env_file, "a file with more variables for the environment", ENV_FILE),
	SETUP("pass_env", pass_env, "variables of the daemon's own environment that it gets", NAMES),
	LOOP("env.", "", environment, RESTART | SETTING_PREFIX, "a variable of the command's environment", WORDS),
};

static const struct setting group_table[] = {
	GROUP("parent", "", parent, RESTART, "the group that it is a member of; none: under the root", NAME),
	GROUP("description", "", description, LIVE, "what it is for, in words", STRING),
	GROUP("strategy", "one_for_all", strategy, LIVE, "which members a reset stops and starts", ONE_OF(strategy_names)),
	GROUP("max_resets", "5", max_resets, LIVE, "how many resets are carried out within reset_window", NUMBER, RANGE(0, 1000000)),
	GROUP("reset_window", "1h", reset_window_usec, LIVE, "the sliding window, in time spent green", TIME, RANGE(USEC_PER_MSEC, USEC_INFINITY)),
	GROUP("backoff", "1s", backoff_usec, LIVE, "the wait within the second reset; doubles with each more", PAUSE),
	GROUP("backoff_max", "30s", backoff_max_usec, LIVE, "the longest wait within a reset", PAUSE),
	GROUP("stop_timeout", "infinity", stop_timeout_usec, LIVE, "how long the stop of all members may take in all", ANY_TIME),
	GROUP("exhausted_action", "escalate", exhausted_action, LIVE, "what follows when it has been reset too often", ACTION(group_actions)),
	GROUP("reset_globally", "yes", reset_globally, LIVE, "whether it takes part in its parent's resets that others cause", BOOL),
	GROUP("on_red", "", on_red, LIVE, "runs when the light turns red", HOOK),
	GROUP("on_reset", "", on_reset, LIVE, "runs between stop and restart of a reset", HOOK),
	GROUP("on_green", "", on_green, LIVE, "runs when the light turns green", HOOK),
	GROUP("on_exhausted", "", on_exhausted, LIVE, "runs when it has been reset too often", HOOK),
	GROUP("after", "", after, RESTART, "the siblings that must be ready before it starts", STRING),
	GROUP("autostart", "yes", autostart, LIVE, "whether it is wanted from the beginning", BOOL),
};

static const struct setting daemon_table[] = {
	DAEMON("exhausted_action", "stay", exhausted_action, LIVE, "what follows when a task under the root has failed for good", ACTION(daemon_actions)),
	DAEMON("control_socket", "", control_socket, RESTART, "the socket of greenloopctl; none: no socket", SOCKET),
	DAEMON("log_level", "info", log_level, LIVE, "messages less important than this are dropped", LEVEL),
	DAEMON("log_target", "auto", log_target, RESTART, "where messages go", ONE_OF(target_names)),
	DAEMON("module_path", "", module_path, RESTART, "more folders in which modules are looked up", PATHS),
	DAEMON("max_abandoned_threads", "8", max_abandoned_threads, LIVE, "how many abandoned threads may be alive", NUMBER, RANGE(0, 10000)),
};
/* clang-format on */

const struct setting *settings_table(enum settings_scope scope, size_t *ret_length)
{
	switch (scope) {
	case SETTINGS_LOOP:
		*ret_length = ELEMENTS(loop_table);
		return loop_table;
	case SETTINGS_GROUP:
		*ret_length = ELEMENTS(group_table);
		return group_table;
	case SETTINGS_DAEMON:
		break;
	}
	*ret_length = ELEMENTS(daemon_table);
	return daemon_table;
}

const char *loop_type_to_string(enum loop_type type)
{
	return (unsigned)type < LOOP_TYPE_AUTO ? type_names[type] : "auto";
}

const char *strategy_to_string(enum strategy strategy)
{
	return (unsigned)strategy < ELEMENTS(strategy_names) - 1 ? strategy_names[strategy]
								 : "unknown";
}
