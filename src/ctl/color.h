/* SPDX-License-Identifier: MIT */
/* Colour on terminals: the same four words as the tree's colours, and a faint one for what matters
 * less. */
#pragma once

enum paint { PAINT_NONE, PAINT_GREY, PAINT_GREEN, PAINT_AMBER, PAINT_RED, PAINT_BOLD };

/* Decides once: $GREENLOOP_COLORS (0, 1), else a terminal without $NO_COLOR and with a $TERM that
 * is not "dumb". */
void color_init(void);

/* The escape sequences before and after; "" when there is no colour. */
const char *color_on(enum paint paint);
const char *color_off(enum paint paint);

/* "green", "amber", "red": their paint; anything else is grey. */
enum paint color_of(const char *word);
