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
#include "base/thread.h"
#include "base/waiter.h"
#include "daemon/log-file.h"
#include "daemon/log-target.h"

enum {
	RING_SIZE = 1024 * 1024, /* bytes */
	STACK_SIZE = 128 * 1024,
	REST_USEC = 500,
};

struct logger {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, ended; /* CLOCK_MONOTONIC */
	struct log_ring ring;
	uint64_t asked, answered; /* pings */
	uint64_t lost;            /* own lines since the last count that was said */
	bool stopping, over;
	bool reopening;
	bool rests;             /* waits for more of a stream */
	bool refused;           /* somebody waits for room */
	struct waiters waiters; /* for room */
	bool journal;           /* constant */

	pthread_mutex_t files_lock; /* taken after none, before none */
	struct log_files files;

	/* the thread's */
	struct log_console console;
	char *scratch; /* LOG_SCRATCH; made when first needed; NULL without memory */
	bool journal_missed;
	uint64_t streams_until_usec; /* until then whatever comes belongs to a stream */
};

static void free_logger(struct logger *logger)
{
	log_files_done(&logger->files);
	log_ring_done(&logger->ring);
	free(logger->scratch);
	pthread_mutex_destroy(&logger->files_lock);
	pthread_cond_destroy(&logger->work);
	pthread_cond_destroy(&logger->ended);
	pthread_mutex_destroy(&logger->lock);
	free(logger);
}

/* Whether it goes to the journal; a loop may want that where there is none. */
static bool for_journal(struct logger *logger, const struct log_entry *entry)
{
	if (logger->journal && !(entry->flags & LOG_ENTRY_CONSOLE))
		return true;
	if (!(entry->flags & LOG_ENTRY_JOURNAL))
		return false;
	if (log_journal_exists())
		return true;
	if (!logger->journal_missed)
		log_warning("%s: there is no journal here: its output goes to the console",
			entry->data);
	logger->journal_missed = true;
	return false;
}

static void write_batch(struct logger *logger, const struct log_entry *const *entries, unsigned n)
{
	const struct log_entry *for_console[LOG_BATCH];
	unsigned n_console = 0;

	if (!logger->scratch)
		logger->scratch = malloc(LOG_SCRATCH);
	for (unsigned i = 0; i < n; i++)
		if (entries[i]->file && logger->scratch)
			log_entry_to_file(&logger->console, entries[i], logger->scratch);
		else if (logger->scratch && for_journal(logger, entries[i]))
			log_journal_write(entries[i], logger->console.program, logger->scratch);
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

/* Under the lock. Not for every bit of room: who was refused has much to write. */
static void wake_waiters(struct logger *logger)
{
	if (!logger->refused || logger->ring.used > logger->ring.size / 2)
		return;
	logger->refused = false;
	waiters_wake(&logger->waiters);
}

/* Under the lock, which it lets go meanwhile. */
static void reopen_files(struct logger *logger)
{
	struct log_file *first;

	logger->reopening = false;
	pthread_mutex_unlock(&logger->lock);
	pthread_mutex_lock(&logger->files_lock);
	first = logger->files.first;
	pthread_mutex_unlock(&logger->files_lock);
	log_files_reopen(first, clock_now());
	pthread_mutex_lock(&logger->lock);
}

static struct timespec timespec_of(uint64_t usec)
{
	return (struct timespec){ .tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC) * 1000 };
}

/* Enough to be written in one go, and little enough to be in the processor's cache still. */
static bool has_much(const struct logger *logger)
{
	return logger->ring.used > logger->ring.size / 16;
}

/* Under the lock, which it lets go meanwhile. In a stream of small batches a short rest lets many
 * of them be written at once, and takes far less time than it gives. Who speaks now and then is
 * written down at once. */
static bool rests(struct logger *logger)
{
	uint64_t now = clock_now();
	bool streams = now < logger->streams_until_usec;
	struct timespec until;

	logger->streams_until_usec = now + 2 * REST_USEC;
	if (!streams || logger->stopping || has_much(logger))
		return false;
	until = timespec_of(now + REST_USEC);
	logger->rests = true;
	(void)pthread_cond_timedwait(&logger->work, &logger->lock, &until);
	logger->rests = false;
	return true;
}

