/* SPDX-License-Identifier: MIT */
/* Who is asked whether it is still alive, before the service manager is told so. */
#include "daemon/manager.h"

#include "base/clock.h"
#include "base/macro.h"
#include "base/poller.h"
#include "core/tree.h"

static void ping_tree(uint64_t number, void *userdata)
{
	tree_ping(userdata, number);
}

static bool tree_has_answered(uint64_t number, const char **ret_silent, void *userdata)
{
	return tree_answered(userdata, number, ret_silent);
}

static void ping_poller(uint64_t number, _unused_ void *userdata)
{
	poller_ping(number);
}

static bool poller_has_answered(
	uint64_t number, _unused_ const char **ret_silent, _unused_ void *userdata)
{
	return poller_answered() >= number;
}

static void ping_logger(uint64_t number, void *userdata)
{
	logger_ping(userdata, number);
}

static bool logger_has_answered(uint64_t number, _unused_ const char **ret_silent, void *userdata)
{
	return logger_answered(userdata) >= number;
}

static void tell_alive(void *userdata)
{
	systemd_alive(userdata);
}

int manager_start_watchdog(struct manager *manager)
{
	struct watchdog *watchdog = &manager->watchdog;

	if (manager->systemd.watchdog_usec == 0)
		return 0;
	manager->parties[0] = (struct watchdog_party){ "controller", ping_tree, tree_has_answered,
		manager->tree };
	manager->parties[1] =
		(struct watchdog_party){ "poller", ping_poller, poller_has_answered, NULL };
	manager->parties[2] = (struct watchdog_party){ "logger", ping_logger, logger_has_answered,
		manager->logger };
	watchdog->parties = manager->parties;
	watchdog->n_parties = ELEMENTS(manager->parties);
	watchdog->alive = tell_alive;
	watchdog->userdata = &manager->systemd;
	return watchdog_start(
		watchdog, manager->event, MAX(manager->systemd.watchdog_usec / 3, USEC_PER_MSEC));
}
