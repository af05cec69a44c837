/* SPDX-License-Identifier: BSD-2-Clause */
/* Every line of SQL that makes items of a fleet of the state file's rows, and rows of items. */
#include "control/store_fleet_sql.h"

#include "common/attributes.h"

/* ---- what has changed ---- */

#define MARK(item)                                                                                 \
    " BEGIN DELETE FROM fleet_outbox WHERE item = " item ";"                                       \
    " INSERT INTO fleet_outbox (item) SELECT " item " WHERE " item " IS NOT NULL; END;"
#define TRIGGER(table, what, item)                                                                 \
    "CREATE TEMP TRIGGER fleet_" table "_" what " AFTER " what " ON " table                        \
    " WHEN (SELECT is_on FROM fleet_switch)" MARK(item)
#define TRIGGERS(table, new, old)                                                                  \
    TRIGGER(table, "INSERT", new) TRIGGER(table, "UPDATE", new) TRIGGER(table, "DELETE", old)

/* A record set's home is the rule that moves it, so that a shift is one item. */
#define HOME(row)                                                                                  \
    "coalesce((SELECT home.item FROM fleet_home AS home WHERE home.record_set = " row              \
    ".record_set), 'set#' || " row ".record_set)"
#define RULE(row)    "'rule#' || " row ".rule"
#define RULE_OF(row) "'rule#' || (SELECT rule FROM rollout WHERE id = " row ".rollout)"
#define HISTORY(row) "printf('history#%012d', " row ".id)"
#define TASK(row)    "'task#' || " row ".task_arn"
#define STATE(row)                                                                                 \
    "'state#' || " row ".cluster_arn || '|' || " row ".deployment || '|' || " row ".state"
#define DESCRIBED(row)    "'described#' || " row ".cluster || '|' || " row ".service"
#define HOOK(row)         "'hook#' || " row ".hook"
#define BOTH(item, table) TRIGGERS(table, item("new"), item("old"))

const char store_fleet_setup[] =
    "CREATE TEMP TABLE fleet_home (record_set TEXT PRIMARY KEY, item TEXT NOT NULL);"
    "CREATE TEMP TABLE fleet_taken (record_set TEXT PRIMARY KEY);"
    "CREATE TEMP TABLE fleet_switch (is_on INTEGER NOT NULL);"
    "INSERT INTO fleet_switch VALUES (1);"
    "CREATE TEMP TABLE fleet_refused (change INTEGER PRIMARY KEY, why TEXT NOT NULL);"
    "CREATE TEMP TABLE fleet_written (change INTEGER PRIMARY KEY);"
    "CREATE TEMP VIEW fleet_unwritten AS SELECT item, change FROM fleet_outbox"
    " WHERE change NOT IN (SELECT change FROM fleet_written);"
    "CREATE TEMP VIEW fleet_open AS SELECT item, change FROM fleet_unwritten"
    " WHERE change NOT IN (SELECT change FROM fleet_refused);"
    /* clang-format off */
    BOTH(HOME, "weight") BOTH(HOME, "forced") BOTH(HOME, "ttl")
    BOTH(RULE, "rollout") BOTH(RULE, "deployment")
    BOTH(RULE_OF, "weight_before") BOTH(RULE_OF, "execution")
    BOTH(HISTORY, "history") BOTH(TASK, "task") BOTH(STATE, "deployment_state")
    BOTH(DESCRIBED, "described") BOTH(HOOK, "hook")
    TRIGGERS("freeze", "'freeze'", "'freeze'");
/* clang-format on */

const char store_fleet_mark_all_sql[] =
    "INSERT OR REPLACE INTO fleet_outbox (item) SELECT 'task#' || task_arn FROM task;"
    "INSERT OR REPLACE INTO fleet_outbox (item) SELECT 'hook#' || hook FROM hook;"
    "INSERT OR REPLACE INTO fleet_outbox (item)"
    " SELECT 'described#' || cluster || '|' || service FROM described;"
    "INSERT OR REPLACE INTO fleet_outbox (item)"
    " SELECT " STATE(
        "deployment_state") " FROM deployment_state;"
                            "INSERT OR REPLACE INTO fleet_outbox (item) SELECT item FROM"
                            " (SELECT id, printf('history#%012d', id) AS item FROM history ORDER "
                            "BY id DESC LIMIT 1000)"
                            " ORDER BY id;";

/* ---- rows to JSON ---- */

