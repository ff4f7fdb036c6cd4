/* SPDX-License-Identifier: MIT */
/* A hash map from names to pointers. Neither keys nor values are copied or owned: a key must live
 * as long as its entry. */
#pragma once

#include <stddef.h>

struct map_slot {
	const char *key; /* NULL: free */
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t n_slots, n_entries; /* n_slots is 0 or a power of two */
};

void map_done(struct map *map);                             /* a zeroed struct is an empty map */
int map_put(struct map *map, const char *key, void *value); /* -EEXIST, -ENOMEM */
void *map_get(const struct map *map, const char *key);      /* NULL: absent */
void *map_remove(struct map *map, const char *key);         /* its value, NULL: absent */
