/* SPDX-License-Identifier: MIT */
#include "body/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strings.h"
#include "body/launch.h"
#include "core/environment.h"
#include "process/output.h"
#include "process/process.h"

enum { LINE_MAX_KEPT = 120 }; /* a reason has 200 bytes in all */

#define LOOK_USEC (20 * USEC_PER_MSEC) /* not every end of its group is to be heard of */
#define END_USEC  (1 * USEC_PER_SEC)   /* for the end of what was killed */

struct probe {
	struct generation *generation;
	struct process process;
	struct output output;
	uint64_t window;
	uint64_t begin_usec, next_usec, kill_usec;
	bool running, exited, timed_out;
	char line[LINE_MAX_KEPT];
	char end[LINE_MAX_KEPT + 64]; /* how the last one ended */
};

bool probe_window_add(uint64_t *window, const struct share *share, bool failed)
{
	uint64_t looked_at = share->of == 64 ? UINT64_MAX : (UINT64_C(1) << share->of) - 1;

	*window = *window << 1 | failed;
	return failed && (unsigned)__builtin_popcountll(*window & looked_at) >= share->failed;
}

struct probe *probe_new(struct generation *generation)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return NULL;
	probe->generation = generation;
	probe->output.fd = probe->output.watch.fd = -1;
	probe->next_usec = probe->kill_usec = USEC_INFINITY;
	process_init(&probe->process, generation_box(generation));
	return probe;
}

struct probe *probe_free(struct probe *probe)
{
	if (probe)
		process_done(&probe->process);
	free(probe);
	return NULL;
}

void probe_begin(struct probe *probe, uint64_t first_usec)
{
	probe->window = 0;
	probe->next_usec = first_usec;
	probe->end[0] = '\0';
}

void probe_next(struct probe *probe, uint64_t begin_usec)
{
	probe->next_usec = begin_usec;
}

static void keep_line(struct probe *probe, const char *text, size_t length)
{
	length = MIN(length, sizeof(probe->line) - 1);
	while (length > 0 && !utf8_valid(text, length)) /* cut inside of a character, or worse */
		length--;
	memcpy(probe->line, text, length);
	probe->line[length] = '\0';
}

/* The last line that is not empty. */
static size_t take_lines(
	const char *lines, size_t length, _unused_ struct waiter *waiter, void *userdata)
{
	size_t end = length, begin;

	while (end > 0 && lines[end - 1] == '\n')
		end--;
	for (begin = end; begin > 0 && lines[begin - 1] != '\n';)
		begin--;
	if (end > begin)
		keep_line(userdata, lines + begin, end - begin);
	return length;
}

/* As the loop's own command. -errno; *ret_ours: what the daemon lacks. */
static int spawn(struct probe *probe, bool *ret_ours, char **ret_reason)
{
	const struct loop_settings *settings = generation_settings(probe->generation);
	_cleanup_(environment_freep) char **environment =
		generation_environment(probe->generation, NULL);
	_cleanup_close_ int output_fd = -1;
	int r;

	*ret_ours = true;
	if (!environment)
		return -ENOMEM;
	r = output_open(
		&probe->output, generation_box(probe->generation), take_lines, probe, &output_fd);
	if (r < 0)
		return r;
	r = launch_spawn(settings, &probe->process,
		&(struct spec){ .argv = settings->probe_command.argv,
			.environment = environment,
			.output_fd = output_fd,
			.error_fd = -1 },
		ret_ours, ret_reason);
	if (r < 0)
		output_close(&probe->output);
	return r;
}

static enum probe_result start(struct probe *probe, uint64_t now_usec)
{
	_cleanup_free_ char *reason = NULL;
	bool ours;
	int r;

	probe->begin_usec = now_usec;
	probe->exited = probe->timed_out = false;
	probe->line[0] = '\0';
	r = spawn(probe, &ours, &reason);
	if (r >= 0) {
		probe->running = true;
		probe->kill_usec = usec_add(
			now_usec, generation_settings(probe->generation)->probe_timeout_usec);
		return PROBE_NOTHING;
	}
	snprintf(probe->end, sizeof(probe->end), "%s", reason ?: strerrordesc_np(-r));
	return ours ? PROBE_NOTHING : PROBE_BAD;
}

