/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/remark.h"

#include <stdlib.h>

#include "common/alloc.h"

void move_remark_add(struct move_remarks *remarks, bool is_lost, char *text)
{
    remarks->remarks =
        alloc_resize(remarks->remarks, remarks->count + 1, sizeof(*remarks->remarks));
    remarks->remarks[remarks->count++] = (struct move_remark){.is_lost = is_lost, .text = text};
    remarks->lost_count += is_lost ? 1 : 0;
}

void move_remarks_done(struct move_remarks *remarks)
{
    for (size_t i = 0; i < remarks->count; i++) {
        free(remarks->remarks[i].text);
    }
    free(remarks->remarks);
    *remarks = (struct move_remarks){.remarks = NULL};
}
