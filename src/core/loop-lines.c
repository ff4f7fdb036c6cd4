/* SPDX-License-Identifier: MIT */
/* What a loop's children said last: kept for who asks, copied to each failure, told to who follows.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/root.h"

enum {
	LINE_BYTES = 512, /* more of a line is not kept, unless somebody follows */
	FOLLOWED_LINES = 1024,
	FOLLOWED_LINE_BYTES = 64 * 1024 + 16,
	FOLLOWED_BYTES = 256 * 1024,
	FAILURE_LINES = 8, /* kept with a failure */
	FAILURE_BYTES = 1024,
};

struct loop_words {
	struct tail *tail;
	unsigned n_followers;
	char *of_failures[LOOP_FAILURES_KEPT]; /* as loop->failures; NULL: nothing was said */
};

/* Under the lock, as all that follow. */
static struct loop_words *words_of(struct gloop_loop *loop)
{
	if (!loop->words)
		loop->words = calloc(1, sizeof(*loop->words));
	return loop->words;
}

static struct tail_limits limits_of(const struct gloop_loop *loop)
{
	unsigned lines = loop->settings.log_tail;
	bool followed = loop->words && loop->words->n_followers > 0;

	if (followed)
		return (struct tail_limits){ .lines = MAX(lines, (unsigned)FOLLOWED_LINES),
			.line_bytes = FOLLOWED_LINE_BYTES,
			.bytes = FOLLOWED_BYTES,
			.exact = true };
	return (struct tail_limits){
		.lines = lines, .line_bytes = LINE_BYTES, .bytes = (size_t)lines * LINE_BYTES
	};
}

void loop_keep_lines(struct gloop_loop *loop, uint64_t generation, uint64_t cycle,
	const struct event_lines *lines, size_t length)
{
	const struct observer *observer = &loop->task.tree->config.observer;
	struct tail_stamp stamp = { clock_realtime(), generation, cycle, lines->error };
	struct tail_limits limits;
	struct loop_words *words;
	bool followed;

	pthread_mutex_lock(&loop->lock);
	limits = limits_of(loop);
	words = limits.lines > 0 ? words_of(loop) : NULL;
	if (words)
		tail_add(&words->tail, &limits, &stamp, lines->text, length);
	followed = limits.exact;
	pthread_mutex_unlock(&loop->lock);
	if (followed && observer->followed)
		observer->followed(observer->userdata);
}

void loop_words_record(struct gloop_loop *loop, const struct failure *failure, unsigned slot)
{
	struct loop_words *words = loop->words;

	if (!words)
		return;
	free(words->of_failures[slot]);
	words->of_failures[slot] = tail_text(
		words->tail, failure->generation, failure->cycle, FAILURE_LINES, FAILURE_BYTES);
}

void loop_words_free(struct gloop_loop *loop)
{
	struct loop_words *words = loop->words;

	if (!words)
		return;
	for (unsigned i = 0; i < LOOP_FAILURES_KEPT; i++)
		free(words->of_failures[i]);
	tail_free(words->tail);
	free(words);
}

int loop_lines_copy(struct gloop_loop *loop, uint64_t from, size_t max, struct tail_copy *ret)
{
	int r;

	pthread_mutex_lock(&loop->lock);
	r = tail_copy(loop->words ? loop->words->tail : NULL, from, max, ret);
	pthread_mutex_unlock(&loop->lock);
	return r;
}

int loop_follow(struct gloop_loop *loop, bool follow)
{
	struct loop_words *words;

	pthread_mutex_lock(&loop->lock);
	words = words_of(loop);
	if (words)
		words->n_followers += follow ? 1 : -1U;
	pthread_mutex_unlock(&loop->lock);
	return words ? 0 : -ENOMEM;
}

char *loop_failure_lines(struct gloop_loop *loop, const struct failure *failure)
{
	char *copy = NULL;

	pthread_mutex_lock(&loop->lock);
	for (unsigned i = 0; loop->words && i < MIN(loop->n_failures, LOOP_FAILURES_KEPT); i++)
		if (loop->words->of_failures[i] &&
			loop->failures[i].when_usec == failure->when_usec)
			copy = strdup(loop->words->of_failures[i]);
	pthread_mutex_unlock(&loop->lock);
	return copy;
}
