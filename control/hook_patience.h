/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a hook waits for a health verdict that is missing. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A candidate whose health is not known for so long is not continued to. */
#define HOOK_PATIENCE_MS (5 * 60 * INT64_C(1000))

/* All zero: no verdict is missing. */
struct hook_patience {
    bool is_missing;
    uint64_t since_ms; /* when that was first seen */
};

/* Notes a look at a monotonic time. True: the verdict has been missing at every look for longer
 * than HOOK_PATIENCE_MS; one that is there begins anew. */
bool hook_patience_is_over(struct hook_patience *patience, bool is_missing, uint64_t now_ms);
