/* SPDX-License-Identifier: MIT */
/*
 * What this process has for itself and its children shall not have: a higher limit of descriptors,
 * protection from the kernel's OOM killer. While there is any of it every child goes through
 * greenloop-exec, which gives it what this process was started with.
 */
#pragma once

#include <stdint.h>

#include "process/setup.h"

/* Once, before the first spawn: looks at the OOM score that was inherited. */
void origin_note(void);

/* Once, before the first spawn: at least so many descriptors, as far as the hard limit allows.
 * Children keep the soft limit that was there before. */
void origin_raise_descriptors(uint64_t wanted);

/* For a child with nothing else to set up; NULL: it may be spawned as it is. */
const struct setup *origin_setup(void);

/* Adds it to a setup, where that does not say something else itself. */
void origin_apply(struct setup *setup);
