/* SPDX-License-Identifier: MIT */
/* The loop as a thing that is seen: its published state, its names, its history, the environment
 * that its children get. */
#include "core/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strings.h"
#include "core/environment.h"
#include "core/group.h"
#include "core/loop-ways.h"
#include "core/root.h"

struct gloop_loop *loop_of(struct task *task)
{
	return container_of(task, struct gloop_loop, task);
}

int loop_init(
	struct gloop_loop *loop, struct tree *tree, const char *name, struct gloop_group *group)
{
	int r;

	r = task_init(&loop->task, tree, name, group);
	if (r < 0)
		return r;
	r = budget_init(&loop->budget);
	if (r < 0)
		return r;
	loop->since_realtime_usec = clock_realtime();
	loop->outcome = "";
	return -pthread_mutex_init(&loop->lock, NULL);
}

void loop_done(struct gloop_loop *loop)
{
	generation_unref(loop->generation);
	loop_ways_done(loop);
	budget_done(&loop->budget);
	pthread_mutex_destroy(&loop->lock);
	settings_done(SETTINGS_LOOP, &loop->settings);
	free(loop->failures);
	loop_words_free(loop);
	free(loop->status);
	free(loop->note);
	vector_free(loop->routine);
	task_done(&loop->task);
}

void loop_throughline(
	const struct gloop_loop *loop, uint64_t generation, uint64_t cycle, char *buf, size_t size)
{
	const char *group = task_group_name(&loop->task), *end = buf + size;

	/* Not by printf: threads that wait for years were here last, and how deep counts as memory.
	 */
	buf = put_text(buf, end, group ?: "");
	buf = put_text(buf, end, group ? "/" : "");
	buf = put_text(buf, end, loop->task.name);
	buf = put_text(buf, end, ":");
	buf = put_number(buf, end, generation);
	buf = put_text(buf, end, "#");
	(void)put_number(buf, end, cycle);
}

void loop_event(struct gloop_loop *loop, struct generation *generation, struct event *event)
{
	const struct observer *observer = &loop->task.tree->config.observer;
	char throughline[128];

	if (!observer->event)
		return;
	event->loop = loop->task.name;
	event->group = task_group_name(&loop->task);
	if (generation) {
		event->generation = generation->number;
		event->cycle = atomic_load(&generation->cycle);
	} else {
		event->generation = loop->number;
	}
	loop_throughline(loop, event->generation, event->cycle, throughline, sizeof(throughline));
	event->throughline = throughline;
	observer->event(event, observer->userdata);
}

void loop_trouble(struct gloop_loop *loop, const char *what, int error)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(-error));
	loop_event(loop, NULL, &(struct event){ .type = EVENT_TROUBLE, .text = text });
}

bool loop_set_state(struct gloop_loop *loop, struct generation *generation, enum loop_state state)
{
	enum loop_state from;
	bool stale, allowed;

	pthread_mutex_lock(&loop->lock);
	from = loop->state;
	stale = generation &&
		(atomic_load(&generation->stopped) || generation->number != loop->number);
	allowed = loop_state_may(from, state);
	if (!stale && allowed) {
		loop->state = state;
		loop->since_realtime_usec = clock_realtime();
		if (state != LOOP_BACKOFF)
			loop->next_start_realtime_usec = 0;
	}
	pthread_mutex_unlock(&loop->lock);

	if (stale || from == state)
		return false;
	if (!allowed) {
		char text[80];

		snprintf(text, sizeof(text), "refused: %s → %s", loop_state_to_string(from),
			loop_state_to_string(state));
		loop_event(loop, generation, &(struct event){ .type = EVENT_BUG, .text = text });
		return false;
	}
	loop_event(loop, generation,
		&(struct event){ .type = EVENT_STATE,
			.from = loop_state_to_string(from),
			.to = loop_state_to_string(state) });
	return true;
}

void loop_set_note(struct gloop_loop *loop, const char *format, ...)
{
	_cleanup_free_ char *note = NULL;
	va_list arguments;
	char *old;

	va_start(arguments, format);
	note = string_vprintf(format, arguments);
	if (note && !*note)
		free(TAKE_PTR(note));
	va_end(arguments);

	pthread_mutex_lock(&loop->lock);
	old = loop->note;
	loop->note = TAKE_PTR(note);
	pthread_mutex_unlock(&loop->lock);
	free(old);
}

