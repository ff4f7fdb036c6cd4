/* SPDX-License-Identifier: MIT */
/* One task out of its sections: its own, the defaults of its group, the defaults of all. */
#pragma once

#include "daemon/config-expand.h"
#include "daemon/config.h"

/* What the signs mean that are the same for all tasks is in *expansion, and which instance of a
 * template it is. Fills *task (zeroed) from that section; config_task_done() is the caller's also
 * after an error. -ENOMEM. */
int config_task_merge(struct config_task *task, const struct source *source,
	const struct section *section, const struct expansion *expansion, struct faults *faults);
void config_task_done(struct config_task *task);
