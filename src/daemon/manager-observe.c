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

/* Where lines go: flags for the logger, and a file. false: it cannot be told for want of memory. */
static bool find_way(struct manager *manager, const struct loop_settings *settings, bool error,
	unsigned *ret_flags, struct log_file **ret_file)
{
	const struct output_target *target = &settings->output;
	bool bare = settings->log_prefix == LOG_PREFIX_NONE;

	if (error && settings->error_output.kind != OUTPUT_SAME)
		target = &settings->error_output;
	*ret_file = NULL;
	if (target->kind == OUTPUT_FILE) {
		bare = settings->log_prefix != LOG_PREFIX_FULL;
		*ret_file = logger_file(manager->logger, target->path, settings->log_max_size,
			settings->log_max_files);
	}
	*ret_flags = (target->kind == OUTPUT_CONSOLE ? LOG_ENTRY_CONSOLE : 0U) |
		     (target->kind == OUTPUT_JOURNAL ? LOG_ENTRY_JOURNAL : 0U) |
		     (bare ? LOG_ENTRY_BARE : 0U);
	return *ret_file || target->kind != OUTPUT_FILE;
}

/* Not subject to log_level: that is about the daemon's own words. */
static size_t on_output(const struct event *about, const struct event_lines *lines, void *userdata)
{
	struct manager *manager = userdata;
	const struct loop_settings *settings = settings_of(manager, about);
	struct log_fields fields = fields_of(about);
	struct log_record record = { .priority = LOG_INFO,
		.output = true,
		.fields = &fields,
		.text = lines->text,
		.length = lines->length };
	struct log_file *file;
	unsigned flags;

	if (!settings || !find_way(manager, settings, lines->error, &flags, &file))
		return lines->length;
	return logger_write_lines(manager->logger, &record, flags, file, lines->waiter);
}

static void on_followed(void *userdata)
{
	struct manager *manager = userdata;

	if (bus_lines_news(&manager->bus))
		wake_post(&manager->wake, WAKE_LINES);
}

struct observer manager_observer(struct manager *manager)
{
	return (struct observer){
		.event = on_event, .output = on_output, .followed = on_followed, .userdata = manager
	};
}
