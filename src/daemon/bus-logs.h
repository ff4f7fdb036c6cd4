/* SPDX-License-Identifier: MIT */
/* Lines of loops on the bus: those that are kept, on request; and each new one for who follows. */
#pragma once

#include <systemd/sd-bus.h>

struct bus;
struct peer;

int bus_logs(sd_bus_message *message, struct peer *peer, char **ret_reason);
int bus_follow(sd_bus_message *message, struct peer *peer, char **ret_reason);
void bus_unfollow(struct peer *peer); /* all of them */
