/* SPDX-License-Identifier: MIT */
/* The manager's object: lists, and everything that an operator can ask for. */
#include "daemon/bus.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"
#include "core/tree.h"
#include "daemon/bus-group.h"
#include "daemon/bus-logs.h"
#include "daemon/bus-loop.h"
#include "daemon/bus-names.h"
#include "daemon/bus-row.h"
#include "daemon/bus-show.h"
#include "daemon/job.h"
#include "daemon/target.h"
#include "process/notify.h"

static struct tree *tree_of(const struct peer *peer)
{
	return peer->server->config.tree;
}

static int refuse(sd_bus_error *error, int r, const char *reason)
{
	if (r == -ENOENT)
		return sd_bus_error_set(error, BUS_ERROR_NO_SUCH, reason);
	if (r == -EINVAL && reason)
		return sd_bus_error_set(error, BUS_ERROR_USAGE, reason);
	if (r == -EBUSY)
		return sd_bus_error_set(error, BUS_ERROR_BUSY, "too many requests are under way");
	return r;
}

/* The patterns of a List method; none: everything. What they name of the other kind is passed over.
 */
static int read_listed(
	sd_bus_message *message, struct peer *peer, struct targets *ret, sd_bus_error *error)
{
	_cleanup_vector_ char **patterns = NULL;
	_cleanup_free_ char *reason = NULL;
	int r = sd_bus_message_read_strv(message, &patterns);

	if (r < 0)
		return r;
	r = targets_find(tree_of(peer), patterns, true, TARGET_ALL, ret, &reason);
	return r < 0 ? refuse(error, r, reason) : 0;
}

static int list_loops(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_(targets_done) struct targets targets = { 0 };
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct loop_view view;
	int r = read_listed(message, userdata, &targets, error);

	if (r < 0)
		return r;
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', BUS_LOOP_ROW);
	for (size_t i = 0; r >= 0 && i < targets.n; i++) {
		struct gloop_loop *loop = task_loop(targets.tasks[i]);

		if (!loop)
			continue;
		loop_view_fill(&view, loop);
		r = bus_row_append(reply, BUS_LOOP_ROW, loop_columns, &view);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int list_groups(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_(targets_done) struct targets targets = { 0 };
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct group_view view;
	int r = read_listed(message, userdata, &targets, error);

	if (r < 0)
		return r;
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', BUS_GROUP_ROW);
	for (size_t i = 0; r >= 0 && i < targets.n; i++) {
		struct gloop_group *group = task_group(targets.tasks[i]);

		if (!group)
			continue;
		group_view_fill(&view, group);
		r = bus_row_append(reply, BUS_GROUP_ROW, group_columns, &view);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int describe_daemon(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus_config *config = &((struct peer *)userdata)->server->config;
	_cleanup_free_ char *path = strdup(config->config_path); /* of any bytes */
	struct tree_snapshot now;

	if (!path)
		return -ENOMEM;
	tree_snapshot(config->tree, &now);
	return sd_bus_reply_method_return(message, BUS_DAEMON_ROW, PACKAGE_VERSION,
		color_to_string(now.color), now.n_loops, now.n_ready, now.n_abandoned,
		bus_clean(now.line), (uint32_t)getpid(), config->started_usec, bus_clean(path));
}

/* What all requests have in common: whom, and the job. */
static int act(sd_bus_message *message, struct peer *peer, struct job_request *request,
	char *const *patterns, int all, enum target_want want, sd_bus_error *error)
{
	_cleanup_(targets_done) struct targets targets = { 0 };
	_cleanup_free_ char *reason = NULL;
	int r;

	if (vector_length(patterns) == 0 && !all) /* an empty array is read as NULL */
		return sd_bus_error_set(error, BUS_ERROR_USAGE, "no loop or group was named");
	r = targets_find(tree_of(peer), patterns, all, want, &targets, &reason);
	if (r < 0)
		return refuse(error, r, reason);
	request->targets = &targets;
	request->uid = peer->uid;
	r = job_start(peer->server->config.jobs, message, request);
	return r < 0 ? refuse(error, r, NULL) : 1;
}

static int act_plainly(sd_bus_message *message, struct peer *peer, enum call_op op,
	enum target_want want, sd_bus_error *error)
{
	struct job_request request = { .op = op };
	_cleanup_vector_ char **patterns = NULL;
	int all, oneway, r;

	r = sd_bus_message_read_strv(message, &patterns);
	if (r >= 0)
		r = sd_bus_message_read(message, "bbs", &all, &oneway, &request.reason);
	if (r < 0)
		return r;
	request.oneway = oneway;
	return act(message, peer, &request, patterns, all, want, error);
}

static int start(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_START, TARGET_TREES, error);
}

static int stop(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_STOP, TARGET_TREES, error);
}

static int restart(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_RESTART, TARGET_TREES, error);
}

static int reset(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_RESET, TARGET_GROUPS, error);
}

