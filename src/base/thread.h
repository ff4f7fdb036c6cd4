/* SPDX-License-Identifier: MIT */
/* Threads as greenloop wants them: of a chosen stack size, and with all signals blocked. */
#pragma once

#include <pthread.h>
#include <stddef.h>

enum { THREAD_STACK_SMALL = 64 * 1024 }; /* for threads that run only code of this program's */

/* ret: to be joined; NULL: detached. name: NULL: it names itself; cut to the 15 bytes that the
 * kernel keeps. stack_size is rounded up to what is possible. -EAGAIN, -ENOMEM. */
int thread_start(
	pthread_t *ret, const char *name, size_t stack_size, void *(*run)(void *), void *userdata);
