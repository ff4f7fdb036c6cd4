/* SPDX-License-Identifier: MIT */
#include "ctl/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "base/macro.h"

volatile int interrupted;

static void on_signal(int signal _unused_)
{
	interrupted = 1;
}

void interrupt_catch(void)
{
	static const struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}
