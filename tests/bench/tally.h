/* SPDX-License-Identifier: BSD-2-Clause */
/* What came of the queries of a load: how many, how late, how right. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/questions.h"

/* Times by their size: 64 classes for each power of two, so that a figure is right within 2 %. */
#define TALLY_CLASSES (64 * 40)

struct tally {
    uint64_t sent, answered, lost, wrong;
    uint64_t classes[TALLY_CLASSES];
    int64_t begin_ns, end_ns; /* of the first query, and of the last answer */
    char first_wrong[256];
};

/* Counts the answer to a question, and whether it is one that may be. The id is not looked at. */
void tally_answer(struct tally *tally, const struct question *question, const uint8_t *octets,
                  size_t len, int64_t late_ns);

/* The time that this share (0.99) of the answers did not exceed; 0 without answers. */
int64_t tally_quantile_ns(const struct tally *tally, double share);

/* Prints it as one JSON object; whether answers came and all of them were right. */
bool tally_print(const struct tally *tally);

/* The monotonic clock. */
int64_t tally_now_ns(void);