/* "cache (stopped by uid 0)": why it is not wanted stands in its own note. */
static char *describe_absent(struct task *task)
{
	_cleanup_free_ char *note = task_note(task);

	return note && *note ? string_printf("%s (%s)", task->name, note) : strdup(task->name);
}

void loop_note_absent(struct gloop_loop *loop)
{
	const struct task *task = &loop->task;
	_cleanup_vector_ char **absent = NULL;
	_cleanup_free_ char *list = NULL, *text = NULL;

	for (unsigned i = 0; i < task->n_predecessors; i++)
		if (task_gate(task->predecessors[i]) == GATE_ABSENT)
			vector_append_take(&absent, describe_absent(task->predecessors[i]));
	if (!absent) {
		loop_set_note(loop, "%s", "");
		return;
	}
	list = vector_join(absent, ", ");
	text = string_printf("started without %s", list ?: "?");
	loop_set_note(loop, "%s", text ?: "");
	if (text)
		loop_event(loop, NULL, &(struct event){ .type = EVENT_NOTE, .text = text });
}

void loop_record(struct gloop_loop *loop, const struct failure *failure)
{
	pthread_mutex_lock(&loop->lock);
	if (!loop->failures)
		loop->failures = calloc(LOOP_FAILURES_KEPT, sizeof(*loop->failures));
	if (loop->failures) {
		unsigned slot = loop->n_failures++ % LOOP_FAILURES_KEPT;

		loop->failures[slot] = *failure;
		loop_words_record(loop, failure, slot);
	}
	pthread_mutex_unlock(&loop->lock);
}

unsigned loop_failures_copy(struct gloop_loop *loop, struct failure *ret, unsigned max)
{
	unsigned n;

	pthread_mutex_lock(&loop->lock);
	n = MIN(MIN(loop->n_failures, LOOP_FAILURES_KEPT), max);
	for (unsigned i = 0; i < n; i++)
		ret[i] = loop->failures[(loop->n_failures - 1 - i) % LOOP_FAILURES_KEPT];
	pthread_mutex_unlock(&loop->lock);
	return n;
}

char **loop_routine_copy(struct gloop_loop *loop)
{
	char **copy;

	pthread_mutex_lock(&loop->lock);
	copy = vector_copy(loop->routine);
	pthread_mutex_unlock(&loop->lock);
	return copy;
}

/* Time forgives without anybody's doing: whoever looks sees to it. */
static void forgive_by_time(struct gloop_loop *loop)
{
	if (!budget_settle(&loop->budget, &loop->settings, clock_now(), NULL))
		return;
	pthread_mutex_lock(&loop->lock);
	loop->ignored_trip = false;
	pthread_mutex_unlock(&loop->lock);
}

/* Under the lock. */
static enum color loop_color(const struct gloop_loop *loop, bool wanted)
{
	if (!wanted || loop->aside)
		return COLOR_GREY;
	if (loop->failed || loop->ignored_trip)
		return COLOR_RED;
	return loop->ready && loop->state == LOOP_RUNNING ? COLOR_GREEN : COLOR_AMBER;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ?: "");
}

void loop_brief(struct gloop_loop *loop, struct loop_brief *ret)
{
	bool wanted = group_is_wanted(loop->task.parent);

	forgive_by_time(loop);
	pthread_mutex_lock(&loop->lock);
	wanted = wanted && loop->wanted;
	*ret = (struct loop_brief){ .color = loop_color(loop, wanted),
		.wanted = wanted && !loop->aside,
		.ready = loop->ready };
	pthread_mutex_unlock(&loop->lock);
}

