/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/metrics.h"

#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/event_queues.h"
#include "control/journal.h"
#include "control/fleet.h"
#include "control/metrics_text.h"
#include "control/resolver_watch.h"
#include "control/route53.h"
#include "control/rule.h"
#include "control/share_watch.h"
#include "control/shift.h"
#include "control/traffic.h"

#define GAUGE   "gauge"
#define COUNTER "counter"

static const struct metric_label no_labels[METRIC_LABELS_MAX];

static void put_one(FILE *out, const char *name, const char *type, const char *help, double value)
{
    metrics_begin(out, name, type, help);
    metrics_put(out, name, no_labels, value);
}

/* ---- the fleet ---- */

static void put_fleet(const struct control *control, FILE *out)
{
    if (control->fleet == NULL) {
        return;
    }
    const struct fleet_figures figures = fleet_figures(control);
    put_one(out, "ballast_fleet_drives", GAUGE, "1 while this node drives the fleet.",
            figures.drives);
    put_one(out, "ballast_fleet_fence", GAUGE, "Counts who has driven.", (double)figures.fence);
    put_one(out, "ballast_fleet_lease_left_seconds", GAUGE, "Of this node's lease.",
            (double)figures.lease_left_ms / 1000);
    put_one(out, "ballast_fleet_sequence", GAUGE, "Of the newest change in the fleet's table.",
            (double)figures.sequence);
    put_one(out, "ballast_fleet_applied_sequence", GAUGE,
            "Of the newest change that is served here.", (double)figures.applied);
    put_one(out, "ballast_fleet_lag_seconds", GAUGE, "How far this node is behind the table.",
            (double)figures.lag_ms / 1000);
    put_one(out, "ballast_fleet_cut_off", GAUGE, "1 while the fleet's table does not answer.",
            figures.is_cut_off);
    put_one(out, "ballast_fleet_failures_total", COUNTER,
            "Requests to the fleet's table that were not answered.", (double)figures.failures);
}

/* ---- the daemon ---- */

static void put_daemon(struct control *control, FILE *out)
{
    const struct metric_label version[METRIC_LABELS_MAX] = {{"version", PACKAGE_VERSION}};
    const struct zone_table *zones = control->publisher.current->zones;
    metrics_begin(out, "ballast_build_info", GAUGE, "Always 1; the version is a label.");
    metrics_put(out, "ballast_build_info", version, 1);
    put_one(out, "process_start_time_seconds", GAUGE, "When the daemon started, in Unix time.",
            (double)control->started_ms / 1000);
    put_one(out, "ballast_workers", GAUGE, "Threads that answer.",
            (double)control->exchange->worker_count);
    put_one(out, "ballast_snapshot_generation", GAUGE, "Of what is answered from.",
            (double)control->publisher.current->generation);
    put_one(out, "ballast_zones", GAUGE, "Zones that are served.", (double)zones->count);
    put_one(out, "ballast_state_file_ok", GAUGE,
            "1, or 0 when the last access to the state file failed.",
            control->store_error.text[0] == '\0' ? 1 : 0);
}

static void put_publishes(const struct publish_times *times, FILE *out)
{
    char bound[32];
    struct metric_label labels[METRIC_LABELS_MAX] = {{"le", bound}};
    uint64_t below = 0;
    metrics_begin(out, "ballast_publish_seconds", "histogram",
                  "From the beginning of a change until every worker answers by it.");
    for (size_t i = 0; i <= PUBLISH_BOUNDS; i++) {
        if (i < PUBLISH_BOUNDS) {
            snprintf(bound, sizeof(bound), "%g", publish_bounds_us[i] / 1e6);
        } else {
            snprintf(bound, sizeof(bound), "+Inf");
        }
        below += times->counts[i];
        metrics_put(out, "ballast_publish_seconds_bucket", labels, (double)below);
    }
    metrics_put(out, "ballast_publish_seconds_sum", no_labels, (double)times->sum_ns / 1e9);
    metrics_put(out, "ballast_publish_seconds_count", no_labels, (double)times->count);
}

/* ---- what workers count ---- */

