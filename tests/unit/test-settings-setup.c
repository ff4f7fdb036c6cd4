/* SPDX-License-Identifier: MIT */
/* The keys of what is set up in a child: good and bad values, the way there and back, and that a
 * loop that says none of them has no memory for them. */
#include "lib/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/capability.h"
#include "base/macro.h"
#include "core/settings.h"

static struct loop_settings values;

static void start(void)
{
	ck_assert_int_eq(settings_init(SETTINGS_LOOP, &values), 0);
}

static void stop(void)
{
	settings_done(SETTINGS_LOOP, &values);
}

static int set(const char *key, const char *text, char **ret_reason)
{
	return settings_set(SETTINGS_LOOP, &values, key, text, ret_reason);
}

static void expect_text(const char *key, const char *wanted)
{
	_cleanup_free_ char *text = setting_format(settings_find(SETTINGS_LOOP, key), &values);

	ck_assert_str_eq(text, wanted);
}

static const struct {
	const char *key, *text, *written;
} good[] = {
	{ "user", "feed", "feed" },
	{ "user", "feed:www-data", "feed:www-data" },
	{ "user", "1000:1000", "1000:1000" },
	{ "user", "DOMAIN\\some.one$", "DOMAIN\\some.one$" },
	{ "supplementary_groups", "a, b\tc", "a b c" },
	{ "working_directory", "/srv/a b", "/srv/a b" },
	{ "working_directory", "~", "~" },
	{ "umask", "27", "0027" },
	{ "umask", "0", "0000" },
	{ "umask", "0777", "0777" },
	{ "nice", "-20", "-20" },
	{ "nice", "+19", "19" },
	{ "nice", "0", "0" },
	{ "oom_score_adjust", "-1000", "-1000" },
	{ "cpu_affinity", "5, 0-3 3", "0-3,5" },
	{ "cpu_affinity", "1023", "1023" },
	{ "cpu_affinity", "63,64,65", "63-65" },
	{ "no_new_privileges", "on", "yes" },
	{ "capabilities", "none", "none" },
	{ "capabilities", "cap_net_bind_service KILL", "CAP_KILL CAP_NET_BIND_SERVICE" },
	{ "capabilities", "CAP_CHECKPOINT_RESTORE", "CAP_CHECKPOINT_RESTORE" },
	{ "limit_nofile", "1024", "1024" },
	{ "limit_nofile", "1024:4096", "1024:4096" },
	{ "limit_nofile", "0:infinity", "0:infinity" },
	{ "limit_core", "infinity", "infinity" },
	{ "limit_as", "1g:4096M", "1G:4G" },
	{ "limit_cpu", "1min:90", "1min:1min 30s" },
	{ "limit_cpu", "1500ms", "2s" },
	{ "limit_rttime", "250ms", "250ms" },
	{ "limit_nice", "40", "40" },
	{ "env_file", "/etc/default/feed", "/etc/default/feed" },
	{ "env_file", "-/etc/default/feed", "-/etc/default/feed" },
	{ "pass_env", "HTTP_* *_proxy,LC_?", "HTTP_* *_proxy LC_?" },
};

START_TEST(test_good)
{
	_cleanup_free_ char *reason = NULL, *written = NULL;
	const struct setting *setting = settings_find(SETTINGS_LOOP, good[_i].key);

	ck_assert_ptr_null(values.setup);
	ck_assert_msg(set(good[_i].key, good[_i].text, &reason) == 0, "%s", reason);
	expect_text(good[_i].key, good[_i].written);
	written = setting_format(setting, &values);
	ck_assert_int_eq(set(good[_i].key, written, &reason), 0);
	expect_text(good[_i].key, good[_i].written);
	ck_assert_int_eq(set(good[_i].key, "", &reason), 0);
	expect_text(good[_i].key, setting->fallback);
}
END_TEST

