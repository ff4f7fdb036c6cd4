/* SPDX-License-Identifier: MIT */
/* The common main of the unit tests: see unit.h. */
#include "lib/unit.h"

#include <stdlib.h>

int unit_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, srunner_has_tap(runner) ? CK_SILENT : CK_ENV);
	failed = srunner_has_tap(runner) ? 0 : srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

TCase *unit_add(Suite *suite, const char *name, const TTest *test)
{
	return unit_add_table(suite, name, test, 1);
}

TCase *unit_add_table(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	TCase *tcase = tcase_create(name);

	tcase_add_loop_test(tcase, test, 0, (int)n_rows);
	suite_add_tcase(suite, tcase);
	return tcase;
}