/* Samples of a family stand together. */
static const struct server_metric {
    const char *name, *label, *value;
    enum server_counter counter;
    const char *help; /* NULL: one more sample of the family before */
} server_metrics[] = {
    {"ballast_queries_total", "transport", "udp", COUNTER_UDP_QUERIES, "Queries by transport."},
    {"ballast_queries_total", "transport", "tcp", COUNTER_TCP_QUERIES, NULL},
    {"ballast_xdp_queries_total", NULL, NULL, COUNTER_XDP_QUERIES,
     "Queries over UDP that came past the kernel's sockets."},
    {"ballast_responses_total", "rcode", "NOERROR", COUNTER_NOERROR, "Responses by RCODE."},
    {"ballast_responses_total", "rcode", "FORMERR", COUNTER_FORMERR, NULL},
    {"ballast_responses_total", "rcode", "SERVFAIL", COUNTER_SERVFAIL, NULL},
    {"ballast_responses_total", "rcode", "NXDOMAIN", COUNTER_NXDOMAIN, NULL},
    {"ballast_responses_total", "rcode", "NOTIMP", COUNTER_NOTIMP, NULL},
    {"ballast_responses_total", "rcode", "REFUSED", COUNTER_REFUSED, NULL},
    {"ballast_responses_total", "rcode", "BADVERS", COUNTER_BADVERS, NULL},
    {"ballast_responses_total", "rcode", "BADCOOKIE", COUNTER_BADCOOKIE, NULL},
    {"ballast_responses_truncated_total", NULL, NULL, COUNTER_TRUNCATED, "Truncated responses."},
    {"ballast_queries_dropped_total", NULL, NULL, COUNTER_DROPPED, "Packets that get no response."},
    {"ballast_tcp_connections_total", NULL, NULL, COUNTER_TCP_CONNECTIONS,
     "Connections that were accepted."},
    {"ballast_tcp_connections_refused_total", NULL, NULL, COUNTER_TCP_REFUSED,
     "Connections over the limit of their client."},
    {"ballast_tcp_connections_gave_way_total", NULL, NULL, COUNTER_TCP_GAVE_WAY,
     "Connections closed for a new one when all were taken."},
    {"ballast_tcp_connections_timed_out_total", NULL, NULL, COUNTER_TCP_TIMEOUTS,
     "Connections closed because they were idle."},
    {"ballast_proxy_refused_total", NULL, NULL, COUNTER_PROXY_REFUSED,
     "What came from a proxy without a good header."},
    {"ballast_rate_limited_total", "action", "dropped", COUNTER_RATE_DROPPED,
     "Responses over a rate limit, by what became of them."},
    {"ballast_rate_limited_total", "action", "slipped", COUNTER_RATE_SLIPPED, NULL},
    {"ballast_send_failures_total", NULL, NULL, COUNTER_SEND_FAILED,
     "Responses that the kernel did not take."},
};
static_assert(ARRAY_LEN(server_metrics) == COUNTER_COUNT, "each counter is a metric");

static void put_server(struct control *control, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LEN(server_metrics); i++) {
        const struct server_metric *metric = &server_metrics[i];
        const struct metric_label labels[METRIC_LABELS_MAX] = {{metric->label, metric->value}};
        if (metric->help != NULL) {
            metrics_begin(out, metric->name, COUNTER, metric->help);
        }
        metrics_put(out, metric->name, labels,
                    (double)exchange_count(control->exchange, metric->counter));
    }
}

/* ---- record sets and their members ---- */

/* One member while its samples are written. */
struct sample {
    const struct record_set_state *set;
    const struct member_state *member;
    const struct shares *shares;
    size_t index;
    uint16_t effective;
};

static double answers_of(const struct sample *sample)
{
    return (double)sample->shares->answers[sample->index];
}

static double weight_of(const struct sample *sample)
{
    return sample->member->weight;
}

static double effective_weight_of(const struct sample *sample)
{
    return sample->effective;
}

static double configured_of(const struct sample *sample)
{
    return sample->shares->configured[sample->index];
}

static double effective_of(const struct sample *sample)
{
    return sample->shares->effective[sample->index];
}

static double answered_of(const struct sample *sample)
{
    return sample->shares->shifted.shares[sample->index];
}

static double answered_lately_of(const struct sample *sample)
{
    return sample->shares->lately.shares[sample->index];
}

static double expected_of(const struct sample *sample)
{
    return sample->shares->expected[sample->index];
}

static double traffic_of(const struct sample *sample)
{
    return sample->shares->traffic[sample->index];
}

