/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/model.h"

#include <stdio.h>
#include <string.h>

#include "common/alloc.h"
#include "control/alias_source.h"

static const char *const forced_names[] = {
    [FORCED_AUTO] = "auto",
    [FORCED_UP] = "up",
    [FORCED_DOWN] = "down",
};

const char *forced_health_name(enum forced_health forced)
{
    return forced_names[forced];
}

bool forced_health_parse(const char *name, enum forced_health *forced)
{
    for (size_t i = 0; i < ARRAY_LEN(forced_names); i++) {
        if (strcmp(forced_names[i], name) == 0) {
            *forced = (enum forced_health)i;
            return true;
        }
    }
    return false;
}

/* Adds ", name" to a list that is cut when it gets long. */
static void list_add(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used == 0 ? "" : ", ", name);
}

struct record_set_state *model_find_record_set(struct control *control, const char *name,
                                               const char *type, struct error *err)
{
    size_t index = config_find_record_set(control->config, name, type);
    if (index != SIZE_MAX) {
        return &control->record_sets[index];
    }
    char known[512] = "";
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        list_add(known, sizeof(known), control->record_sets[i].key);
    }
    error_set(err, "no weighted record set %s/%s is configured; there are: %s", name, type,
              known[0] == '\0' ? "none" : known);
    return NULL;
}

struct record_set_state *model_find_key(struct control *control, const char *key, struct error *err)
{
    CLEANUP(alloc_freep) char *name = alloc_string(key);
    char *type = strrchr(name, '/');
    if (type == NULL) {
        error_set(err, "%s: a record set is named NAME/TYPE, for example www.example.org/A", key);
        return NULL;
    }
    *type = '\0';
    return model_find_record_set(control, name, type + 1, err);
}

struct member_state *model_find_member(struct record_set_state *set, const char *id,
                                       struct error *err)
{
    char known[512] = "";
    for (size_t i = 0; i < set->member_count; i++) {
        if (strcmp(set->members[i].config->id, id) == 0) {
            return &set->members[i];
        }
        list_add(known, sizeof(known), set->members[i].config->id);
    }
    error_set(err, "record set %s has no member %s; its members are: %s", set->key, id, known);
    return NULL;
}

struct rule_state *model_find_rule(struct control *control, const char *name, struct error *err)
{
    size_t index = config_find_rollout(control->config, name);
    if (index != SIZE_MAX) {
        return &control->rules[index];
    }
    char known[512] = "";
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        list_add(known, sizeof(known), control->rules[i].config->name);
    }
    error_set(err, "no rollout %s is configured; there are: %s", name,
              known[0] == '\0' ? "none" : known);
    return NULL;
}

struct zone *model_find_zone(const struct zone_table *zones, const struct record_set *set)
{
    struct name_key key;
    size_t len = name_key_parse(&key, set->name.octets, set->name.len);
    /* Const for those who answer from it. */
    return len == 0 ? NULL : (struct zone *)zone_table_find(zones, &key, key.label_count);
}

bool member_has_addresses(const struct member_state *member)
{
    return member->alias == NULL || member->has_records;
}

bool member_is_healthy(const struct member_state *member)
{
    if (member->forced != FORCED_AUTO) {
        return member->forced == FORCED_UP;
    }
    if (member->alias != NULL && !alias_is_good(&member->alias->alias)) {
        return false;
    }
    for (size_t i = 0; i < member->target_count; i++) {
        if (member->targets[i]->health.verdict != HEALTH_UNHEALTHY) {
            return true;
        }
    }
    return member->target_count == 0;
}

size_t member_healthy_addresses(const struct member_state *member)
{
    size_t healthy = 0;
    for (size_t i = 0; i < member->target_count; i++) {
        healthy += member->targets[i]->health.verdict == HEALTH_HEALTHY ? 1 : 0;
    }
    return healthy;
}

/* Of a member whose alias target has no addresses, or stale ones. The first question after a start
 * is waited for. */
static enum gate_verdict alias_gate(const struct alias_source *source, char *text, size_t size)
{
    const struct alias *alias = &source->alias;
    if (alias->failures == 0 && !alias->is_stale) {
        snprintf(text, size, "%s is not resolved yet", source->host);
        return GATE_WAIT;
    }
    snprintf(text, size, "%s has %s: %s", source->host,
             alias->is_stale ? "only stale addresses" : "no addresses",
             alias->failures == 0 ? "no answer yet" : alias->failure);
    return GATE_FAIL;
}

/* What was seen: of the addresses that are not healthy the worst, and how many are. */
static void print_seen(const struct member_state *member, size_t healthy, char *text, size_t size)
{
    const struct target *worst = NULL;
    for (size_t i = 0; i < member->target_count; i++) {
        const struct target *target = member->targets[i];
        bool is_unhealthy = target->health.verdict == HEALTH_UNHEALTHY;
        bool is_unknown = target->health.verdict == HEALTH_UNKNOWN;
        if ((is_unhealthy && (worst == NULL || worst->health.verdict == HEALTH_UNKNOWN)) ||
            (is_unknown && worst == NULL)) {
            worst = target;
        }
    }
    if (member->target_count == 0) {
        snprintf(text, size, "%s has no health check", member->config->id);
    } else if (worst == NULL) {
        snprintf(text, size, "%zu of %zu addresses of %s are healthy", healthy,
                 member->target_count, member->config->id);
    } else {
        snprintf(text, size, "%s: %s", worst->address,
                 worst->health.verdict == HEALTH_UNHEALTHY ? worst->last_result : "no verdict yet");
    }
}

enum gate_verdict member_gate(const struct member_state *member, unsigned minimum, char *text,
                              size_t size)
{
    if (member->forced != FORCED_AUTO) {
        snprintf(text, size, "%s is forced %s", member->config->id,
                 forced_health_name(member->forced));
        return member->forced == FORCED_UP ? GATE_PASS : GATE_FAIL;
    }
    if (member->alias != NULL && !alias_is_good(&member->alias->alias)) {
        return alias_gate(member->alias, text, size);
    }
    size_t healthy = 0, unknown = 0;
    for (size_t i = 0; i < member->target_count; i++) {
        healthy += member->targets[i]->health.verdict == HEALTH_HEALTHY;
        unknown += member->targets[i]->health.verdict == HEALTH_UNKNOWN;
    }
    print_seen(member, healthy, text, size);
    return rollout_gate(healthy, unknown, member->target_count, minimum);
}