static const struct {
	const char *key, *text;
	int error;
	const char *says;
} bad[] = {
	{ "user", ":www-data", -EINVAL, "USER:GROUP" },
	{ "user", "feed:", -EINVAL, "USER:GROUP" },
	{ "user", "a b", -EINVAL, "USER:GROUP" },
	{ "user", "a:b:c", -EINVAL, "USER:GROUP" },
	{ "supplementary_groups", "a=b", -EINVAL, "names" },
	{ "working_directory", "srv", -EINVAL, "absolute" },
	{ "working_directory", "~feed", -EINVAL, "absolute" },
	{ "umask", "8", -EINVAL, "octal" },
	{ "umask", "1000", -ERANGE, "octal" },
	{ "umask", "00022", -EINVAL, "octal" },
	{ "umask", "-1", -EINVAL, "octal" },
	{ "nice", "20", -ERANGE, "from -20 to 19" },
	{ "nice", "-21", -ERANGE, "from -20 to 19" },
	{ "nice", "99999999999", -ERANGE, "from -20 to 19" },
	{ "nice", "-", -EINVAL, "from -20 to 19" },
	{ "nice", "low", -EINVAL, "from -20 to 19" },
	{ "oom_score_adjust", "1001", -ERANGE, "from -1000 to 1000" },
	{ "cpu_affinity", "3-1", -ERANGE, "0-3,5" },
	{ "cpu_affinity", "1024", -ERANGE, "0 to 1023" },
	{ "cpu_affinity", "0-18446744073709551615", -ERANGE, "0 to 1023" },
	{ "cpu_affinity", "-3", -EINVAL, "0-3,5" },
	{ "no_new_privileges", "maybe", -EINVAL, "yes or no" },
	{ "capabilities", "CAP_FLY", -EINVAL, "CAP_NET_BIND_SERVICE" },
	{ "capabilities", "CAP_KILL none", -EINVAL, "CAP_NET_BIND_SERVICE" },
	{ "limit_nofile", "2:1", -ERANGE, "SOFT:HARD" },
	{ "limit_nofile", "infinity:1", -ERANGE, "SOFT:HARD" },
	{ "limit_nofile", "1:", -EINVAL, "SOFT:HARD" },
	{ "limit_nofile", ":1", -EINVAL, "SOFT:HARD" },
	{ "limit_nofile", "1:2:3", -EINVAL, "SOFT:HARD" },
	{ "limit_nofile", "1K", -EINVAL, "a number" },
	{ "limit_as", "1T", -EINVAL, "a size" },
	{ "limit_cpu", "soon", -EINVAL, "a time" },
	{ "env_file", "x", -EINVAL, "absolute" },
	{ "env_file", "--/x", -EINVAL, "absolute" },
	{ "pass_env", "A=1", -EINVAL, "names" },
};

START_TEST(test_bad)
{
	_cleanup_free_ char *reason = NULL;

	ck_assert_int_eq(set(bad[_i].key, bad[_i].text, &reason), bad[_i].error);
	ck_assert_msg(reason && strstr(reason, bad[_i].says), "%s", reason);
	ck_assert_ptr_null(values.setup);
	ck_assert_int_eq(set("limit_fsize", "1", &reason), 0);
	free(TAKE_PTR(reason));
	ck_assert_int_eq(set(bad[_i].key, bad[_i].text, &reason), bad[_i].error);
	expect_text(bad[_i].key, settings_find(SETTINGS_LOOP, bad[_i].key)->fallback);
}
END_TEST

START_TEST(test_values)
{
	char *reason = NULL;

	ck_assert_int_eq(set("limit_cpu", "2:infinity", &reason), 0);
	ck_assert_uint_eq(values.setup->limits[RLIMIT_CPU].soft, 2);
	ck_assert_uint_eq(values.setup->limits[RLIMIT_CPU].hard, RLIM_INFINITY);
	ck_assert(!values.setup->limits[RLIMIT_AS].said);
	ck_assert_int_eq(set("limit_rttime", "2", &reason), 0);
	ck_assert_uint_eq(values.setup->limits[RLIMIT_RTTIME].hard, 2000000);
	ck_assert_int_eq(set("capabilities", "CAP_CHOWN CAP_BPF", &reason), 0);
	ck_assert_uint_eq(values.setup->capabilities, 1 | UINT64_C(1) << 39);
	ck_assert_int_eq(set("umask", "22", &reason), 0);
	ck_assert_uint_eq(values.setup->umask, 022);
	ck_assert(values.setup->umask_said && !values.setup->nice_said);
}
END_TEST

START_TEST(test_capability_names)
{
	for (int number = 0; number <= 40; number++)
		ck_assert_int_eq(capability_from_string(capability_to_string(number)), number);
	ck_assert_ptr_null(capability_to_string(41));
	ck_assert_ptr_null(capability_to_string(-1));
	ck_assert_int_eq(capability_from_string("CAP_SYS_ADMIN"), 21);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), start, stop);
}

int main(void)
{
	Suite *suite = suite_create("settings-setup");

	add(suite, "good", test_good, ELEMENTS(good));
	add(suite, "bad", test_bad, ELEMENTS(bad));
	add(suite, "values", test_values, 1);
	add(suite, "capability names", test_capability_names, 1);
	return unit_main(suite);
}