static double rate_of(const struct sample *sample)
{
    return sample->shares->requests_per_s[sample->index];
}

static double health_of(const struct sample *sample)
{
    return member_is_healthy(sample->member) ? 1 : 0;
}

static double addresses_of(const struct sample *sample)
{
    return (double)sample->member->target_count;
}

static double healthy_addresses_of(const struct sample *sample)
{
    return (double)member_healthy_addresses(sample->member);
}

/* What is not known (less than 0) is no sample. The shares are families of their own, since to add
 * those of several kinds up would mean nothing. */
static const struct member_metric {
    const char *name, *type, *help;
    double (*value)(const struct sample *sample);
} member_metrics[] = {
    {"ballast_answers_total", COUNTER, "Answers with this member's records.", answers_of},
    {"ballast_member_weight", GAUGE, "The weight as set.", weight_of},
    {"ballast_member_effective_weight", GAUGE, "The weight in effect, health considered.",
     effective_weight_of},
    {"ballast_member_configured_share_ratio", GAUGE, "The share by the weights as set.",
     configured_of},
    {"ballast_member_effective_share_ratio", GAUGE, "The share by the weights in effect.",
     effective_of},
    {"ballast_member_answered_share_ratio", GAUGE, "The share of the answers since the last shift.",
     answered_of},
    {"ballast_member_answered_lately_share_ratio", GAUGE,
     "The share of the answers of the last 60 to 75 seconds.", answered_lately_of},
    {"ballast_member_expected_share_ratio", GAUGE,
     "The share expected at resolvers that keep to the TTL.", expected_of},
    {"ballast_member_traffic_share_ratio", GAUGE,
     "The share of real traffic, as the source measures it.", traffic_of},
    {"ballast_member_traffic_requests_per_second", GAUGE,
     "The rate of real traffic, as the source measures it.", rate_of},
    {"ballast_member_healthy", GAUGE, "1 when answers have the member's records, as for health.",
     health_of},
    {"ballast_member_addresses", GAUGE, "Addresses that are probed.", addresses_of},
    {"ballast_member_addresses_healthy", GAUGE, "Addresses that are probed, and healthy.",
     healthy_addresses_of},
};

/* Families while they grow: each has the samples of all members. */
struct growing {
    FILE *out;
    char *text;
    size_t len;
};

static void put_record_set(const struct record_set_state *set, struct growing *families)
{
    struct shares shares;
    uint16_t effective[MAX_MEMBERS];
    shift_effective(set, effective);
    share_watch_read(set, clock_now_ms(), &shares);
    for (size_t i = 0; i < set->member_count; i++) {
        const struct sample sample = {set, &set->members[i], &shares, i, effective[i]};
        const struct metric_label labels[METRIC_LABELS_MAX] = {
            {"record_set", set->key}, {"member", set->members[i].config->id}};
        for (size_t f = 0; f < ARRAY_LEN(member_metrics); f++) {
            double value = member_metrics[f].value(&sample);
            if (value >= 0) {
                metrics_put(families[f].out, member_metrics[f].name, labels, value);
            }
        }
    }
}

static void put_members(struct control *control, FILE *out)
{
    struct growing families[ARRAY_LEN(member_metrics)];
    for (size_t f = 0; f < ARRAY_LEN(member_metrics); f++) {
        const struct member_metric *metric = &member_metrics[f];
        families[f].out = open_memstream(&families[f].text, &families[f].len);
        metrics_begin(families[f].out, metric->name, metric->type, metric->help);
    }
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        put_record_set(&control->record_sets[i], families);
    }
    for (size_t f = 0; f < ARRAY_LEN(member_metrics); f++) {
        fclose(families[f].out);
        fwrite(families[f].text, 1, families[f].len, out);
        free(families[f].text);
    }
}

static void put_ttls(struct control *control, FILE *out)
{
    static const char name[] = "ballast_record_set_ttl_seconds";
    metrics_begin(out, name, GAUGE, "The TTL of answers.");
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        const struct metric_label labels[METRIC_LABELS_MAX] = {{"record_set", set->key}};
        metrics_put(out, name, labels, (double)set->log.ttl_ms / 1000);
    }
}