static int hard_reset(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_HARD_RESET, TARGET_TREES, error);
}

static int forgive(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_FORGIVE, TARGET_ALL, error);
}

static int reload(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return act_plainly(message, userdata, CALL_RELOAD, TARGET_LOOPS, error);
}

static int send_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct job_request request = { .op = CALL_KILL, .reason = "" };
	_cleanup_vector_ char **patterns = NULL;
	int all, r;

	r = sd_bus_message_read_strv(message, &patterns);
	if (r >= 0)
		r = sd_bus_message_read(message, "bi", &all, &request.signal);
	if (r < 0)
		return r;
	if (request.signal < 1 || request.signal > SIGRTMAX)
		return sd_bus_error_setf(
			error, BUS_ERROR_USAGE, "no such signal: %d", request.signal);
	return act(message, userdata, &request, patterns, all, TARGET_LOOPS, error);
}

static int fail(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct job_request request = { .op = CALL_FAIL };
	_cleanup_vector_ char **patterns = NULL;
	int all, trip, r;

	r = sd_bus_message_read_strv(message, &patterns);
	if (r >= 0)
		r = sd_bus_message_read(message, "bsb", &all, &request.reason, &trip);
	if (r < 0)
		return r;
	request.trip = trip;
	return act(message, userdata, &request, patterns, all, TARGET_LOOPS, error);
}

static int why(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_free_ char *reason = NULL;
	const char *target;
	int r = sd_bus_message_read(message, "s", &target);

	if (r >= 0)
		r = bus_why(message, tree_of(userdata), target, &reason);
	return r < 0 ? refuse(error, r, reason) : r;
}

static int show(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_free_ char *reason = NULL;
	const char *name;
	int r = sd_bus_message_read(message, "s", &name);

	if (r >= 0)
		r = bus_show(message, tree_of(userdata), name, &reason);
	return r < 0 ? refuse(error, r, reason) : r;
}

static int logs(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_free_ char *reason = NULL;
	int r = bus_logs(message, userdata, &reason);

	return r < 0 ? refuse(error, r, reason) : r;
}

static int follow(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_free_ char *reason = NULL;
	int r = bus_follow(message, userdata, &reason);

	return r < 0 ? refuse(error, r, reason) : r;
}

