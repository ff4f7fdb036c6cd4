/* SPDX-License-Identifier: MIT */
/* Configuration files: what they mean, and what is said about the faulty ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strings.h"
#include "daemon/config.h"
#include "lib/unit.h"

#define COMMAND "command = /bin/true\n"
#define LOOP    "[loop:a]\n" COMMAND

/* ---- a folder with greenloop.conf and greenloop.conf.d/ */

static char folder[] = "/tmp/test-config-XXXXXX", *path;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = string_printf("%s/greenloop.conf", folder);
	ck_assert_ptr_nonnull(path);
	ck_assert_int_eq(setenv("HOME", "/home/of me", 1), 0);
	ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", "/run/user/7", 1), 0);
}

static void remove_file(const char *name)
{
	_cleanup_free_ char *file = string_printf("%s/%s", folder, name);

	remove(file);
}

static void teardown(void)
{
	static const char *const names[] = { "greenloop.conf.d/10-a.conf",
		"greenloop.conf.d/20-b.conf", "greenloop.conf.d/20-b.conf~",
		"greenloop.conf.d/.hidden.conf", "greenloop.conf.d", "greenloop.conf", "" };

	for (size_t i = 0; i < ELEMENTS(names); i++)
		remove_file(names[i]);
	free(path);
}

static void put_bytes(const char *name, const char *data, size_t size)
{
	_cleanup_free_ char *file = string_printf("%s/%s", folder, name);
	FILE *stream = fopen(file, "we");

	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(fwrite(data, 1, size, stream), size);
	ck_assert_int_eq(fclose(stream), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void put_dropin(const char *name, const char *text)
{
	_cleanup_free_ char *directory = string_printf("%s.d", path);
	_cleanup_free_ char *file = string_printf("greenloop.conf.d/%s", name);

	mkdir(directory, 0700);
	put(file, text);
}

/* ---- expectations */

/* Each expectation is "FILE:LINE: part of the sentence", files without the folder. */
static void expect_faults(const struct faults *faults, const char *const *expected)
{
	size_t skip = strlen(folder) + 1, n = 0;

	faults_print(faults, stderr);
	for (; n < faults->n && expected[n]; n++) {
		const struct fault *fault = &faults->items[n];
		_cleanup_free_ char *place =
			string_printf("%s:%u: ", fault->file + skip, fault->line);
		size_t length = strlen(place);

		ck_assert_msg(strncmp(expected[n], place, length) == 0, "fault %zu: %s%s, not %s",
			n, place, fault->text, expected[n]);
		ck_assert_msg(strstr(fault->text, expected[n] + length) != NULL,
			"fault %zu: %s, not %s", n, fault->text, expected[n]);
		ck_assert_msg(
			fault->text[strlen(fault->text) - 1] != '.', "a period: %s", fault->text);
	}
	ck_assert_msg(n == faults->n, "unexpected: %s", n < faults->n ? faults->items[n].text : "");
	ck_assert_msg(!expected[n], "missing: %s", expected[n]);
}

static struct config *load_good(void)
{
	_cleanup_faults_ struct faults faults = { 0 };
	struct config *config = NULL;
	int r = config_load(&config, path, true, false, &faults);

	faults_print(&faults, stderr);
	ck_assert_int_eq(r, 0);
	ck_assert_ptr_nonnull(config);
	return config;
}

/* The settings of a loop or group, or of the daemon ("greenloopd"). */
static char *value_of(const struct config *config, const char *name, const char *key)
{
	const struct config_task *task = config_find(config, name);
	enum settings_scope scope = task ? task->scope : SETTINGS_DAEMON;
	const struct setting *setting = settings_find(scope, key);
	char *text;

	ck_assert_msg(task || string_equal(name, "greenloopd"), "no task %s", name);
	ck_assert_msg(setting != NULL, "no key %s", key);
	text = setting_format(setting, task ? (const void *)&task->settings : &config->daemon);
	ck_assert_ptr_nonnull(text);
	return text;
}

static void expect_value(
	const struct config *config, const char *name, const char *key, const char *expected)
{
	_cleanup_free_ char *text = value_of(config, name, key);

	ck_assert_msg(string_equal(text, expected), "%s of %s is \"%s\", not \"%s\"", key, name,
		text, expected);
}

/* ---- faults */

static const struct {
	const char *text;
	const char *faults[6]; /* without the name of the file */
} bad[] = {
	{ "key = x\n" LOOP, { "1: the key key comes before any section" } },
	{ "[lop:a]\n" COMMAND, { "1: unknown section [lop:a]; did you mean [loop:NAME]?" } },
	{ "[deafults]\n", { "1: unknown section [deafults]; did you mean [defaults]?" } },
	{ "[greenlopd]\n", { "1: did you mean [greenloopd]?" } },
	{ "[something else]\n", { "1: unknown section [something else]" } },
	{ "[]\n", { "1: unknown section []" } },
	{ "[loop]\n", { "1: section [loop] has no name: write [loop:NAME]" } },
	{ "[loop:]\n", { "1: section [loop:]: a name is" } },
	{ "[loop:-a]\n", { "1: section [loop:-a]: a name is" } },
	{ "[loop:@]\n", { "1: section [loop:@]: a name is" } },
	{ "[loop:a b]\n", { "1: section [loop:a b]: a name is" } },
	{ "[loop:\xc3\xa4]\n", { "1: a name is" } },
	{ "[loop:a2345678901234567890123456789012345678901]\n", { "1: a name is 1 to 40" } },
	{ "[defaults:a2345678901234567890123456789012345678901]\n", { "1: longer than 49 bytes" } },
	{ "[group:root]\n", { "1: the name root is taken" } },
	{ LOOP "[group:a]\n", { "3: section [group:a]: the name is taken by [loop:a]" } },
	{ "[loop:a\n" COMMAND, { "1: ends with ]" } },
	{ "[loop:a] x\n" COMMAND, { "1: text after the section's name" } },
	{ "[loop:a];x\n" COMMAND, { "1: text after the section's name" } },
	{ LOOP "comand = x\n", { "3: [loop:a] unknown key comand; did you mean command?" } },
	{ LOOP "colour = x\n", { "3: [loop:a] unknown key colour" } },
	{ LOOP "strategy = one_for_one\n", { "3: [loop:a] unknown key strategy" } },
	{ "[group:g]\ncommand = x\n", { "2: [group:g] unknown key command" } },
	{ LOOP "env. = x\n", { "3: unknown key env." } },
	{ LOOP COMMAND, { "3: [loop:a] command is given twice in this file, first in line 2" } },
	{ LOOP "[loop:b]\n" COMMAND "[loop:a]\nautostart = no\n" COMMAND,
		{ "7: command is given twice" } },
	{ LOOP "autostart = maybe\n", { "3: [loop:a] autostart: \"maybe\"" } },
	{ LOOP "grace_period = 5 apples\n", { "3: [loop:a] grace_period: \"5 apples\"" } },
	{ LOOP "max_loop_failures = -1\n", { "3: [loop:a] max_loop_failures: \"-1\"" } },
	{ LOOP "max_loop_failures = 99999999999999999999\n", { "3: [loop:a] max_loop_failures:" } },
	{ "[defaults]\ngrace_period = x\n", { "2: [defaults] grace_period: \"x\"" } },
	{ "[greenloopd]\nlog_level = x\n", { "2: [greenloopd] log_level: \"x\"" } },
	{ "[group:g]\nmax_resets = x\n", { "2: [group:g] max_resets: \"x\"" } },
	{ LOOP "group = g\n", { "3: [loop:a] group = g: there is no group g" } },
	{ "[group:trading]\n" LOOP "group = tradnig\n",
		{ "4: there is no group tradnig; did you mean trading?" } },
	{ LOOP "[loop:b]\n" COMMAND "group = a\n",
		{ "5: [loop:b] group = a: a is a loop, not a group" } },
	{ "[group:g]\nparent = h\n", { "2: [group:g] parent = h: there is no group h" } },
	{ "[group:g]\nparent = g\n", { "2: among its own ancestors: g, g" } },
	{ "[group:x]\nparent = g\n[group:g]\nparent = i\n[group:h]\nparent = g\n[group:i]\nparent "
	  "= h\n",
		{ "4: [group:g] parent = i: the group is among its own ancestors: g, i, h, g" } },
	{ "[defaults:g]\n", { "1: section [defaults:g]: there is no group g" } },
	{ "[defaults]\ngroup = g\n", { "2: [defaults] group: the key says what one loop is" } },
	{ "[group:g]\n[defaults:g]\ncommand = x\nmodule = y\nafter = a\ndescription = d\n",
		{ "3: [defaults:g] command", "4: [defaults:g] module", "5: [defaults:g] after",
			"6: [defaults:g] description" } },
	{ LOOP "after = b\n", { "3: [loop:a] after = b: unknown name \"b\"" } },
	{ LOOP "after = b |\n[loop:b]\n" COMMAND, { "3: [loop:a] after = b |: expected" } },
	{ "[group:g]\nafter = a\n[loop:a]\ngroup = g\n" COMMAND,
		{ "2: [group:g] after = a: unknown name \"a\" at character 1; it is a member of "
		  "another" } },
	{ LOOP "nonsense\n", { "3: the line has no =" } },
	{ LOOP "nonsense ; = x\n", { "3: the line has no =" } },
	{ LOOP "interval: 5s\n", { "3: there is a : before it" } },
	{ LOOP "interval: 5s = x\n", { "3: there is a : before it" } },
	{ LOOP "= x\n", { "3: there is no key before the =" } },
	{ "[loop:a]\ncommand = sh -c 'echo\n",
		{ "2: [loop:a] command: the quote ' is not closed" } },
	{ "[loop:a]\ncommand = sh\n -c\n \"echo\nautostart = yes\n",
		{ "4: the quote \" is not closed" } },
	{ "[loop:a]\ncommand = it's\n", { "2: [loop:a] command: \"it's\"" } },
	{ LOOP "description = \"a\n", { "3: [loop:a] description: the quote \" is not closed" } },
	{ LOOP "description = \"a \\q\"\n",
		{ "3: [loop:a] description: the quoted text is not allowed" } },
	{ LOOP "env.X = \xff\n", { "3: the line is not valid UTF-8" } },
	{ "# \xff\n" LOOP, { "1: the line is not valid UTF-8" } },
	{ "\n \n  group = g\n" LOOP, { "3: the line begins with white space" } },
	{ "[loop:a]\n  command = true\n", { "2: there is no value that it could continue" } },
	{ "[loop:a]\nautostart: no\n continued\ncommand = x\n", { "2: there is a : before it" } },
	{ "[loop:a]\n", { "1: [loop:a] a command or a module is needed" } },
	{ LOOP "type = cycle\n", { "1: [loop:a] type cycle needs an interval" } },
	{ LOOP "module = x\n", { "3: [loop:a] command and module exclude each other" } },
	{ LOOP "done_action = stop_group\n",
		{ "3: [loop:a] done_action = stop_group: the loop is not a member of any group" } },
	{ LOOP "[defaults]\ndone_action = stop_group\n",
		{ "4: [loop:a] done_action = stop_group: the loop is not a member of any group" } },
	{ LOOP "backoff = 1h\nbackoff_max = 1s\n", { "4: [loop:a] backoff_max (1s) is less" } },
	{ "[group:g]\nbackoff = 1h\n", { "1: [group:g] backoff_max (30s) is less" } },
	/* No fault that only follows from another one. */
	{ "[loop:a]\ncomand = true\n", { "2: unknown key comand" } },
	{ "[loop:a]\ncommand: true\n", { "2: there is a : before it" } },
	{ "[loop:a]\ncommand = \xff\n", { "2: not valid UTF-8" } },
	{ "[loop:a]\ncommand = x 'y\n \xff z'\n", { "3: not valid UTF-8" } },
	{ "[loop:a]\ncommand = x\n \xff 'y\ntype = x\n", { "3: not valid UTF-8", "4: type" } },
	{ "[loop:@]\nx = y\nno equals\n = z\n[loop:b]\n" COMMAND,
		{ "1: a name is", "3: has no =" } },
	/* Instances: what is wrong with all of them is told once. */
	{ "[loop:a@]\n" COMMAND, { "1: [loop:a@] instances is needed" } },
	{ "[loop:a@]\ninstances =\n" COMMAND, { "1: [loop:a@] instances is needed" } },
	{ "[loop:a@]\ninstances = 0\n" COMMAND "[loop:b]\nafter = a@\n" COMMAND,
		{ "2: [loop:a@] instances: \"0\"" } },
	{ "[loop:a@]\n" COMMAND "[loop:b]\nafter = a@\n" COMMAND,
		{ "1: [loop:a@] instances is needed" } },
	{ LOOP "instances = 2\n", { "3: only a loop whose name ends with @ has some: [loop:a@]" } },
	{ "[defaults]\ninstances = 2\n" LOOP, { "2: no place among defaults" } },
	{ "[loop:a@]\ninstances = 3\n", { "1: [loop:a@1] a command or a module is needed" } },
	{ "[loop:a@]\ninstances = 3\ncommand = x %y\n", { "3: [loop:a@] command = x %y" } },
	{ "[loop:a@]\ninstances = 3\ngroup = g\n" COMMAND, { "3: [loop:a@1] group = g" } },
	{ "[loop:a@]\ninstances = 3\nafter = b\n" COMMAND, { "3: [loop:a@1] after = b" } },
	{ "[loop:a@]\ninstances = 10 20 x\nnice = %i\n" COMMAND, { "3: [loop:a@] nice: \"20\"" } },
	{ "[loop:a@]\ninstances = 2\nenv.X = %i ${Y}\n" COMMAND, { "3: no env.Y" } },
	{ "[loop:a@1]\n" COMMAND, { "1: a name is" } },
	{ "[group:a@]\n", { "1: a name is" } },
	{ LOOP "after = b@\n", { "3: [loop:a] after = b@: unknown name \"b@\" at character 1" } },
	{ "[loop:a2345678901234567890123456789012345678@]\ninstances = 9-11\n" COMMAND,
		{ "1: has at most 40 characters" } },
	/* A default's fault is told once. */
	{ "[defaults]\nbackoff = x\n[loop:a]\n[loop:b]\n", { "2: [defaults] backoff: \"x\"" } },
	{ "[defaults]\nenv.A = ${B}\n" LOOP "[loop:b]\n" COMMAND,
		{ "2: [defaults] env.A = ${B}: ${B}: there is no env.B (a bare $B is left to the "
		  "program) "
		  "(for loop a)" } },
	/* Substitution. */
	{ LOOP "env.X = 100%\n", { "3: [loop:a] env.X = 100%: a single % means nothing" } },
	{ LOOP "env.X = %d %y\n", { "3: %y is unknown" } },
	{ LOOP "env.X = %i\n", { "3: %i: there are no instances" } },
	{ "[group:g]\non_red = x %n\n",
		{ "2: [group:g] on_red = x %n: %n: there is no loop here" } },
	{ "[greenloopd]\ncontrol_socket = /%g\n",
		{ "2: [greenloopd] control_socket = /%g: %g: there is no" } },
	{ "[loop:a]\ncommand = x '${Y}'\n", { "2: command = x '${Y}': ${Y}: there is no env.Y" } },
	{ LOOP "env.A = ${B}\nenv.B = ${A}\n", { "4: ${A} refers to itself" } },
	{ LOOP "env.A = ${A}\n", { "3: ${A} refers to itself" } },
	{ LOOP "env.A = ${B}\nenv.B =\n", { "3: there is no env.B" } },
	{ LOOP "env.GREENLOOP_X = 1\non_stop = x ${GREENLOOP_X}\n", { "4: is never expanded" } },
	{ LOOP "grace_period = ${T}\nenv.T = soon\n", { "3: [loop:a] grace_period: \"soon\"" } },
	/* All of them, in the order of lines. */
	{ "[loop:a]\ngroup = h\ncomand = x\n[loop:b]\n[loop:c]\nbackoff = x\nnothing\n",
		{ "2: there is no group h", "3: unknown key", "4: [loop:b] a command", "6: backoff",
			"7: no =" } },
};

START_TEST(test_bad)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	char *expected[ELEMENTS(bad[0].faults)] = { NULL };

	put("greenloop.conf", bad[_i].text);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	ck_assert_ptr_nonnull(config);
	for (size_t i = 0; bad[_i].faults[i]; i++)
		expected[i] = string_printf("greenloop.conf:%s", bad[_i].faults[i]);
	expect_faults(&faults, (const char *const *)expected);
	for (size_t i = 0; i < ELEMENTS(expected); i++)
		free(expected[i]);
}
END_TEST

START_TEST(test_nul_byte)
{
	static const char text[] = LOOP "env.X = a\0b\nenv.Y = c\n";
	static const char *const expected[] = { "greenloop.conf:3: the line has a NUL byte", NULL };
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	put_bytes("greenloop.conf", text, sizeof(text) - 1);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
	expect_value(config, "a", "env.Y", "Y=c");
}
END_TEST

/* ---- lengths */

static char *long_text(const char *before, size_t n, const char *after)
{
	char *fill = calloc(1, n + 1), *text;

	ck_assert_ptr_nonnull(fill);
	memset(fill, 'x', n);
	text = string_printf("%s%s%s", before, fill, after);
	free(fill);
	ck_assert_ptr_nonnull(text);
	return text;
}

START_TEST(test_long_line)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *text =
		long_text(LOOP "env.X = ", 8192 - strlen("env.X = "), "\r\nenv.Y = y");
	_cleanup_free_ char *value = NULL;

	put("greenloop.conf", text);
	config = load_good();
	value = string_printf(
		"X=%.*s Y=y", 8192 - (int)strlen("env.X = "), strstr(text, "= x") + 2);
	expect_value(config, "a", "env.X", value);
}
END_TEST

