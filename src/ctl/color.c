/* SPDX-License-Identifier: MIT */
#include "ctl/color.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/strings.h"

static bool enabled;

static const char *const sequences[] = {
	[PAINT_NONE] = "",
	[PAINT_GREY] = "\033[90m",
	[PAINT_GREEN] = "\033[32m",
	[PAINT_AMBER] = "\033[33m",
	[PAINT_RED] = "\033[31m",
	[PAINT_BOLD] = "\033[1m",
};

void color_init(void)
{
	const char *wish = getenv("GREENLOOP_COLORS"), *no = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (string_equal(wish, "0") || string_equal(wish, "1"))
		enabled = *wish == '1';
	else
		enabled = !(no && *no) && terminal && !string_equal(terminal, "dumb") &&
			  isatty(STDOUT_FILENO);
}

const char *color_on(enum paint paint)
{
	return enabled ? sequences[paint] : "";
}

const char *color_off(enum paint paint)
{
	return enabled && paint != PAINT_NONE ? "\033[0m" : "";
}

enum paint color_of(const char *word)
{
	if (string_equal(word, "green"))
		return PAINT_GREEN;
	if (string_equal(word, "amber"))
		return PAINT_AMBER;
	if (string_equal(word, "red"))
		return PAINT_RED;
	return PAINT_GREY;
}
