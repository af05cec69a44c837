/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/alias_source.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/journal.h"
#include "control/rule.h"
#include "control/shift.h"
#include "control/targets.h"
#include "control/zone_refresh.h"
#include "zones/address_records.h"

/* To a resolver nearby; the second round has twice as much. */
#define TIMEOUT_MS 2000

void alias_source_print(const struct alias_source *source, size_t index,
                        char out[ALIAS_ADDRESS_TEXT_SIZE])
{
    inet_ntop(source->family, source->alias.addresses + index * source->alias.octets, out,
              ALIAS_ADDRESS_TEXT_SIZE);
}

static int compare_sources(const void *one, const void *other)
{
    const struct alias_source *a = one, *b = other;
    return a->family != b->family ? a->family - b->family : strcmp(a->host, b->host);
}

static struct alias_source *add_source(struct control *control, const char *host, uint16_t type)
{
    struct alias_source *source = alloc_zeroed(1, sizeof(*source));
    source->control = control;
    source->host = alloc_string(host);
    source->type = type == TYPE_A ? "A" : "AAAA";
    source->family = type == TYPE_A ? AF_INET : AF_INET6;
    alias_init(&source->alias, &control->config->control.alias, address_octets(type));
    control->aliases =
        alloc_resize(control->aliases, control->alias_count + 1, sizeof(struct alias_source *));
    control->aliases[control->alias_count++] = source;
    search_tree_add(&control->aliases_by_host, source);
    return source;
}

static bool restore_addresses(struct alias_source *source, struct error *err)
{
    const struct control *control = source->control;
    struct alias *alias = &source->alias;
    struct store_alias stored;
    if (!store_load_alias(control->store, source->host, source->type, &stored, err)) {
        return false;
    }
    size_t count = stored.octets / alias->octets;
    bool is_good = stored.octets % alias->octets == 0 && count <= ADDRESS_RECORDS_MAX;
    if (is_good && count > 0) {
        alias_restore(alias, stored.addresses, count, stored.resolved_ms, clock_now_ms());
    }
    free(stored.addresses);
    return is_good || error_set(err, "state file %s: the addresses of %s are damaged",
                                control->config->control.state, source->host);
}

bool alias_source_renew(const struct alias_source *source, const struct alias_user *user,
                        const struct zone_table *zones, struct error *err)
{
    struct zone *zone = model_find_zone(zones, user->set->record_set);
    struct signer *signer = zone == NULL ? NULL : zone->signer;
    if (signer != NULL) {
        const struct signing_time time = zone_signing_time();
        signer_set_time(signer, &time);
    }
    struct member_records *records = address_records_new(
        user->set->record_set, source->alias.addresses, source->alias.count, signer, err);
    if (records == NULL) {
        return error_add_context(err, "%s, member %s", user->set->key, user->member->config->id);
    }
    if (signer != NULL) {
        zone_has_signed(zone);
    }
    free(user->member->new_records);
    user->member->new_records = records;
    user->member->has_records = true;
    return true;
}

static bool restore_member(struct control *control, struct record_set_state *set,
                           struct member_state *member, const struct zone_table *zones,
                           struct error *err)
{
    struct name name;
    char host[NAME_TEXT_SIZE];
    uint16_t type = set->record_set->type;
    if (!name_parse(&name, member->config->alias, err)) {
        return false;
    }
    name_print(name.octets, host);
    struct alias_source wanted = {.host = host, .family = type == TYPE_A ? AF_INET : AF_INET6};
    struct alias_source *source = search_tree_find(&control->aliases_by_host, &wanted);
    if (source == NULL) {
        source = add_source(control, host, type);
        if (!restore_addresses(source, err)) {
            return false;
        }
    }
    member->alias = source;
    source->users = alloc_resize(source->users, source->user_count + 1, sizeof(*source->users));
    struct alias_user *user = &source->users[source->user_count++];
    *user = (struct alias_user){set, member};
    return source->alias.count == 0 || alias_source_renew(source, user, zones, err);
}

bool alias_sources_restore(struct control *control, const struct zone_table *zones,
                           struct error *err)
{
    control->aliases_by_host.compare = compare_sources;
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        struct record_set_state *set = &control->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            if (set->members[m].config->alias != NULL &&
                !restore_member(control, set, &set->members[m], zones, err)) {
                return false;
            }
        }
    }
    return true;
}

/* Gates look at what has changed. */
static void tick_rules(const struct alias_source *source)
{
    for (size_t i = 0; i < source->user_count; i++) {
        struct rule_state *rule = source->users[i].set->rule;
        if (rule != NULL) {
            rule_tick(rule);
        }
    }
}

/* Addresses or health of those who use it have changed: all of them in one publish. */
static void publish_users(const struct alias_source *source)
{
    for (size_t i = 0; i < source->user_count; i++) {
        shift_mark(source->control, source->users[i].set);
    }
    /* A fall-back publishes what has been marked along with it. */
    tick_rules(source);
    shift_publish(source->control);
}

/* What cannot be written is written with the next answer; the addresses are served all the same. */
static void save(struct alias_source *source)
{
    struct control *control = source->control;
    struct alias *alias = &source->alias;
    struct store_alias stored = {alias->addresses, alias->count * alias->octets,
                                 alias->resolved_ms};
    struct error err;
    if (alias_needs_save(alias) && journal_begin_own(control, &err) &&
        journal_end(control,
                    store_save_alias(control->store, source->host, source->type, &stored, &err),
                    &err)) {
        alias_saved(alias);
    }
}

