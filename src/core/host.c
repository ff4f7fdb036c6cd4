/* SPDX-License-Identifier: MIT */
#include "core/host.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/call.h"
#include "core/loop.h"
#include "core/message.h"

/* The generation that asks, if it asks about its own loop. */
static struct generation *own(gloop_loop *loop)
{
	struct generation *generation = generation_current();

	return generation && generation->loop == loop ? generation : NULL;
}

static int plain_sleep(uint64_t usec)
{
	struct timespec span = { .tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC * 1000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &span, &span) == EINTR)
		;
	return 0;
}

static int host_sleep(uint64_t usec)
{
	struct generation *generation = generation_current();

	if (!generation)
		return plain_sleep(MIN(usec, (uint64_t)INT32_MAX * USEC_PER_SEC));
	if (generation->cleaning)
		return plain_sleep(MIN(usec, generation->loop->settings.hook_timeout_usec));
	return generation_pause(generation, usec_add(clock_now(), usec)) ? 0 : -ECANCELED;
}

static int host_check_stop(void)
{
	struct generation *generation = generation_current();

	if (!generation)
		return 0;
	generation_tick(generation);
	return generation_stopped(generation) ? -ECANCELED : 0;
}

static int host_error(gloop_loop *loop, int error, const char *text)
{
	struct generation *generation = own(loop);

	if (generation) {
		free(generation->error_reason);
		generation->error_reason = strdup(text);
	}
	return error < 0 ? error : -EINVAL;
}

static void drop_answer(struct call *call)
{
	free(call);
}

/* From a foreign thread the controller is asked: only it knows the present generation. */
static int ask_controller(gloop_loop *loop, const char *text)
{
	struct call *call = call_new(CALL_FAIL, &loop->task);

	if (!call)
		return -ENOMEM;
	strncpy(call->reason, text, sizeof(call->reason) - 1);
	call->oneway = true;
	call->answered = drop_answer;
	call_post(call);
	return 0;
}

static int host_failure(gloop_loop *loop, const char *text)
{
	struct generation *generation = own(loop);
	struct failure failure;

	if (!generation)
		return ask_controller(loop, text);
	failure_set(&failure, FAILURE_EXPLICIT, 0, "%s", text);
	return generation_fail(generation, &failure);
}

static int host_status(gloop_loop *loop, const char *text)
{
	struct generation *generation = own(loop);

	if (!generation)
		return -EPERM;
	generation_set_status(generation, text);
	return 0;
}

static int own_messages(gloop_loop *loop, struct messages **ret)
{
	struct generation *generation = own(loop);

	if (!generation)
		return -EPERM;
	if (!generation->messages)
		generation->messages = messages_new(loop->settings.parameters);
	*ret = generation->messages;
	return *ret ? 0 : -ENOMEM;
}

static int host_get(gloop_loop *loop, enum gloop_registry registry, const char *key,
	enum gloop_type type, struct gloop_value *ret)
{
	struct messages *messages;
	int r = own_messages(loop, &messages);

	return r < 0 ? r : messages_get(messages, registry, key, type, ret);
}

static int host_set(gloop_loop *loop, enum gloop_registry registry, const char *key,
	const struct gloop_value *value)
{
	struct messages *messages;
	int r = own_messages(loop, &messages);

	return r < 0 ? r : messages_set(messages, registry, key, value);
}

static const char *host_name(gloop_loop *loop)
{
	return loop->task.name;
}

static uint64_t host_generation(gloop_loop *loop)
{
	struct generation *generation = own(loop);
	uint64_t number;

	if (generation)
		return generation->number;
	pthread_mutex_lock(&loop->lock);
	number = loop->number;
	pthread_mutex_unlock(&loop->lock);
	return number;
}

const struct gloop_host host_table = {
	.abi = GLOOP_ABI,
	.size = sizeof(struct gloop_host),
	.sleep = host_sleep,
	.check_stop = host_check_stop,
	.error = host_error,
	.failure = host_failure,
	.status = host_status,
	.get = host_get,
	.set = host_set,
	.name = host_name,
	.generation = host_generation,
};

/* A program that links the library finds the same table by its public name. */
extern __typeof__(gloop_library_host) gloop_library_host __attribute__((alias("host_table")));