static void *run(void *userdata)
{
	struct logger *logger = userdata;
	const struct log_entry *entries[LOG_BATCH];

	pthread_mutex_lock(&logger->lock);
	for (;;) {
		unsigned n = log_ring_peek(&logger->ring, entries, LOG_BATCH);

		logger->answered = logger->asked;
		if (logger->reopening) {
			reopen_files(logger);
			continue;
		}
		if (n == 0 && logger->stopping)
			break;
		if (n == 0) {
			pthread_cond_wait(&logger->work, &logger->lock);
			continue;
		}
		if (rests(logger))
			n = log_ring_peek(&logger->ring, entries, LOG_BATCH);
		pthread_mutex_unlock(&logger->lock);
		write_batch(logger, entries, n);
		pthread_mutex_lock(&logger->lock);
		log_ring_release(&logger->ring, n);
		if (logger->lost > 0)
			tell_lost(logger);
		wake_waiters(logger);
	}
	logger->over = true;
	pthread_cond_signal(&logger->ended);
	pthread_mutex_unlock(&logger->lock);
	return NULL;
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
	waiters_init(&logger->waiters);
	pthread_mutex_init(&logger->files_lock, NULL);
	pthread_mutex_init(&logger->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&logger->work, &monotonic);
	pthread_cond_init(&logger->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = log_ring_init(&logger->ring, config->ring_size ? config->ring_size : RING_SIZE);
	if (r == 0)
		r = thread_start(&logger->thread, "logger", STACK_SIZE, run, logger);
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
	struct timespec until = timespec_of(usec_add(clock_now(), limit_usec));
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

/* How much of it is offered to the ring: whole lines of at most a quarter of it, or the first line,
 * which is cut. */
static size_t lines_to_offer(const struct logger *logger, const char *lines, size_t length)
{
	size_t most = logger->ring.size / 4;
	const char *newline;

	if (length <= most)
		return length;
	newline = memrchr(lines, '\n', most);
	if (!newline)
		newline = memchr(lines, '\n', length);
	return newline ? (size_t)(newline + 1 - lines) : length;
}

/* Under the lock. What was taken. */
static size_t put_lines(struct logger *logger, const struct log_record *record, unsigned flags,
	struct log_file *file, uint64_t now)
{
	struct log_record part = *record;
	size_t taken = 0;

	while (taken < record->length) {
		struct log_entry *entry;

		part.text = record->text + taken;
		part.length = lines_to_offer(logger, part.text, record->length - taken);
		entry = log_ring_put(&logger->ring, &part, flags, now);
		if (!entry)
			break;
		entry->file = file;
		taken += part.length;
	}
	return taken;
}

size_t logger_write_lines(struct logger *logger, const struct log_record *record, unsigned flags,
	struct log_file *file, struct waiter *waiter)
{
	uint64_t now = clock_realtime();
	size_t taken;
	bool first;

	flags |= LOG_ENTRY_OUTPUT | LOG_ENTRY_LINES;
	pthread_mutex_lock(&logger->lock);
	first = logger->ring.used == 0;
	taken = put_lines(logger, record, flags, file, now);
	if (taken < record->length && waiter) {
		waiters_add(&logger->waiters, waiter);
		logger->refused = true;
	}
	if (taken > 0 && (first || (logger->rests && has_much(logger))))
		pthread_cond_signal(&logger->work);
	pthread_mutex_unlock(&logger->lock);
	return taken;
}

struct log_file *logger_file(
	struct logger *logger, const char *path, uint64_t max_size, unsigned max_files)
{
	struct log_file *file;

	pthread_mutex_lock(&logger->files_lock);
	file = log_files_get(&logger->files, path, max_size, max_files);
	pthread_mutex_unlock(&logger->files_lock);
	return file;
}

bool logger_has_journal(const struct logger *logger)
{
	return logger->journal;
}

void logger_reopen(struct logger *logger)
{
	pthread_mutex_lock(&logger->lock);
	logger->reopening = true;
	pthread_cond_signal(&logger->work);
	pthread_mutex_unlock(&logger->lock);
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
