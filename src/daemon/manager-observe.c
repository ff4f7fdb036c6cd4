/* SPDX-License-Identifier: MIT */
/*
 * What the tree tells, on its way out: a line of the log, a signal on the bus, the status line of
 * the service manager. Called on any thread, must not block. The set of tasks is fixed before the
 * first thread starts, so looking one up is allowed here.
 */
#include "daemon/manager.h"

#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "core/tree.h"
#include "daemon/log-ring.h"
#include "daemon/report.h"

static const struct loop_settings *settings_of(
	const struct manager *manager, const struct event *event)
{
	struct task *task = event->loop ? tree_find(manager->tree, event->loop) : NULL;

	return task && task_loop(task) ? loop_settings(task_loop(task)) : NULL;
}

static struct log_fields fields_of(const struct event *event)
{
	return (struct log_fields){
		.loop = event->loop,
		.group = event->group,
		.throughline = event->throughline,
		.kind = event->failure ? failure_kind_to_string(event->failure->kind) : NULL,
		.generation = event->generation,
		.cycle = event->loop ? event->cycle
				     : 0, /* of a group's event this is something else */
		.episode = event->episode,
	};
}

/* Kept out of its caller: most events are never written, and threads' stacks are to stay small. */
static void __attribute__((noinline)) write_event(const struct event *event)
{
	struct log_fields fields;
	struct log_record record = { .fields = &fields };
	struct report report;

	report_describe(event, &report);
	fields = fields_of(event);
	fields.message_id = report.message_id;
	record.priority = report.priority;
	record.text = report.text;
	record.length = strlen(report.text);
	(void)log_write(&record);
}

static void on_event(const struct event *event, void *userdata)
{
	struct manager *manager = userdata;
	int nobody = -1;

	if (report_priority(event) <= log_level())
		write_event(event);
	events_put(&manager->events, event);
	if (event->type == EVENT_EXIT) {
		(void)atomic_compare_exchange_strong(
			&manager->exit_asked, &nobody, (int)event->value);
		wake_post(&manager->wake, WAKE_EXIT);
	} else if (event->type == EVENT_STOPPED) {
		wake_post(&manager->wake, WAKE_STOPPED);
	} else if (manager->tells_systemd) {
		wake_post(&manager->wake, WAKE_STATUS);
	}
}

/* Not subject to log_level: that is about the daemon's own words. */
static bool on_output(const struct event *about, const char *text, size_t length, void *userdata)
{
	struct manager *manager = userdata;
	const struct loop_settings *settings = settings_of(manager, about);
	struct log_fields fields = fields_of(about);
	struct log_record record = { .priority = LOG_INFO,
		.output = true,
		.fields = &fields,
		.text = text,
		.length = length };
	unsigned flags = 0;

	if (settings && settings->output == OUTPUT_CONSOLE)
		flags |= LOG_ENTRY_CONSOLE;
	if (settings && settings->log_prefix == LOG_PREFIX_NONE)
		flags |= LOG_ENTRY_BARE;
	return logger_write(manager->logger, &record, flags);
}

struct observer manager_observer(struct manager *manager)
{
	return (struct observer){ .event = on_event, .output = on_output, .userdata = manager };
}
