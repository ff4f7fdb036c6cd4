/* SPDX-License-Identifier: MIT */
/* What can be checked only when all tasks are known. */
#pragma once

#include "daemon/config.h"

/* Tells of every reference to nothing, and marks the task. -ENOMEM. */
int config_check_references(struct config *config, struct faults *faults);
