/* SPDX-License-Identifier: MIT */
/* Fuzzes the text of greenloop-exec's orders: refused, or read, and then what is written of it
 * reads the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "process/setup.h"

static gid_t room[SETUP_GROUPS_MAX], room_again[SETUP_GROUPS_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size), *written = NULL;
	struct setup setup, again;
	size_t enough;
	int r;

	fuzz_expect(text != NULL);
	r = setup_decode(text, room, &setup);
	if (r < 0) {
		fuzz_expect(r == -EBADMSG);
		return 0;
	}
	enough = setup_text_size(&setup);
	written = malloc(enough);
	fuzz_expect(written && setup_encode(&setup, written, enough) > 0);
	fuzz_expect(setup_decode(written, room_again, &again) == 0);
	fuzz_expect(memcmp(room, room_again, setup.n_groups * sizeof(room[0])) == 0);
	again.groups = setup.groups;
	fuzz_expect(memcmp(&setup, &again, sizeof(setup)) == 0);
	return 0;
}
