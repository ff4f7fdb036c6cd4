/* SPDX-License-Identifier: MIT */
/* Times as people read them. Each fills buf (≥ FORMAT_MAX bytes) and returns it. */
#pragma once

#include <stdint.h>

enum { FORMAT_MAX = 64 };

/* How long ago that wall-clock time was: "3min 4s", at most two units; "" for 0. */
char *format_age(uint64_t realtime_usec, uint64_t now_usec, char *buf);

/* "2026-11-20 12:00:01", local time; "-" for 0. */
char *format_date(uint64_t realtime_usec, char *buf);
