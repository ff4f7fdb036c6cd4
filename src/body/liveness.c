/* SPDX-License-Identifier: MIT */
#include "body/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/strings.h"
#include "body/probe.h"
#include "body/said.h"
#include "process/note.h"
#include "process/notify.h"
#include "process/successor.h"

enum { AT_ONCE = 32 }; /* messages: who sends without end must not keep the thread from the rest */

#define REST_USEC (10 * USEC_PER_MSEC) /* then; the socket's queue makes the sender wait */

struct liveness {
	struct generation *generation;
	struct process *process;
	struct said said;
	struct notify_socket socket; /* made once for all cycles */
	struct {
		int read_fd, write_fd; /* -1: closed */
		struct watch watch;
	} pipe; /* ready = fd:N */
	struct probe *probe;
	char **environment;       /* of the present spawn */
	uint64_t rest_until_usec; /* USEC_INFINITY: it does not rest */
	bool up, probing;
};

/* ---- before the spawn */

bool liveness_is_wanted(const struct loop_settings *settings)
{
	return settings->ready.kind == READY_NOTIFY || settings->ready.kind == READY_FD ||
	       settings->watchdog_usec > 0 || settings->probe_command.argv;
}

static bool has_socket(const struct loop_settings *settings)
{
	return settings->ready.kind == READY_NOTIFY || settings->watchdog_usec > 0;
}

static struct liveness *liveness_new(struct generation *generation, struct process *process)
{
	struct liveness *liveness = calloc(1, sizeof(*liveness));

	if (!liveness)
		return NULL;
	liveness->generation = generation;
	liveness->process = process;
	liveness->socket = (struct notify_socket)NOTIFY_SOCKET_NONE;
	liveness->pipe.read_fd = liveness->pipe.write_fd = liveness->pipe.watch.fd = -1;
	liveness->rest_until_usec = USEC_INFINITY;
	said_init(&liveness->said, generation);
	return liveness;
}

/* What still lies there is from processes that have ended. */
static int empty_socket(struct notify_socket *socket)
{
	struct notify_datagram *datagram = malloc(sizeof(*datagram));
	int r = datagram ? 1 : -ENOMEM;

	while (r > 0 || r == -EBADMSG) {
		r = notify_receive(socket->fd, datagram);
		if (r > 0)
			closep(&datagram->barrier_fd);
	}
	free(datagram);
	return r < 0 ? r : poller_arm(&socket->watch, EPOLLIN);
}

static int open_socket(struct liveness *liveness)
{
	struct generation *generation = liveness->generation;

	if (liveness->socket.fd >= 0)
		return empty_socket(&liveness->socket);
	return notify_open(&liveness->socket, generation_name(generation),
		generation_number(generation), generation_box(generation));
}

static void close_pipe(struct liveness *liveness)
{
	poller_remove(&liveness->pipe.watch);
	closep(&liveness->pipe.read_fd);
	closep(&liveness->pipe.write_fd);
	liveness->pipe.read_fd = liveness->pipe.write_fd = -1;
}

