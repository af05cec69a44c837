/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_refresh.h"

#include "common/clock.h"
#include "control/zone_change.h"

#define DAY_MS   UINT64_C(86400000)
#define RETRY_MS UINT64_C(600000) /* after one that failed */

uint64_t zone_refresh_delay_ms(const struct zone_table *zones, int64_t now_ms)
{
    uint64_t delay_ms = DAY_MS;
    for (size_t i = 0; i < zones->count; i++) {
        int64_t at_s = zones->zones[i]->refresh_at_s;
        if (at_s <= now_ms / 1000) {
            return 0;
        }
        if (at_s < now_ms / 1000 + (int64_t)(DAY_MS / 1000)) {
            uint64_t until_ms = (uint64_t)(at_s * 1000 - now_ms);
            delay_ms = until_ms < delay_ms ? until_ms : delay_ms;
        }
    }
    return delay_ms;
}

static void on_due(uv_timer_t *timer)
{
    struct control *control = timer->data;
    const struct zone_table *zones = control->publisher.current->zones;
    int64_t now_s = clock_now_ms() / 1000;
    bool is_due = false;
    for (size_t i = 0; i < control->zones.count; i++) {
        const struct zone_entry *entry = control->zones.entries[i];
        if (entry->zone != NULL && entry->zone->refresh_at_s <= now_s) {
            zone_change_ask(control, &(struct zone_change){.kind = ZONE_SIGN,
                                                           .definition = entry->definition,
                                                           .who = "refresh of signatures"});
            is_due = true;
        }
    }
    /* What is due stays so until the change has been published. */
    uint64_t delay_ms = is_due ? RETRY_MS : zone_refresh_delay_ms(zones, clock_now_ms());
    uv_timer_start(timer, on_due, delay_ms, 0);
}

void zone_refresh_arm(struct control *control)
{
    const struct zone_table *zones = control->publisher.current->zones;
    if (!control->is_stopping) {
        uint64_t delay_ms = zone_refresh_delay_ms(zones, clock_now_ms());
        uv_timer_start(&control->refresh_timer, on_due, delay_ms, 0);
    }
}

void zone_refresh_open(struct control *control)
{
    uv_timer_init(&control->loop, &control->refresh_timer);
    control->refresh_timer.data = control;
    uv_unref((uv_handle_t *)&control->refresh_timer);
    zone_refresh_arm(control);
}

void zone_refresh_close(struct control *control)
{
    uv_close((uv_handle_t *)&control->refresh_timer, NULL);
}
