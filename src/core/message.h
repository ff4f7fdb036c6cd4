/* SPDX-License-Identifier: MIT */
/* The typed messages of one generation: registries of named values. Any thread. */
#pragma once

#include "greenloop.h"

struct messages;

/* environment: "KEY=value" pairs; they are that registry's strings. NULL: no memory. */
struct messages *messages_new(char *const *environment);
void messages_free(struct messages *messages); /* accepts NULL */

/* -ENOENT, -EINVAL: another type; a string is a copy, the caller's. */
int messages_get(struct messages *messages, enum gloop_registry registry, const char *key,
	enum gloop_type type, struct gloop_value *ret);
int messages_set(struct messages *messages, enum gloop_registry registry, const char *key,
	const struct gloop_value *value);
