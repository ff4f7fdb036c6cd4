/* SPDX-License-Identifier: MIT */
/* The thread that reads the socket which loops share: private to notify.c. */
#pragma once

int notify_shared_start(int fd); /* takes the socket, also on failure */
void notify_shared_stop(void);   /* joins the thread; accepts that it was never started */