bool probe_letter(struct probe *probe, const struct letter *letter, unsigned facts)
{
	if (letter == &probe->process.letter)
		probe->exited |= (facts & PROCESS_EXITED) != 0;
	else if (letter == &probe->output.watch.letter)
		output_read(&probe->output);
	else
		return false;
	return true;
}

uint64_t probe_due(const struct probe *probe)
{
	return probe->running ? probe->kill_usec : probe->next_usec;
}

static void describe(struct probe *probe)
{
	uint64_t timeout = generation_settings(probe->generation)->probe_timeout_usec;
	char end[64];

	if (probe->timed_out)
		snprintf(probe->end, sizeof(probe->end), "no answer within %s",
			timespan_format(timeout, end, sizeof(end)));
	else
		process_describe_end(&probe->process, probe->end, sizeof(probe->end));
	if (probe->line[0]) {
		size_t length = strlen(probe->end);

		snprintf(probe->end + length, sizeof(probe->end) - length, ": %s", probe->line);
	}
}

/* The main process is gone; what is left of its group is killed. */
static enum probe_result finish(struct probe *probe, uint64_t now_usec)
{
	if (process_lingers(&probe->process)) {
		(void)process_signal(&probe->process, SIGKILL, true);
		probe->kill_usec = usec_add(now_usec, LOOK_USEC);
		return PROBE_NOTHING;
	}
	output_close(&probe->output);
	probe->running = false;
	probe->kill_usec = USEC_INFINITY;
	if (!probe->timed_out && probe->process.code == CLD_EXITED && probe->process.status == 0)
		return PROBE_GOOD;
	describe(probe);
	return PROBE_BAD;
}

static void time_out(struct probe *probe)
{
	probe->timed_out = true;
	probe->kill_usec = USEC_INFINITY;
	(void)process_signal(&probe->process, SIGKILL, true);
}

enum probe_result probe_step(struct probe *probe, uint64_t pause_usec, uint64_t now_usec)
{
	enum probe_result result = PROBE_NOTHING;

	if (probe->running && probe->exited)
		result = finish(probe, now_usec);
	else if (probe->running && now_usec >= probe->kill_usec)
		time_out(probe);
	else if (!probe->running && now_usec >= probe->next_usec)
		result = start(probe, now_usec);
	else
		return PROBE_NOTHING;
	if (!probe->running && probe->next_usec != USEC_INFINITY)
		probe->next_usec = MAX(now_usec, usec_add(probe->begin_usec, pause_usec));
	return result;
}

bool probe_count(struct probe *probe, enum probe_result result)
{
	const struct loop_settings *settings = generation_settings(probe->generation);

	return result != PROBE_NOTHING &&
	       probe_window_add(&probe->window, &settings->probe_failures, result == PROBE_BAD);
}

const char *probe_describe(const struct probe *probe)
{
	return probe->end;
}

void probe_kill(struct probe *probe)
{
	probe->next_usec = USEC_INFINITY;
	if (probe->running && probe->kill_usec != USEC_INFINITY && !probe->exited)
		time_out(probe);
}

/* Whatever letters come meanwhile, nobody waits for them any more but for a stop, which is told
 * again. */
void probe_end(struct probe *probe)
{
	uint64_t due = usec_add(clock_now(), END_USEC), now;

	probe_kill(probe);
	while (probe->running && (now = clock_now()) < due) {
		unsigned facts = 0;
		struct letter *letter =
			mailbox_wait(generation_box(probe->generation), now + LOOK_USEC, &facts);

		if (letter)
			(void)probe_letter(probe, letter, facts);
		if (probe->exited)
			(void)finish(probe, now);
	}
	if (probe->running) { /* nothing kills it: it goes on without us */
		output_close(&probe->output);
		process_done(&probe->process);
		process_init(&probe->process, generation_box(probe->generation));
		probe->running = false;
	}
	probe->kill_usec = USEC_INFINITY;
}
