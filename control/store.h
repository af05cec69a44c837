/* SPDX-License-Identifier: BSD-2-Clause */
/* What must survive kill -9, in one SQLite file (WAL, synchronous=FULL): member weights as set,
 * forced health, alias targets' last addresses, zones added at run time, rollouts and what was
 * before them, seen tasks and deployments, the event log, history. Control thread only.
 *
 * A change is one transaction: store_begin, the writes, store_commit; what is to be acted on is
 * acted on after the commit. A write outside of a transaction is its own. Every false leaves a text
 * in err that names the file. After a false within a transaction nothing of it can be committed:
 * roll back; the store is usable again once its disk is.
 *
 * Nothing here grows without bound. Kept are: the newest 10,000 events (their counters for ever),
 * of the history what store_keep_history says, 10,000 rollouts that are over, 100,000 deployments
 * and as many states of deployments, statistics of the events of 1,000 deployments; tasks until 7
 * days after they stopped, or 90 days after they were last heard of. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/ecs_event.h"
#include "control/rollout.h"

struct store;

struct store_alias {
    uint8_t *addresses;
    size_t octets;
    int64_t resolved_ms;
};

/* Creates the file (mode 0600, directories are not made) when there is none. A file that is
 * damaged, is no state file of ours, or is of a newer version is refused and left as it was, to the
 * octet; one of an older version is brought up, and no older Ballast reads it afterwards. One that
 * another process has open is refused. While it is open nobody else can read it.
 * ":memory:" for tests. Caller owns. */
MUST_CHECK struct store *store_open(const char *path, struct error *err);
/* Rolls back what is open. NULL is fine. */
void store_close(struct store *store);

MUST_CHECK bool store_begin(struct store *store, struct error *err);
/* False: nothing of it happened, and it is rolled back already. */
MUST_CHECK bool store_commit(struct store *store, struct error *err);
/* Does nothing when there is no transaction. */
void store_rollback(struct store *store);

/* Weights as set. record_set is "name/TYPE" in lower case name, upper case type. */
MUST_CHECK bool store_save_weight(struct store *store, const char *record_set, const char *member,
                                  uint8_t weight, struct error *err);
/* found: whether the store has one (else the configuration's weight counts). */
MUST_CHECK bool store_load_weight(struct store *store, const char *record_set, const char *member,
                                  bool *found, uint8_t *weight, struct error *err);

/* The TTL that a record set is answered with where it is not the configuration's
 * (TTL_AS_CONFIGURED, which removes it). */
#define TTL_AS_CONFIGURED UINT32_MAX
MUST_CHECK bool store_save_ttl(struct store *store, const char *record_set, uint32_t ttl_s,
                               struct error *err);
MUST_CHECK bool store_load_ttl(struct store *store, const char *record_set, uint32_t *ttl_s,
                               struct error *err);

/* Forced health: "up", "down"; "auto" removes it. */
MUST_CHECK bool store_save_forced(struct store *store, const char *record_set, const char *member,
                                  const char *forced, struct error *err);
MUST_CHECK bool store_load_forced(struct store *store, const char *record_set, const char *member,
                                  char forced[8], struct error *err);

/* The last good addresses of an alias target: `octets` of them, 4 or 16 each by the type ("A",
 * "AAAA"), and when the answer came. host is in lower case without a final dot. */
MUST_CHECK bool store_save_alias(struct store *store, const char *host, const char *type,
                                 const struct store_alias *alias, struct error *err);
/* alias->octets: 0 when there is none. Caller frees alias->addresses. */
MUST_CHECK bool store_load_alias(struct store *store, const char *host, const char *type,
                                 struct store_alias *alias, struct error *err);

/* Zones that were added at run time: the definition is text that only its writer reads. */
struct stored_zone {
    char *name; /* in lower case without a final dot */
    char *definition;
};
MUST_CHECK bool store_save_zone(struct store *store, const char *name, const char *definition,
                                struct error *err);
/* One that is not there is none already. */
MUST_CHECK bool store_remove_zone(struct store *store, const char *name, struct error *err);
/* By name. Caller frees with store_free_zones. */
MUST_CHECK bool store_list_zones(struct store *store, struct stored_zone **zones, size_t *count,
                                 struct error *err);
void store_free_zones(struct stored_zone *zones, size_t count);

/* Rollouts. An id of 0 is new and is set (void when the transaction is rolled back); others are
 * updated, and must exist. */