/* "192.0.2.1 192.0.2.2", cut when it gets long. */
static void print_addresses(const struct alias_source *source, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < source->alias.count && used < size; i++) {
        char text[ALIAS_ADDRESS_TEXT_SIZE];
        alias_source_print(source, i, text);
        int len = snprintf(out + used, size - used, "%s%s", i == 0 ? "" : " ", text);
        used += len < 0 ? 0 : (size_t)len;
    }
}

/* Answers and health checks of those who use it go over to the new addresses. */
static void renew_users(const struct alias_source *source)
{
    struct control *control = source->control;
    for (size_t i = 0; i < source->user_count; i++) {
        struct error err;
        if (!alias_source_renew(source, &source->users[i], control->publisher.current->zones,
                                &err)) {
            log_error("alias %s/%s: answers stay as they are: %s", source->host, source->type,
                      err.text);
        }
        targets_follow(control, source->users[i].member);
    }
    targets_index(control);
    zone_refresh_arm(control);
}

static void take_addresses(struct alias_source *source, const struct resolver_answer *answer)
{
    struct alias *alias = &source->alias;
    bool was_good = alias_is_good(alias);
    bool was_failing = alias->failures > 0;
    char before[200];
    char now[200];
    print_addresses(source, before, sizeof(before));
    bool is_other =
        alias_answered(alias, answer->addresses, answer->count, answer->ttl_s, clock_now_ms());
    print_addresses(source, now, sizeof(now));
    if (is_other) {
        log_info("alias %s/%s: %s -> %s", source->host, source->type,
                 before[0] == '\0' ? "none" : before, now);
        renew_users(source);
    } else if (was_failing) {
        log_info("alias %s/%s: resolved again, %s as before", source->host, source->type, now);
    }
    save(source);
    if (is_other || !was_good) {
        publish_users(source);
    }
}

static void take_failure(struct alias_source *source, const char *why)
{
    struct alias *alias = &source->alias;
    char since[CLOCK_TEXT_SIZE];
    alias_failed(alias, why, clock_now_ms());
    if (alias->failures > 1) {
        return;
    }
    clock_format(alias->resolved_ms, since);
    log_warning("alias %s/%s: %s; %s%s", source->host, source->type, why,
                alias->count == 0 ? "there are no addresses yet" : "its addresses stay those of ",
                alias->count == 0 ? "" : since);
    tick_rules(source);
}

static void on_due(uv_timer_t *timer);

static void schedule(struct alias_source *source)
{
    int64_t now_ms = clock_now_ms();
    int64_t due_ms = alias_due_ms(&source->alias);
    if (due_ms == ALIAS_NEVER_MS) {
        uv_timer_stop(&source->timer);
    } else {
        uv_timer_start(&source->timer, on_due, due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0,
                       0);
    }
}

static void on_answer(void *argument, const struct resolver_answer *answer)
{
    struct alias_source *source = argument;
    if (answer->count > 0) {
        take_addresses(source, answer);
    } else {
        take_failure(source, answer->text);
    }
    schedule(source);
}

static void on_due(uv_timer_t *timer)
{
    struct alias_source *source = timer->data;
    struct alias *alias = &source->alias;
    int64_t now_ms = clock_now_ms();
    if (alias_grow_old(alias, now_ms)) {
        log_warning("alias %s/%s: not resolved for %lld s, counts as unhealthy (%s)", source->host,
                    source->type, (long long)(now_ms - alias->resolved_ms) / 1000,
                    alias->failures == 0 ? "no answer yet" : alias->failure);
        publish_users(source);
    }
    if (alias->ask_ms <= now_ms) {
        alias_asked(alias);
        resolver_ask(source->control->resolver, source->host, source->family, on_answer, source);
    }
    schedule(source);
}

bool alias_sources_start(struct control *control, struct error *err)
{
    const struct config_control *config = &control->config->control;
    if (control->alias_count == 0) {
        return true;
    }
    control->resolver =
        resolver_new(&control->loop, config->resolvers, config->resolver_count, TIMEOUT_MS, err);
    if (control->resolver == NULL) {
        return false;
    }
    for (size_t i = 0; i < control->alias_count; i++) {
        struct alias_source *source = control->aliases[i];
        uv_timer_init(&control->loop, &source->timer);
        source->timer.data = source;
        uv_timer_start(&source->timer, on_due, 0, 0);
    }
    return true;
}

void alias_sources_renew_resolver(struct control *control)
{
    if (control->resolver != NULL) {
        resolver_renew(control->resolver);
    }
}

void alias_sources_stop(struct control *control)
{
    if (control->resolver == NULL) {
        return;
    }
    resolver_close(STEAL(control->resolver));
    for (size_t i = 0; i < control->alias_count; i++) {
        uv_close((uv_handle_t *)&control->aliases[i]->timer, NULL);
    }
}

void alias_sources_free(struct control *control)
{
    search_tree_free(&control->aliases_by_host);
    for (size_t i = 0; i < control->alias_count; i++) {
        struct alias_source *source = control->aliases[i];
        alias_done(&source->alias);
        free(source->users);
        free(source->host);
        free(source);
    }
    free(control->aliases);
}
