/* SPDX-License-Identifier: MIT */
/* INT and TERM end a verb that waits for ever, at a line's end. */
#pragma once

extern volatile int interrupted;

/* They come in only while client_wait() sleeps. */
void interrupt_catch(void);
