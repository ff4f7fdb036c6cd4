/* SPDX-License-Identifier: MIT */
#include "core/call.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/group.h"

struct call *call_new(enum call_op op, struct task *target)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	letter_init(&call->letter);
	list_init(&call->waiting);
	call->op = op;
	call->target = target;
	return call;
}

/* A member is steered by its group's controller; what happens inside a group is its own
 * controller's. */
static struct gloop_group *owner(const struct call *call)
{
	struct task *target = call->target;
	bool inside =
		call->op == CALL_RESET || call->op == CALL_HARD_RESET || call->op == CALL_FORGIVE;

	return target->is_group && inside ? group_of(target) : target->parent;
}

void call_post(struct call *call)
{
	mailbox_post(&owner(call)->box, &call->letter, CALL_FACT);
}

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool answered, left; /* left: the caller's patience is over, the answer frees all */
};

static void waiter_free(struct waiter *waiter)
{
	pthread_cond_destroy(&waiter->cond);
	pthread_mutex_destroy(&waiter->lock);
	free(waiter);
}

static void wake_waiter(struct call *call)
{
	struct waiter *waiter = call->userdata;
	bool left;

	pthread_mutex_lock(&waiter->lock);
	waiter->answered = true;
	left = waiter->left;
	pthread_cond_signal(&waiter->cond);
	pthread_mutex_unlock(&waiter->lock);
	if (left) {
		waiter_free(waiter);
		free(call);
	}
}

static struct waiter *waiter_new(void)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));
	pthread_condattr_t attributes;

	if (!waiter)
		return NULL;
	pthread_mutex_init(&waiter->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&waiter->cond, &attributes);
	pthread_condattr_destroy(&attributes);
	return waiter;
}

static bool wait_for(struct waiter *waiter, uint64_t timeout_usec)
{
	uint64_t deadline = usec_add(clock_now(), timeout_usec);
	struct timespec until = { .tv_sec = (time_t)(deadline / USEC_PER_SEC),
		.tv_nsec = (long)(deadline % USEC_PER_SEC * 1000) };
	bool answered;
	int r = 0;

	pthread_mutex_lock(&waiter->lock);
	while (!waiter->answered && r == 0) {
		if (deadline == USEC_INFINITY)
			r = pthread_cond_wait(&waiter->cond, &waiter->lock);
		else
			r = pthread_cond_timedwait(&waiter->cond, &waiter->lock, &until);
	}
	answered = waiter->answered;
	waiter->left = !answered;
	pthread_mutex_unlock(&waiter->lock);
	return answered;
}

int call_sync(struct call *call, uint64_t timeout_usec, char **ret_message)
{
	struct waiter *waiter;
	int result;

	if (controller_is_self()) {
		free(call);
		return -EDEADLK;
	}
	waiter = waiter_new();
	if (!waiter) {
		free(call);
		return -ENOMEM;
	}
	call->answered = wake_waiter;
	call->userdata = waiter;
	call_post(call);
	if (!wait_for(waiter, timeout_usec))
		return -ETIMEDOUT;
	result = call->result;
	if (ret_message)
		*ret_message = strdup(call->message);
	waiter_free(waiter);
	free(call);
	return result;
}
