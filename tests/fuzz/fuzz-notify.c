/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the messages of sd_notify(3): whatever a child sends, it is refused or read without harm,
 * and all texts that come out of it are UTF-8 and lie within it.
 */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"
#include "fuzz/fuzz.h"
#include "process/notify-message.h"

static void expect_text(const char *part, const char *text, size_t length)
{
	if (!part)
		return;
	fuzz_expect(part >= text && part + strlen(part) <= text + length);
	fuzz_expect(utf8_valid(part, strlen(part)));
	fuzz_expect(!strchr(part, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	struct notify_message message;
	int r;

	fuzz_expect(text != NULL);
	memcpy(text, data, size);
	r = notify_message_parse(&message, text, size);
	fuzz_expect(r == 0 || r == -EBADMSG);
	if (r < 0) {
		fuzz_expect(size > NOTIFY_TEXT_MAX || memchr(data, '\0', size));
		return 0;
	}
	expect_text(message.status, text, size);
	expect_text(message.failure, text, size);
	fuzz_expect(message.n_sets <= NOTIFY_SETS_MAX);
	for (unsigned i = 0; i < message.n_sets; i++) {
		expect_text(message.sets[i], text, size);
		fuzz_expect(strchr(message.sets[i], '=') > message.sets[i]);
	}
	fuzz_expect(message.main_pid >= 0 && message.error >= 0 && message.error < 4096);
	return 0;
}