START_TEST(test_too_long_line)
{
	static const char *const expected[] = { "greenloop.conf:3: the line is longer than 8 KiB",
		NULL };
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	_cleanup_free_ char *text = long_text(LOOP "env.X = ", 8193 - strlen("env.X = "), "\n");

	put("greenloop.conf", text);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
}
END_TEST

START_TEST(test_long_key)
{
	static const char *const expected[] = {
		"greenloop.conf:4: the key is longer than 128 bytes", NULL
	};
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	_cleanup_free_ char *fits = long_text(LOOP "env.", 124, " = 1\n");
	_cleanup_free_ char *text = long_text(fits, 129, " = 'open\nautostart = no\n");
	_cleanup_free_ char *value = long_text("", 124, "=1");

	put("greenloop.conf", text);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
	expect_value(config, "a", "env.X", value);
	expect_value(config, "a", "autostart", "no");
}
END_TEST

START_TEST(test_too_long_value)
{
	static const char *const expected[] = {
		"greenloop.conf:12: the value is longer than 64 KiB", NULL
	};
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	_cleanup_free_ char *text = strdup(LOOP "env.X = x\n");

	for (int i = 0; i < 10; i++) {
		char *more = long_text(text, 0, " ");

		free(text);
		text = long_text(more, 8190, "\n");
		free(more);
	}
	put("greenloop.conf", text);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
}
END_TEST

