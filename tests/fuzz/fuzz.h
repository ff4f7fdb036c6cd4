/* SPDX-License-Identifier: MIT */
/*
 * Fuzz targets: tests/fuzz/fuzz-NAME.c has one LLVMFuzzerTestOneInput. Linked with libFuzzer it
 * finds inputs; linked with replay.c it is a test that runs over those of tests/fuzz/corpus/NAME.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that no NDEBUG takes away. */
static inline void fuzz_expect(int truth)
{
	if (!truth)
		abort();
}
