/* SPDX-License-Identifier: MIT */
/*
 * What every unit test needs: a main that speaks TAP to automake, and short-hands around libcheck.
 *
 *   START_TEST(test_sum) { … } END_TEST
 *
 *   int main(void)
 *   {
 *           Suite *suite = suite_create("sum");
 *
 *           unit_add(suite, "plain", test_sum);
 *           return unit_main(suite);
 *   }
 *
 * libcheck forks for each test: start threads inside a test, never in main. Standard output belongs
 * to TAP: a test that has something to say writes to standard error.
 */
#pragma once

#include <check.h>
#include <stddef.h>

/* Runs the suite and frees it. 0 also after failures when TAP tells of them, so that each is
 * reported once. */
int unit_main(Suite *suite);

/* A test case with this one test in it; for a timeout or fixtures use the returned case. */
TCase *unit_add(Suite *suite, const char *name, const TTest *test);

/* The same for a test that runs once for each row of a table: _i is the row. */
TCase *unit_add_table(Suite *suite, const char *name, const TTest *test, size_t n_rows);
