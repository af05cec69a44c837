/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/hook_patience.h"

bool hook_patience_is_over(struct hook_patience *patience, bool is_missing, uint64_t now_ms)
{
    if (!is_missing || !patience->is_missing) {
        *patience = (struct hook_patience){.is_missing = is_missing, .since_ms = now_ms};
    }
    return is_missing && now_ms - patience->since_ms > (uint64_t)HOOK_PATIENCE_MS;
}
