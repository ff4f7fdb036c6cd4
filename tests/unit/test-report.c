/* SPDX-License-Identifier: MIT */
/* Events as sentences; and the ring in which they wait for the bus. */
#include <string.h>
#include <syslog.h>

#include "base/macro.h"
#include "daemon/events.h"
#include "daemon/report.h"
#include "lib/unit.h"

static const struct failure exit_1 = { .kind = FAILURE_EXIT, .status = 1, .reason = "exit 1" },
			    counted = { .kind = FAILURE_EXIT,
				    .status = 1,
				    .reason = "exit 1",
				    .nth = 11,
				    .of = 10 };

#define LOOP  .loop = "feed", .group = "trading", .throughline = "trading/feed:3#128"
#define GROUP .group = "trading", .episode = 4

static const struct row {
	struct event event;
	int priority;
	const char *text;
} rows[] = {
	{ { EVENT_STATE, LOOP, .from = "running", .to = "backoff" }, LOG_DEBUG,
		"trading/feed:3#128: backoff (was running)" },
	{ { EVENT_STATE, LOOP, .from = "running", .to = "failed" }, LOG_ERR,
		"trading/feed:3#128: failed (was running)" },
	{ { EVENT_STATE, GROUP, .from = "starting", .to = "running" }, LOG_INFO,
		"trading: running (was starting)" },
	{ { EVENT_READY, LOOP, .value = 1 }, LOG_DEBUG, "trading/feed:3#128: ready" },
	{ { EVENT_FAILURE, LOOP, .failure = &counted, .counted = true }, LOG_WARNING,
		"trading/feed:3#128: exit 1, 11 of 10" },
	{ { EVENT_TRIP, LOOP, .failure = &counted }, LOG_WARNING,
		"trading/feed:3#128: trips: exit 1, 11 of 10" },
	{ { EVENT_FAILURE, LOOP, .failure = &exit_1 }, LOG_INFO,
		"trading/feed:3#128: exit 1 (not counted)" },
	{ { EVENT_EPISODE_OPENED, GROUP, .text = "feed", .failure = &counted,
		  .throughline = "trading/feed:3#128" },
		LOG_ERR, "trading: red, episode 4: feed: exit 1, 11 of 10 (trading/feed:3#128)" },
	{ { EVENT_EPISODE_CLOSED, GROUP, .text = "green", .value = 210000, .cycle = 1 }, LOG_NOTICE,
		"trading: green again after 0.21 s (episode 4, 1 reset)" },
	{ { EVENT_EPISODE_CLOSED, GROUP, .text = "exhausted", .value = 12000000, .cycle = 5 },
		LOG_ERR, "trading: episode 4 ends after 12 s: exhausted" },
	{ { EVENT_RESET, .group = "trading", .value = 2 }, LOG_NOTICE, "trading: reset 2 begins" },
	{ { EVENT_HARD, LOOP }, LOG_WARNING,
		"trading/feed:3#128: stopped hard: what it started is killed" },
	{ { EVENT_EXIT, .value = 7, .text = "trading" }, LOG_NOTICE,
		"exits with status 7, as asked for by trading" },
};

START_TEST(test_sentences)
{
	const struct row *row = &rows[_i];
	struct report report;

	report_describe(&row->event, &report);
	ck_assert_str_eq(report.text, row->text);
	ck_assert_int_eq(report.priority, row->priority);
	ck_assert_int_eq(report_priority(&row->event), row->priority);
	ck_assert_uint_eq(strlen(report.message_id), 32);
}
END_TEST

START_TEST(test_every_type_has_its_row)
{
	for (int type = EVENT_STATE; type <= EVENT_STOPPED; type++) {
		struct event event = { .type = (enum event_type)type, .from = "a", .to = "b" };
		struct report report;

		report_describe(&event, &report);
		ck_assert_ptr_nonnull(report.message_id);
		ck_assert_str_ne(report.text, "");
	}
}
END_TEST

START_TEST(test_events_count_what_is_lost)
{
	struct event event = { EVENT_STATE, LOOP, .from = "a", .to = "b" };
	struct events events;
	struct wake wake;
	struct told told;
	unsigned n = 1;

	ck_assert_int_eq(wake_init(&wake), 0);
	events_init(&events, &wake);
	events_put(&events, &event); /* nobody listens */
	ck_assert(!events_take(&events, &told));
	ck_assert_uint_eq(wake_take(&wake), 0);

	ck_assert_int_eq(events_want(&events, true), 0);
	for (unsigned i = 0; i < EVENTS_MAX + 5; i++)
		events_put(&events, &event);
	ck_assert_uint_eq(wake_take(&wake), WAKE_EVENTS);
	ck_assert(events_take(&events, &told));
	ck_assert_str_eq(told.loop, "feed");
	events_put(&events, &event);
	for (; events_take(&events, &told); n++)
		ck_assert_uint_eq(told.lost_before, n == EVENTS_MAX ? 5 : 0);
	ck_assert_uint_eq(n, EVENTS_MAX + 1);

	for (unsigned i = 0; i < EVENTS_MAX + 3; i++)
		events_put(&events, &event);
	for (n = 0; events_take(&events, &told); n++)
		;
	ck_assert_uint_eq(told.lost_after, 3);
	events_done(&events);
	wake_done(&wake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");

	unit_add_table(suite, "sentences", test_sentences, ELEMENTS(rows));
	unit_add(suite, "all types", test_every_type_has_its_row);
	unit_add(suite, "events", test_events_count_what_is_lost);
	return unit_main(suite);
}
