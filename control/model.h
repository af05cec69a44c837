/* SPDX-License-Identifier: BSD-2-Clause */
/* What the control thread knows, in one place: the configuration's record sets and rules with what
 * has become of them. Private to control/; control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/config.h"
#include "common/search_tree.h"
#include "control/admin_server.h"
#include "control/checker.h"
#include "control/event_push.h"
#include "control/http_server.h"
#include "control/plan_source.h"
#include "control/publisher.h"
#include "control/rollout.h"
#include "control/shares.h"
#include "control/store.h"
#include "control/weight_command.h"
#include "control/weight_log.h"
#include "control/zone_list.h"
#include "zones/exchange.h"
#include "zones/record_set.h"

#define RECORD_SET_KEY_SIZE (NAME_TEXT_SIZE + RECORD_TYPE_TEXT_SIZE + 1)

enum forced_health { FORCED_AUTO, FORCED_UP, FORCED_DOWN };
const char *forced_health_name(enum forced_health forced);
MUST_CHECK bool forced_health_parse(const char *name, enum forced_health *forced);

struct alias_source;
struct aws_client;
struct fleet;
struct aws_settings;
struct resolver_watch;
struct route53;
struct traffic_source;

struct member_state {
    const struct config_member *config;
    uint8_t weight; /* as set: by the configuration, an operator, a rollout */
    enum forced_health forced;
    const struct target **targets; /* one for each address; none when it has no health check */
    size_t target_count;
    struct alias_source *alias;         /* NULL: its values are in the configuration */
    struct member_records *new_records; /* of the alias target, not published yet; or NULL */
    bool has_records;                   /* of the alias target, published or not yet */
};

struct record_set_state {
    struct control *control;
    const struct config_record_set *config;
    const struct record_set *record_set;
    char name[NAME_TEXT_SIZE];
    char type[RECORD_TYPE_TEXT_SIZE];
    char key[RECORD_SET_KEY_SIZE]; /* "name/type" */
    struct member_state *members;
    size_t member_count;
    uint32_t ttl_s; /* of answers; TTL_AS_CONFIGURED */
    struct weight_log log;
    struct answer_log answers;
    struct traffic_source *traffic; /* NULL: nobody measures it */
    bool has_shifted;               /* the next publish is answered by other weights */
    uint64_t shifted_in;     /* the generation of the last shift since the daemon started; or 0 */
    struct rule_state *rule; /* the one that moves it, or NULL */
    struct route53_unit *route53_unit; /* of control->route53; NULL: it does not go there */
    bool needs_publish;                /* is in control->unpublished */
};

struct rule_state {
    struct control *control;
    const struct config_rollout *config;
    struct record_set_state **record_sets;
    size_t record_set_count;
    struct plan_source plan;   /* that the next rollout executes */
    bool has_rollout;          /* one was ever begun; rollout is the last */
    struct rollout rollout;    /* its run is the rule's */
    struct shift *before;      /* the weights of before it, for each record set; or NULL */
    int64_t newest_created_ms; /* of the newest deployment that was rolled out; 0: unknown */
    bool is_late;   /* the candidate was unhealthy when the rollout began, and is since */
    bool is_behind; /* a fall-back was published that the store would not take, */
    struct history_entry behind;            /* … nor this line about it, */
    struct history_weights *behind_changes; /* … one for each record set, */
    struct history_shares *behind_shares;   /* … nor these, likewise */
    struct rule_gate *gates;                /* config->gate_count, once they are asked; or NULL */
    uv_timer_t timer;                       /* the end of the hold, or a retry */
};

/* Which members a target's verdict concerns; sorted by target. */
struct target_user {
    const struct target *target;
    size_t record_set;
};

struct control {
    const struct config *config;
    const struct record_sets *sets;
    struct exchange *exchange;
    struct store *store;
    struct error store_error; /* text of the last failure; empty when the last write went well */
    struct publisher publisher;
    struct record_set_state *record_sets;  /* config->record_set_count, same indexes and ids */
    struct record_set_state **unpublished; /* those whose weights or health have changed */
    size_t unpublished_count;
    struct weight_queue weights;
    struct event_push_queue pushes;
    uv_timer_t share_timer;           /* samples the counters of answers */
    struct resolver_watch *resolvers; /* NULL: no client is followed */
    struct rule_state *rules;         /* config->rollout_count */
    struct target_user *target_users;
    size_t target_user_count;
    struct zone_list zones;
    struct freeze freeze; /* of all rollouts */
    struct alias_source **aliases;
    struct search_tree aliases_by_host; /* the same, by host and family */
    size_t alias_count;
    struct resolver *resolver; /* while alias targets are asked for */
    struct zone_changer *changer;
    uv_timer_t refresh_timer;
    struct checker *checker;
    struct admin_server *admin;
    struct http_server *http;
    struct http_client *outgoing; /* HTTP to gates, Prometheus, receivers; while the loop runs */
    struct aws_settings *aws_settings; /* NULL: nobody asks AWS of anything */
    struct fleet *fleet;               /* NULL: this node is alone */
    struct route53 *route53;           /* NULL: no record set goes to Route 53, or not now */
    struct aws_client *aws;            /* while the loop runs, and only with settings */
    struct ecs_level *level;           /* NULL: ECS is not asked */
    struct hook *hooks;                /* that ECS waits at, while the loop runs */
    struct event_queues *queues;       /* NULL: none is polled */
    struct notifier *notifier;         /* NULL: nobody is told of anything */
    uv_loop_t loop;
    bool has_loop;
    uv_signal_t signals[3];
    int64_t started_ms;
    bool is_stopping;
};

/* The record set called NAME and TYPE, or NULL and an err that says which there are. */
struct record_set_state *model_find_record_set(struct control *control, const char *name,
                                               const char *type, struct error *err) MUST_CHECK;
/* The same by "NAME/TYPE". The type is what follows the last slash: names may have slashes. */
struct record_set_state *model_find_key(struct control *control, const char *key,
                                        struct error *err) MUST_CHECK;
/* The member called ID, or NULL and an err that says which there are. */
struct member_state *model_find_member(struct record_set_state *set, const char *id,
                                       struct error *err) MUST_CHECK;
struct rule_state *model_find_rule(struct control *control, const char *name,
                                   struct error *err) MUST_CHECK;

/* The zone of the table that the record set lies in, or NULL. */
struct zone *model_find_zone(const struct zone_table *zones, const struct record_set *set);

/* It has something to answer with. Its alias target was never resolved otherwise, and it takes part
 * in nothing, forced or not. */
bool member_has_addresses(const struct member_state *member);
/* For answers: forced; else an alias target's addresses are there and not stale, and at least one
 * address is not unhealthy, or there is no health check. */
bool member_is_healthy(const struct member_state *member);
/* How many of its targets have that verdict. */
size_t member_healthy_addresses(const struct member_state *member);
/* For gates: forced, or at least minimum percent of its addresses healthy, an alias target's not
 * stale; text (may be NULL) gets what was seen. */
enum gate_verdict member_gate(const struct member_state *member, unsigned minimum, char *text,
                              size_t size);
