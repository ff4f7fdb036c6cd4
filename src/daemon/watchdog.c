/* SPDX-License-Identifier: MIT */
/* The rounds. One that is not answered stays open, and nobody tells the service manager that all is
 * well. */
#include "daemon/watchdog.h"

#include "base/log.h"

static const struct watchdog_party *find_silent(
	const struct watchdog *watchdog, const char **ret_which)
{
	for (unsigned i = 0; i < watchdog->n_parties; i++) {
		const struct watchdog_party *party = &watchdog->parties[i];

		if (!party->answered(watchdog->number, ret_which, party->userdata))
			return party;
	}
	return NULL;
}

static void begin_round(struct watchdog *watchdog)
{
	watchdog->number++;
	watchdog->warned = false;
	for (unsigned i = 0; i < watchdog->n_parties; i++)
		watchdog->parties[i].ping(watchdog->number, watchdog->parties[i].userdata);
}

bool watchdog_round(struct watchdog *watchdog)
{
	const char *which = "";
	const struct watchdog_party *silent =
		watchdog->number > 0 ? find_silent(watchdog, &which) : NULL;

	if (silent) {
		if (!watchdog->warned)
			log_error("%s%s%s does not answer: the service manager is not told that "
				  "all is well",
				silent->name, *which ? " " : "", which);
		watchdog->warned = true;
		return false;
	}
	watchdog->alive(watchdog->userdata);
	begin_round(watchdog);
	return true;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watchdog *watchdog = userdata;

	(void)usec;
	watchdog_round(watchdog);
	return sd_event_source_set_time_relative(source, watchdog->every_usec);
}

int watchdog_start(struct watchdog *watchdog, sd_event *event, uint64_t every_usec)
{
	int r;

	watchdog->every_usec = every_usec;
	r = sd_event_add_time_relative(
		event, &watchdog->timer, CLOCK_MONOTONIC, every_usec, 0, on_timer, watchdog);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(watchdog->timer, SD_EVENT_ON);
	if (r >= 0)
		watchdog_round(watchdog);
	return r < 0 ? r : 0;
}

void watchdog_stop(struct watchdog *watchdog)
{
	watchdog->timer = sd_event_source_disable_unref(watchdog->timer);
}
