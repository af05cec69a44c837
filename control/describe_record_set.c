/* SPDX-License-Identifier: BSD-2-Clause */
/* Record sets as JSON: members with their health, addresses and shares. */
#include <string.h>

#include "common/clock.h"
#include "control/alias_source.h"
#include "control/describe.h"
#include "control/route53.h"
#include "control/rule.h"
#include "control/share_watch.h"
#include "control/shift.h"
#include "control/traffic.h"

static const char *health_name(const struct member_state *member)
{
    enum health_verdict verdict = HEALTH_HEALTHY;
    if (member->forced != FORCED_AUTO) {
        return health_verdict_name(member->forced == FORCED_UP ? HEALTH_HEALTHY : HEALTH_UNHEALTHY);
    }
    if (!member_is_healthy(member)) {
        return health_verdict_name(HEALTH_UNHEALTHY);
    }
    if (member->target_count == 0) {
        return "unchecked";
    }
    bool has_healthy = false;
    for (size_t i = 0; i < member->target_count; i++) {
        has_healthy |= member->targets[i]->health.verdict == HEALTH_HEALTHY;
    }
    verdict = has_healthy ? HEALTH_HEALTHY : HEALTH_UNKNOWN;
    return health_verdict_name(verdict);
}

static json_t *describe_values(const struct member_state *member)
{
    json_t *values = json_array();
    for (size_t i = 0; i < member->config->value_count; i++) {
        json_array_append_new(values, describe_text(member->config->values[i]));
    }
    for (size_t i = 0; member->alias != NULL && i < member->alias->alias.count; i++) {
        char text[ALIAS_ADDRESS_TEXT_SIZE];
        alias_source_print(member->alias, i, text);
        json_array_append_new(values, json_string(text));
    }
    return values;
}

static json_t *describe_alias(const struct alias_source *source)
{
    const struct alias *alias = &source->alias;
    bool is_known = alias->origin != ALIAS_UNKNOWN;
    int64_t age_s = (clock_now_ms() - alias->resolved_ms) / 1000;
    json_t *json = json_object();
    json_object_set_new(json, "target", json_string(source->host));
    json_object_set_new(json, "source", json_string(alias_origin_name(alias->origin)));
    json_object_set_new(json, "resolved_at", describe_time(alias->resolved_ms));
    json_object_set_new(json, "age_s", is_known ? json_integer(age_s) : json_null());
    json_object_set_new(json, "ttl_s",
                        alias->origin == ALIAS_RESOLVED ? json_integer(alias->ttl_s) : json_null());
    json_object_set_new(json, "stale", json_boolean(alias->is_stale));
    json_object_set_new(json, "failures", json_integer(alias->failures));
    json_object_set_new(json, "last_failure",
                        alias->failures == 0 ? json_null() : describe_text(alias->failure));
    return json;
}

static json_t *share_or_null(double share)
{
    return share < 0 ? json_null() : json_real(share);
}

static void add_shares(json_t *json, const struct shares *shares, size_t index)
{
    json_object_set_new(json, "share_configured", json_real(shares->configured[index]));
    json_object_set_new(json, "share_effective", json_real(shares->effective[index]));
    json_object_set_new(json, "share_answered", share_or_null(shares->shifted.shares[index]));
    json_object_set_new(json, "share_expected", json_real(shares->expected[index]));
    json_object_set_new(json, "share_traffic", share_or_null(shares->traffic[index]));
}

static json_t *describe_window(const struct answer_window *window)
{
    return json_pack("{s:o, s:I, s:I}", "since", describe_time(window->since_ms), "window_ms",
                     (json_int_t)(window->until_ms - window->since_ms), "answers",
                     (json_int_t)window->total);
}

json_t *describe_shares(const struct record_set_state *set, const struct shares *shares)
{
    json_t *members = json_array();
    for (size_t i = 0; i < set->member_count; i++) {
        json_t *member = json_pack("{s:o}", "id", describe_text(set->members[i].config->id));
        add_shares(member, shares, i);
        json_array_append_new(members, member);
    }
    return json_pack("{s:o, s:o}", "answers_since_shift", describe_window(&shares->shifted),
                     "members", members);
}

