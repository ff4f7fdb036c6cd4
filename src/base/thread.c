/* SPDX-License-Identifier: MIT */
/* Threads with their attributes set before they run: see thread.h. */
#include "base/thread.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/macro.h"

/* Sanitizers keep frames of their own: stacks are deeper then. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { STACK_MINIMUM = 512 * 1024 };
#else
enum { STACK_MINIMUM = 0 };
#endif

static int fill_attributes(pthread_attr_t *attributes, size_t stack_size, bool detached)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t minimum = MAX((size_t)sysconf(_SC_THREAD_STACK_MIN), (size_t)STACK_MINIMUM);
	sigset_t all;
	int r;

	stack_size = (MAX(stack_size, minimum) + page - 1) / page * page;
	r = pthread_attr_setstacksize(attributes, stack_size);
	if (!r && detached)
		r = pthread_attr_setdetachstate(attributes, PTHREAD_CREATE_DETACHED);
	if (r)
		return r;
	sigfillset(&all);
	return pthread_attr_setsigmask_np(attributes, &all);
}

int thread_start(
	pthread_t *ret, const char *name, size_t stack_size, void *(*run)(void *), void *userdata)
{
	pthread_attr_t attributes;
	pthread_t thread;
	char kept[16];
	int r;

	r = pthread_attr_init(&attributes);
	if (r)
		return -r;
	r = fill_attributes(&attributes, stack_size, !ret);
	if (!r)
		r = pthread_create(&thread, &attributes, run, userdata);
	pthread_attr_destroy(&attributes);
	if (r)
		return -r;
	if (!ret)
		return 0; /* it may be gone already */
	if (name) {
		(void)snprintf(kept, sizeof(kept), "%s", name);
		(void)pthread_setname_np(thread, kept);
	}
	*ret = thread;
	return 0;
}
