/* SPDX-License-Identifier: MIT */
/* The two long answers: everything about one task, and why things are as they are. */
#pragma once

#include <systemd/sd-bus.h>

struct tree;

/* Each replies to the message. -ENOENT, -EINVAL with a malloc()ed sentence; the rest is sd-bus's.
 */
int bus_show(sd_bus_message *message, struct tree *tree, const char *name, char **ret_reason);
int bus_why(sd_bus_message *message, struct tree *tree, const char *target, char **ret_reason);