static int open_pipe(struct liveness *liveness)
{
	_cleanup_close_ int low_fd = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	liveness->pipe.read_fd = fds[0];
	low_fd = fds[1];
	liveness->pipe.write_fd = fcntl(low_fd, F_DUPFD_CLOEXEC, SPEC_EXTRA_MIN);
	if (liveness->pipe.write_fd < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return poller_add(
		&liveness->pipe.watch, fds[0], EPOLLIN, generation_box(liveness->generation));
}

static bool is_ours(const char *pair)
{
	return strncmp(pair, "NOTIFY_SOCKET=", 14) == 0 || strncmp(pair, "WATCHDOG_", 9) == 0;
}

/* A block of pointers to the old pairs, then ours, then the text of ours. */
static int extend_environment(struct liveness *liveness, struct spec *spec)
{
	/* Its own pid is known in the child only. */
	static const struct setup adds_pid = { .set = SETUP_WATCHDOG_PID };
	const struct loop_settings *settings = generation_settings(liveness->generation);
	size_t n_old = vector_length(spec->environment), n = 0;
	size_t slots = n_old + 3, room = strlen(liveness->socket.path) + 64;
	char **block = malloc(slots * sizeof(char *) + room);
	char *text;

	if (!block)
		return -ENOMEM;
	text = (char *)(block + slots);
	for (size_t i = 0; i < n_old; i++)
		if (!is_ours(spec->environment[i]))
			block[n++] = spec->environment[i];
	block[n++] = text;
	text = stpcpy(stpcpy(text, "NOTIFY_SOCKET="), liveness->socket.path) + 1;
	if (settings->watchdog_usec > 0) {
		block[n++] = text;
		snprintf(text, 64, "WATCHDOG_USEC=%" PRIu64, settings->watchdog_usec);
		spec->setup = &adds_pid;
	}
	block[n] = NULL;
	free(liveness->environment);
	spec->environment = liveness->environment = block;
	return 0;
}

static int prepare(struct liveness *liveness, struct spec *spec)
{
	const struct loop_settings *settings = generation_settings(liveness->generation);
	int r = 0;

	if (has_socket(settings))
		r = open_socket(liveness);
	if (r >= 0 && has_socket(settings))
		r = extend_environment(liveness, spec);
	if (r >= 0 && settings->ready.kind == READY_FD) {
		r = open_pipe(liveness);
		spec->extra_fd = liveness->pipe.write_fd;
		spec->extra_number = (int)settings->ready.number;
	}
	if (r >= 0 && settings->probe_command.argv && !liveness->probe) {
		liveness->probe = probe_new(liveness->generation);
		r = liveness->probe ? 0 : -ENOMEM;
	}
	return r;
}

int liveness_prepare(struct liveness **liveness, struct generation *generation,
	struct process *process, struct spec *spec)
{
	int r;

	if (!*liveness && !liveness_is_wanted(generation_settings(generation)))
		return 0;
	if (!*liveness)
		*liveness = liveness_new(generation, process);
	if (!*liveness)
		return -ENOMEM;
	said_clear(&(*liveness)->said);
	r = prepare(*liveness, spec);
	if (r < 0)
		close_pipe(*liveness);
	return r;
}

void liveness_up(struct liveness *liveness)
{
	if (!liveness)
		return;
	closep(&liveness->pipe.write_fd);
	liveness->pipe.write_fd = -1;
	free(TAKE_PTR(liveness->environment));
	liveness->up = true;
	liveness->probing = false;
	if (liveness->probe)
		probe_begin(liveness->probe,
			generation_settings(liveness->generation)->ready.kind == READY_PROBE
				? clock_now()
				: USEC_INFINITY);
}

/* ---- what comes in */

static void heed(struct liveness *liveness, char *text, size_t length, struct limits *limits)
{
	struct notify_message message;

	if (notify_message_parse(&message, text, length) < 0) {
		notify_count_dropped();
		return;
	}
	if (message.main_pid && process_set_successor(liveness->process, message.main_pid) < 0)
		notify_count_dropped();
	said_heed(&liveness->said, &message, limits);
}

/* 1: perhaps there is more. */
static int read_one(
	struct liveness *liveness, struct notify_datagram *datagram, struct limits *limits)
{
	int r = notify_receive(liveness->socket.fd, datagram);

	if (r <= 0)
		return r == -EBADMSG ? 1 : 0;
	if (process_owns(liveness->process, datagram->sender))
		heed(liveness, datagram->text, datagram->length, limits);
	else
		notify_count_dropped();
	closep(&datagram->barrier_fd);
	return 1;
}

static void read_socket(struct liveness *liveness, struct limits *limits)
{
	struct notify_datagram *datagram = malloc(sizeof(*datagram));
	int r = 1;

	for (unsigned n = 0; datagram && r > 0 && n < AT_ONCE; n++)
		r = read_one(liveness, datagram, limits);
	free(datagram);
	liveness->rest_until_usec = USEC_INFINITY;
	if (r > 0 || poller_arm(&liveness->socket.watch, EPOLLIN) < 0)
		liveness->rest_until_usec = usec_add(clock_now(), REST_USEC);
}

/* A newline; what else is written there says nothing. */
static void read_pipe(struct liveness *liveness)
{
	char text[64];
	ssize_t n = read(liveness->pipe.read_fd, text, sizeof(text));

	if (n > 0 && memchr(text, '\n', (size_t)n))
		generation_became_ready(liveness->generation);
	else if ((n > 0 || (n < 0 && errno == EAGAIN)) &&
		 poller_arm(&liveness->pipe.watch, EPOLLIN) >= 0)
		return;
	close_pipe(liveness);
}

bool liveness_letter(struct liveness *liveness, const struct letter *letter, unsigned facts,
	struct limits *limits)
{
	if (!liveness || !letter)
		return false;
	if (letter == &liveness->socket.watch.letter)
		read_socket(liveness, limits);
	else if (letter == &liveness->pipe.watch.letter)
		read_pipe(liveness);
	else
		return liveness->probe && probe_letter(liveness->probe, letter, facts);
	return true;
}

void liveness_notes(struct liveness **liveness, struct generation *generation,
	struct process *process, struct limits *limits)
{
	struct note *note;

	if (!*liveness)
		*liveness = liveness_new(generation, process);
	while ((note = note_take(process))) {
		if (*liveness)
			heed(*liveness, note->text, note->length, limits);
		note_free(note);
	}
}

/* ---- what is due */

uint64_t liveness_due(const struct liveness *liveness)
{
	uint64_t due;

	if (!liveness)
		return USEC_INFINITY;
	due = MIN(liveness->rest_until_usec, said_due(&liveness->said));
	return liveness->probe ? MIN(due, probe_due(liveness->probe)) : due;
}

/* `ready = probe`: tries until one succeeds. Then, or when it is ready otherwise: the watch over
 * it. */
static enum failure_kind step_probe(struct liveness *liveness, uint64_t now)
{
	const struct loop_settings *settings = generation_settings(liveness->generation);
	enum probe_result result;

	if (!liveness->probing && generation_ready(liveness->generation)) {
		liveness->probing = true;
		probe_next(liveness->probe, usec_add(now, settings->probe_interval_usec));
	}
	result = probe_step(liveness->probe,
		liveness->probing ? settings->probe_interval_usec : PROBE_FIRST_USEC, now);
	if (liveness->probing)
		return probe_count(liveness->probe, result) ? FAILURE_PROBE : FAILURE_NONE;
	if (result == PROBE_GOOD)
		generation_became_ready(liveness->generation);
	return FAILURE_NONE;
}

static void end_probing(struct liveness *liveness)
{
	liveness->probing = true; /* it does not begin again */
	probe_kill(liveness->probe);
}

enum failure_kind liveness_step(struct liveness *liveness, struct limits *limits)
{
	enum failure_kind kind = FAILURE_NONE;
	uint64_t now = clock_now();
	bool ending;

	if (!liveness || !liveness->up)
		return FAILURE_NONE;
	ending = limits->expired != FAILURE_NONE || generation_stopped(liveness->generation);
	if (now >= liveness->rest_until_usec)
		read_socket(liveness, limits);
	if (liveness->probe && ending)
		end_probing(liveness);
	if (liveness->probe)
		kind = step_probe(liveness, now);
	if (ending)
		return FAILURE_NONE;
	if (said_hangs(&liveness->said, now))
		return FAILURE_WATCHDOG;
	return kind;
}

void liveness_down(struct liveness *liveness, struct limits *limits)
{
	if (!liveness)
		return;
	if (liveness->up && liveness->socket.fd >= 0)
		read_socket(liveness, limits);
	liveness->rest_until_usec = USEC_INFINITY;
	liveness->up = false;
	close_pipe(liveness);
	free(TAKE_PTR(liveness->environment));
	if (liveness->probe)
		probe_end(liveness->probe);
	said_end(&liveness->said);
}

/* ---- failures */

void liveness_describe(
	const struct liveness *liveness, enum failure_kind kind, struct failure *failure)
{
	const struct share *share = &generation_settings(liveness->generation)->probe_failures;

	if (kind == FAILURE_PROBE)
		failure_set(failure, kind, 0, "%u of %u probes failed: %s", share->failed,
			share->of, probe_describe(liveness->probe));
	else
		said_describe_watchdog(&liveness->said, failure);
}

void liveness_add_error(const struct liveness *liveness, struct failure *failure)
{
	if (liveness)
		said_add_error(&liveness->said, failure);
}

struct liveness *liveness_free(struct liveness *liveness)
{
	if (!liveness)
		return NULL;
	notify_close(&liveness->socket);
	close_pipe(liveness);
	liveness->probe = probe_free(liveness->probe);
	free(liveness->environment);
	said_done(&liveness->said);
	free(liveness);
	return NULL;
}
