/* SPDX-License-Identifier: MIT */
/* From the configuration to a running tree, and back down in the reverse order. */
#include "daemon/manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/poller.h"
#include "base/strings.h"
#include "body/hook-command.h"
#include "body/launch.h"
#include "body/liveness.h"
#include "body/module.h"
#include "core/tree.h"
#include "daemon/config-paths.h"
#include "daemon/config-tree.h"
#include "daemon/log-target.h"
#include "daemon/messages.h"
#include "process/notify.h"
#include "process/origin.h"
#include "process/process.h"

enum {
	DESCRIPTORS_BASE = 512, /* for clients, modules, threads that spawn */
	DESCRIPTORS_EACH = 2,   /* for a loop whose output is captured: while it spawns */
	DESCRIPTORS_ALIVE = 4,  /* for one that must say something, or is probed */
};

#define DRAIN_USEC (2 * USEC_PER_SEC) /* for the last lines of the log */

/* ---- loading */

static int find_socket(struct manager *manager)
{
	const char *configured = manager->config->daemon.control_socket;
	_cleanup_free_ char *runtime = NULL;
	int r;

	if (manager->options->socket)
		return string_set(&manager->socket_path, "%s", manager->options->socket);
	if (string_equal(configured, "none"))
		return 0;
	if (configured && *configured)
		return string_set(&manager->socket_path, "%s", configured);
	r = paths_runtime(manager->options->user, &runtime);
	if (r == -ENOENT) {
		log_error("XDG_RUNTIME_DIR is not set: --socket or control_socket must say where "
			  "to listen");
		return r;
	}
	return r < 0 ? r : string_set(&manager->socket_path, "%s/greenloop/control.sock", runtime);
}

static int make_tree(struct manager *manager)
{
	const struct daemon_settings *settings = &manager->config->daemon;
	struct tree_config config = {
		.observer = manager_observer(manager),
		.max_abandoned_threads = settings->max_abandoned_threads,
		.exhausted_action = settings->exhausted_action,
		.run_hook = hook_command_run,
		.socket_path = manager->socket_path,
	};

	module_set_path(settings->module_path);
	return tree_new(&manager->tree, &config);
}

static void apply_log_level(const struct manager *manager)
{
	int asked = manager->options->log_level;

	log_set_level(asked >= 0 ? asked : manager->config->daemon.log_level);
}

/* The tree has copies of everything that it needs. Of a thousand loops the configuration itself is
 * a megabyte. */
static void keep_settings(struct manager *manager)
{
	struct daemon_settings *from = &manager->config->daemon;

	manager->settings = *from;
	memset(from, 0, sizeof(*from));
	manager->config_path = TAKE_PTR(manager->config->path);
	manager->config = config_free(manager->config);
}

/* Also with faults: it finds those that concern several tasks. */
static int build(struct manager *manager, struct faults *faults)
{
	int r = manager->options->check ? 0 : find_socket(manager);

	if (r == 0)
		r = make_tree(manager);
	return r < 0 ? r : config_build(manager->config, manager->tree, faults);
}

/* Not faults: on another machine, or as another user, the same configuration may be good. */
static void say_doubts(const struct manager *manager)
{
	struct task *task;

	for (size_t i = 0; (task = tree_task(manager->tree, i)); i++) {
		const char *doubt =
			task_loop(task) ? launch_doubt(loop_settings(task_loop(task))) : NULL;

		if (doubt)
			log_warning("%s: %s", task_name(task), doubt);
	}
}

int manager_load(struct manager *manager, const struct options *options)
{
	_cleanup_faults_ struct faults faults = { 0 };
	int r, built = 0;

	*manager = (struct manager){
		.options = options, .bus.socket = BUS_SOCKET_NONE, .wake.fd = -1, .systemd.fd = -1
	};
	atomic_init(&manager->exit_asked, -1);
	r = config_load(
		&manager->config, options->config, options->config != NULL, options->user, &faults);
	if (manager->config) {
		apply_log_level(manager);
		built = build(manager, &faults);
		keep_settings(manager);
	}
	faults_print(&faults, stderr);
	if (faults.n > 0)
		return -EINVAL;
	r = MIN(r, built);
	if (r < 0)
		log_error("cannot load the configuration: %s", strerror(-r));
	else
		say_doubts(manager);
	return r;
}

static void say_status(char *buf, size_t size, void *userdata)
{
	struct manager *manager = userdata;
	struct tree_snapshot now;

	tree_snapshot(manager->tree, &now);
	snprintf(buf, size, "%s%s", manager->stopping ? "stopping; " : "", now.line);
}

/* ---- running */

static int start_logger(struct manager *manager)
{
	int asked = manager->options->log_target;
	enum log_target target = asked >= 0 ? (enum log_target)asked : manager->settings.log_target;
	struct logger_config config = { .console_fd = STDERR_FILENO, .program = "greenloopd" };
	int r;

	config.journal = target == LOG_TARGET_JOURNAL ||
			 (target == LOG_TARGET_AUTO && log_journal_is_stderr());
	if (config.journal && !log_journal_exists()) {
		log_warning("there is no journal here: logging to the console");
		config.journal = false;
	}
	r = logger_start(&manager->logger, &config);
	if (r == 0)
		log_set_sink(logger_sink, manager->logger);
	return r;
}

