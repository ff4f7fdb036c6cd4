/* SPDX-License-Identifier: MIT */
#include "lib/recorder.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "lib/unit.h"

#define PATIENCE (10 * USEC_PER_SEC)

struct seen { /* one event, as it was told */
	struct event event;
	char who[48], from[16], to[16], text[320];
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* under lock */
	struct seen *log;
	unsigned n_seen, n_allocated;
} recorder = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

uint64_t patience(void)
{
	const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");

	return PATIENCE * (multiplier && atoi(multiplier) > 0 ? (uint64_t)atoi(multiplier) : 1);
}

uint64_t deadline(void)
{
	return clock_now() + patience();
}

struct timespec deadline_timespec(void)
{
	uint64_t usec = clock_realtime() + patience();

	return (struct timespec){ .tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC * 1000) };
}

static const char *const type_names[] = {
	[EVENT_STATE] = "state",
	[EVENT_READY] = "ready",
	[EVENT_CHANGED] = "changed",
	[EVENT_FAILURE] = "failure",
	[EVENT_TRIP] = "trip",
	[EVENT_EPISODE_OPENED] = "episode-opened",
	[EVENT_EPISODE_RED] = "episode-red",
	[EVENT_EPISODE_CLOSED] = "episode-closed",
	[EVENT_RESET] = "reset",
	[EVENT_EXHAUSTED] = "exhausted",
	[EVENT_HARD] = "hard",
	[EVENT_HOOK_FAILED] = "hook-failed",
	[EVENT_NOTE] = "note",
	[EVENT_TROUBLE] = "trouble",
	[EVENT_BUG] = "bug",
	[EVENT_EXIT] = "exit",
	[EVENT_STOPPED] = "stopped",
};

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ?: "");
}

static void print(const struct seen *seen)
{
	fprintf(stderr, "%4u %-14s %-8s gen %u cycle %u value %u%s %s%s%s %s\n",
		(unsigned)(seen - recorder.log), type_names[seen->event.type], seen->who,
		(unsigned)seen->event.generation, (unsigned)seen->event.cycle,
		(unsigned)seen->event.value, seen->event.counted ? " counted" : "", seen->from,
		*seen->to ? "→" : "", seen->to, seen->text);
}

void recorder_observe(const struct event *event, _unused_ void *userdata)
{
	struct seen *seen;

	pthread_mutex_lock(&recorder.lock);
	if (recorder.n_seen == recorder.n_allocated) {
		recorder.n_allocated = 2 * recorder.n_allocated + 64;
		recorder.log =
			reallocarray(recorder.log, recorder.n_allocated, sizeof(*recorder.log));
		if (!recorder.log)
			abort();
	}
	seen = &recorder.log[recorder.n_seen++];
	seen->event = *event;
	copy(seen->who, sizeof(seen->who), event->loop ?: event->group);
	copy(seen->from, sizeof(seen->from), event->from);
	copy(seen->to, sizeof(seen->to), event->to);
	copy(seen->text, sizeof(seen->text),
		event->text
			?: event->failure ? event->failure->reason
					  : NULL);
	if (getenv("TEST_TRACE"))
		print(seen);
	pthread_cond_broadcast(&recorder.cond);
	pthread_mutex_unlock(&recorder.lock);
}

static bool fits(const struct seen *seen, const struct want *want)
{
	return seen->event.type == want->type &&
	       (!want->who || strcmp(seen->who, want->who) == 0) &&
	       (!want->from || strcmp(seen->from, want->from) == 0) &&
	       (!want->to || strcmp(seen->to, want->to) == 0) &&
	       (!want->text || strstr(seen->text, want->text)) &&
	       (!want->generation || IS(seen->event.generation) == want->generation) &&
	       (!want->value || IS(seen->event.value) == want->value) &&
	       (!want->counted || IS(seen->event.counted) == want->counted);
}

static unsigned count_seen(const struct want *want, unsigned *ret_last)
{
	unsigned n = 0;

	for (unsigned i = 0; i < recorder.n_seen && n < (ret_last ? MAX(want->n, 1u) : UINT32_MAX);
		i++)
		if (fits(&recorder.log[i], want)) {
			n++;
			if (ret_last)
				*ret_last = i;
		}
	return n;
}

/* Under the lock. */
static void dump(void)
{
	enum { SHOWN = 120 };
	unsigned end = 0;

	while (end < recorder.n_seen && (end == 0 || recorder.log[end - 1].event.type != EVENT_BUG))
		end++;
	for (unsigned i = end > SHOWN ? end - SHOWN : 0; i < end; i++)
		print(&recorder.log[i]);
}

void event_await(const struct want *want, const char *file, int line)
{
	struct timespec until = deadline_timespec();
	int r = 0;

	pthread_mutex_lock(&recorder.lock);
	while (count_seen(want, NULL) < MAX(want->n, 1u) && r == 0)
		r = pthread_cond_timedwait(&recorder.cond, &recorder.lock, &until);
	if (r != 0)
		dump();
	pthread_mutex_unlock(&recorder.lock);
	if (r != 0)
		ck_abort_msg("%s:%d: never came: %s of %s, %s", file, line, type_names[want->type], want->who ?: "any",
			want->to ?: want->text ?: "");
}

unsigned event_count(const struct want *want)
{
	unsigned n;

	pthread_mutex_lock(&recorder.lock);
	n = count_seen(want, NULL);
	pthread_mutex_unlock(&recorder.lock);
	return n;
}

unsigned event_place(const struct want *want)
{
	unsigned n, last = 0;

	pthread_mutex_lock(&recorder.lock);
	n = count_seen(want, &last);
	if (n < MAX(want->n, 1u))
		dump();
	pthread_mutex_unlock(&recorder.lock);
	ck_assert_msg(
		n >= MAX(want->n, 1u), "no %s of %s", type_names[want->type], want->who ?: "any");
	return last;
}

void recorder_dump(void)
{
	pthread_mutex_lock(&recorder.lock);
	dump();
	pthread_mutex_unlock(&recorder.lock);
}

void recorder_forget(void)
{
	free(recorder.log);
	recorder.log = NULL;
	recorder.n_seen = recorder.n_allocated = 0;
}
