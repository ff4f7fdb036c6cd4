/* SPDX-License-Identifier: MIT */
/* Which tasks a request means. The tree is real, but never started. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"
#include "core/body.h"
#include "core/tree.h"
#include "daemon/target.h"
#include "lib/unit.h"

static const struct body_ops nothing = { .name = "nothing" };

static struct gloop_group *add_group(
	struct tree *tree, const char *name, struct gloop_group *parent)
{
	struct group_settings settings = { 0 };
	struct gloop_group *group;

	ck_assert_int_eq(settings_init(SETTINGS_GROUP, &settings), 0);
	ck_assert_int_eq(tree_add_group(tree, name, parent, &settings, &group), 0);
	settings_done(SETTINGS_GROUP, &settings);
	return group;
}

static void add_loop(struct tree *tree, const char *name, struct gloop_group *group)
{
	struct loop_settings settings = { 0 };
	struct gloop_loop *loop;

	ck_assert_int_eq(settings_init(SETTINGS_LOOP, &settings), 0);
	ck_assert_int_eq(tree_add_loop(tree, name, group, &settings, &nothing, &loop), 0);
	settings_done(SETTINGS_LOOP, &settings);
}

static struct tree *make_tree(void)
{
	struct tree_config config = { 0 };
	struct gloop_group *trading, *reports;
	struct tree *tree;

	ck_assert_int_eq(tree_new(&tree, &config), 0);
	trading = add_group(tree, "trading", NULL);
	add_loop(tree, "feed", trading);
	add_loop(tree, "trader", trading);
	reports = add_group(tree, "reports", trading);
	add_loop(tree, "daily", reports);
	add_loop(tree, "lonely", NULL);
	return tree;
}

static const struct row {
	const char *patterns; /* separated by blanks */
	bool all;
	enum target_want want;
	int result;
	const char *expected; /* names, separated by blanks; of an error: its sentence */
} rows[] = {
	{ "feed", false, TARGET_TREES, 0, "feed" },
	{ "lonely feed lonely", false, TARGET_TREES, 0, "feed lonely" },
	{ "trading/feed", false, TARGET_TREES, 0, "feed" },
	{ "*/d*", false, TARGET_TREES, 0, "daily" },
	{ "reports/*", false, TARGET_ALL, 0, "daily" },
	{ "tra*", false, TARGET_TREES, 0, "trading" },
	{ "tra*", false, TARGET_ALL, 0, "trading trader" },
	{ "tra* trader", false, TARGET_TREES, 0, "trading trader" },
	{ "*", false, TARGET_TREES, 0, "trading lonely" },
	{ "*", false, TARGET_LOOPS, 0, "feed trader daily lonely" },
	{ "*", false, TARGET_GROUPS, 0, "trading" },
	{ "rep*", false, TARGET_GROUPS, 0, "reports" },
	{ "trading reports", false, TARGET_GROUPS, 0, "trading reports" },
	{ "", true, TARGET_GROUPS, 0, "trading" },
	{ "/lonely", false, TARGET_ALL, 0, "lonely" },
	{ "/feed", false, TARGET_ALL, -ENOENT, "no such loop or group: /feed" },
	{ "trading/f*d", false, TARGET_ALL, 0, "feed" },
	{ "tr*/feed", false, TARGET_ALL, 0, "feed" },
	{ "", true, TARGET_TREES, 0, "trading lonely" },
	{ "", true, TARGET_LOOPS, 0, "feed trader daily lonely" },
	{ "", true, TARGET_ALL, 0, "trading feed trader reports daily lonely" },
	{ "", false, TARGET_ALL, 0, "" },
	{ "feed nobody", false, TARGET_TREES, -ENOENT, "no such loop or group: nobody" },
	{ "x*", false, TARGET_ALL, -ENOENT, "no such loop or group: x*" },
	{ "reports/feed", false, TARGET_ALL, -ENOENT, "no such loop or group: reports/feed" },
	{ "trading", false, TARGET_LOOPS, -EINVAL, "trading is a group: this works on loops" },
	{ "feed", false, TARGET_GROUPS, -EINVAL, "feed is a loop: this works on groups" },
};

START_TEST(test_targets)
{
	const struct row *row = &rows[_i];
	_cleanup_vector_ char **patterns = NULL, **names = NULL;
	_cleanup_free_ char *reason = NULL, *found = NULL;
	struct targets targets;
	struct tree *tree = make_tree();

	ck_assert_int_eq(words_split(row->patterns, &patterns, &(const char *){ NULL }), 0);
	ck_assert_int_eq(
		targets_find(tree, patterns, row->all, row->want, &targets, &reason), row->result);
	if (row->result < 0) {
		ck_assert_str_eq(reason, row->expected);
	} else {
		for (size_t i = 0; i < targets.n; i++)
			ck_assert_int_eq(vector_append(&names, task_name(targets.tasks[i])), 0);
		found = vector_join(names, " ");
		ck_assert_str_eq(found ? found : "", row->expected);
	}
	targets_done(&targets);
	tree_free(tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("target");

	unit_add_table(suite, "targets", test_targets, ELEMENTS(rows));
	return unit_main(suite);
}