/* ---- values */

static const struct {
	const char *text, *name, *key, *expected;
} good[] = {
	/* Lines. */
	{ LOOP "grace_period=7s", "a", "grace_period", "7s" },
	{ "\xef\xbb\xbf" LOOP "grace_period = 7s\n", "a", "grace_period", "7s" },
	{ "[loop:a]\r\ncommand = x \r\ngrace_period =\t7s \r\n", "a", "grace_period", "7s" },
	{ "[loop:a] ; one\n; two\n# three\n\n  ; four\n\t# five\n" COMMAND, "a", "command",
		"/bin/true" },
	{ "[loop:a]\ncommand = a\n  b ; comment\n; comment\n\n\t'c\n  ; d' e\n", "a", "command",
		"a b \"c ; d\" e" },
	{ "[loop:a]\ncommand =\n  a\n  b\n", "a", "command", "a b" },
	{ "[loop:a]\ncommand = a\n [group:b] = c\n", "a", "command", "a [group:b] = c" },
	/* Separators. */
	{ "[loop:a]\ncommand = a:b=c\n", "a", "command", "a:b=c" },
	{ LOOP "env.X = a:b\n", "a", "env.X", "X=a:b" },
	{ LOOP "env.X =\n  a\n\tb\n", "a", "env.X", "\"X=a b\"" },
	{ LOOP "env.X = = a\n", "a", "env.X", "\"X== a\"" },
	/* Comments and quotes. */
	{ "[loop:a]\ncommand = a ; b\n", "a", "command", "a" },
	{ "[loop:a]\ncommand = a\t;b\n", "a", "command", "a" },
	{ "[loop:a]\ncommand = a;b #c\n", "a", "command", "a;b \"#c\"" },
	{ "[loop:a]\ncommand = sh -c 'a ;b' ; c\n", "a", "command", "sh \"-c\" \"a ;b\"" },
	{ "[loop:a]\ncommand = sh -c \"a \\\" ;b\" ; c\n", "a", "command",
		"sh \"-c\" \"a \\\" ;b\"" },
	{ "[loop:a]\ncommand = x --y='a ; b' \\' ; c '\n", "a", "command",
		"x \"--y=a ; b\" \"'\"" },
	{ LOOP "description = it's the users' ; own\n", "a", "description", "it's the users'" },
	{ LOOP "description = \"a ; \\\"b\\\"\"\n", "a", "description", "a ; \"b\"" },
	{ LOOP "description = 'a' or 'b'\n", "a", "description", "'a' or 'b'" },
	{ LOOP "env.X = ' a '\n", "a", "env.X", "\"X= a \"" },
	{ LOOP "env.X =; a\n", "a", "env.X", "\"X=; a\"" },
	{ LOOP "grace_period = ; nothing\n", "a", "grace_period", "5s" },
	/* Merging. */
	{ LOOP, "a", "grace_period", "5s" },
	{ LOOP "[defaults]\ngrace_period = 1s\n", "a", "grace_period", "1s" },
	{ "[group:g]\n[defaults:g]\ngrace_period = 2s\n[defaults]\ngrace_period = 1s\n" LOOP
	  "group = g\n",
		"a", "grace_period", "2s" },
	{ "[group:g]\n[defaults:g]\ngrace_period = 2s\n[defaults]\ngrace_period = 1s\n" LOOP
	  "group = g\ngrace_period = 3s\n",
		"a", "grace_period", "3s" },
	{ "[group:g]\n[defaults:g]\ngrace_period = 2s\n" LOOP, "a", "grace_period", "5s" },
	{ "[group:g]\n[defaults:g]\ngrace_period =\n[defaults]\ngrace_period = 1s\n" LOOP
	  "group = g\n",
		"a", "grace_period", "5s" },
	{ "[defaults]\nenv.A = 1\nenv.B = 2\n" LOOP "env.B = 3\nenv.A =\n", "a", "env.B", "B=3" },
	{ LOOP "[loop:b]\n" COMMAND "[loop:a]\nautostart = no\n", "a", "autostart", "no" },
	{ "[greenloopd]\nmax_abandoned_threads = 3\n", "greenloopd", "max_abandoned_threads", "3" },
	{ "[group:g]\nparent = h\nmax_resets = 3\n[group:h]\n", "g", "max_resets", "3" },
	/* Substitution. */
	{ LOOP "group = g\nenv.X = %n-%g-%t-%%n\n[group:g]\n", "a", "env.X", "X=a-g-/run-%n" },
	{ LOOP "env.X = [%g]\n", "a", "env.X", "X=[]" },
	{ LOOP "env.X = %h/x\n", "a", "env.X", "\"X=/home/of me/x\"" },
	{ "[loop:a]\ncommand = %h/x '%h' \"%h\"\n", "a", "command",
		"\"/home/of me/x\" \"/home/of me\" \"/home/of me\"" },
	{ "[loop:a]\ncommand = x ${A} '${A}' \"${A}\"z\nenv.A = 'it''s \"\\'\n", "a", "command",
		"x \"'it''s \\\"\\\\'\" \"'it''s \\\"\\\\'\" \"'it''s \\\"\\\\'z\"" },
	{ "[loop:a]\ncommand = sh -c 'echo $HOME $$ ${X:-y} ${1} $(pwd) ${X'\n", "a", "command",
		"sh \"-c\" \"echo $HOME $$ ${X:-y} ${1} $(pwd) ${X\"" },
	{ "[defaults]\nenv.DIR = %d/${NAME}\nenv.NAME = ${LAST}.log\n" LOOP
	  "env.LAST = %n\ngrace_period = ${T}\nenv.T = 9s\n",
		"a", "grace_period", "9s" },
	/* Instances. */
	{ "[loop:a@]\ninstances = 2\ncommand = x %i %n\n", "a@2", "command", "x 2 a@2" },
	{ "[loop:a@]\ninstances = 5-7\n" COMMAND "[defaults]\nenv.X = <%i>\n", "a@7", "env.X",
		"X=<7>" },
	{ "[loop:a@]\ninstances = red green\ngroup = g-%i\n" COMMAND
	  "[group:g-red]\n[group:g-green]\n[defaults:g-green]\ngrace_period = 9s\n",
		"a@green", "grace_period", "9s" },
	{ "[loop:a@]\ninstances = 2\n" COMMAND "[loop:b]\nafter = c & a@ | c\n" COMMAND
	  "[loop:c]\n" COMMAND,
		"b", "after", "c & (a@1 & a@2) | c" },
	{ "[loop:a@]\ninstances = 2\n" COMMAND "[loop:b@]\ninstances = 2\nafter = a@%i\n" COMMAND,
		"b@2", "after", "a@2" },
	{ "[loop:a@]\n" COMMAND "[loop:a@]\ninstances = 1\n", "a@1", "instances", "1" },
	{ "[group:g]\non_red = say '%g is red' %%\n", "g", "on_red", "say \"g is red\" %" },
	{ LOOP "group = %n-group\n[group:a-group]\n", "a", "group", "a-group" },
};

