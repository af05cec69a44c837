/* SPDX-License-Identifier: BSD-2-Clause */
/* When a health verdict has been missing for too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/hook_patience.h"

static void one_that_stays_away_ends_it(void **state)
{
    (void)state;
    struct hook_patience patience = {.is_missing = false};
    for (uint64_t at_ms = 7000; at_ms <= 7000 + HOOK_PATIENCE_MS; at_ms += 1000) {
        assert_false(hook_patience_is_over(&patience, true, at_ms));
    }
    assert_true(hook_patience_is_over(&patience, true, 7000 + HOOK_PATIENCE_MS + 1));
}

/* A freeze of hours, and then a moment without a verdict. */
static void a_short_gap_after_a_long_time_is_none(void **state)
{
    (void)state;
    const uint64_t hour_ms = 3600 * 1000;
    struct hook_patience patience = {.is_missing = false};
    assert_false(hook_patience_is_over(&patience, false, 0));
    assert_false(hook_patience_is_over(&patience, false, hour_ms));
    assert_false(hook_patience_is_over(&patience, true, hour_ms + 1));
    assert_false(hook_patience_is_over(&patience, true, hour_ms + HOOK_PATIENCE_MS));
    assert_false(hook_patience_is_over(&patience, false, hour_ms + HOOK_PATIENCE_MS + 5));
    assert_false(hook_patience_is_over(&patience, true, hour_ms + HOOK_PATIENCE_MS + 6));
    assert_true(hook_patience_is_over(&patience, true, hour_ms + 2 * HOOK_PATIENCE_MS + 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_stays_away_ends_it),
        cmocka_unit_test(a_short_gap_after_a_long_time_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
