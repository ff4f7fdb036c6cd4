/* SPDX-License-Identifier: MIT */
/* The map against a plain array that holds the same, through growth, collisions and removals. */
#include <errno.h>
#include <stdio.h>

#include "base/macro.h"
#include "base/map.h"
#include "lib/unit.h"

enum { N_NAMES = 400 };

static char names[N_NAMES][16];
static void *expected[N_NAMES]; /* NULL: not in the map */

static void check_all(const struct map *map)
{
	size_t n = 0;

	for (size_t i = 0; i < N_NAMES; i++) {
		ck_assert_ptr_eq(map_get(map, names[i]), expected[i]);
		n += expected[i] != NULL;
	}
	ck_assert_uint_eq(map->n_entries, n);
}

START_TEST(test_empty)
{
	struct map map = { 0 };

	ck_assert_ptr_null(map_get(&map, "a"));
	ck_assert_ptr_null(map_remove(&map, "a"));
	map_done(&map);
}
END_TEST

START_TEST(test_twice)
{
	struct map map = { 0 };
	char first[] = "name", second[] = "name";

	ck_assert_int_eq(map_put(&map, first, first), 0);
	ck_assert_int_eq(map_put(&map, second, second), -EEXIST);
	ck_assert_ptr_eq(map_get(&map, second), first);
	ck_assert_ptr_eq(map_remove(&map, second), first);
	ck_assert_int_eq(map_put(&map, second, second), 0);
	ck_assert_ptr_eq(map_get(&map, first), second);
	map_done(&map);
}
END_TEST

START_TEST(test_many)
{
	struct map map = { 0 };
	unsigned chance = 1;

	for (size_t i = 0; i < N_NAMES; i++)
		(void)snprintf(names[i], sizeof(names[i]), "loop-%zu", i);
	for (unsigned step = 0; step < 4000; step++) {
		size_t i;

		chance = chance * 1103515245 + 12345;
		i = (chance >> 16) % N_NAMES;
		if (expected[i]) {
			ck_assert_ptr_eq(map_remove(&map, names[i]), expected[i]);
			expected[i] = NULL;
		} else {
			ck_assert_int_eq(map_put(&map, names[i], names[i]), 0);
			expected[i] = names[i];
		}
		if (step % 16 == 0)
			check_all(&map);
	}
	check_all(&map);
	map_done(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map");

	unit_add(suite, "empty", test_empty);
	unit_add(suite, "twice", test_twice);
	unit_add(suite, "many", test_many);
	return unit_main(suite);
}