START_TEST(test_good)
{
	_cleanup_(config_freep) struct config *config = NULL;

	put("greenloop.conf", good[_i].text);
	config = load_good();
	expect_value(config, good[_i].name, good[_i].key, good[_i].expected);
}
END_TEST

START_TEST(test_variables)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *expected = NULL;

	put("greenloop.conf", "[defaults]\nenv.C = ${B}/c\nenv.B = ${A}/b\n[loop:a]\nenv.A = "
			      "%d\ncommand = ${C}\n");
	config = load_good();
	expected = string_printf("%s/b/c", folder);
	expect_value(config, "a", "command", expected);
}
END_TEST

START_TEST(test_user_mode)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	put("greenloop.conf", LOOP "env.X = %t\n");
	ck_assert_int_eq(config_load(&config, path, true, true, &faults), 0);
	expect_value(config, "a", "env.X", "X=/run/user/7");
}
END_TEST

/* ---- tasks */

START_TEST(test_tasks)
{
	static const char *const names[] = { "b", "g", "a", "h" };
	_cleanup_(config_freep) struct config *config = NULL;
	const struct config_task *task;
	struct loop_settings settings;

	put("greenloop.conf",
		"[loop:b]\ncommand = x\n[defaults]\ninterval = 5s\n[group:g]\nparent=h\n[loop:a]\n"
		"command = y\n  ${A}\ngroup = "
		"g\n[group:h]\n[loop:b]\nenv.A=1\n[loop:a]\nenv.A=2\n");
	config = load_good();
	ck_assert_uint_eq(config->n_tasks, ELEMENTS(names));
	for (size_t i = 0; i < ELEMENTS(names); i++)
		ck_assert_str_eq(config->tasks[i].name, names[i]);
	task = config_find(config, "a");
	ck_assert_uint_eq(task->line, 7);
	ck_assert_int_eq(task->scope, SETTINGS_LOOP);
	ck_assert_str_eq(config_task_group(task), "g");
	ck_assert_str_eq(config_task_group(config_find(config, "g")), "h");
	ck_assert_str_eq(config_task_group(config_find(config, "b")), "");
	ck_assert_ptr_null(config_find(config, "nobody"));

	ck_assert_int_eq(config_task_settings(task, &settings), 0);
	ck_assert_int_eq(settings.type, LOOP_TYPE_CYCLE);
	ck_assert_str_eq(settings.command.argv[1], "2");
	ck_assert_str_eq(settings.group, "g");
	settings_done(SETTINGS_LOOP, &settings);
}
END_TEST

