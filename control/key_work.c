/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/key_work.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/zone_refresh.h"
#include "control/zone_retire.h"
#include "zones/signer.h"
#include "zones/zone_keys.h"

#define RETRY_S 600

struct key_work {
    uv_work_t work;
    struct control *control;
    struct zone *zone, *before; /* held */
    int64_t now_s;
    int64_t next_s;
    bool is_good;
    struct error err;
};

static void advance(uv_work_t *request)
{
    struct key_work *work = request->data;
    const struct zone_keys_served served = {work->zone, work->before, work->now_s};
    work->is_good = zone_keys_advance(&served, &work->next_s, &work->err);
}

void key_work_note_time(struct control *control, struct zone *zone, int64_t next_s)
{
    signer_note_key_time(zone->signer, next_s);
    zone->refresh_at_s = signer_refresh_at_s(zone->signer);
    zone_refresh_arm(control);
}

static void on_advanced(uv_work_t *request, int status)
{
    struct key_work *work = request->data;
    if (status == 0 && !work->is_good) {
        log_error("the times of keys stay as they are: %s", work->err.text);
        work->next_s = work->now_s + RETRY_S;
    }
    if (status == 0) {
        key_work_note_time(work->control, work->zone, work->next_s);
    }
    if (work->before != NULL) {
        zone_let_go(&work->control->loop, work->before);
    }
    zone_let_go(&work->control->loop, work->zone);
    free(work);
}

void key_work_served(struct control *control, struct zone *zone, struct zone *before)
{
    if (zone->signer == NULL) {
        return;
    }
    struct key_work *work = alloc_zeroed(1, sizeof(*work));
    work->work.data = work;
    work->control = control;
    work->now_s = clock_now_ms() / 1000;
    work->zone = zone;
    work->before = before != NULL && before->signer != NULL ? before : NULL;
    zone_ref(work->zone);
    if (work->before != NULL) {
        zone_ref(work->before);
    }
    uv_queue_work(&control->loop, &work->work, advance, on_advanced);
}

void key_work_start(struct control *control)
{
    const struct zone_table *zones = control->publisher.current->zones;
    for (size_t i = 0; i < zones->count; i++) {
        key_work_served(control, zones->zones[i], NULL);
    }
}
