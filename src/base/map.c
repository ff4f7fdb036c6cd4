/* SPDX-License-Identifier: MIT */
/*
 * The map: open addressing with linear probing, at most three quarters full. Removal moves the
 * followers back, so there are no tombstones. Keys are names from a configuration: a plain hash
 * (FNV-1a) will do.
 */
#include "base/map.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 8 };

void map_done(struct map *map)
{
	free(map->slots);
	*map = (struct map){ 0 };
}

static size_t home_of(const struct map *map, const char *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32) & (map->n_slots - 1);
}

/* The slot of the key, or the free one where it belongs. There is always a free one. */
static struct map_slot *slot_of(const struct map *map, const char *key)
{
	size_t i = home_of(map, key);

	while (map->slots[i].key && strcmp(map->slots[i].key, key) != 0)
		i = (i + 1) & (map->n_slots - 1);
	return &map->slots[i];
}

static int grow(struct map *map)
{
	struct map grown = { .n_slots = map->n_slots ? 2 * map->n_slots : FIRST_SLOTS };

	grown.n_entries = map->n_entries;
	grown.slots = calloc(grown.n_slots, sizeof(grown.slots[0]));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->n_slots; i++)
		if (map->slots[i].key)
			*slot_of(&grown, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = grown;
	return 0;
}

int map_put(struct map *map, const char *key, void *value)
{
	struct map_slot *slot;
	int r;

	if (4 * (map->n_entries + 1) > 3 * map->n_slots) {
		r = grow(map);
		if (r < 0)
			return r;
	}
	slot = slot_of(map, key);
	if (slot->key)
		return -EEXIST;
	*slot = (struct map_slot){ .key = key, .value = value };
	map->n_entries++;
	return 0;
}

void *map_get(const struct map *map, const char *key)
{
	return map->n_slots ? slot_of(map, key)->value : NULL;
}

/* Fills the hole with the next entry that a search from its home would no longer reach, and so on
 * with that one's. */
static void close_hole(struct map *map, size_t hole)
{
	size_t mask = map->n_slots - 1;

	for (size_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
		size_t home = home_of(map, map->slots[i].key);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole] = (struct map_slot){ 0 };
}

void *map_remove(struct map *map, const char *key)
{
	struct map_slot *slot = map->n_slots ? slot_of(map, key) : NULL;
	void *value;

	if (!slot || !slot->key)
		return NULL;
	value = slot->value;
	map->n_entries--;
	close_hole(map, (size_t)(slot - map->slots));
	return value;
}