void loop_snapshot(struct gloop_loop *loop, struct loop_snapshot *ret)
{
	bool wanted = group_is_wanted(loop->task.parent);

	*ret = (struct loop_snapshot){
		.name = loop->task.name,
		.group = task_group_name(&loop->task),
		.type = loop_type_to_string(loop->settings.type),
		.max_loop_failures = loop->settings.max_loop_failures,
	};
	forgive_by_time(loop);
	ret->failures = budget_failures(&loop->budget);

	pthread_mutex_lock(&loop->lock);
	ret->state = loop->state;
	ret->color = loop_color(loop, wanted && loop->wanted);
	ret->wanted = loop->wanted;
	ret->ready = loop->ready || loop->state == LOOP_DONE;
	ret->generation = loop->number;
	ret->cycle = loop->cycle;
	ret->cycles_succeeded = loop->cycles_succeeded;
	ret->starts = loop->starts;
	ret->pid = loop->pid;
	ret->since_usec = loop->since_realtime_usec;
	ret->next_start_usec = loop->next_start_realtime_usec;
	ret->failures_total = loop->n_failures;
	ret->trips = loop->trips;
	ret->has_failure = loop->n_failures > 0;
	if (ret->has_failure)
		ret->last_failure = loop->failures[(loop->n_failures - 1) % LOOP_FAILURES_KEPT];
	copy_text(ret->outcome, sizeof(ret->outcome), loop->outcome);
	copy_text(ret->status, sizeof(ret->status), loop->status);
	copy_text(ret->note, sizeof(ret->note), loop->note);
	pthread_mutex_unlock(&loop->lock);
}

char **loop_facts_environment(struct gloop_loop *loop, uint64_t generation, uint64_t cycle,
	const struct hook_facts *facts)
{
	const struct failure *cause = facts->cause;
	char throughline[128], generation_text[24], cycle_text[24], status[16], pid[16];
	const struct variable variables[] = {
		{ "GREENLOOP_LOOP", loop->task.name },
		{ "GREENLOOP_GROUP", task_group_name(&loop->task) ?: "" },
		{ "GREENLOOP_GENERATION", generation_text },
		{ "GREENLOOP_CYCLE", cycle_text },
		{ "GREENLOOP_THROUGHLINE", throughline },
		{ "GREENLOOP_SOCKET", loop->task.tree->config.socket_path },
		{ "NOTIFY_SOCKET", facts->notify_path },
		{ "GREENLOOP_FAILURE_KIND", cause ? failure_kind_to_string(cause->kind) : NULL },
		{ "GREENLOOP_REASON", cause ? cause->reason : NULL },
		{ "GREENLOOP_EXIT_STATUS", cause && cause->kind == FAILURE_EXIT ? status : NULL },
		{ "GREENLOOP_SIGNAL", cause && cause->kind == FAILURE_SIGNAL ? status : NULL },
		{ "GREENLOOP_OUTCOME", facts->outcome },
		{ "GREENLOOP_PID", facts->pid > 0 ? pid : NULL },
	};

	put_number(generation_text, generation_text + sizeof(generation_text), generation);
	put_number(cycle_text, cycle_text + sizeof(cycle_text), cycle);
	put_number(pid, pid + sizeof(pid), (uint64_t)MAX(facts->pid, 0));
	put_number(status, status + sizeof(status), cause ? (uint64_t)cause->status : 0);
	loop_throughline(loop, generation, cycle, throughline, sizeof(throughline));
	return environment_new(
		facts->room, loop->settings.environment, variables, ELEMENTS(variables));
}

char **loop_environment(struct gloop_loop *loop, uint64_t generation, uint64_t cycle)
{
	return loop_facts_environment(loop, generation, cycle,
		&(struct hook_facts){ .notify_path = loop->task.tree->config.notify_path });
}

/* Of the end that on_stop follows, or of the start that on_start repeats. */
static bool is_cause(const struct failure *last, uint64_t generation, uint64_t cycle, bool starting)
{
	if (!starting)
		return last->generation == generation && last->cycle == cycle;
	return (last->generation == generation && last->cycle + 1 == cycle) ||
	       (last->generation + 1 == generation && cycle == 0);
}

char **loop_hook_environment(
	struct gloop_loop *loop, uint64_t generation, uint64_t cycle, bool starting)
{
	struct failure last;
	bool caused = loop_failures_copy(loop, &last, 1) > 0 &&
		      is_cause(&last, generation, cycle, starting);

	return loop_facts_environment(
		loop, generation, cycle, &(struct hook_facts){ .cause = caused ? &last : NULL });
}
