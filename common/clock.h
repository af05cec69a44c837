/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that asks the system what time it is. Everything that decides takes the time as an
 * argument, so that tests play hours in milliseconds. */
#pragma once

#include <stdint.h>

/* Milliseconds since the epoch that never jump while the process lives: the wall clock as read at
 * the first call plus the monotonic time since. Comparable across restarts. Any thread after the
 * first call. */
int64_t clock_now_ms(void);

/* Of a clock that only goes forward, for differences. Any thread; costs no system call. */
uint64_t clock_monotonic_ns(void);

/* Seconds since the epoch, modulo 2^32, as the wall clock says now: for what is compared with other
 * hosts' clocks. Costs no system call. Any thread. */
uint32_t clock_wall_s(void);

/* "2026-11-23T15:50:01Z"; out holds at least 21 octets. */
#define CLOCK_TEXT_SIZE 32
void clock_format(int64_t at_ms, char out[CLOCK_TEXT_SIZE]);
