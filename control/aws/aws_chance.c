/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_chance.h"

#include <stddef.h>
#include <sys/random.h>
#include <uv.h>

#include "common/clock.h"

static int64_t system_now_ms(void *argument)
{
    (void)argument;
    return (int64_t)clock_wall_s() * 1000;
}

static double system_fraction(void *argument)
{
    (void)argument;
    uint32_t value = 0;
    if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value)) {
        value = (uint32_t)uv_hrtime();
    }
    return (double)value / 4294967296.0;
}

const struct aws_chance aws_chance_system = {system_now_ms, system_fraction, NULL};
