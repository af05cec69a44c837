/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of the configuration file, one row each; docs/ballast.yaml.5 describes them. */
#include "common/config_schema.h"

#include <stddef.h>

/* Long enough for every name, path and text that there is. */
#define TEXT_MAX 4096
/* A character string of a TXT record, and half a screen of `dig`. */
#define TXT_MAX 255
/* Names are compared each with each: so many take about a second. */
#define LIST_MAX 10000
/* Those of record sets are not; reading so many takes seconds. */
#define RECORD_SETS_MAX 100000
#define STEPS_MAX       32
/* Each is asked at each step. */
#define GATES_MAX 16
/* Each that is silent costs seconds. */
#define RESOLVERS_MAX 8
#define MEMBERS_MAX   100
/* Each is a connection that waits. */
#define QUEUES_MAX 16
/* Each has a filter in the kernel. */
#define INTERFACES_MAX 64
#define OPTIONAL_PTR   (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

#define REQUIRED(structure, key)                                                                   \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct structure, key, 1, TEXT_MAX)
#define OPTIONAL(structure, key)                                                                   \
    CYAML_FIELD_STRING_PTR(#key, OPTIONAL_PTR, struct structure, key, 1, TEXT_MAX)
#define OPTIONAL_TXT(structure, key)                                                               \
    CYAML_FIELD_STRING_PTR(#key, OPTIONAL_PTR, struct structure, key, 1, TXT_MAX)
#define LIST(structure, key, flags, entry, least, most)                                            \
    CYAML_FIELD_SEQUENCE(#key, flags, struct structure, key, entry, least, most)

static const cyaml_schema_value_t text = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, TEXT_MAX)};

static const cyaml_schema_field_t tcp_fields[] = {
    OPTIONAL(raw_tcp, idle_timeout),
    OPTIONAL(raw_tcp, max_connections),
    OPTIONAL(raw_tcp, max_connections_per_client),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t cookies_fields[] = {
    OPTIONAL(raw_cookies, enabled),
    OPTIONAL(raw_cookies, secret_file),
    OPTIONAL(raw_cookies, require),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t rate_limit_fields[] = {
    REQUIRED(raw_rate_limit, responses_per_second),
    OPTIONAL(raw_rate_limit, window),
    OPTIONAL(raw_rate_limit, slip),
    OPTIONAL(raw_rate_limit, size),
    LIST(raw_rate_limit, exempt, OPTIONAL_PTR, &text, 0, LIST_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t xdp_fields[] = {
    REQUIRED(raw_xdp, interface),
    OPTIONAL(raw_xdp, mode),
    OPTIONAL(raw_xdp, queues),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t xdp_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_xdp, xdp_fields)};

static const cyaml_schema_field_t server_fields[] = {
    OPTIONAL(raw_server, answers),
    LIST(raw_server, listen, OPTIONAL_PTR, &text, 1, LIST_MAX),
    OPTIONAL(raw_server, workers),
    OPTIONAL(raw_server, steering),
    OPTIONAL(raw_server, udp_payload_max),
    OPTIONAL_TXT(raw_server, version),
    OPTIONAL_TXT(raw_server, identity),
    OPTIONAL(raw_server, nsid),
    CYAML_FIELD_MAPPING_PTR("cookies", OPTIONAL_PTR, struct raw_server, cookies, cookies_fields),
    CYAML_FIELD_MAPPING_PTR("rate_limit", OPTIONAL_PTR, struct raw_server, rate_limit,
                            rate_limit_fields),
    CYAML_FIELD_MAPPING_PTR("tcp", OPTIONAL_PTR, struct raw_server, tcp, tcp_fields),
    LIST(raw_server, xdp, OPTIONAL_PTR, &xdp_entry, 0, INTERFACES_MAX),
    LIST(raw_server, proxy, OPTIONAL_PTR, &text, 0, LIST_MAX),
    LIST(raw_server, client_subnet, OPTIONAL_PTR, &text, 0, LIST_MAX),
    OPTIONAL(raw_server, client_subnet_others),
    OPTIONAL(raw_server, additional),
    OPTIONAL(raw_server, resolver_sample),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t rights_fields[] = {
    LIST(raw_rights, read, OPTIONAL_PTR, &text, 0, LIST_MAX),
    LIST(raw_rights, change, OPTIONAL_PTR, &text, 0, LIST_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t alias_fields[] = {
    OPTIONAL(raw_alias, min_ttl),
    OPTIONAL(raw_alias, max_ttl),
    OPTIONAL(raw_alias, stale_after),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t fleet_fields[] = {
    REQUIRED(raw_fleet, table), OPTIONAL(raw_fleet, fleet),    OPTIONAL(raw_fleet, node),
    OPTIONAL(raw_fleet, lease), OPTIONAL(raw_fleet, interval), CYAML_FIELD_END,
};

static const cyaml_schema_field_t control_fields[] = {
    REQUIRED(raw_control, socket),
    OPTIONAL(raw_control, http),
    OPTIONAL(raw_control, http_token_file),
    OPTIONAL(raw_control, history_keep),
    OPTIONAL(raw_control, history_most),
    REQUIRED(raw_control, state),
    CYAML_FIELD_MAPPING_PTR("rights", OPTIONAL_PTR, struct raw_control, rights, rights_fields),
    LIST(raw_control, resolvers, OPTIONAL_PTR, &text, 1, RESOLVERS_MAX),
    CYAML_FIELD_MAPPING_PTR("alias", OPTIONAL_PTR, struct raw_control, alias, alias_fields),
    OPTIONAL(raw_control, store),
    CYAML_FIELD_MAPPING_PTR("dynamodb", OPTIONAL_PTR, struct raw_control, dynamodb, fleet_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t dnssec_fields[] = {
    REQUIRED(raw_dnssec, keys),
    OPTIONAL(raw_dnssec, denial),
    OPTIONAL(raw_dnssec, signature_lifetime),
    OPTIONAL(raw_dnssec, refresh),
    OPTIONAL(raw_dnssec, first_keys),
    OPTIONAL(raw_dnssec, algorithm),
    OPTIONAL(raw_dnssec, zsk_lifetime),
    OPTIONAL(raw_dnssec, ksk_lifetime),
    OPTIONAL(raw_dnssec, parent_ds_ttl),
    OPTIONAL(raw_dnssec, propagation),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t zone_fields[] = {
    REQUIRED(raw_zone, name),
    REQUIRED(raw_zone, file),
    CYAML_FIELD_MAPPING_PTR("dnssec", OPTIONAL_PTR, struct raw_zone, dnssec, dnssec_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t health_check_fields[] = {
    REQUIRED(raw_health_check, name),
    REQUIRED(raw_health_check, type),
    OPTIONAL(raw_health_check, port),
    OPTIONAL(raw_health_check, path),
    OPTIONAL(raw_health_check, host),
    OPTIONAL(raw_health_check, body),
    OPTIONAL(raw_health_check, verify),
    OPTIONAL(raw_health_check, ca_file),
    OPTIONAL(raw_health_check, expect),
    OPTIONAL(raw_health_check, interval),
    OPTIONAL(raw_health_check, timeout),
    OPTIONAL(raw_health_check, rise),
    OPTIONAL(raw_health_check, fall),
    OPTIONAL(raw_health_check, target_group),
    OPTIONAL(raw_health_check, minimum),
    OPTIONAL(raw_health_check, stale_after),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t route53_member_fields[] = {
    OPTIONAL(raw_route53_member, set_identifier),
    OPTIONAL(raw_route53_member, alias_zone_id),
    OPTIONAL(raw_route53_member, alias_name),
    OPTIONAL(raw_route53_member, evaluate_target_health),
    OPTIONAL(raw_route53_member, health_check_id),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t route53_set_fields[] = {
    REQUIRED(raw_route53_set, zone_id),
    OPTIONAL(raw_route53_set, ttl),
    OPTIONAL(raw_route53_set, foreign),
    OPTIONAL(raw_route53_set, health_checks),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t route53_fields[] = {
    OPTIONAL(raw_route53, prefix),
    LIST(raw_route53, identifiers, OPTIONAL_PTR, &text, 1, LIST_MAX),
    OPTIONAL(raw_route53, foreign),
    OPTIONAL(raw_route53, drift),
    OPTIONAL(raw_route53, rate),
    OPTIONAL(raw_route53, interval),
    OPTIONAL(raw_route53, poll),
    OPTIONAL(raw_route53, settle),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t member_fields[] = {
    REQUIRED(raw_member, id),
    REQUIRED(raw_member, weight),
    LIST(raw_member, values, OPTIONAL_PTR, &text, 1, LIST_MAX),
    OPTIONAL(raw_member, alias),
    OPTIONAL(raw_member, health_check),
    OPTIONAL(raw_member, ecs_service),
    OPTIONAL(raw_member, ecs_container),
    OPTIONAL(raw_member, traffic_query),
    CYAML_FIELD_MAPPING_PTR("route53", OPTIONAL_PTR, struct raw_member, route53,
                            route53_member_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t member = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_member, member_fields)};

static const cyaml_schema_field_t traffic_fields[] = {
    REQUIRED(raw_traffic, type),       OPTIONAL(raw_traffic, url),
    OPTIONAL(raw_traffic, delay),      OPTIONAL(raw_traffic, ca_file),
    OPTIONAL(raw_traffic, token_file), OPTIONAL(raw_traffic, interval),
    OPTIONAL(raw_traffic, timeout),    OPTIONAL(raw_traffic, window),
    OPTIONAL(raw_traffic, min_rate),   CYAML_FIELD_END,
};

static const cyaml_schema_field_t record_set_fields[] = {
    REQUIRED(raw_record_set, name),
    REQUIRED(raw_record_set, type),
    OPTIONAL(raw_record_set, ttl),
    OPTIONAL(raw_record_set, choice),
    CYAML_FIELD_MAPPING_PTR("traffic", OPTIONAL_PTR, struct raw_record_set, traffic,
                            traffic_fields),
    CYAML_FIELD_MAPPING_PTR("route53", OPTIONAL_PTR, struct raw_record_set, route53,
                            route53_set_fields),
    LIST(raw_record_set, members, CYAML_FLAG_POINTER, &member, 1, MEMBERS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t resource_fields[] = {
    REQUIRED(raw_resource, from),
    REQUIRED(raw_resource, to),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t resource = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_resource, resource_fields)};

static const cyaml_schema_field_t plan_fields[] = {
    LIST(raw_plan, steps, OPTIONAL_PTR, &text, 1, STEPS_MAX),
    OPTIONAL(raw_plan, hold),
    OPTIONAL(raw_plan, allow_short_hold),
    OPTIONAL(raw_plan, asl),
    LIST(raw_plan, resources, OPTIONAL_PTR, &resource, 1, LIST_MAX),
    OPTIONAL(raw_plan, ttl),
    OPTIONAL(raw_plan, fall_back_budget),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t gate_fields[] = {
    REQUIRED(raw_gate, name),
    REQUIRED(raw_gate, type),
    OPTIONAL(raw_gate, when),
    OPTIONAL(raw_gate, source),
    OPTIONAL(raw_gate, delay),
    OPTIONAL(raw_gate, url),
    OPTIONAL(raw_gate, secret_file),
    OPTIONAL(raw_gate, token_file),
    OPTIONAL(raw_gate, ca_file),
    OPTIONAL(raw_gate, timeout),
    OPTIONAL(raw_gate, retries),
    OPTIONAL(raw_gate, interval),
    OPTIONAL(raw_gate, on_error),
    OPTIONAL(raw_gate, on_inconclusive),
    OPTIONAL(raw_gate, deadline),
    OPTIONAL(raw_gate, on_deadline),
    OPTIONAL(raw_gate, query),
    OPTIONAL(raw_gate, min),
    OPTIONAL(raw_gate, max),
    OPTIONAL(raw_gate, candidate_query),
    OPTIONAL(raw_gate, stable_query),
    OPTIONAL(raw_gate, window),
    OPTIONAL(raw_gate, resolution),
    OPTIONAL(raw_gate, significance),
    OPTIONAL(raw_gate, effect),
    OPTIONAL(raw_gate, min_samples),
    OPTIONAL(raw_gate, worse),
    OPTIONAL(raw_gate, tolerance),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t gate = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_gate, gate_fields)};

static const cyaml_schema_field_t window_fields[] = {
    LIST(raw_window, days, OPTIONAL_PTR, &text, 1, 7),
    OPTIONAL(raw_window, from),
    OPTIONAL(raw_window, to),
    OPTIONAL(raw_window, utc_offset),
    OPTIONAL(raw_window, begin),
    OPTIONAL(raw_window, end),
    OPTIONAL(raw_window, reason),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t window = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_window, window_fields)};

static const cyaml_schema_field_t health_gate_fields[] = {
    OPTIONAL(raw_health_gate, minimum),
    OPTIONAL(raw_health_gate, when),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t rollout_fields[] = {
    REQUIRED(raw_rollout, name),
    OPTIONAL(raw_rollout, record_set),
    LIST(raw_rollout, record_sets, OPTIONAL_PTR, &text, 1, LIST_MAX),
    REQUIRED(raw_rollout, cluster),
    OPTIONAL(raw_rollout, min_running),
    OPTIONAL(raw_rollout, pause_hook),
    OPTIONAL(raw_rollout, trigger),
    CYAML_FIELD_MAPPING_PTR("plan", OPTIONAL_PTR, struct raw_rollout, plan, plan_fields),
    LIST(raw_rollout, gates, OPTIONAL_PTR, &gate, 0, GATES_MAX),
    CYAML_FIELD_MAPPING_PTR("health", OPTIONAL_PTR, struct raw_rollout, health, health_gate_fields),
    LIST(raw_rollout, windows, OPTIONAL_PTR, &window, 1, LIST_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t log_fields[] = {
    OPTIONAL(raw_log, format),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t ecs_fields[] = {
    OPTIONAL(raw_ecs, interval),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t queue_fields[] = {
    REQUIRED(raw_queue, url),  OPTIONAL(raw_queue, protocol),
    OPTIONAL(raw_queue, wait), OPTIONAL(raw_queue, visibility),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t queue = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_queue, queue_fields)};

static const cyaml_schema_field_t aws_fields[] = {
    OPTIONAL(raw_aws, region),
    OPTIONAL(raw_aws, profile),
    OPTIONAL(raw_aws, endpoint_url),
    OPTIONAL(raw_aws, ca_file),
    OPTIONAL(raw_aws, use_fips),
    OPTIONAL(raw_aws, use_dualstack),
    CYAML_FIELD_MAPPING_PTR("ecs", OPTIONAL_PTR, struct raw_aws, ecs, ecs_fields),
    LIST(raw_aws, queues, OPTIONAL_PTR, &queue, 1, QUEUES_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t notify_fields[] = {
    REQUIRED(raw_notify, name),
    REQUIRED(raw_notify, type),
    OPTIONAL(raw_notify, url),
    OPTIONAL(raw_notify, secret_file),
    OPTIONAL(raw_notify, ca_file),
    LIST(raw_notify, command, OPTIONAL_PTR, &text, 1, LIST_MAX),
    LIST(raw_notify, on, OPTIONAL_PTR, &text, 1, LIST_MAX),
    LIST(raw_notify, rollouts, OPTIONAL_PTR, &text, 1, LIST_MAX),
    OPTIONAL(raw_notify, timeout),
    OPTIONAL(raw_notify, retries),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t notify = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_notify, notify_fields)};
static const cyaml_schema_value_t zone = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_zone, zone_fields)};
static const cyaml_schema_value_t health_check = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_health_check, health_check_fields)};
static const cyaml_schema_value_t record_set = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_record_set, record_set_fields)};
static const cyaml_schema_value_t rollout = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_rollout, rollout_fields)};

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_MAPPING_PTR("server", CYAML_FLAG_POINTER, struct raw_config, server, server_fields),
    CYAML_FIELD_MAPPING_PTR("control", CYAML_FLAG_POINTER, struct raw_config, control,
                            control_fields),
    LIST(raw_config, zones, OPTIONAL_PTR, &zone, 1, LIST_MAX),
    LIST(raw_config, health_checks, OPTIONAL_PTR, &health_check, 0, LIST_MAX),
    LIST(raw_config, record_sets, OPTIONAL_PTR, &record_set, 0, RECORD_SETS_MAX),
    LIST(raw_config, rollouts, OPTIONAL_PTR, &rollout, 0, LIST_MAX),
    CYAML_FIELD_MAPPING_PTR("log", OPTIONAL_PTR, struct raw_config, log, log_fields),
    CYAML_FIELD_MAPPING_PTR("aws", OPTIONAL_PTR, struct raw_config, aws, aws_fields),
    CYAML_FIELD_MAPPING_PTR("route53", OPTIONAL_PTR, struct raw_config, route53, route53_fields),
    LIST(raw_config, notify, OPTIONAL_PTR, &notify, 1, LIST_MAX),
    LIST(raw_config, quiet_hours, OPTIONAL_PTR, &window, 1, LIST_MAX),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, config_fields)};