#define SETS(of)                                                                                   \
    "json((SELECT json_group_object(record_set, json_object("                                      \
    "'weights', json((SELECT json_group_object(member, weight) FROM weight"                        \
    " WHERE weight.record_set = home.record_set)),"                                                \
    " 'forced', json((SELECT json_group_object(member, forced) FROM forced"                        \
    " WHERE forced.record_set = home.record_set)),"                                                \
    " 'ttl', (SELECT ttl_s FROM ttl WHERE ttl.record_set = home.record_set)))"                     \
    " FROM " of " AS home))"
#define ROLLOUT                                                                                    \
    "json_object('id', id, 'deployment', deployment, 'who', who, 'stable', stable,"                \
    " 'candidate', candidate, 'steps', hex(steps), 'hold_ms', hold_ms, 'state', state,"            \
    " 'step', step, 'started_ms', started_ms, 'hold_since_ms', hold_since_ms,"                     \
    " 'hold_passed_ms', hold_passed_ms, 'ended_ms', ended_ms, 'reason', reason)"
/* How many of a rule's rollouts and deployments its item has; the others are in each node's file.
 */
#define ROLLOUTS_SHARED    "10"
#define DEPLOYMENTS_SHARED "100"
#define NAME               "substr(?1, 6)"
#define LAST               "(SELECT max(id) FROM rollout WHERE rule = " NAME ")"

#define PRINT_RULE                                                                                 \
    "SELECT json_object('rollouts', json((SELECT json_group_array(json(line)) FROM"                \
    " (SELECT " ROLLOUT " AS line FROM rollout WHERE rule = " NAME                                 \
    " ORDER BY id DESC LIMIT " ROLLOUTS_SHARED "))),"                                              \
    " 'before', json((SELECT json_group_array(json_array(record_set, member, weight))"             \
    " FROM weight_before WHERE rollout = " LAST ")),"                                              \
    " 'plan', (SELECT plan FROM execution WHERE rollout = " LAST "),"                              \
    " 'run', (SELECT run FROM execution WHERE rollout = " LAST "),"                                \
    " 'deployments', json((SELECT json_group_array(json_array(cluster_arn, deployment,"            \
    " created_ms, rollout, outcome)) FROM (SELECT * FROM deployment WHERE rule = " NAME            \
    " ORDER BY id DESC LIMIT " DEPLOYMENTS_SHARED "))),"                                           \
    " 'sets', " SETS("(SELECT record_set FROM fleet_home WHERE item = ?1)") ")"
#define PRINT_SET "SELECT json_object('sets', " SETS("(SELECT substr(?1, 5) AS record_set)") ")"
#define PRINT_FREEZE                                                                               \
    "SELECT coalesce((SELECT json_object('at_ms', at_ms, 'who', who, 'reason', reason)"            \
    " FROM freeze), '{}') WHERE ?1 IS NOT NULL"
#define PRINT_HISTORY                                                                              \
    "SELECT json_object('at_ms', at_ms, 'rollout', rollout, 'kind', kind, 'who', who,"             \
    " 'text', text, 'weights', json((SELECT json_group_array(json_array(record_set,"               \
    " weights_before, weights_after)) FROM weight_change WHERE history = history.id)),"            \
    " 'shares', json((SELECT json_group_array(json_array(record_set, shares)) FROM share"          \
    " WHERE share.history = history.id)))"                                                         \
    " FROM history WHERE id = CAST(substr(?1, 9) AS INTEGER)"
#define PRINT_TASK                                                                                 \
    "SELECT json_object('version', version, 'cluster_arn', cluster_arn, 'service', service,"       \
    " 'deployment', deployment, 'desired_status', desired_status, 'last_status', last_status,"     \
    " 'created_ms', created_ms, 'updated_ms', updated_ms, 'containers',"                           \
    " json((SELECT json_group_array(name) FROM task_container"                                     \
    " WHERE task_container.task_arn = task.task_arn)))"                                            \
    " FROM task WHERE task_arn = substr(?1, 6)"
#define KEY  "substr(?1, 7)"
#define REST "substr(" KEY ", instr(" KEY ", '|') + 1)"
#define PRINT_STATE                                                                                \
    "SELECT json_object('cluster_arn', cluster_arn, 'deployment', deployment, 'state', state,"     \
    " 'updated_ms', updated_ms) FROM deployment_state"                                             \
    " WHERE cluster_arn = substr(" KEY ", 1, instr(" KEY ", '|') - 1)"                             \
    " AND deployment = substr(" REST ", 1, instr(" REST ", '|') - 1)"                              \
    " AND state = substr(" REST ", instr(" REST ", '|') + 1)"