START_TEST(test_fault_at_key)
{
	static const char *const expected[] = { "greenloop.conf:1: [loop:a] y",
		"greenloop.conf:3: [loop:a] x", NULL };
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	put("greenloop.conf", LOOP "after = b\n[loop:b]\n" COMMAND);
	config = load_good();
	ck_assert_int_eq(
		config_task_fault(config_find(config, "a"), "after", &faults, "x"), -EINVAL);
	ck_assert_int_eq(
		config_task_fault(config_find(config, "a"), "module", &faults, "y"), -EINVAL);
	faults_sort(&faults);
	expect_faults(&faults, expected);
}
END_TEST

/* ---- files */

START_TEST(test_empty)
{
	_cleanup_(config_freep) struct config *config = NULL;

	put("greenloop.conf", "");
	config = load_good();
	ck_assert_uint_eq(config->n_tasks, 0);
	expect_value(config, "greenloopd", "exhausted_action", "stay");
}
END_TEST

START_TEST(test_missing)
{
	static const char *const expected[] = { "greenloop.conf:0: cannot be read: No such file",
		NULL };
	_cleanup_(config_freep) struct config *config = NULL, *other = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	ck_assert_int_eq(config_load(&config, path, false, false, &faults), 0);
	ck_assert_uint_eq(config->n_tasks, 0);
	ck_assert_int_eq(config_load(&other, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
}
END_TEST

START_TEST(test_unreadable)
{
	static const char *const expected[] = { "greenloop.conf:0: cannot be read: Is a directory",
		NULL };
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(config_load(&config, path, false, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
}
END_TEST

START_TEST(test_default_path)
{
	_cleanup_(config_freep) struct config *config = NULL, *home = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	setenv("XDG_CONFIG_HOME", "/nowhere", 1);
	ck_assert_int_eq(config_load(&config, NULL, false, true, &faults), 0);
	ck_assert_str_eq(config->path, "/nowhere/greenloop/greenloop.conf");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	ck_assert_int_eq(config_load(&home, NULL, false, true, &faults), 0);
	ck_assert_str_eq(home->path, "/home/of me/.config/greenloop/greenloop.conf");
}
END_TEST

START_TEST(test_dropins)
{
	_cleanup_(config_freep) struct config *config = NULL;

	put("greenloop.conf", LOOP "grace_period = 1s\nbackoff = 2s\nenv.X = 1\ninterval = 1s\n");
	put_dropin("20-b.conf", "[loop:a]\ngrace_period = 3s\nenv.D = %d\n[loop:b]\n" COMMAND);
	put_dropin("10-a.conf",
		"[loop:a]\ngrace_period = 2s\nbackoff = 4s\ninterval =\n[greenloopd]\n");
	put_dropin("20-b.conf~", "nonsense");
	put_dropin(".hidden.conf", "nonsense");
	config = load_good();
	expect_value(config, "a", "grace_period", "3s");
	expect_value(config, "a", "backoff", "4s");
	expect_value(config, "a", "type", "service");
	ck_assert_uint_eq(vector_length(config->source.files), 3);
	ck_assert_uint_eq(config->n_tasks, 2);
	ck_assert_str_eq(config->tasks[0].settings.loop.environment[1] + 2, folder);
}
END_TEST

START_TEST(test_dropin_faults)
{
	static const char *const expected[] = {
		"greenloop.conf:3: grace_period: \"x\"",
		"greenloop.conf.d/10-a.conf:2: there is no group g",
		"greenloop.conf.d/10-a.conf:4: module: ",
		"greenloop.conf.d/20-b.conf:1: the name is taken by [loop:a]",
		NULL,
	};
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };

	put("greenloop.conf", LOOP "grace_period = x\n[loop:b]\n" COMMAND);
	put_dropin("20-b.conf", "[group:a]\n");
	put_dropin("10-a.conf",
		"[loop:a]\ngroup = g\n[loop:c]\nmodule = \"\\q\"\ngrace_period = 1s\n");
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
}
END_TEST

/* ---- the manual and the installed file know every key */

static char *whole_file(const char *name)
{
	const char *top = getenv("top_srcdir");
	_cleanup_free_ char *file = string_printf("%s/%s", top ?: ".", name);
	FILE *stream = fopen(file, "re");
	char *text = NULL;
	size_t size = 0;

	ck_assert_msg(stream != NULL, "%s: %m", file);
	ck_assert_int_gt(getdelim(&text, &size, '\0', stream), 0);
	fclose(stream);
	return text;
}

START_TEST(test_too_many_keys)
{
	static const char *const expected[] = {
		"greenloop.conf:4098: [loop:a] has more than 4096 keys",
		"greenloop.conf:100001: ", NULL
	};
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	fputs("[loop:a]\n", stream);
	for (unsigned i = 2; i <= 100000; i++)
		fprintf(stream, "env.KEY%u = %u\n", i, i);
	fputs("[nonsense]\n", stream);
	ck_assert_int_eq(fclose(stream), 0);
	put("greenloop.conf", text);
	free(text);
	ck_assert_int_eq(config_load(&config, path, true, false, &faults), -EINVAL);
	expect_faults(&faults, expected);
}
END_TEST

/* As greenloopd --config <(generator) has it. */
START_TEST(test_pipe)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	_cleanup_free_ char *name = NULL;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_gt(write(fds[1], LOOP, strlen(LOOP)), 0);
	close(fds[1]);
	name = string_printf("/proc/self/fd/%d", fds[0]);
	ck_assert_int_eq(config_load(&config, name, true, false, &faults), 0);
	close(fds[0]);
	ck_assert_uint_eq(config->n_tasks, 1);
}
END_TEST

START_TEST(test_keys_documented)
{
	static const enum settings_scope scopes[] = { SETTINGS_LOOP, SETTINGS_GROUP,
		SETTINGS_DAEMON };
	static const char *const parts[] = { ".Ss Keys of loops", ".Ss Keys of groups",
		".Ss Keys of the daemon", ".Sh " };
	_cleanup_free_ char *manual = whole_file("man/greenloop.conf.5");
	char *begin = strstr(manual, parts[_i]), *end;
	size_t n;
	const struct setting *table = settings_table(scopes[_i], &n);

	ck_assert_msg(begin != NULL, "no part %s", parts[_i]);
	end = strstr(begin, parts[_i + 1]);
	ck_assert_msg(end != NULL, "no part %s", parts[_i + 1]);
	*end = 0;
	for (size_t i = 0; i < n; i++) {
		bool prefix = table[i].flags & SETTING_PREFIX;
		_cleanup_free_ char *item =
			string_printf("\n.It Ic %s%s\n", table[i].key, prefix ? "KEY" : "");
		const char *entry = strstr(begin, item), *next, *when;

		ck_assert_msg(entry != NULL, "%s has no entry", table[i].key);
		next = strstr(entry + 1, "\n.It ");
		when = strstr(
			entry, table[i].flags & SETTING_RESTART ? "\n.Em restart" : "\n.Em live");
		ck_assert_msg(when && (!next || when < next), "%s: live or restart?", table[i].key);
	}
}
END_TEST

START_TEST(test_installed_file)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *text = whole_file("conf/greenloop.conf");
	size_t n;

	put("greenloop.conf", text);
	config = load_good();
	ck_assert_uint_eq(config->n_tasks, 0);
	for (int scope = SETTINGS_LOOP; scope <= SETTINGS_DAEMON; scope++) {
		const struct setting *table = settings_table(scope, &n);

		for (size_t i = 0; i < n; i++) {
			_cleanup_free_ char *key = string_printf("\n#%s", table[i].key);

			ck_assert_msg(strstr(text, key) != NULL, "%s is missing", table[i].key);
		}
	}
}
END_TEST

/* All that is commented out is valid, too: the lines that begin with # and have no blank behind it.
 */
START_TEST(test_installed_examples)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *text = whole_file("conf/greenloop.conf");

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n')
			memmove(line, line + 1, strlen(line));
	}
	put("greenloop.conf", text);
	config = load_good();
	ck_assert_uint_gt(config->n_tasks, 2);
}
END_TEST

