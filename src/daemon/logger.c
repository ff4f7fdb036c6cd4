/* SPDX-License-Identifier: MIT */
/* The thread: take a batch under the lock, write it without, give its room back. */
#include "daemon/logger.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/macro.h"
#include "daemon/log-target.h"

enum {
	RING_SIZE = 1024 * 1024, /* bytes */
	STACK_SIZE = 128 * 1024,
};

struct logger {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, ended; /* CLOCK_MONOTONIC */
	struct log_ring ring;
	uint64_t asked, answered; /* pings */
	uint64_t lost;            /* own lines since the last count that was said */
	bool stopping, over;
	bool journal;               /* constant */
	struct log_console console; /* the thread's */
};

static void free_logger(struct logger *logger)
{
	log_ring_done(&logger->ring);
	pthread_cond_destroy(&logger->work);
	pthread_cond_destroy(&logger->ended);
	pthread_mutex_destroy(&logger->lock);
	free(logger);
}

static void write_batch(struct logger *logger, const struct log_entry *const *entries, unsigned n)
{
	const struct log_entry *for_console[LOG_BATCH];
	unsigned n_console = 0;

	for (unsigned i = 0; i < n; i++)
		if (logger->journal && !(entries[i]->flags & LOG_ENTRY_CONSOLE))
			log_journal_write(entries[i], logger->console.program);
		else
			for_console[n_console++] = entries[i];
	if (n_console > 0)
		log_console_write(&logger->console, for_console, n_console);
}

/* Under the lock: there is room again, so the count of lost lines finds some, too. */
static void tell_lost(struct logger *logger)
{
	char text[64];
	struct log_record record = { .priority = LOG_WARNING, .text = text };

	record.length =
		(size_t)snprintf(text, sizeof(text), "%" PRIu64 " lines lost", logger->lost);
	if (log_ring_put(&logger->ring, &record, 0, clock_realtime()))
		logger->lost = 0;
}

static void *run(void *userdata)
{
	struct logger *logger = userdata;
	const struct log_entry *entries[LOG_BATCH];

	pthread_mutex_lock(&logger->lock);
	for (;;) {
		unsigned n = log_ring_peek(&logger->ring, entries, LOG_BATCH);

		logger->answered = logger->asked;
		if (n == 0 && logger->stopping)
			break;
		if (n == 0) {
			pthread_cond_wait(&logger->work, &logger->lock);
			continue;
		}
		pthread_mutex_unlock(&logger->lock);
		write_batch(logger, entries, n);
		pthread_mutex_lock(&logger->lock);
		log_ring_release(&logger->ring, n);
		if (logger->lost > 0)
			tell_lost(logger);
	}
	logger->over = true;
	pthread_cond_signal(&logger->ended);
	pthread_mutex_unlock(&logger->lock);
	return NULL;
}

static int start_thread(struct logger *logger)
{
	pthread_attr_t attributes;
	int r;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	r = -pthread_create(&logger->thread, &attributes, run, logger);
	pthread_attr_destroy(&attributes);
	if (r == 0)
		(void)pthread_setname_np(logger->thread, "logger");
	return r;
}

int logger_start(struct logger **ret, const struct logger_config *config)
{
	struct logger *logger = calloc(1, sizeof(*logger));
	pthread_condattr_t monotonic;
	int r;

	if (!logger)
		return -ENOMEM;
	logger->console = (struct log_console){
		.fd = config->console_fd, .program = config->program, .second = -1
	};
	logger->journal = config->journal;
	pthread_mutex_init(&logger->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&logger->work, &monotonic);
	pthread_cond_init(&logger->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = log_ring_init(&logger->ring, config->ring_size ? config->ring_size : RING_SIZE);
	if (r == 0)
		r = start_thread(logger);
	if (r < 0) {
		free_logger(logger);
		return r;
	}
	*ret = logger;
	return 0;
}

/* Whether the thread is gone. */
static bool end_thread(struct logger *logger, uint64_t limit_usec)
{
	uint64_t deadline = usec_add(clock_now(), limit_usec);
	struct timespec until = { .tv_sec = (time_t)(deadline / USEC_PER_SEC),
		.tv_nsec = (long)(deadline % USEC_PER_SEC) * 1000 };
	bool over;

	pthread_mutex_lock(&logger->lock);
	logger->stopping = true;
	pthread_cond_signal(&logger->work);
	while (!logger->over && pthread_cond_timedwait(&logger->ended, &logger->lock, &until) == 0)
		;
	over = logger->over;
	pthread_mutex_unlock(&logger->lock);
	if (over)
		pthread_join(logger->thread, NULL);
	else
		pthread_detach(logger->thread);
	return over;
}

void logger_stop(struct logger *logger, uint64_t limit_usec)
{
	if (logger && end_thread(logger, limit_usec))
		free_logger(logger);
}

void logger_retire(struct logger *logger, uint64_t limit_usec)
{
	if (logger)
		(void)end_thread(logger, limit_usec);
}

bool logger_write(struct logger *logger, const struct log_record *record, unsigned flags)
{
	uint64_t now = clock_realtime();
	bool taken, first;

	if (record->output)
		flags |= LOG_ENTRY_OUTPUT;
	pthread_mutex_lock(&logger->lock);
	first = logger->ring.used == 0;
	taken = log_ring_put(&logger->ring, record, flags, now);
	if (!taken && !record->output)
		logger->lost++;
	if (taken && first)
		pthread_cond_signal(&logger->work);
	pthread_mutex_unlock(&logger->lock);
	return taken;
}

bool logger_sink(const struct log_record *record, void *logger)
{
	return logger_write(logger, record, 0);
}

void logger_ping(struct logger *logger, uint64_t number)
{
	pthread_mutex_lock(&logger->lock);
	logger->asked = number;
	pthread_cond_signal(&logger->work);
	pthread_mutex_unlock(&logger->lock);
}

uint64_t logger_answered(struct logger *logger)
{
	uint64_t number;

	pthread_mutex_lock(&logger->lock);
	number = logger->answered;
	pthread_mutex_unlock(&logger->lock);
	return number;
}