#define PRINT_DESCRIBED                                                                            \
    "SELECT json_object('cluster', cluster, 'service', service, 'since_ms', since_ms)"             \
    " FROM described WHERE cluster || '|' || service = substr(?1, 11)"

#define PRINT_HOOK                                                                                 \
    "SELECT json_object('deployment_arn', deployment_arn, 'rule', rule, 'service', service,"       \
    " 'stage', stage, 'action', action, 'reason', reason, 'is_done', is_done,"                     \
    " 'expires_ms', expires_ms) FROM hook WHERE hook = substr(?1, 6)"

/* ---- and back ---- */

/* Of another home (an older configuration's) only what is known from nowhere else. */
#define TAKE_SETS                                                                                  \
    "DELETE FROM fleet_taken",                                                                     \
        "INSERT INTO fleet_taken SELECT key FROM json_each(?2, '$.sets')"                          \
        " WHERE EXISTS (SELECT 1 FROM fleet_home WHERE record_set = key AND item = ?1)"            \
        " OR NOT EXISTS (SELECT 1 FROM weight WHERE record_set = key)",                            \
        "DELETE FROM weight WHERE record_set IN (SELECT record_set FROM fleet_taken)",             \
        "DELETE FROM forced WHERE record_set IN (SELECT record_set FROM fleet_taken)",             \
        "DELETE FROM ttl WHERE record_set IN (SELECT record_set FROM fleet_taken)",                \
        "INSERT INTO weight SELECT sets.key, members.key, members.value"                           \
        " FROM json_each(?2, '$.sets') AS sets, json_each(sets.value, '$.weights') AS members"     \
        " WHERE sets.key IN (SELECT record_set FROM fleet_taken)",                                 \
        "INSERT INTO forced SELECT sets.key, members.key, members.value"                           \
        " FROM json_each(?2, '$.sets') AS sets, json_each(sets.value, '$.forced') AS members"      \
        " WHERE sets.key IN (SELECT record_set FROM fleet_taken)",                                 \
        "INSERT INTO ttl SELECT key, value ->> 'ttl' FROM json_each(?2, '$.sets')"                 \
        " WHERE value ->> 'ttl' IS NOT NULL"                                                       \
        " AND key IN (SELECT record_set FROM fleet_taken)"
/* What this node began and the table does not have never was. */
#define NEWEST "coalesce(?2 ->> '$.rollouts[0].id', 0)"

#define ROLLOUT_VALUES                                                                             \
    " value ->> 'id', " NAME ", value ->> 'deployment', value ->> 'who', value ->> 'stable',"      \
    " value ->> 'candidate', octets_of_hex(value ->> 'steps'), value ->> 'hold_ms',"               \
    " value ->> 'state', value ->> 'step', value ->> 'started_ms', value ->> 'hold_since_ms',"     \
    " value ->> 'hold_passed_ms', value ->> 'ended_ms', value ->> 'reason'"
#define ROLLOUT_UPDATE                                                                             \
    " rule = excluded.rule, deployment = excluded.deployment, who = excluded.who,"                 \
    " stable = excluded.stable, candidate = excluded.candidate, steps = excluded.steps,"           \
    " hold_ms = excluded.hold_ms, state = excluded.state, step = excluded.step,"                   \
    " started_ms = excluded.started_ms, hold_since_ms = excluded.hold_since_ms,"                   \
    " hold_passed_ms = excluded.hold_passed_ms, ended_ms = excluded.ended_ms,"                     \
    " reason = excluded.reason"