MUST_CHECK bool store_save_rollout(struct store *store, struct rollout *rollout, struct error *err);
MUST_CHECK bool store_load_rollout(struct store *store, int64_t id, bool *found,
                                   struct rollout *rollout, struct error *err);
/* Newest first; rule NULL: of all; at most `most`. Caller frees *rollouts. */
MUST_CHECK bool store_list_rollouts(struct store *store, const char *rule, size_t most,
                                    struct rollout **rollouts, size_t *count, struct error *err);
/* Those that are not over, oldest first, of whatever rule. Caller frees *rollouts. */
MUST_CHECK bool store_list_running_rollouts(struct store *store, struct rollout **rollouts,
                                            size_t *count, struct error *err);
/* The plan that a rollout executes, and its run in it (rollout_run.h), as text. NULL: there is
 * none, the rollout is older than plans. Caller frees with store_execution_done. store_save_rollout
 * saves it, with the run's new events, when the rollout has its run. */
struct store_execution {
    char *plan;
    char *run;
};
MUST_CHECK bool store_load_execution(struct store *store, int64_t rollout,
                                     struct store_execution *execution, struct error *err);
void store_execution_done(struct store_execution *execution);
/* Its events, oldest first, as Step Functions' GetExecutionHistory has them: a new reference. NULL:
 * err. */
json_t *store_list_execution_events(struct store *store, int64_t rollout, struct error *err);
/* The weights of before a rollout, for an abort. */
MUST_CHECK bool store_save_before(struct store *store, int64_t rollout, const char *record_set,
                                  const char *member, uint8_t weight, struct error *err);
MUST_CHECK bool store_load_before(struct store *store, int64_t rollout, const char *record_set,
                                  const char *member, bool *found, uint8_t *weight,
                                  struct error *err);

/* History: append-only; who asked, what, why. rollout 0: not of one. */
struct history_entry {
    int64_t id;
    int64_t at_ms;
    int64_t rollout;
    char kind[24]; /* "weights", "health", "zone", or a rollout_effect's kind */
    char who[ROLLOUT_TEXT_SIZE];
    char text[ROLLOUT_TEXT_SIZE * 2];
};
/* How many lines are kept, and for how long (0: whatever their age; 100,000 and that until it is
 * said); whichever comes first. A line goes with what it did to weights; the newest stays. With
 * each line that is added at most 64 go, so that nobody waits. */
void store_keep_history(struct store *store, int64_t most, int64_t keep_ms);
/* Sets entry->id (void when the transaction is rolled back). */
MUST_CHECK bool store_add_history(struct store *store, struct history_entry *entry,
                                  struct error *err);
/* Which lines of the history. */
struct history_wanted {
    int64_t rollout;  /* of this one; 0: of all. The other conditions do not count then */
    int64_t since_ms; /* not older */
    /* What begins with "record_set:" or "record_set/" (a member of it), and the rollouts of the
     * rule that moves it (NULL: none does). NULL: of all. */
    const char *record_set;
    const char *rule;
    size_t most; /* the newest so many */
};
/* Oldest first. Caller frees *entries. */
MUST_CHECK bool store_list_history(struct store *store, const struct history_wanted *wanted,
                                   struct history_entry **entries, size_t *count,
                                   struct error *err);

/* What a line of the history did to a record set's weights: JSON objects, members to weights. They
 * are dropped with the line. */
struct history_weights {
    char *record_set;
    char *before, *after;
};
MUST_CHECK bool store_add_history_weights(struct store *store, int64_t history,
                                          const struct history_weights *change, struct error *err);
/* By record set. Caller frees with store_free_history_weights. */
MUST_CHECK bool store_list_history_weights(struct store *store, int64_t history,
                                           struct history_weights **changes, size_t *count,
                                           struct error *err);
void store_free_history_weights(struct history_weights *changes, size_t count);

/* A record set's shares when a line of the history was written, before what it did: a JSON object
 * of describe_shares. They are dropped with the line. */
struct history_shares {
    char *record_set;
    char *shares;
};
MUST_CHECK bool store_add_history_shares(struct store *store, int64_t history,
                                         const struct history_shares *shares, struct error *err);
/* By record set. Caller frees with store_free_history_shares. */
MUST_CHECK bool store_list_history_shares(struct store *store, int64_t history,
                                          struct history_shares **shares, size_t *count,
                                          struct error *err);
/* NULL is fine. */
void store_free_history_shares(struct history_shares *shares, size_t count);

