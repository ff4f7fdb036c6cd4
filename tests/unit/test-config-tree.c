/* SPDX-License-Identifier: MIT */
/* From the configuration to the tree: what is added, in which order, and the faults that only the
 * tree can find. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "core/tree.h"
#include "daemon/config-tree.h"
#include "lib/unit.h"

#define COMMAND "command = /bin/true\n"

static char path[] = "/tmp/test-config-tree-XXXXXX";

static void setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	unlink(path);
}

static struct config *config;
static struct tree *tree;
static struct faults faults;

/* What config_build() returns for that text, after what config_load() should have returned. */
static int build(const char *text, int loaded)
{
	struct tree_config tree_config = { .max_abandoned_threads = 8 };
	FILE *stream = fopen(path, "we");
	int r;

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_ge(fputs(text, stream), 0);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), loaded);
	ck_assert_int_eq(tree_new(&tree, &tree_config), 0);
	r = config_build(config, tree, &faults);
	faults_print(&faults, stderr);
	return r;
}

static void clear(void)
{
	faults_done(&faults);
	config_free(config);
	tree_free(tree);
}

static void expect_fault(size_t index, unsigned line, const char *part)
{
	ck_assert_uint_lt(index, faults.n);
	ck_assert_uint_eq(faults.items[index].line, line);
	ck_assert_msg(
		strstr(faults.items[index].text, part) != NULL, "%s", faults.items[index].text);
}

START_TEST(test_order)
{
	/* The members of each group in order of appearance, wherever their group appears. */
	static const char *const root[] = { "first", "outer", "last" }, *const outer[] = { "a",
		"inner", "b" };
	const char *group;
	size_t n_root = 0, n_outer = 0, n_inner = 0;
	struct task *task;

	ck_assert_int_eq(
		build("[loop:first]\n" COMMAND "[loop:deep]\ngroup = inner\n" COMMAND
		      "[loop:a]\ngroup = outer\n" COMMAND "[group:inner]\nparent = outer\n"
		      "[group:outer]\n[loop:last]\n" COMMAND "[loop:b]\ngroup = outer\n" COMMAND,
			0),
		0);
	for (size_t i = 0; (task = tree_task(tree, i)); i++) {
		group = task_group_name(task);
		if (!group)
			ck_assert_str_eq(task_name(task), root[n_root++]);
		else if (string_equal(group, "outer"))
			ck_assert_str_eq(task_name(task), outer[n_outer++]);
		else
			n_inner++;
	}
	ck_assert_uint_eq(n_root, ELEMENTS(root));
	ck_assert_uint_eq(n_outer, ELEMENTS(outer));
	ck_assert_uint_eq(n_inner, 1);
	clear();
}
END_TEST

START_TEST(test_settings)
{
	const struct loop_settings *loop;

	ck_assert_int_eq(build("[defaults]\ngrace_period = 7s\n[loop:a]\ngroup = g\ncommand = x "
			       "'%n y'\ninterval = 3s\n"
			       "[group:g]\nmax_resets = 2\n",
				 0),
		0);
	loop = loop_settings(task_loop(tree_find(tree, "a")));
	ck_assert_uint_eq(loop->grace_period_usec, 7000000);
	ck_assert_int_eq(loop->type, LOOP_TYPE_CYCLE);
	ck_assert_str_eq(loop->command.argv[1], "a y");
	ck_assert_uint_eq(group_settings(task_group(tree_find(tree, "g")))->max_resets, 2);
	clear();
}
END_TEST

START_TEST(test_empty)
{
	ck_assert_int_eq(build("", 0), 0);
	ck_assert_ptr_null(tree_task(tree, 0));
	clear();
}
END_TEST

START_TEST(test_ring)
{
	ck_assert_int_eq(
		build("[loop:a]\n" COMMAND "after = b\n[loop:b]\n" COMMAND "after = a\n", 0),
		-EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert(faults.items[0].line == 3 || faults.items[0].line == 6);
	ck_assert_ptr_nonnull(strstr(faults.items[0].text, "after: "));
	clear();
}
END_TEST

START_TEST(test_module)
{
	ck_assert_int_eq(build("[loop:a]\nmodule = /nowhere/no.so\n", 0), -EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	expect_fault(0, 2, "[loop:a] module: ");
	clear();
}
END_TEST

/* One run tells of everything, also of what the tree finds after the files had faults. */
START_TEST(test_all_faults)
{
	ck_assert_int_eq(
		build("[loop:a]\n" COMMAND "after = b\ngrace_period = x\n[loop:b]\n" COMMAND
		      "after = a\n[loop:c]\n" COMMAND
		      "after = nobody\n[loop:d]\ngroup = nowhere\n" COMMAND
		      "[group:r]\nparent = r\n[loop:e]\nmodule = /nowhere/no.so\n",
			-EINVAL),
		-EINVAL);
	ck_assert_uint_eq(faults.n, 6);
	expect_fault(1, 4, "grace_period");
	expect_fault(2, 10, "nobody");
	expect_fault(3, 12, "nowhere");
	expect_fault(4, 15, "ancestors");
	expect_fault(5, 17, "[loop:e]");
	clear();
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	tcase_add_checked_fixture(unit_add(suite, name, test), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("config-tree");

	add(suite, "order", test_order);
	add(suite, "settings", test_settings);
	add(suite, "empty", test_empty);
	add(suite, "ring", test_ring);
	add(suite, "module", test_module);
	add(suite, "all faults", test_all_faults);
	return unit_main(suite);
}