static void put_traffic(struct control *control, FILE *out)
{
    static const char name[] = "ballast_traffic_query_failures_total";
    metrics_begin(out, name, COUNTER,
                  "Questions to the source of traffic without a usable answer.");
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        const struct metric_label labels[METRIC_LABELS_MAX] = {{"record_set", set->key}};
        if (set->traffic != NULL) {
            metrics_put(out, name, labels, (double)traffic_source_failures(set->traffic));
        }
    }
}

/* ---- rollouts and events ---- */

static double is_running(const struct rule_state *rule)
{
    return rule_is_running(rule) ? 1 : 0;
}

static double last_id(const struct rule_state *rule)
{
    return rule->has_rollout ? (double)rule->rollout.id : -1;
}

static double candidate_weight(const struct rule_state *rule)
{
    return rule_is_running(rule) ? rollout_weight(&rule->rollout) : -1;
}

static double step(const struct rule_state *rule)
{
    return rule_is_running(rule) ? (double)rule->rollout.step + 1 : -1;
}

static double hold_left(const struct rule_state *rule)
{
    return rule_is_running(rule)
               ? (double)rollout_hold_left_ms(&rule->rollout, clock_now_ms()) / 1000
               : -1;
}

static const struct rule_metric {
    const char *name, *help;
    double (*value)(const struct rule_state *rule);
} rule_metrics[] = {
    {"ballast_rollout_running", "1 while a rollout of this name runs.", is_running},
    {"ballast_rollout_id", "The number of the last rollout.", last_id},
    {"ballast_rollout_candidate_weight", "Of the rollout that runs.", candidate_weight},
    {"ballast_rollout_step", "Of the rollout that runs, from 1 on.", step},
    {"ballast_rollout_hold_left_seconds", "Of the rollout that runs.", hold_left},
};

static void put_states(struct control *control, FILE *out)
{
    static const char name[] = "ballast_rollout_state";
    metrics_begin(out, name, GAUGE, "1 for the state that the last rollout is in.");
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        const struct rule_state *rule = &control->rules[i];
        for (int state = 0; rule->has_rollout && state < ROLLOUT_STATE_COUNT; state++) {
            const struct metric_label labels[METRIC_LABELS_MAX] = {
                {"rollout", rule->config->name},
                {"state", rollout_state_name((enum rollout_state)state)}};
            metrics_put(out, name, labels, (int)rule->rollout.state == state ? 1 : 0);
        }
    }
}

static void put_rules(struct control *control, FILE *out)
{
    for (size_t f = 0; f < ARRAY_LEN(rule_metrics); f++) {
        metrics_begin(out, rule_metrics[f].name, GAUGE, rule_metrics[f].help);
        for (size_t i = 0; i < control->config->rollout_count; i++) {
            const struct metric_label labels[METRIC_LABELS_MAX] = {
                {"rollout", control->rules[i].config->name}};
            double value = rule_metrics[f].value(&control->rules[i]);
            if (value >= 0) {
                metrics_put(out, rule_metrics[f].name, labels, value);
            }
        }
    }
    put_states(control, out);
    put_one(out, "ballast_route53_pending", GAUGE,
            "Record sets that Route 53 does not have as they are.",
            (double)route53_pending_count(control));
    put_one(out, "ballast_rollouts_frozen", GAUGE, "1 while rollouts are frozen.",
            control->freeze.is_on ? 1 : 0);
}

static void put_fate(void *argument, const char *fate, int64_t count)
{
    const struct metric_label labels[METRIC_LABELS_MAX] = {{"fate", fate}};
    metrics_put(argument, "ballast_events_total", labels, (double)count);
}

static void put_events(struct control *control, FILE *out)
{
    struct error err;
    metrics_begin(out, "ballast_events_total", COUNTER,
                  "Events by what became of them, over restarts.");
    if (!store_count_events(control->store, put_fate, out, &err)) {
        journal_failed(control, &err);
    }
}

char *metrics_print(struct control *control)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    /* First, for it tells whether the state file can be read. */
    put_events(control, out);
    put_daemon(control, out);
    put_publishes(&control->publisher.times, out);
    put_fleet(control, out);
    put_server(control, out);
    put_members(control, out);
    put_ttls(control, out);
    put_traffic(control, out);
    resolver_watch_put_metrics(control, out);
    event_queues_put_metrics(control, out);
    put_rules(control, out);
    fclose(out);
    return text;
}