static int subscribe(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	int r = peer_subscribe(userdata);

	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int get_property(_unused_ sd_bus *bus, _unused_ const char *path,
	_unused_ const char *interface, const char *property, sd_bus_message *reply, void *userdata,
	_unused_ sd_bus_error *error)
{
	struct tree_snapshot now;

	tree_snapshot(tree_of(userdata), &now);
	if (strcmp(property, "Version") == 0)
		return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
	if (strcmp(property, "Color") == 0)
		return sd_bus_message_append(reply, "s", color_to_string(now.color));
	if (strcmp(property, "Status") == 0)
		return sd_bus_message_append(reply, "s", bus_clean(now.line));
	if (strcmp(property, "LoopsTotal") == 0)
		return sd_bus_message_append(reply, "u", now.n_loops);
	if (strcmp(property, "MessagesDropped") == 0)
		return sd_bus_message_append(reply, "t", notify_dropped());
	if (strcmp(property, "LoopsReady") == 0)
		return sd_bus_message_append(reply, "u", now.n_ready);
	return sd_bus_message_append(reply, "u", (uint32_t)getpid());
}

#define ANYBODY SD_BUS_VTABLE_UNPRIVILEGED /* who is connected may */
#define RESULTS SD_BUS_RESULT("a" BUS_RESULT_ROW, results)
#define REQUEST SD_BUS_ARGS("as", patterns, "b", all, "b", oneway, "s", reason)

static const sd_bus_vtable manager[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Color", "s", get_property, 0, 0),
	SD_BUS_PROPERTY("Status", "s", get_property, 0, 0),
	SD_BUS_PROPERTY("LoopsTotal", "u", get_property, 0, 0),
	SD_BUS_PROPERTY("LoopsReady", "u", get_property, 0, 0),
	SD_BUS_PROPERTY("MessagesDropped", "t", get_property, 0, 0),
	SD_BUS_PROPERTY("Pid", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_METHOD_WITH_ARGS("ListLoops", SD_BUS_ARGS("as", patterns),
		SD_BUS_RESULT("a" BUS_LOOP_ROW, loops), list_loops, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("ListGroups", SD_BUS_ARGS("as", patterns),
		SD_BUS_RESULT("a" BUS_GROUP_ROW, groups), list_groups, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Daemon", SD_BUS_NO_ARGS, SD_BUS_RESULT(BUS_DAEMON_ROW, daemon),
		describe_daemon, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Start", REQUEST, RESULTS, start, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Stop", REQUEST, RESULTS, stop, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Restart", REQUEST, RESULTS, restart, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Reset", REQUEST, RESULTS, reset, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("HardReset", REQUEST, RESULTS, hard_reset, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Forgive", REQUEST, RESULTS, forgive, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Reload", REQUEST, RESULTS, reload, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_ARGS("as", patterns, "b", all, "i", signal), RESULTS,
		send_signal, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Fail",
		SD_BUS_ARGS("as", patterns, "b", all, "s", reason, "b", trip), RESULTS, fail,
		ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Why", SD_BUS_ARGS("s", target),
		SD_BUS_RESULT("a" BUS_EPISODE_ROW, episodes, "a" BUS_FAILURE_ROW, failures), why,
		ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Show", SD_BUS_ARGS("s", name),
		SD_BUS_RESULT("s", kind, "a{ss}", properties), show, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Logs", SD_BUS_ARGS("as", patterns, "u", lines),
		SD_BUS_RESULT("a" BUS_LOG_ROW, logs), logs, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS(
		"Follow", SD_BUS_ARGS("as", patterns), SD_BUS_NO_RESULT, follow, ANYBODY),
	SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, subscribe, ANYBODY),
	SD_BUS_SIGNAL_WITH_ARGS("StateChanged",
		SD_BUS_ARGS("s", loop, "s", group, "s", from, "s", to, "t", generation, "s", color),
		0),
	SD_BUS_SIGNAL_WITH_ARGS("Failure",
		SD_BUS_ARGS("s", loop, "s", group, "s", kind, "s", reason, "b", counted, "s",
			throughline),
		0),
	SD_BUS_SIGNAL_WITH_ARGS("EpisodeOpened",
		SD_BUS_ARGS("t", number, "s", group, "s", loop, "s", kind, "s", reason), 0),
	SD_BUS_SIGNAL_WITH_ARGS(
		"EpisodeClosed", SD_BUS_ARGS("t", number, "s", group, "s", result), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Note", SD_BUS_ARGS("s", loop, "s", group, "s", text), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Log",
		SD_BUS_ARGS("s", loop, "s", group, "t", lost, "t", number, "a" BUS_LINE_ROW, lines),
		0),
	SD_BUS_SIGNAL_WITH_ARGS("Lost", SD_BUS_ARGS("t", count), 0),
	SD_BUS_VTABLE_END,
};

int bus_manager_add(struct peer *peer)
{
	return sd_bus_add_object_vtable(peer->bus, NULL, BUS_PATH, BUS_MANAGER, manager, peer);
}