/* What is still to be told, and to whom (control/notify.h). Of those that are pending the newest
 * 10,000 are kept, of the dead 1,000. */
struct notice {
    int64_t id;
    char *receiver, *event, *body; /* body: JSON */
    int64_t attempts;
    int64_t next_ms; /* not before */
    bool is_dead;    /* given up */
    char *error;     /* of the last attempt; "" before */
};
MUST_CHECK bool store_add_notice(struct store *store, const struct notice *notice,
                                 struct error *err);
/* Oldest first; receiver NULL: of all, the dead too; else those of the receiver that are pending.
 * Caller frees with store_free_notices. */
MUST_CHECK bool store_list_notices(struct store *store, const char *receiver, size_t most,
                                   struct notice **notices, size_t *count, struct error *err);
void store_free_notices(struct notice *notices, size_t count);
/* Attempts, next_ms, is_dead and error. */
MUST_CHECK bool store_save_notice(struct store *store, const struct notice *notice,
                                  struct error *err);
/* A dead one is pending again. */
MUST_CHECK bool store_revive_notice(struct store *store, int64_t id, int64_t now_ms, bool *found,
                                    struct error *err);
MUST_CHECK bool store_remove_notice(struct store *store, int64_t id, bool *found,
                                    struct error *err);

/* Why, since when and by whom rollouts stand still. */
struct freeze {
    bool is_on;
    int64_t at_ms;
    char who[ROLLOUT_TEXT_SIZE];
    char reason[ROLLOUT_TEXT_SIZE];
};
/* is_on false removes it. */
MUST_CHECK bool store_save_freeze(struct store *store, const struct freeze *freeze,
                                  struct error *err);
MUST_CHECK bool store_load_freeze(struct store *store, struct freeze *freeze, struct error *err);

/* Tasks as last seen, by ARN. */
MUST_CHECK bool store_load_task_version(struct store *store, const char *task_arn, bool *found,
                                        int64_t *version, struct error *err);
MUST_CHECK bool store_save_task(struct store *store, const struct ecs_event *event, int64_t now_ms,
                                struct error *err);
/* Distinct tasks of the deployment whose desired and last status are RUNNING and, when container is
 * not NULL, that have a container of that name; earliest created_ms of any of its tasks (0: none
 * says so). */
MUST_CHECK bool store_count_running(struct store *store, const char *cluster_arn,
                                    const char *service, const char *deployment,
                                    const char *container, unsigned *running, int64_t *created_ms,
                                    struct error *err);

/* Deployments that a rule has acted on: at most one rollout ever. outcome: "started", or "live" (of
 * the service that was live when it came: rollout 0). */
MUST_CHECK bool store_save_deployment(struct store *store, const char *rule,
                                      const char *cluster_arn, const char *deployment,
                                      int64_t created_ms, int64_t rollout, const char *outcome,
                                      struct error *err);
MUST_CHECK bool store_load_deployment(struct store *store, const char *rule,
                                      const char *cluster_arn, const char *deployment, bool *found,
                                      int64_t *created_ms, int64_t *rollout, struct error *err);
/* The largest created_ms of the rule's deployments that were "started"; 0: none says so. */
MUST_CHECK bool store_load_newest_deployment(struct store *store, const char *rule,
                                             int64_t *created_ms, struct error *err);

/* How many tasks run, counted as above, over the deployment and those of its service whose first
 * task was created after its first: with the task's last known state, and without it. */
MUST_CHECK bool store_count_without(struct store *store, const struct ecs_event *task,
                                    const char *deployment, const char *container,
                                    unsigned *running, unsigned *without, struct error *err);

/* What ECS said of a deployment, each state once: when it did (0: it did not say). */
MUST_CHECK bool store_save_deployment_state(struct store *store, const struct ecs_event *event,
                                            struct error *err);
MUST_CHECK bool store_load_deployment_state(struct store *store, const char *cluster_arn,
                                            const char *deployment, enum ecs_deployment_state state,
                                            bool *found, int64_t *updated_ms, struct error *err);

/* Since when ECS is asked what a service is. */
MUST_CHECK bool store_save_described(struct store *store, const char *cluster, const char *service,
                                     int64_t since_ms, struct error *err);
MUST_CHECK bool store_load_described(struct store *store, const char *cluster, const char *service,
                                     bool *found, int64_t *since_ms, struct error *err);