static json_t *describe_member(const struct record_set_state *set, size_t index, uint16_t effective,
                               const struct shares *shares)
{
    const struct member_state *member = &set->members[index];
    const struct config_health_check *check = member->config->health_check;
    json_t *json = json_object();
    json_object_set_new(json, "id", describe_text(member->config->id));
    json_object_set_new(json, "weight", json_integer(member->weight));
    json_object_set_new(json, "effective_weight", json_integer(effective));
    add_shares(json, shares, index);
    json_object_set_new(json, "share_answered_lately", share_or_null(shares->lately.shares[index]));
    json_object_set_new(json, "answered", json_integer((json_int_t)shares->answers[index]));
    json_object_set_new(json, "answered_since_shift",
                        json_integer((json_int_t)shares->shifted.counts[index]));
    json_object_set_new(json, "answered_lately",
                        json_integer((json_int_t)shares->lately.counts[index]));
    json_object_set_new(json, "requests_per_s", share_or_null(shares->requests_per_s[index]));
    json_object_set_new(json, "health", json_string(health_name(member)));
    json_object_set_new(json, "forced", json_string(forced_health_name(member->forced)));
    json_object_set_new(json, "addresses_healthy",
                        json_integer((json_int_t)member_healthy_addresses(member)));
    json_object_set_new(json, "addresses", json_integer((json_int_t)member->target_count));
    json_object_set_new(json, "values", describe_values(member));
    json_object_set_new(json, "alias",
                        member->alias == NULL ? json_null() : describe_alias(member->alias));
    json_object_set_new(json, "health_check",
                        describe_text_or_null(check == NULL ? NULL : check->name));
    json_object_set_new(json, "ecs_service", describe_text_or_null(member->config->ecs_service));
    return json;
}

static json_t *describe_zone_of(const struct control *control, const struct record_set_state *set)
{
    const struct zone *zone = model_find_zone(control->publisher.current->zones, set->record_set);
    char name[NAME_TEXT_SIZE] = "";
    if (zone != NULL) {
        name_print(zone->origin.octets, name);
    }
    return describe_text(name);
}

/* Where the real traffic is measured, and what is wrong with that, if anything. */
static json_t *describe_traffic(const struct record_set_state *set)
{
    const struct config_traffic *config = set->config->traffic;
    char text[ROLLOUT_TEXT_SIZE * 2];
    if (set->traffic == NULL) {
        return json_null();
    }
    bool is_silent = traffic_source_is_silent(set->traffic, clock_now_ms(), text, sizeof(text));
    return json_pack(
        "{s:s, s:o, s:I, s:I, s:o}", "type", config->is_cloudwatch ? "cloudwatch" : "prometheus",
        "url", config->is_cloudwatch ? json_null() : describe_text(config->url), "interval_ms",
        (json_int_t)config->interval_ms, "window_ms", (json_int_t)config->window_ms, "unknown",
        is_silent ? describe_text(text) : json_null());
}

json_t *describe_record_set(struct control *control, const struct record_set_state *set)
{
    uint16_t effective[MAX_MEMBERS];
    struct shares shares;
    shift_effective(set, effective);
    share_watch_read(set, clock_now_ms(), &shares);
    json_t *members = json_array();
    for (size_t i = 0; i < set->member_count; i++) {
        json_array_append_new(members, describe_member(set, i, effective[i], &shares));
    }
    const struct rule_state *rule = set->rule;
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string(set->name));
    json_object_set_new(json, "type", json_string(set->type));
    uint32_t configured_s = set->record_set->ttl_s;
    json_object_set_new(json, "ttl_s",
                        json_integer(set->ttl_s < configured_s ? set->ttl_s : configured_s));
    json_object_set_new(json, "ttl_configured_s", json_integer(configured_s));
    json_object_set_new(json, "choice", json_string(config_choice_name(set->record_set->choice)));
    json_object_set_new(json, "zone", describe_zone_of(control, set));
    json_object_set_new(
        json, "rollout",
        describe_id_or_null(rule != NULL && rule_is_running(rule) ? rule->rollout.id : 0));
    json_object_set_new(json, "answers_since_shift", describe_window(&shares.shifted));
    json_object_set_new(json, "answers_lately", describe_window(&shares.lately));
    json_object_set_new(json, "traffic", describe_traffic(set));
    json_t *route53 = route53_describe(set);
    json_object_set_new(json, "route53", route53 == NULL ? json_null() : route53);
    json_object_set_new(json, "members", members);
    return json;
}
