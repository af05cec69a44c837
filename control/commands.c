/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/call.h"
#include "control/route53.h"
#include "control/describe.h"
#include "control/event_push.h"
#include "control/journal.h"
#include "control/resolver_watch.h"
#include "control/rule.h"
#include "control/rule_ttl.h"
#include "control/weight_command.h"

static void status(const struct call *call)
{
    admin_request_succeed(call->request, describe_status(call->control));
}

static void record_list(const struct call *call)
{
    json_t *sets = json_array();
    for (size_t i = 0; i < call->control->config->record_set_count; i++) {
        json_array_append_new(sets,
                              describe_record_set(call->control, &call->control->record_sets[i]));
    }
    admin_request_succeed(call->request, json_pack("{s:o}", "record_sets", sets));
}

static void record_show(const struct call *call)
{
    struct error err;
    const struct record_set_state *set =
        model_find_record_set(call->control, call_argument(call, 0), call_argument(call, 1), &err);
    call_answer(call,
                set == NULL
                    ? NULL
                    : json_pack("{s:o}", "record_set", describe_record_set(call->control, set)),
                &err);
}

static void health_list(const struct call *call)
{
    admin_request_succeed(call->request, describe_health(call->control));
}

/* Rules whose gate depends on the record set look at once. */
static void tick_rule_of(const struct record_set_state *set)
{
    if (set->rule != NULL) {
        rule_tick(set->rule);
    }
}

static bool force_journal(const struct call *call, const struct record_set_state *set,
                          const struct member_state *member, enum forced_health forced,
                          struct error *err)
{
    struct store *store = call->control->store;
    struct history_entry entry = {.at_ms = clock_now_ms(), .kind = "health"};
    snprintf(entry.who, sizeof(entry.who), "%s", call->who);
    snprintf(entry.text, sizeof(entry.text), "%s/%s: health %s -> %s", set->key, member->config->id,
             forced_health_name(member->forced), forced_health_name(forced));
    if (!journal_begin(call->control, err) ||
        !journal_end(call->control,
                     store_save_forced(store, set->key, member->config->id,
                                       forced_health_name(forced), err) &&
                         store_add_history(store, &entry, err),
                     err)) {
        return error_add_context(err, "nothing was changed");
    }
    log_info("%s (%s)", entry.text, call->who);
    return true;
}

/* Splits NAME/TYPE/MEMBER, from the end as model_find_key does, and finds it. */
static struct member_state *find_member_by_id(struct control *control, const char *id,
                                              struct record_set_state **set, struct error *err)
{
    CLEANUP(alloc_freep) char *key = alloc_string(id);
    char *member = strrchr(key, '/');
    if (member == NULL || memchr(key, '/', (size_t)(member - key)) == NULL) {
        error_set(err,
                  "%s: a member is named NAME/TYPE/MEMBER, for example "
                  "www.example.org/A/green",
                  id);
        return NULL;
    }
    *member = '\0';
    *set = model_find_key(control, key, err);
    return *set == NULL ? NULL : model_find_member(*set, member + 1, err);
}

static void health_force(const struct call *call)
{
    struct error err;
    struct record_set_state *set = NULL;
    enum forced_health forced = FORCED_AUTO;
    struct member_state *member =
        find_member_by_id(call->control, call_argument(call, 0), &set, &err);
    if (member != NULL && !forced_health_parse(call_argument(call, 1), &forced)) {
        error_set(&err, "%s: expected up, down or auto", call_argument(call, 1));
        member = NULL;
    }
    if (member == NULL || !force_journal(call, set, member, forced, &err)) {
        admin_request_fail(call->request, "%s", err.text);
        return;
    }
    member->forced = forced;
    shift_mark(call->control, set);
    tick_rule_of(set);
    shift_publish(call->control);
    call_answer_when_seen(call, json_pack("{s:s, s:s}", "member", call_argument(call, 0), "forced",
                                          forced_health_name(forced)));
}

/* Signatures allow a lower TTL than the one that was signed, and no higher one. */
static bool parse_ttl(const struct record_set_state *set, const char *text, uint32_t *ttl_s,
                      struct error *err)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0';
    if (strcmp(text, "default") == 0 || (is_number && value == set->record_set->ttl_s)) {
        *ttl_s = TTL_AS_CONFIGURED;
        return true;
    }
    *ttl_s = (uint32_t)value;
    return (is_number && value < set->record_set->ttl_s) ||
           error_set(err,
                     "TTL %s: expected seconds from 0 to %u, which the configuration has, or "
                     "default",
                     text, (unsigned)set->record_set->ttl_s);
}

