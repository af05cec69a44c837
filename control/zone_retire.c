/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_retire.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/arena.h"

#define LARGE_OCTETS ((size_t)1 << 20) /* a tenth of a millisecond */

struct retirement {
    uv_work_t work;
    uv_loop_t *loop;
    struct zone *zone;
};

static void free_zone(uv_work_t *work)
{
    struct retirement *retirement = work->data;
    zone_free(STEAL(retirement->zone));
}

static void on_freed(uv_work_t *work, int status)
{
    (void)status;
    struct retirement *retirement = work->data;
    zone_free(retirement->zone); /* it was cancelled otherwise */
    free(retirement);
}

void zone_discard(uv_loop_t *loop, struct zone *zone)
{
    if (zone == NULL || arena_size(zone->arena) < LARGE_OCTETS) {
        zone_free(zone);
        return;
    }
    struct retirement *retirement = alloc_zeroed(1, sizeof(*retirement));
    retirement->work.data = retirement;
    retirement->zone = zone;
    uv_queue_work(loop, &retirement->work, free_zone, on_freed);
}

void zone_let_go(uv_loop_t *loop, struct zone *zone)
{
    if (zone->references > 1) {
        zone_unref(zone);
    } else {
        zone_discard(loop, zone);
    }
}

static void on_seen(void *argument)
{
    struct retirement *retirement = argument;
    zone_let_go(retirement->loop, retirement->zone);
    free(retirement);
}

void zone_retire(struct control *control, struct zone *zone)
{
    struct retirement *retirement = alloc_zeroed(1, sizeof(*retirement));
    retirement->loop = &control->loop;
    retirement->zone = zone;
    publisher_when_seen(&control->publisher, on_seen, retirement);
}

void zone_view_discard(uv_loop_t *loop, struct zone_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        zone_discard(loop, STEAL(view->slots[i].loaded));
    }
    zone_view_done(view);
}
