/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the configuration: whatever the file, it is read without harm, and it is either good or
 * has faults that each name a line of it. What was read can be set again, and the texts of values
 * are read back as they are written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/strings.h"
#include "daemon/config.h"
#include "fuzz/fuzz.h"

static int make_file(const uint8_t *data, size_t size, char **ret_path)
{
	int fd = memfd_create("config", MFD_CLOEXEC);

	fuzz_expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	*ret_path = string_printf("/proc/self/fd/%d", fd);
	fuzz_expect(*ret_path != NULL);
	return fd;
}

static unsigned count_lines(const uint8_t *data, size_t size)
{
	unsigned n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

static void expect_faults(const struct faults *faults, unsigned n_lines)
{
	for (size_t i = 0; i < faults->n; i++) {
		fuzz_expect(faults->items[i].line >= 1 && faults->items[i].line <= n_lines);
		fuzz_expect(*faults->items[i].text);
		fuzz_expect(i == 0 || faults->items[i].line >= faults->items[i - 1].line);
	}
}

/* Each value as text gives the same value again. */
static void expect_round_trip(const struct config_task *task)
{
	union {
		struct loop_settings loop;
		struct group_settings group;
	} settings;
	size_t n;
	const struct setting *table = settings_table(task->scope, &n);

	fuzz_expect(config_task_settings(task, &settings) == 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *text = setting_format(&table[i], &task->settings),
				    *again = NULL, *reason = NULL;

		fuzz_expect(text != NULL);
		if (!(table[i].flags & SETTING_PREFIX))
			fuzz_expect(settings_set(task->scope, &settings, table[i].key, text,
					    &reason) == 0);
		again = setting_format(&table[i], &settings);
		fuzz_expect(string_equal(text, again));
	}
	settings_done(task->scope, &settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_faults_ struct faults faults = { 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ _unused_ int fd = make_file(data, size, &path);
	int r = config_load(&config, path, true, false, &faults);

	fuzz_expect(config != NULL && r == (faults.n > 0 ? -EINVAL : 0));
	expect_faults(&faults, count_lines(data, size));
	for (size_t i = 0; i < config->n_tasks; i++)
		expect_round_trip(&config->tasks[i]);
	return 0;
}
