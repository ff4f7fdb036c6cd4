/* SPDX-License-Identifier: MIT */
/* The names of signals, from the C library's own table; real-time ones are counted from RTMIN. */
#include "base/signal-name.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits and nothing else, up to SIGNAL_MAX. */
static int small_number(const char *text)
{
	int number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		number = 10 * number + (*text - '0');
		if (number > SIGNAL_MAX)
			return -EINVAL;
	}
	return number;
}

static int realtime_signal(const char *offset)
{
	int n = 0;

	if (*offset == '+')
		n = small_number(offset + 1);
	else if (*offset)
		return -EINVAL;
	return n >= 0 && SIGRTMIN + n <= SIGRTMAX ? SIGRTMIN + n : -EINVAL;
}

int signal_from_string(const char *text)
{
	int number = small_number(text);

	if (number >= 0)
		return number > 0 ? number : -EINVAL;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return realtime_signal(text + 5);
	for (number = 1; number < SIGRTMIN; number++) {
		const char *name = sigabbrev_np(number);

		if (name && strcasecmp(name, text) == 0)
			return number;
	}
	return -EINVAL;
}

char *signal_format(int signal, char *buf, size_t size)
{
	const char *name = sigabbrev_np(signal);

	if (name)
		snprintf(buf, size, "%s", name);
	else if (signal == SIGRTMIN)
		snprintf(buf, size, "RTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(buf, size, "RTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(buf, size, "%d", signal);
	return buf;
}
