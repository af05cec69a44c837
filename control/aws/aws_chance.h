/* SPDX-License-Identifier: BSD-2-Clause */
/* What the time is, and chance: the system's, or a test's. */
#pragma once

#include <stdint.h>

struct aws_chance {
    int64_t (*now_ms)(void *argument);  /* wall clock */
    double (*fraction)(void *argument); /* of [0, 1) */
    void *argument;
};
/* The system's. */
extern const struct aws_chance aws_chance_system;
