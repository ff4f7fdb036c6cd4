/* SPDX-License-Identifier: MIT */
/* A section [loop:NAME@] stands for several loops, its instances. */
#pragma once

#include "daemon/config-source.h"

bool section_is_template(const struct section *section);

/* The names behind the "@". -ENOENT: it does not say; -EINVAL: what it says is faulty, which was
 * told; -ENOMEM. */
int section_instances(const struct section *section, char ***ret);

/* `after` with each NAME@ replaced by all of its instances. -EINVAL: they are faulty, which was
 * told; -ENOMEM. */
int instances_replace(const struct source *source, const char *after, char **ret);
