/* SPDX-License-Identifier: MIT */
/* Time: microseconds in uint64_t everywhere; CLOCK_MONOTONIC for all decisions, wall time for
 * display only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

uint64_t clock_now(void);      /* CLOCK_MONOTONIC */
uint64_t clock_realtime(void); /* CLOCK_REALTIME: for display */

/* a + b, or USEC_INFINITY when either is or the sum would overflow. */
uint64_t usec_add(uint64_t a, uint64_t b);

/* systemd's time spans: "5s", "1min 30s", "250ms", "infinity"; a bare number is seconds. -EINVAL,
 * -ERANGE. */
int timespan_parse(const char *text, uint64_t *ret_usec);

/* The same, shortest form, into buf (≥ 64 bytes); returns buf. */
char *timespan_format(uint64_t usec, char *buf, size_t size);
