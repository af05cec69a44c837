/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/clock.h"

#include <pthread.h>
#include <time.h>

static int64_t offset_ms; /* wall minus monotonic, set once */
static pthread_once_t offset_once = PTHREAD_ONCE_INIT;

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_offset(void)
{
    offset_ms = read_ms(CLOCK_REALTIME) - read_ms(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(void)
{
    pthread_once(&offset_once, set_offset);
    return read_ms(CLOCK_MONOTONIC) + offset_ms;
}

uint64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void clock_format(int64_t at_ms, char out[CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    if (strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        out[0] = '\0';
    }
}

uint32_t clock_wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint32_t)now.tv_sec;
}
