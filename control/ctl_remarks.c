/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_remarks.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "control/ctl_text.h"

bool ctl_remarks_print(const struct move_remarks *remarks, bool is_strict, struct error *err)
{
    struct style style = style_of(STDERR_FILENO);
    for (size_t i = 0; i < remarks->count; i++) {
        const struct move_remark *remark = &remarks->remarks[i];
        fputs(remark->is_lost ? "not moved: " : "note: ", stderr);
        text_put(stderr, &style, INK_PLAIN, remark->text, SIZE_MAX);
        fputc('\n', stderr);
    }
    return remarks->lost_count == 0 || !is_strict ||
           error_set(err, "%zu record sets were not moved", remarks->lost_count);
}
