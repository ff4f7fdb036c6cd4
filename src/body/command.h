/* SPDX-License-Identifier: MIT */
/* The body of types service, oneshot and cycle: a child process for each cycle. */
#pragma once

#include "core/body.h"

extern const struct body_ops command_body;