static const char *const take_rule[] = {
    "DELETE FROM rollout WHERE rule = " NAME " AND id > " NEWEST,
    "DELETE FROM deployment WHERE rule = " NAME " AND rollout > " NEWEST,
    "INSERT INTO rollout SELECT " ROLLOUT_VALUES " FROM json_each(?2, '$.rollouts') WHERE true"
    " ON CONFLICT (id) DO UPDATE SET " ROLLOUT_UPDATE,
    "DELETE FROM weight_before WHERE rollout = " NEWEST,
    "INSERT INTO weight_before SELECT " NEWEST ", value ->> 0, value ->> 1, value ->> 2"
    " FROM json_each(?2, '$.before')",
    "DELETE FROM execution WHERE rollout = " NEWEST,
    "INSERT INTO execution SELECT " NEWEST ", ?2 ->> 'plan', ?2 ->> 'run'"
    " WHERE ?2 ->> 'plan' IS NOT NULL",
    "INSERT INTO deployment (rule, cluster_arn, deployment, created_ms, rollout, outcome)"
    " SELECT " NAME ", value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4"
    " FROM json_each(?2, '$.deployments') WHERE true ORDER BY key DESC"
    " ON CONFLICT (rule, cluster_arn, deployment) DO UPDATE SET created_ms = excluded.created_ms,"
    " rollout = excluded.rollout, outcome = excluded.outcome",
    TAKE_SETS,
    0,
};
static const char *const take_set[] = {TAKE_SETS, 0};
static const char *const take_freeze[] = {
    "DELETE FROM freeze",
    "INSERT INTO freeze SELECT 1, ?2 ->> 'at_ms', ?2 ->> 'who',"
    " ?2 ->> 'reason' WHERE ?2 ->> 'at_ms' IS NOT NULL AND ?1 NOTNULL",
    0,
};
#define LINE "CAST(substr(?1, 9) AS INTEGER)"
static const char *const take_history[] = {
    "DELETE FROM history WHERE id = " LINE,
    "INSERT INTO history SELECT " LINE ", ?2 ->> 'at_ms',"
    " ?2 ->> 'rollout', ?2 ->> 'kind', ?2 ->> 'who',"
    " ?2 ->> 'text'",
    "INSERT INTO weight_change SELECT " LINE ", value ->> 0,"
    " value ->> 1, value ->> 2 FROM json_each(?2, '$.weights')",
    "INSERT INTO share SELECT " LINE ", value ->> 0, value ->> 1"
    " FROM json_each(?2, '$.shares')",
    0,
};
static const char *const take_task[] = {
    "DELETE FROM task WHERE task_arn = substr(?1, 6)",
    "INSERT INTO task SELECT substr(?1, 6), ?2 ->> 'version',"
    " ?2 ->> 'cluster_arn', ?2 ->> 'service',"
    " ?2 ->> 'deployment', ?2 ->> 'desired_status',"
    " ?2 ->> 'last_status', ?2 ->> 'created_ms',"
    " ?2 ->> 'updated_ms'",
    "INSERT INTO task_container SELECT substr(?1, 6), value FROM json_each(?2, '$.containers')",
    0,
};
static const char *const take_described[] = {
    "INSERT INTO described SELECT ?2 ->> 'cluster', ?2 ->> 'service', ?2 ->> 'since_ms'"
    " WHERE ?1 NOTNULL ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms",
    0,
};
static const char *const take_hook[] = {
    "INSERT INTO hook (hook, deployment_arn, rule, service, stage, action, reason, is_done,"
    " expires_ms) SELECT substr(?1, 6), ?2 ->> 'deployment_arn', ?2 ->> 'rule', ?2 ->> 'service',"
    " ?2 ->> 'stage', ?2 ->> 'action', ?2 ->> 'reason', ?2 ->> 'is_done', ?2 ->> 'expires_ms'"
    " WHERE true ON CONFLICT (hook) DO UPDATE SET action = excluded.action,"
    " reason = excluded.reason, is_done = excluded.is_done",
    0,
};
static const char *const take_state[] = {
    "INSERT INTO deployment_state (cluster_arn, deployment, state, updated_ms)"
    " SELECT ?2 ->> 'cluster_arn', ?2 ->> 'deployment',"
    " ?2 ->> 'state', ?2 ->> 'updated_ms' WHERE ?1 NOTNULL"
    " ON CONFLICT DO NOTHING",
    0,
};

const struct store_fleet_kind store_fleet_kinds[] = {
    {"rule#", PRINT_RULE, take_rule},      {"set#", PRINT_SET, take_set},
    {"freeze", PRINT_FREEZE, take_freeze}, {"history#", PRINT_HISTORY, take_history},
    {"hook#", PRINT_HOOK, take_hook},      {"described#", PRINT_DESCRIBED, take_described},
    {"task#", PRINT_TASK, take_task},      {"state#", PRINT_STATE, take_state},
};
const unsigned store_fleet_kind_count = ARRAY_LEN(store_fleet_kinds);
