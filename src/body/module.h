/* SPDX-License-Identifier: MIT */
/* The body that calls functions in the loop's own thread: a module's (a shared object), or those of
 * a program that uses the library. */
#pragma once

#include "core/body.h"
#include "greenloop.h"

extern const struct body_ops module_body;   /* settings.module names the shared object */
extern const struct body_ops function_body; /* the loop's own functions */

/* Where a module without a slash in its name is looked up, before the built-in folder; borrowed.
 * Before the first load. */
void module_set_path(char *const *folders);

/* Loads (once; it stays) and checks: exists, safe to load, exports gloop_module of an ABI that
 * fits. -errno with a sentence. */
int module_load(const char *name, const struct gloop_module **ret, char **ret_reason);
