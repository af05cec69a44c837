/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/export_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "zones/zone_export.h"

char *export_text(const struct snapshot *snapshot, const size_t *members, size_t octets)
{
    CLEANUP(zone_export_freep)
    struct zone_export *export = zone_export_new(snapshot, snapshot->zones->zones[0], members);
    char *all = alloc_string("");
    for (char *part; (part = zone_export_next(export, octets)) != NULL;) {
        assert_int_equal(part[strlen(part) - 1], '\n');
        char *longer = alloc_printf("%s%s", all, part);
        free(part);
        free(all);
        all = longer;
    }
    return all;
}
