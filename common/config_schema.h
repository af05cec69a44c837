/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration as it is written: every value is still text, NULL where a key is missing.
 * libcyaml fills this in and sees to the shape: known keys, required keys, lists where lists
 * belong. Values are turned into numbers by config_fill.h, which says what it expected in our own
 * words. Private to common/config*.c. */
#pragma once

#include <cyaml/cyaml.h>

struct raw_tcp {
    char *idle_timeout;
    char *max_connections;
    char *max_connections_per_client;
};

struct raw_cookies {
    char *enabled;
    char *secret_file;
    char *require;
};

struct raw_rate_limit {
    char *responses_per_second;
    char *window;
    char *slip;
    char *size;
    char **exempt;
    unsigned exempt_count;
};

struct raw_xdp {
    char *interface;
    char *mode;
    char *queues;
};

struct raw_server {
    char *answers;
    char **listen;
    unsigned listen_count;
    char *workers;
    char *steering;
    char *udp_payload_max;
    char *version;
    char *identity;
    char *nsid;
    struct raw_cookies *cookies;
    struct raw_rate_limit *rate_limit;
    struct raw_tcp *tcp;
    struct raw_xdp *xdp;
    unsigned xdp_count;
    char **proxy;
    unsigned proxy_count;
    char **client_subnet;
    unsigned client_subnet_count;
    char *client_subnet_others;
    char *additional;
    char *resolver_sample;
};

struct raw_rights {
    char **read;
    unsigned read_count;
    char **change;
    unsigned change_count;
};

struct raw_alias {
    char *min_ttl;
    char *max_ttl;
    char *stale_after;
};

struct raw_fleet {
    char *table;
    char *fleet;
    char *node;
    char *lease;
    char *interval;
};

struct raw_control {
    char *socket;
    char *http;
    char *http_token_file;
    char *state;
    char *history_keep;
    char *history_most;
    struct raw_rights *rights;
    char **resolvers;
    unsigned resolvers_count;
    struct raw_alias *alias;
    char *store;
    struct raw_fleet *dynamodb;
};

struct raw_dnssec {
    char *first_keys;
    char *algorithm;
    char *zsk_lifetime;
    char *ksk_lifetime;
    char *parent_ds_ttl;
    char *propagation;
    char *keys;
    char *denial;
    char *signature_lifetime;
    char *refresh;
};

struct raw_zone {
    char *name;
    char *file;
    struct raw_dnssec *dnssec;
};

struct raw_health_check {
    char *name;
    char *type;
    char *port;
    char *path;
    char *host;
    char *body;
    char *verify;
    char *ca_file;
    char *expect;
    char *interval;
    char *timeout;
    char *rise;
    char *fall;
    char *target_group;
    char *minimum;
    char *stale_after;
};

struct raw_route53_member {
    char *set_identifier;
    char *alias_zone_id;
    char *alias_name;
    char *evaluate_target_health;
    char *health_check_id;
};

struct raw_route53_set {
    char *zone_id;
    char *ttl;
    char *foreign;
    char *health_checks;
};

struct raw_member {
    char *id;
    char *weight;
    char **values;
    unsigned values_count;
    char *alias;
    char *health_check;
    char *ecs_service;
    char *ecs_container;
    char *traffic_query;
    struct raw_route53_member *route53;
};

struct raw_traffic {
    char *type;
    char *url;
    char *delay;
    char *ca_file;
    char *token_file;
    char *interval;
    char *timeout;
    char *window;
    char *min_rate;
};

struct raw_record_set {
    char *name;
    char *type;
    char *ttl;
    char *choice;
    struct raw_traffic *traffic;
    struct raw_route53_set *route53;
    struct raw_member *members;
    unsigned members_count;
};

struct raw_resource {
    char *from;
    char *to;
};

struct raw_plan {
    char **steps;
    unsigned steps_count;
    char *hold;
    char *allow_short_hold;
    char *asl;
    struct raw_resource *resources;
    unsigned resources_count;
    char *ttl;
    char *fall_back_budget;
};

struct raw_gate {
    char *name;
    char *type;
    char *when;
    char *source;
    char *delay;
    char *url;
    char *secret_file;
    char *token_file;
    char *ca_file;
    char *timeout;
    char *retries;
    char *interval;
    char *on_error;
    char *on_inconclusive;
    char *deadline;
    char *on_deadline;
    char *query;
    char *min;
    char *max;
    char *candidate_query;
    char *stable_query;
    char *window;
    char *resolution;
    char *significance;
    char *effect;
    char *min_samples;
    char *worse;
    char *tolerance;
};

struct raw_window {
    char **days;
    unsigned days_count;
    char *from;
    char *to;
    char *utc_offset;
    char *begin;
    char *end;
    char *reason;
};

struct raw_health_gate {
    char *minimum;
    char *when;
};

struct raw_rollout {
    char *name;
    char *record_set;
    char **record_sets;
    unsigned record_sets_count;
    char *cluster;
    char *min_running;
    char *pause_hook;
    char *trigger;
    struct raw_plan *plan;
    struct raw_gate *gates;
    unsigned gates_count;
    struct raw_window *windows;
    unsigned windows_count;
    struct raw_health_gate *health;
};

struct raw_notify {
    char *name;
    char *type;
    char *url;
    char *secret_file;
    char *ca_file;
    char **command;
    unsigned command_count;
    char **on;
    unsigned on_count;
    char **rollouts;
    unsigned rollouts_count;
    char *timeout;
    char *retries;
};

struct raw_log {
    char *format;
};

struct raw_ecs {
    char *interval;
};

struct raw_queue {
    char *url;
    char *protocol;
    char *wait;
    char *visibility;
};

struct raw_aws {
    char *region;
    char *profile;
    char *endpoint_url;
    char *ca_file;
    char *use_fips;
    char *use_dualstack;
    struct raw_ecs *ecs;
    struct raw_queue *queues;
    unsigned queues_count;
};

struct raw_route53 {
    char *prefix;
    char **identifiers;
    unsigned identifiers_count;
    char *foreign;
    char *drift;
    char *rate;
    char *interval;
    char *poll;
    char *settle;
};

struct raw_config {
    struct raw_server *server;
    struct raw_control *control;
    struct raw_zone *zones;
    unsigned zones_count;
    struct raw_health_check *health_checks;
    unsigned health_checks_count;
    struct raw_record_set *record_sets;
    unsigned record_sets_count;
    struct raw_rollout *rollouts;
    unsigned rollouts_count;
    struct raw_log *log;
    struct raw_aws *aws;
    struct raw_route53 *route53;
    struct raw_notify *notify;
    unsigned notify_count;
    struct raw_window *quiet_hours;
    unsigned quiet_hours_count;
};

/* Loads into a struct raw_config *. */
extern const cyaml_schema_value_t config_schema;