#define STORE_ROUTE53_STATE_SIZE  16
#define STORE_ROUTE53_CHANGE_SIZE 40
#define STORE_ROUTE53_WANTED_SIZE 1024
#define STORE_ROUTE53_KEY_SIZE    1100
/* What Route 53 was last told of a record set. */
struct stored_route53 {
    char record_set[STORE_ROUTE53_KEY_SIZE];
    char state[STORE_ROUTE53_STATE_SIZE];      /* "sending", "pending", "in step" */
    char change_id[STORE_ROUTE53_CHANGE_SIZE]; /* "": not known */
    int64_t sent_ms;                           /* 0: never */
    char wanted[STORE_ROUTE53_WANTED_SIZE];    /* the weights and the TTL, by member's index */
};
MUST_CHECK bool store_save_route53(struct store *store, const struct stored_route53 *stored,
                                   struct error *err);
/* Caller frees *list. */
MUST_CHECK bool store_list_route53(struct store *store, struct stored_route53 **list, size_t *count,
                                   struct error *err);

#define STORE_ROUTE53_CHECK_SIZE 65
/* A health check that Route 53 has because of us. */
struct stored_route53_check {
    char reference[STORE_ROUTE53_CHECK_SIZE]; /* its CallerReference */
    char id[STORE_ROUTE53_CHECK_SIZE];
};
/* All that there are, in place of those before; each reference once. */
MUST_CHECK bool store_save_route53_checks(struct store *store,
                                          const struct stored_route53_check *list, size_t count,
                                          struct error *err);
/* Caller frees *list. */
MUST_CHECK bool store_list_route53_checks(struct store *store, struct stored_route53_check **list,
                                          size_t *count, struct error *err);

/* Pause hooks of ECS that wait for an answer, or had it. */
struct stored_hook {
    char id[ECS_TEXT_SIZE];
    char deployment_arn[768];
    char rule[ROLLOUT_TEXT_SIZE];
    char service[ECS_TEXT_SIZE];
    char stage[64];
    char action[16]; /* "CONTINUE", "ROLLBACK"; "": not decided */
    char reason[ROLLOUT_TEXT_SIZE];
    bool is_done; /* ECS was told, or wants to know no more */
    int64_t expires_ms;
};
/* By its id. Of those that are done the newest 1,000 are kept. */
MUST_CHECK bool store_save_hook(struct store *store, const struct stored_hook *hook,
                                struct error *err);
MUST_CHECK bool store_has_hook(struct store *store, const char *id, bool *found, struct error *err);
/* Those that are not done, oldest first. Caller frees *hooks. */
MUST_CHECK bool store_list_hooks(struct store *store, struct stored_hook **hooks, size_t *count,
                                 struct error *err);

/* What events came to, by rule and deployment (each may be empty: of none), by fate, and by the
 * field of an event pattern that would have kept them away ("": none would). */
struct event_stat {
    int64_t deployment_id; /* the same for all of a rule's deployment; later ones are larger */
    char rule[ROLLOUT_TEXT_SIZE];
    char deployment[ECS_TEXT_SIZE];
    char fate[32];
    char field[32];
    int64_t total;
};
MUST_CHECK bool store_count_stat(struct store *store, const char *rule, const char *deployment,
                                 const char *fate, const char *field, struct error *err);
/* By rule, its newest deployment first. Caller frees *stats. */
MUST_CHECK bool store_list_stats(struct store *store, struct event_stat **stats, size_t *count,
                                 struct error *err);

/* The event log keeps the newest 10,000; the counters by fate keep everything that ever came. */
struct event_entry {
    int64_t seq;
    int64_t at_ms;
    char event_id[ECS_TEXT_SIZE];
    char task_arn[ECS_TEXT_SIZE];
    int64_t version;
    char service[ECS_TEXT_SIZE];
    char deployment[ECS_TEXT_SIZE];
    char fate[32];
    char reason[ROLLOUT_TEXT_SIZE * 2];
    int64_t rollout;
};
/* Sets entry->seq. */
MUST_CHECK bool store_add_event(struct store *store, struct event_entry *entry, struct error *err);
/* Oldest first of the newest `most`. Caller frees *entries. */
MUST_CHECK bool store_list_events(struct store *store, size_t most, struct event_entry **entries,
                                  size_t *count, struct error *err);
/* Calls each once a fate, in the order of their names; their sum is all that ever came. */
typedef void (*store_each_count)(void *argument, const char *fate, int64_t count);
MUST_CHECK bool store_count_events(struct store *store, store_each_count each, void *argument,
                                   struct error *err);