static bool journal_ttl(const struct call *call, const struct record_set_state *set, uint32_t ttl_s,
                        struct error *err)
{
    struct store *store = call->control->store;
    struct history_entry entry = {.at_ms = clock_now_ms(), .kind = "ttl"};
    uint32_t configured_s = set->record_set->ttl_s;
    snprintf(entry.who, sizeof(entry.who), "%s", call->who);
    snprintf(entry.text, sizeof(entry.text), "%s: TTL %u -> %u", set->key,
             (unsigned)(set->ttl_s < configured_s ? set->ttl_s : configured_s),
             (unsigned)(ttl_s < configured_s ? ttl_s : configured_s));
    if (!journal_begin(call->control, err) ||
        !journal_end(call->control,
                     store_save_ttl(store, set->key, ttl_s, err) &&
                         store_add_history(store, &entry, err),
                     err)) {
        return error_add_context(err, "nothing was changed");
    }
    log_info("%s (%s)", entry.text, call->who);
    return true;
}

static bool is_free(const struct record_set_state *set, struct error *err)
{
    return set->rule == NULL || !rule_ttl_is_lowered(set->rule, set) ||
           error_set(err, "%s: rollout %lld of %s has lowered the TTL, until it is over", set->key,
                     (long long)set->rule->rollout.id, set->rule->config->name);
}

static void ttl_command(const struct call *call)
{
    struct error err;
    uint32_t ttl_s = 0;
    struct record_set_state *set =
        model_find_record_set(call->control, call_argument(call, 0), call_argument(call, 1), &err);
    if (set == NULL || !is_free(set, &err) ||
        !parse_ttl(set, call_argument(call, 2), &ttl_s, &err) ||
        !journal_ttl(call, set, ttl_s, &err)) {
        admin_request_fail(call->request, "%s", err.text);
        return;
    }
    set->ttl_s = ttl_s;
    shift_mark(call->control, set);
    shift_publish(call->control);
    call_answer_when_seen(
        call, json_pack("{s:o}", "record_set", describe_record_set(call->control, set)));
}

static void stats(const struct call *call)
{
    admin_request_succeed(call->request, describe_stats(call->control));
}

static void level(const struct call *call)
{
    enum log_level wanted = log_level();
    if (call_argument_count(call) == 1) {
        if (!log_level_parse(call_argument(call, 0), &wanted)) {
            admin_request_fail(call->request, "%s: expected debug, info, warning or error",
                               call_argument(call, 0));
            return;
        }
        log_set_level(wanted);
        log_info("log level %s (%s)", log_level_name(wanted), call->who);
    }
    admin_request_succeed(call->request, json_pack("{s:s}", "level", log_level_name(wanted)));
}

static void stop(const struct call *call)
{
    admin_request_succeed(call->request, json_pack("{s:b}", "stopping", 1));
    control_stop(call->control, call->who);
}

struct row {
    const char *name;
    void (*run)(const struct call *call);
};

static const struct row rows[] = {
    {"status", status},
    {"record list", record_list},
    {"record show", record_show},
    {"record ttl", ttl_command},
    {"record resolvers", command_record_resolvers},
    {"weight set", weight_command},
    {"health list", health_list},
    {"health force", health_force},
    {"rollout list", command_rollout_list},
    {"rollout show", command_rollout_show},
    {"rollout start", command_rollout_start},
    {"rollout pause", command_rollout_pause},
    {"rollout resume", command_rollout_resume},
    {"rollout promote", command_rollout_promote},
    {"rollout abort", command_rollout_abort},
    {"notify list", command_notify_list},
    {"notify retry", command_notify_retry},
    {"notify drop", command_notify_drop},
    {"route53 status", command_route53_status},
    {"route53 diff", command_route53_diff},
    {"route53 sync", command_route53_sync},
    {"rollout freeze", command_rollout_freeze},
    {"rollout thaw", command_rollout_thaw},
    {"rollout approve", command_rollout_approve},
    {"rollout reject", command_rollout_reject},
    {"rollout history", command_rollout_history},
    {"event push", event_push_command},
    {"event log", command_event_log},
    {"event pattern", command_event_pattern},
    {"event stats", command_event_stats},
    {"zone list", command_zone_list},
    {"zone add", command_zone_add},
    {"zone remove", command_zone_remove},
    {"zone reload", command_zone_reload},
    {"zone check", command_zone_check},
    {"zone export", command_zone_export},
    {"key list", command_key_list},
    {"key generate", command_key_generate},
    {"key roll", command_key_roll},
    {"key ds-seen", command_key_ds_seen},
    {"key forget", command_key_forget},
    {"stats", stats},
    {"log level", level},
    {"history", command_history},
    {"stop", stop},
};

void commands_handle(void *argument, const struct admin_command *command, const json_t *arguments,
                     const char *who, struct admin_request *request)
{
    struct call call = {argument, arguments, who, request};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, command->name) == 0) {
            rows[i].run(&call);
            return;
        }
    }
    admin_request_fail(request, "%s is done by ballastctl alone", command->name);
}