START_TEST(test_first_example)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_free_ char *text = whole_file("examples/first.conf");
	size_t n_lines = 0;

	for (const char *p = text; *p; p++)
		n_lines += *p == '\n';
	ck_assert_uint_le(n_lines, 12);
	put("greenloop.conf", text);
	config = load_good();
	ck_assert_uint_eq(config->n_tasks, 3);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("config");

	add(suite, "bad", test_bad, ELEMENTS(bad));
	add(suite, "NUL byte", test_nul_byte, 1);
	add(suite, "long line", test_long_line, 1);
	add(suite, "too long line", test_too_long_line, 1);
	add(suite, "long key", test_long_key, 1);
	add(suite, "too long value", test_too_long_value, 1);
	add(suite, "good", test_good, ELEMENTS(good));
	add(suite, "variables", test_variables, 1);
	add(suite, "user mode", test_user_mode, 1);
	add(suite, "tasks", test_tasks, 1);
	add(suite, "fault at key", test_fault_at_key, 1);
	add(suite, "empty", test_empty, 1);
	add(suite, "missing", test_missing, 1);
	add(suite, "unreadable", test_unreadable, 1);
	add(suite, "default path", test_default_path, 1);
	add(suite, "drop-ins", test_dropins, 1);
	add(suite, "faults in drop-ins", test_dropin_faults, 1);
	add(suite, "too many keys", test_too_many_keys, 1);
	add(suite, "pipe", test_pipe, 1);
	add(suite, "keys documented", test_keys_documented, 3);
	add(suite, "installed file", test_installed_file, 1);
	add(suite, "installed examples", test_installed_examples, 1);
	add(suite, "first example", test_first_example, 1);
	return unit_main(suite);
}
