/* SPDX-License-Identifier: BSD-2-Clause */
/* What somebody who moves in or out should know. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct move_remark {
    bool is_lost; /* what it is about was not moved */
    char *text;   /* one line: "eu.example.org A, latency, "eu": …" */
};

struct move_remarks {
    struct move_remark *remarks;
    size_t count;
    size_t lost_count; /* of them */
};

/* Takes text. */
void move_remark_add(struct move_remarks *remarks, bool is_lost, char *text);
void move_remarks_done(struct move_remarks *remarks);
