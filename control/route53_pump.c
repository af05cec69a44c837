/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose turn it is: units one after the other, as the account's limit lets them. */
#include <string.h>

#include "control/fleet.h"
#include "control/route53_private.h"

#define NOT_ALLOWED_MS 1000
/* … and whether the fleet's table has what is to be sent: another driver would send it back. */
#define NOT_DECIDED_MS 50

static void fill_tokens(struct route53 *all)
{
    double rate = all->config->rate;
    all->tokens += (double)(route53_now_ms(all) - all->filled_ms) * rate / 1000;
    all->tokens = all->tokens < rate ? all->tokens : rate;
    all->filled_ms = route53_now_ms(all);
}

/* Another batch of the zone is on its way. */
static bool is_zone_busy(const struct route53_unit *unit)
{
    for (size_t i = 0; i < unit->all->unit_count; i++) {
        const struct route53_unit *other = &unit->all->units[i];
        if (other != unit && other->call != NULL && other->stage == ROUTE53_SEND &&
            strcmp(other->zone_id, unit->zone_id) == 0) {
            return true;
        }
    }
    return false;
}

enum urgency { URGENT, FOLLOWED, LEISURELY, URGENCIES };

static enum urgency urgency_of(const struct route53_unit *unit)
{
    if (unit->waiters != NULL || unit->stage == ROUTE53_SEND ||
        (unit->stage == ROUTE53_LOOK && unit->is_pending)) {
        return URGENT;
    }
    return unit->stage == ROUTE53_POLL ? FOLLOWED : LEISURELY;
}

static void start_unit(struct route53_unit *unit)
{
    bool is_due = unit->due_ms <= route53_now_ms(unit->all);
    if (unit->is_looking) {
        /* the next page, for whom it was begun */
    } else if (unit->waiters != NULL && !(is_due && unit->stage == ROUTE53_LOOK)) {
        unit->is_look_only = true;
        unit->stage_before = unit->stage;
        unit->stage = ROUTE53_LOOK;
    } else if (unit->stage == ROUTE53_REST) {
        unit->was_in_step = !unit->is_pending && !unit->is_new;
        unit->stage = ROUTE53_LOOK;
    } else if (unit->stage == ROUTE53_SEND) {
        route53_note_sending(unit);
    }
    route53_ask(unit);
}

static bool can_start(const struct route53_unit *unit)
{
    bool is_due = unit->due_ms <= route53_now_ms(unit->all) || unit->waiters != NULL;
    return unit->call == NULL && is_due && (unit->stage != ROUTE53_SEND || !is_zone_busy(unit));
}

static void on_timer(uv_timer_t *timer)
{
    route53_pump(timer->data);
}

void route53_pump_in(struct route53 *all, uint64_t wait_ms)
{
    uv_timer_start(&all->timer, on_timer, wait_ms, 0);
}

static void arm(struct route53 *all)
{
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; i < all->unit_count; i++) {
        const struct route53_unit *unit = &all->units[i];
        uint64_t due_ms = unit->waiters != NULL ? route53_now_ms(all) : unit->due_ms;
        if (unit->call == NULL && due_ms < next_ms) {
            next_ms = due_ms;
        }
    }
    const struct route53_mirrors *mirrors = all->mirrors;
    if (mirrors != NULL && mirrors->call == NULL && mirrors->due_ms < next_ms) {
        next_ms = mirrors->due_ms;
    }
    if (next_ms == UINT64_MAX) {
        return;
    }
    uint64_t free_ms = route53_now_ms(all) + (all->tokens >= 1 ? 0 : 1000 / all->config->rate);
    free_ms = free_ms > all->quiet_until_ms ? free_ms : all->quiet_until_ms;
    if (!route53_may_send(all->control)) {
        free_ms = route53_now_ms(all) + NOT_ALLOWED_MS;
    } else if (!fleet_is_decided(all->control)) {
        free_ms = route53_now_ms(all) + NOT_DECIDED_MS;
    }
    next_ms = next_ms > free_ms ? next_ms : free_ms;
    uint64_t wait_ms = next_ms > route53_now_ms(all) ? next_ms - route53_now_ms(all) : 10;
    route53_pump_in(all, wait_ms);
}

void route53_pump(struct route53 *all)
{
    if (all->control->is_stopping) {
        return;
    }
    uv_update_time(&all->control->loop);
    fill_tokens(all);
    bool is_driver = route53_may_send(all->control);
    if (is_driver && !all->is_driver) {
        all->is_driver = true;
        route53_take_over(all->control);
    }
    all->is_driver = is_driver;
    bool is_allowed =
        route53_now_ms(all) >= all->quiet_until_ms && is_driver && fleet_is_decided(all->control);
    for (unsigned urgency = URGENT; is_allowed && urgency < URGENCIES; urgency++) {
        for (size_t i = 0; i < all->unit_count && all->tokens >= 1; i++) {
            struct route53_unit *unit = &all->units[i];
            if (urgency_of(unit) == (enum urgency)urgency && can_start(unit)) {
                start_unit(unit);
            }
        }
    }
    /* One token is left for whatever becomes urgent. */
    if (is_allowed && all->mirrors != NULL && all->tokens >= (all->config->rate > 1 ? 2 : 1)) {
        route53_mirrors_pump(all->mirrors);
    }
    arm(all);
}
