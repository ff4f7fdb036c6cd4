/* SPDX-License-Identifier: MIT */
/* The journal: what the loop's processes wrote, not what greenloopd says about it. */
#include "ctl/source.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/macro.h"
#include "base/strings.h"

static int add_match(sd_journal *journal, const char *field, const char *value)
{
	_cleanup_free_ char *match = string_printf("%s=%s", field, value);

	return match ? sd_journal_add_match(journal, match, 0) : -ENOMEM;
}

/* To just before the last lines that match. */
static int seek(sd_journal *journal, const char *loop, size_t max)
{
	int r = add_match(journal, "GREENLOOP_LOOP", loop);

	if (r >= 0)
		r = add_match(journal, "SYSLOG_IDENTIFIER", loop);
	if (r >= 0)
		r = sd_journal_seek_tail(journal);
	return r < 0 ? r : sd_journal_previous_skip(journal, max);
}

static void read_entry(sd_journal *journal, source_reader reader, void *userdata)
{
	static const char key[] = "MESSAGE=";
	struct source_line line = { 0 };
	const void *data;
	size_t length;

	if (sd_journal_get_data(journal, "MESSAGE", &data, &length) < 0 || length < sizeof(key) - 1)
		return;
	(void)sd_journal_get_realtime_usec(journal, &line.realtime_usec);
	line.text = (const char *)data + sizeof(key) - 1;
	line.length = length - (sizeof(key) - 1);
	reader(&line, userdata);
}

int source_read_journal(const char *loop, size_t max, source_reader reader, void *userdata)
{
	sd_journal *journal;
	int r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);

	if (r < 0)
		return r;
	(void)sd_journal_set_data_threshold(journal, 0);
	r = max > 0 ? seek(journal, loop, max) : 0;
	if (r == 0 && max > 0)
		r = -ENODATA;
	while (r > 0) {
		read_entry(journal, reader, userdata);
		r = sd_journal_next(journal);
	}
	sd_journal_close(journal);
	return r;
}
