/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that are as good as equal; after cmocka.h. */
#pragma once

#include <math.h>

#define assert_near(value, expected, tolerance)                                                    \
    do {                                                                                           \
        double value_ = (value);                                                                   \
        double expected_ = (expected);                                                             \
        if (!(fabs(value_ - expected_) <= (tolerance))) {                                          \
            fail_msg("%s is %.12g, expected %.12g", #value, value_, expected_);                    \
        }                                                                                          \
    } while (0)
