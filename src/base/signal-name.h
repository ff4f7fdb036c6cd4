/* SPDX-License-Identifier: MIT */
/* The names of signals: "TERM", "SIGTERM", "15", "RTMIN+3". */
#pragma once

#include <stddef.h>

enum { SIGNAL_MAX = 64 };

int signal_from_string(
	const char *text); /* the number, 1…SIGNAL_MAX; case does not matter; -EINVAL */

/* Without SIG; a number when it has no name. Into buf (≥ 16 bytes); returns buf. */
char *signal_format(int signal, char *buf, size_t size);
