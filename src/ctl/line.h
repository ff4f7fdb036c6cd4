/* SPDX-License-Identifier: MIT */
/* Lines that children wrote: they may hold anything, and a terminal must not see all of it. */
#pragma once

#include <stddef.h>

/* With a newline; control characters but tabs, and what is not UTF-8, as \xNN. */
void line_print(const char *text, size_t length);
