/* SPDX-License-Identifier: MIT */
/* Threads with their attributes set before they run: see thread.h. */
#include "base/thread.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/macro.h"

static int fill_attributes(pthread_attr_t *attributes, size_t stack_size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t minimum = (size_t)sysconf(_SC_THREAD_STACK_MIN);
	sigset_t all;
	int r;

	stack_size = (MAX(stack_size, minimum) + page - 1) / page * page;
	r = pthread_attr_setstacksize(attributes, stack_size);
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
	r = fill_attributes(&attributes, stack_size);
	if (!r)
		r = pthread_create(&thread, &attributes, run, userdata);
	pthread_attr_destroy(&attributes);
	if (r)
		return -r;
	(void)snprintf(kept, sizeof(kept), "%s", name);
	(void)pthread_setname_np(thread, kept);
	*ret = thread;
	return 0;
}