static int start_event_loop(struct manager *manager)
{
	int r = sd_event_new(&manager->event);

	if (r >= 0)
		r = wake_init(&manager->wake);
	if (r >= 0)
		r = sd_event_add_io(
			manager->event, NULL, manager->wake.fd, EPOLLIN, manager_on_wake, manager);
	if (r >= 0)
		r = manager_add_signals(manager);
	if (r >= 0)
		r = systemd_attach(&manager->systemd, manager->event, say_status, manager);
	events_init(&manager->events, &manager->wake);
	jobs_init(&manager->jobs, &manager->wake);
	return MIN(r, 0);
}

static int start_bus(struct manager *manager)
{
	struct bus_config config = {
		.event = manager->event,
		.tree = manager->tree,
		.jobs = &manager->jobs,
		.events = &manager->events,
		.config_path = manager->config_path,
		.started_usec = clock_realtime(),
		.logs_to_journal = logger_has_journal(manager->logger),
	};
	_cleanup_free_ char *reason = NULL;
	int r;

	if (!manager->socket_path)
		return 0;
	r = bus_start(&manager->bus, &config, manager->socket_path, &reason);
	manager->has_bus = true;
	if (r < 0)
		log_error("control socket: %s", reason ? reason : strerror(-r));
	return r;
}

/* With few loops the limit that is there is enough. A raised one must be taken back in each child,
 * which makes spawns slower. */
static uint64_t descriptors_wanted(const struct manager *manager)
{
	uint64_t wanted = DESCRIPTORS_BASE;
	struct task *task;

	for (size_t i = 0; (task = tree_task(manager->tree, i)); i++) {
		if (!task_loop(task))
			continue;
		if (loop_settings(task_loop(task))->output.kind != OUTPUT_NULL)
			wanted += DESCRIPTORS_EACH;
		if (liveness_is_wanted(loop_settings(task_loop(task))))
			wanted += DESCRIPTORS_ALIVE;
	}
	return wanted;
}

/* Without it no command can say anything, and those that must are not started. */
static void start_notify(struct manager *manager)
{
	int r = notify_start(manager->socket_path);

	if (r < 0)
		log_error("no command can tell that it is ready: %s", strerror(-r));
	tree_set_notify_path(manager->tree, notify_shared_path());
}

/* Threads first, in an order in which each finds what it needs; the socket before the first child
 * is started. */
static int start(struct manager *manager)
{
	int r = systemd_init(&manager->systemd);

	if (r < 0)
		log_warning("cannot talk to the service manager: %s", strerror(-r));
	manager->tells_systemd = systemd_present(&manager->systemd);
	r = start_event_loop(manager);
	if (r == 0)
		r = start_logger(manager);
	if (r == 0)
		r = start_bus(manager);
	origin_raise_descriptors(descriptors_wanted(manager));
	if (r == 0)
		r = processes_start();
	if (r == 0)
		r = poller_start();
	if (r == 0)
		start_notify(manager);
	if (r == 0)
		r = tree_start(manager->tree);
	if (r < 0)
		log_error("cannot start: %s", strerror(-r));
	return r;
}

static void say_started(void)
{
	static const struct log_fields started = { .message_id = MESSAGE_STARTED };

	log_full(LOG_NOTICE, &started, "greenloopd " PACKAGE_VERSION " runs");
}

/* The tree is down. Answers that are still on their way find their clients. */
static void finish(struct manager *manager)
{
	tree_join(manager->tree);
	jobs_collect(&manager->jobs);
	notify_stop();
	processes_stop();
	poller_stop();
	log_notice("stopped");
}

int manager_run(struct manager *manager)
{
	int r = start(manager);

	if (r < 0)
		return EXIT_FAILURE;
	say_started();
	systemd_ready(&manager->systemd);
	systemd_status_changed(&manager->systemd);
	r = manager_start_watchdog(manager);
	if (r < 0)
		log_warning("cannot serve the service manager's watchdog: %s", strerror(-r));
	r = sd_event_loop(manager->event);
	if (r < 0)
		log_error("event loop: %s", strerror(-r));
	finish(manager);
	return r < 0 ? EXIT_FAILURE : manager->status;
}

/* The tree goes first: it may have calls to refuse, and something to say. */
void manager_done(struct manager *manager)
{
	if (manager->has_bus)
		bus_stop(&manager->bus);
	manager->tree = tree_free(manager->tree);
	if (manager->tree) {
		logger_retire(manager->logger, DRAIN_USEC);
		return;
	}
	if (manager->logger) {
		log_set_sink(NULL, NULL);
		logger_stop(manager->logger, DRAIN_USEC);
	}
	watchdog_stop(&manager->watchdog);
	systemd_done(&manager->systemd);
	if (manager->event) {
		jobs_done(&manager->jobs);
		events_done(&manager->events);
		sd_event_unref(manager->event);
	}
	wake_done(&manager->wake);
	config_free(manager->config);
	settings_done(SETTINGS_DAEMON, &manager->settings);
	free(manager->config_path);
	free(manager->socket_path);
}
