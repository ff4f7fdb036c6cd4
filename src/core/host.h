/* SPDX-License-Identifier: MIT */
/* What the functions of greenloop.h do in a loop's own thread: the table that modules and programs
 * call through. */
#pragma once

#include "greenloop.h"

extern const struct gloop_host host_table;
