/* SPDX-License-Identifier: MIT */
#include "ctl/exit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"

int exit_say(int status, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *safe = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = string_vprintf(format, arguments);
	va_end(arguments);
	if (text)
		safe = string_escape(text);
	/* What was printed before comes first, also when both go to one terminal or file. */
	(void)fflush(stdout);
	(void)fprintf(stderr, "greenloopctl: %s\n", safe ? safe : "out of memory");
	return status;
}

int exit_errno(int error, const char *what)
{
	return exit_say(EXIT_FAILED, "%s: %s", what, strerror(-error));
}
