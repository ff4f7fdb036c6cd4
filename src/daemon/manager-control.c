/* SPDX-License-Identifier: MIT */
/* What makes the main thread act: the facts that other threads post, and signals. */
#include "daemon/manager.h"

#include <signal.h>
#include <sys/signalfd.h>

#include "base/log.h"
#include "base/macro.h"
#include "core/tree.h"

static void begin_stop(struct manager *manager)
{
	if (manager->stopping)
		return;
	manager->stopping = true;
	systemd_stopping(&manager->systemd);
	systemd_status_changed(&manager->systemd);
	tree_stop(manager->tree);
}

static void emit_events(struct manager *manager)
{
	struct told told;

	while (events_take(&manager->events, &told))
		bus_emit(&manager->bus, &told);
}

int manager_on_wake(_unused_ sd_event_source *source, _unused_ int fd, _unused_ uint32_t revents,
	void *userdata)
{
	struct manager *manager = userdata;
	unsigned facts = wake_take(&manager->wake);

	if (facts & WAKE_EVENTS)
		emit_events(manager);
	if (facts & WAKE_ANSWERS)
		jobs_collect(&manager->jobs);
	if (facts & WAKE_LINES)
		bus_lines_came(&manager->bus);
	if (facts & WAKE_STATUS)
		systemd_status_changed(&manager->systemd);
	if ((facts & WAKE_EXIT) && !manager->stopping) {
		manager->status = atomic_load(&manager->exit_asked);
		begin_stop(manager);
	}
	if (facts & WAKE_STOPPED)
		return sd_event_exit(manager->event, 0);
	return 0;
}

static int on_stop_signal(
	_unused_ sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct manager *manager = userdata;
	const char *name = info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";

	manager->n_stop_signals++;
	if (manager->n_stop_signals == 1) {
		log_notice("%s: %s", name, manager->stopping ? "stopping already" : "stopping");
		begin_stop(manager);
	} else {
		log_notice("%s again: no more patience, every grace period is 0", name);
		tree_hurry(manager->tree);
	}
	return 0;
}

static int on_hup(_unused_ sd_event_source *source, _unused_ const struct signalfd_siginfo *info,
	_unused_ void *userdata)
{
	log_warning("SIGHUP: this version cannot reload its configuration; everything goes on as "
		    "it is");
	return 0;
}

static int on_reopen(_unused_ sd_event_source *source, _unused_ const struct signalfd_siginfo *info,
	void *userdata)
{
	struct manager *manager = userdata;

	log_debug("SIGUSR1: log files are reopened");
	logger_reopen(manager->logger);
	return 0;
}

int manager_add_signals(struct manager *manager)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} table[] = {
		{ SIGTERM, on_stop_signal },
		{ SIGINT, on_stop_signal },
		{ SIGHUP, on_hup },
		{ SIGUSR1, on_reopen },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ELEMENTS(table); i++)
		r = sd_event_add_signal(
			manager->event, NULL, table[i].signal, table[i].handler, manager);
	return r;
}
