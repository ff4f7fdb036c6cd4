/* SPDX-License-Identifier: MIT */
/* The second pipe is made only where standard error goes elsewhere: through one the order of what
 * is said is kept. */
#include "body/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macro.h"
#include "core/event.h"
#include "core/generation.h"

#define RETRY_USEC (10 * USEC_PER_MSEC)

void capture_init(struct capture *capture)
{
	capture->output.fd = -1;
}

static size_t take_output(const char *text, size_t length, struct waiter *waiter, void *userdata)
{
	return generation_output(userdata,
		&(struct event_lines){ .text = text, .length = length, .waiter = waiter });
}

static size_t take_error(const char *text, size_t length, struct waiter *waiter, void *userdata)
{
	return generation_output(userdata,
		&(struct event_lines){
			.text = text, .length = length, .error = true, .waiter = waiter });
}

static int open_output(struct capture *capture, struct generation *generation, int *ret_fd)
{
	if (generation_settings(generation)->output.kind == OUTPUT_NULL)
		return 0;
	return output_open(
		&capture->output, generation_box(generation), take_output, generation, ret_fd);
}

/* Only of a loop whose standard error goes elsewhere. */
static int open_error(struct capture *capture, struct generation *generation, int *ret_fd)
{
	int r;

	if (generation_settings(generation)->error_output.kind == OUTPUT_NULL) {
		*ret_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return *ret_fd < 0 ? -errno : 0;
	}
	capture->error = malloc(sizeof(*capture->error));
	if (!capture->error)
		return -ENOMEM;
	r = output_open(capture->error, generation_box(generation), take_error, generation, ret_fd);
	if (r < 0)
		free(TAKE_PTR(capture->error));
	return r;
}

int capture_open(struct capture *capture, struct generation *generation, int *ret_output_fd,
	int *ret_error_fd)
{
	const struct loop_settings *settings = generation_settings(generation);
	int r = open_output(capture, generation, ret_output_fd);

	if (r < 0 || settings->error_output.kind == OUTPUT_SAME ||
		output_target_equal(&settings->output, &settings->error_output))
		return r;
	return open_error(capture, generation, ret_error_fd);
}

static void handle(struct output *output, const struct letter *letter)
{
	if (letter == &output->watch.letter || output->stuck == OUTPUT_RETRIES ||
		output->stuck == OUTPUT_RESTS)
		output_read(output);
}

void capture_handle(struct capture *capture, const struct letter *letter)
{
	handle(&capture->output, letter);
	if (capture->error)
		handle(capture->error, letter);
}

void capture_read(struct capture *capture)
{
	output_read(&capture->output);
	if (capture->error)
		output_read(capture->error);
}

static bool is_stuck(const struct output *output)
{
	return output->stuck == OUTPUT_WAITS || output->stuck == OUTPUT_RETRIES;
}

bool capture_is_stuck(const struct capture *capture)
{
	return is_stuck(&capture->output) || (capture->error && is_stuck(capture->error));
}

static uint64_t due_of(const struct output *output)
{
	switch (output->stuck) {
	case OUTPUT_RESTS:
		return clock_now() + OUTPUT_REST_USEC;
	case OUTPUT_RETRIES:
		return clock_now() + RETRY_USEC;
	case OUTPUT_FLOWS:
	case OUTPUT_WAITS:
		break;
	}
	return USEC_INFINITY;
}

uint64_t capture_due(const struct capture *capture)
{
	uint64_t due = due_of(&capture->output);

	return capture->error ? MIN(due, due_of(capture->error)) : due;
}

void capture_close(struct capture *capture)
{
	output_close(&capture->output);
	if (capture->error)
		output_close(capture->error);
	free(TAKE_PTR(capture->error));
}
