/* SPDX-License-Identifier: MIT */
/*
 * A loop whose cycle is a function. Nothing can end foreign code from outside: to stop it is to set
 * the token, which the controller has done before it asks; whoever does not heed it is abandoned.
 */
#include "body/module.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "core/loop.h"

struct module_state {
	int (*cycle)(gloop_loop *loop, void *userdata);
	void (*on_thread_stop)(gloop_loop *loop, void *state);
	void *state;
};

static int begin(struct generation *generation, int (*on_thread_start)(gloop_loop *, void **),
	struct failure *failure)
{
	struct module_state *body = generation_body(generation);
	int r = 0;

	if (on_thread_start)
		r = on_thread_start(generation_loop(generation), &body->state);
	if (r < 0) {
		_cleanup_free_ char *reason = generation_take_error(generation);

		failure_set(
			failure, FAILURE_HOOK, -r, "on_thread_start: %s", reason ?: strerror(-r));
		return r;
	}
	generation_up(generation, 0);
	return 0;
}

static int module_start(struct generation *generation, struct failure *failure)
{
	struct module_state *body = generation_body(generation);
	_cleanup_free_ char *reason = NULL;
	const struct gloop_module *module;
	int r;

	r = module_load(generation_settings(generation)->module, &module, &reason);
	if (r < 0) {
		failure_set(failure, FAILURE_EXEC, -r, "%s", reason ?: strerror(-r));
		return r;
	}
	body->cycle = module->cycle;
	body->on_thread_stop = module->on_thread_stop;
	return begin(generation, module->on_thread_start, failure);
}

static int function_start(struct generation *generation, struct failure *failure)
{
	const struct gloop_functions *functions = &generation_loop(generation)->functions;
	struct module_state *body = generation_body(generation);

	body->cycle = functions->cycle;
	body->on_thread_stop = functions->on_thread_stop;
	body->state = generation_loop(generation)->userdata;
	return begin(generation, functions->on_thread_start, failure);
}

static enum cycle_result module_cycle(struct generation *generation, struct failure *failure)
{
	struct module_state *body = generation_body(generation);
	_cleanup_free_ char *reason = NULL;
	int r = body->cycle(generation_loop(generation), body->state);

	if (r == GLOOP_AGAIN)
		return CYCLE_AGAIN;
	if (r == GLOOP_DONE)
		return CYCLE_DONE;
	if (r == -ECANCELED && generation_stopped(generation))
		return CYCLE_ENDED;
	reason = generation_take_error(generation);
	if (reason)
		failure_set(failure, FAILURE_ERROR, r < 0 ? -r : 0, "%s", reason);
	else if (r < 0)
		failure_set(failure, FAILURE_ERROR, -r, "cycle() returned %d: %s", r, strerror(-r));
	else
		failure_set(failure, FAILURE_ERROR, 0, "cycle() returned %d", r);
	return CYCLE_FAILED;
}

static void module_stop(struct generation *generation)
{
	struct module_state *body = generation_body(generation);

	if (body->on_thread_stop)
		body->on_thread_stop(generation_loop(generation), body->state);
}

static int module_check(const struct loop_settings *settings, char **ret_reason)
{
	const struct gloop_module *module;

	return module_load(settings->module, &module, ret_reason);
}

static void module_nothing(struct generation *generation)
{
	(void)generation;
}

const struct body_ops module_body = {
	.name = "module",
	.body_size = sizeof(struct module_state),
	.check = module_check,
	.start = module_start,
	.cycle = module_cycle,
	.stop = module_stop,
	.ask = module_nothing,
	.kill = module_nothing,
};

const struct body_ops function_body = {
	.name = "function",
	.body_size = sizeof(struct module_state),
	.start = function_start,
	.cycle = module_cycle,
	.stop = module_stop,
	.ask = module_nothing,
	.kill = module_nothing,
};
