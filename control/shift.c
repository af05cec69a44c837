/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/shift.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/alias_source.h"
#include "control/effective.h"
#include "control/route53.h"
#include "control/share_watch.h"
#include "zones/snapshot_builder.h"

void shift_init(struct shift *shift, struct record_set_state *set)
{
    shift->set = set;
    for (size_t i = 0; i < set->member_count; i++) {
        shift->weights[i] = set->members[i].weight;
    }
}

/* {"blue":90,"green":10}; weights NULL: as they stand. */
static char *print_weights(const struct record_set_state *set, const uint8_t *weights)
{
    json_t *json = json_object();
    for (size_t m = 0; m < set->member_count; m++) {
        json_object_set_new(json, set->members[m].config->id,
                            json_integer(weights != NULL ? weights[m] : set->members[m].weight));
    }
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

void shift_change(const struct shift *shift, struct history_weights *change)
{
    *change = (struct history_weights){.record_set = alloc_string(shift->set->key),
                                       .before = print_weights(shift->set, NULL),
                                       .after = print_weights(shift->set, shift->weights)};
}

void shift_change_done(struct history_weights *change)
{
    free(change->record_set);
    free(change->before);
    free(change->after);
    *change = (struct history_weights){0};
}

static bool journal_one(struct control *control, const struct shift *shift, int64_t history,
                        struct error *err)
{
    const struct record_set_state *set = shift->set;
    bool is_changed = false;
    for (size_t m = 0; m < set->member_count; m++) {
        if (shift->weights[m] == set->members[m].weight) {
            continue;
        }
        is_changed = true;
        if (!store_save_weight(control->store, set->key, set->members[m].config->id,
                               shift->weights[m], err)) {
            return false;
        }
    }
    if (!is_changed) {
        return true;
    }
    CLEANUP(shift_change_done) struct history_weights change;
    shift_change(shift, &change);
    return store_add_history_weights(control->store, history, &change, err);
}

bool shift_journal(struct control *control, const struct shift *shifts, size_t count,
                   int64_t history, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!journal_one(control, &shifts[i], history, err)) {
            return false;
        }
    }
    return true;
}

bool shift_journal_late(struct control *control, const struct record_set_state *set,
                        const struct history_weights *change, int64_t history, struct error *err)
{
    for (size_t m = 0; m < set->member_count; m++) {
        if (!store_save_weight(control->store, set->key, set->members[m].config->id,
                               set->members[m].weight, err)) {
            return false;
        }
    }
    return store_add_history_weights(control->store, history, change, err);
}

void shift_mark(struct control *control, struct record_set_state *set)
{
    if (!set->needs_publish) {
        set->needs_publish = true;
        control->unpublished[control->unpublished_count++] = set;
    }
}

void shift_apply(struct control *control, const struct shift *shifts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct record_set_state *set = shifts[i].set;
        for (size_t m = 0; m < set->member_count; m++) {
            set->members[m].weight = shifts[i].weights[m];
        }
        shift_mark(control, set);
    }
}

/* A member without addresses is as good as not there: Route 53's rules are for the others. */
void shift_effective(const struct record_set_state *set, uint16_t effective[MAX_MEMBERS])
{
    struct member_condition conditions[MAX_MEMBERS];
    uint16_t weights[MAX_MEMBERS];
    size_t count = 0;
    for (size_t i = 0; i < set->member_count; i++) {
        if (member_has_addresses(&set->members[i])) {
            conditions[count].weight = set->members[i].weight;
            conditions[count].is_healthy = member_is_healthy(&set->members[i]);
            count++;
        }
    }
    if (count > 0) {
        effective_weights(conditions, count, weights);
    }
    size_t at = 0;
    for (size_t i = 0; i < set->member_count; i++) {
        effective[i] = member_has_addresses(&set->members[i]) ? weights[at++] : 0;
    }
}

void shift_build(struct record_set_state *set, struct snapshot_builder *builder)
{
    uint16_t effective[MAX_MEMBERS];
    shift_effective(set, effective);
    snapshot_builder_set_weights(builder, set->record_set->id, effective);
    for (size_t m = 0; m < set->member_count; m++) {
        if (set->members[m].alias != NULL) {
            snapshot_builder_set_member_stale(builder, set->record_set->id, m,
                                              set->members[m].alias->alias.is_stale);
        }
        if (set->members[m].new_records != NULL) {
            snapshot_builder_set_member_records(builder, set->record_set->id, m,
                                                STEAL(set->members[m].new_records));
        }
    }
    bool is_lower = set->ttl_s < set->record_set->ttl_s; /* the configuration may be lower by now */
    snapshot_builder_set_ttl(builder, set->record_set->id,
                             is_lower ? set->ttl_s : WEIGHTS_TTL_ENCODED);
    int64_t ttl_ms = (int64_t)(is_lower ? set->ttl_s : set->record_set->ttl_s) * 1000;
    set->has_shifted =
        weight_log_add(&set->log, effective, set->member_count, ttl_ms, clock_now_ms());
    set->needs_publish = false;
}

void shift_publish(struct control *control)
{
    if (control->unpublished_count == 0) {
        return;
    }
    struct snapshot_builder *builder = publisher_begin(&control->publisher, control->sets);
    for (size_t i = 0; i < control->unpublished_count; i++) {
        shift_build(control->unpublished[i], builder);
    }
    publisher_publish(&control->publisher, snapshot_builder_finish(builder));
    for (size_t i = 0; i < control->unpublished_count; i++) {
        share_watch_published(control->unpublished[i]);
        route53_published(control->unpublished[i]);
    }
    control->unpublished_count = 0;
}

void shift_print(const struct shift *shift, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < shift->set->member_count && used < size; i++) {
        int len = snprintf(out + used, size - used, "%s%s=%u", i == 0 ? "" : " ",
                           shift->set->members[i].config->id, (unsigned)shift->weights[i]);
        used += len < 0 ? 0 : (size_t)len;
    }
}
