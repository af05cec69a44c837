/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/route53_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/route53_text.h"

void route53_record_set_done(struct route53_record_set *set)
{
    free(set->name);
    free(set->type);
    free(set->set_identifier);
    for (size_t i = 0; i < set->value_count; i++) {
        free(set->values[i]);
    }
    free(set->values);
    free(set->alias.zone_id);
    free(set->alias.dns_name);
    free(set->health_check_id);
    free(set->other_policy);
    *set = (struct route53_record_set){.weight = -1, .ttl_s = -1};
}

static char *copy_text(const char *text)
{
    return text == NULL ? NULL : alloc_string(text);
}

struct route53_record_set route53_record_set_copy(const struct route53_record_set *set)
{
    struct route53_record_set copy = {
        .name = copy_text(set->name),
        .type = copy_text(set->type),
        .set_identifier = copy_text(set->set_identifier),
        .weight = set->weight,
        .ttl_s = set->ttl_s,
        .alias = {.zone_id = copy_text(set->alias.zone_id),
                  .dns_name = copy_text(set->alias.dns_name),
                  .evaluate_target_health = set->alias.evaluate_target_health},
        .health_check_id = copy_text(set->health_check_id),
        .other_policy = copy_text(set->other_policy),
    };
    for (size_t i = 0; i < set->value_count; i++) {
        route53_record_set_add_value(&copy, alloc_string(set->values[i]));
    }
    return copy;
}

void route53_record_set_add_value(struct route53_record_set *set, char *value)
{
    set->values = alloc_resize(set->values, set->value_count + 1, sizeof(*set->values));
    set->values[set->value_count++] = value;
}

void route53_record_sets_done(struct route53_record_sets *sets)
{
    for (size_t i = 0; i < sets->count; i++) {
        route53_record_set_done(&sets->sets[i]);
    }
    free(sets->sets);
    *sets = (struct route53_record_sets){0};
}

void route53_record_sets_add(struct route53_record_sets *sets, struct route53_record_set *set)
{
    sets->sets = alloc_resize(sets->sets, sets->count + 1, sizeof(*sets->sets));
    sets->sets[sets->count++] = *set;
    *set = (struct route53_record_set){.weight = -1, .ttl_s = -1};
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Each value of one is in the other as often. */
static bool are_values_same(const struct route53_record_set *a, const struct route53_record_set *b)
{
    if (a->value_count != b->value_count) {
        return false;
    }
    CLEANUP(alloc_freep) bool *taken = alloc_zeroed(b->value_count + 1, sizeof(*taken));
    for (size_t i = 0; i < a->value_count; i++) {
        size_t k = 0;
        while (k < b->value_count &&
               (taken[k] || !route53_value_equals(a->type, a->values[i], b->values[k]))) {
            k++;
        }
        if (k == b->value_count) {
            return false;
        }
        taken[k] = true;
    }
    return true;
}

bool route53_record_set_equals(const struct route53_record_set *a,
                               const struct route53_record_set *b)
{
    return is_same(a->name, b->name) && is_same(a->type, b->type) &&
           is_same(a->set_identifier, b->set_identifier) && a->weight == b->weight &&
           a->ttl_s == b->ttl_s && is_same(a->health_check_id, b->health_check_id) &&
           is_same(a->other_policy, b->other_policy) &&
           is_same(a->alias.zone_id, b->alias.zone_id) &&
           is_same(a->alias.dns_name, b->alias.dns_name) &&
           a->alias.evaluate_target_health == b->alias.evaluate_target_health &&
           are_values_same(a, b);
}

const char *route53_action_name(enum route53_action action)
{
    static const char *const names[] = {
        [ROUTE53_CREATE] = "CREATE", [ROUTE53_DELETE] = "DELETE", [ROUTE53_UPSERT] = "UPSERT"};
    return names[action];
}

void route53_batch_done(struct route53_batch *batch)
{
    free(batch->comment);
    for (size_t i = 0; i < batch->count; i++) {
        route53_record_set_done(&batch->changes[i].set);
    }
    free(batch->changes);
    *batch = (struct route53_batch){0};
}

void route53_batch_add(struct route53_batch *batch, enum route53_action action,
                       struct route53_record_set *set)
{
    batch->changes = alloc_resize(batch->changes, batch->count + 1, sizeof(*batch->changes));
    batch->changes[batch->count++] = (struct route53_change){.action = action, .set = *set};
    *set = (struct route53_record_set){.weight = -1, .ttl_s = -1};
}
