/* SPDX-License-Identifier: BSD-2-Clause */
/* Every line of SQL that works on the state file, and nothing else. */
#include "control/store_private.h"

#define QUOTE_(text) #text
#define QUOTE(text)  QUOTE_(text)

/* A task that stopped is remembered for a week (EventBridge retries for a day); one that just fell
 * silent may run on for months, so it is given longer. Few at a time: pruning delays nobody. */
#define TASK_STOPPED_KEPT_MS "604800000"
#define TASK_SILENT_KEPT_MS  "7776000000"
#define PRUNE_BATCH          "64"

/* Since version 2. addresses: 4 or 16 octets each, by the type. */
#define ALIAS_TABLE                                                                                \
    "CREATE TABLE alias (host TEXT NOT NULL, type TEXT NOT NULL, addresses BLOB NOT NULL,"         \
    " resolved_ms INTEGER NOT NULL, PRIMARY KEY (host, type)) STRICT, WITHOUT ROWID;"

/* Since version 3. */
#define ZONE_TABLE                                                                                 \
    "CREATE TABLE zone (name TEXT PRIMARY KEY, definition TEXT NOT NULL) STRICT, WITHOUT ROWID;"

/* Since version 4. What ECS said of deployments; and what came of the events of each. */
#define DEPLOYMENT_TABLES                                                                          \
    "CREATE TABLE deployment_state (id INTEGER PRIMARY KEY, cluster_arn TEXT NOT NULL,"            \
    " deployment TEXT NOT NULL, state TEXT NOT NULL, updated_ms INTEGER NOT NULL,"                 \
    " UNIQUE (cluster_arn, deployment, state)) STRICT;"                                            \
    "CREATE TABLE stat_deployment (id INTEGER PRIMARY KEY, rule TEXT NOT NULL,"                    \
    " deployment TEXT NOT NULL, UNIQUE (rule, deployment)) STRICT;"                                \
    "CREATE TABLE event_stat (stat_deployment INTEGER NOT NULL"                                    \
    " REFERENCES stat_deployment ON DELETE CASCADE, fate TEXT NOT NULL, field TEXT NOT NULL,"      \
    " total INTEGER NOT NULL, PRIMARY KEY (stat_deployment, fate, field)) STRICT, WITHOUT ROWID;"

/* Since version 4. The weights of a record set before and after, by member, as JSON: what one line
 * of the history did; its shares until then, likewise; why rollouts stand still, if they do; the
 * plans of rollouts, where they are in them, and what happened there; what a fleet's table does not
 * have yet, and how far it has been read. */
#define AUDIT_TABLES                                                                               \
    "CREATE TABLE weight_change (history INTEGER NOT NULL REFERENCES history ON DELETE CASCADE,"   \
    " record_set TEXT NOT NULL, weights_before TEXT NOT NULL, weights_after TEXT NOT NULL,"        \
    " PRIMARY KEY (history, record_set)) STRICT, WITHOUT ROWID;"                                   \
    "CREATE INDEX weight_change_record_set ON weight_change (record_set);"                         \
    "CREATE TABLE hook (id INTEGER PRIMARY KEY, hook TEXT NOT NULL UNIQUE,"                        \
    " deployment_arn TEXT NOT NULL, rule TEXT NOT NULL, service TEXT NOT NULL,"                    \
    " stage TEXT NOT NULL, action TEXT NOT NULL CHECK (action IN ('', 'CONTINUE', 'ROLLBACK')),"   \
    " reason TEXT NOT NULL, is_done INTEGER NOT NULL, expires_ms INTEGER NOT NULL) STRICT;"        \
    "CREATE TABLE route53 (record_set TEXT PRIMARY KEY, state TEXT NOT NULL"                       \
    " CHECK (state IN ('sending', 'pending', 'in step')), change_id TEXT NOT NULL,"                \
    " sent_ms INTEGER NOT NULL, wanted TEXT NOT NULL) STRICT, WITHOUT ROWID;"                      \
    "CREATE TABLE route53_check (reference TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT, WITHOUT "   \
    "ROWID;"                                                                                       \
    "CREATE TABLE described (cluster TEXT NOT NULL, service TEXT NOT NULL,"                        \
    " since_ms INTEGER NOT NULL, PRIMARY KEY (cluster, service)) STRICT, WITHOUT ROWID;"           \
    "CREATE TABLE share (history INTEGER NOT NULL REFERENCES history ON DELETE CASCADE,"           \
    " record_set TEXT NOT NULL, shares TEXT NOT NULL,"                                             \
    " PRIMARY KEY (history, record_set)) STRICT, WITHOUT ROWID;"                                   \
    "CREATE TABLE ttl (record_set TEXT PRIMARY KEY, ttl_s INTEGER NOT NULL) STRICT, WITHOUT "      \
    "ROWID;"                                                                                       \
    "CREATE TABLE freeze (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL,"          \
    " who TEXT NOT NULL, reason TEXT NOT NULL) STRICT;"                                            \
    "CREATE TABLE notice (id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL,"           \
    " event TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL,"                         \
    " next_ms INTEGER NOT NULL, is_dead INTEGER NOT NULL, error TEXT NOT NULL) STRICT;"            \
    "CREATE INDEX notice_pending ON notice (receiver, id) WHERE is_dead = 0;"                      \
    "CREATE TABLE execution (rollout INTEGER PRIMARY KEY REFERENCES rollout ON DELETE CASCADE,"    \
    " plan TEXT NOT NULL, run TEXT NOT NULL) STRICT;"                                              \
    "CREATE TABLE execution_event (rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE," \
    " id INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (rollout, id)) STRICT, WITHOUT ROWID;" \
    "CREATE TABLE fleet_outbox (change INTEGER PRIMARY KEY AUTOINCREMENT,"                         \
    " item TEXT NOT NULL UNIQUE) STRICT;"                                                          \
    "CREATE TABLE fleet_memory (id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL,"      \
    " fence INTEGER NOT NULL, applied INTEGER NOT NULL) STRICT;"

/* Each ends with its version, all of it in one transaction with the version. */
const char *const store_upgrades[STORE_VERSION - 1] = {
    ALIAS_TABLE "PRAGMA user_version = 2;",
    ZONE_TABLE "PRAGMA user_version = 3;",
    AUDIT_TABLES DEPLOYMENT_TABLES "PRAGMA user_version = 4;",
};

/* STRICT, so that a column holds what it says. Rows are pruned by their id, oldest first. */
const char store_schema[] =
    "CREATE TABLE weight (record_set TEXT NOT NULL, member TEXT NOT NULL,"
    " weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 255),"
    " PRIMARY KEY (record_set, member)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE forced (record_set TEXT NOT NULL, member TEXT NOT NULL,"
    " forced TEXT NOT NULL CHECK (forced IN ('up', 'down')),"
    " PRIMARY KEY (record_set, member)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE rollout (id INTEGER PRIMARY KEY, rule TEXT NOT NULL, deployment TEXT NOT NULL,"
    " who TEXT NOT NULL, stable TEXT NOT NULL, candidate TEXT NOT NULL,"
    " steps BLOB NOT NULL, hold_ms INTEGER NOT NULL, state TEXT NOT NULL, step INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL, hold_since_ms INTEGER NOT NULL,"
    " hold_passed_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;"
    "CREATE INDEX rollout_rule ON rollout (rule);"
    "CREATE TABLE weight_before (rollout INTEGER NOT NULL REFERENCES rollout ON DELETE CASCADE,"
    " record_set TEXT NOT NULL, member TEXT NOT NULL,"
    " weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 255),"
    " PRIMARY KEY (rollout, record_set, member)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE history (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
    " rollout INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE INDEX history_rollout ON history (rollout);"
    "CREATE TABLE task (task_arn TEXT PRIMARY KEY, version INTEGER NOT NULL,"
    " cluster_arn TEXT NOT NULL, service TEXT NOT NULL, deployment TEXT NOT NULL,"
    " desired_status TEXT NOT NULL, last_status TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX task_deployment ON task (cluster_arn, service, deployment);"
    "CREATE INDEX task_updated ON task (updated_ms);"
    "CREATE INDEX task_stopped ON task (updated_ms) WHERE last_status = 'STOPPED';"
    "CREATE TABLE task_container (task_arn TEXT NOT NULL REFERENCES task ON DELETE CASCADE,"
    " name TEXT NOT NULL, PRIMARY KEY (task_arn, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE deployment (id INTEGER PRIMARY KEY, rule TEXT NOT NULL,"
    " cluster_arn TEXT NOT NULL, deployment TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " rollout INTEGER NOT NULL, outcome TEXT NOT NULL CHECK (outcome IN ('started', 'live')),"
    " UNIQUE (rule, cluster_arn, deployment)) STRICT;"
    "CREATE INDEX deployment_newest ON deployment (rule, created_ms) WHERE outcome = 'started';"
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, event_id TEXT NOT NULL,"
    " task_arn TEXT NOT NULL, version INTEGER NOT NULL, service TEXT NOT NULL,"
    " deployment TEXT NOT NULL, fate TEXT NOT NULL, reason TEXT NOT NULL,"
    " rollout INTEGER NOT NULL) STRICT;" ALIAS_TABLE ZONE_TABLE AUDIT_TABLES DEPLOYMENT_TABLES
    "CREATE TABLE event_total (fate TEXT PRIMARY KEY, total INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = " QUOTE(STORE_APPLICATION_ID) ";"
                                                           "PRAGMA user_version = " QUOTE(
                                                               STORE_VERSION) ";";

#define ROLLOUT_COLUMNS                                                                            \
    "rule, deployment, who, stable, candidate, steps, hold_ms, state, step, started_ms,"           \
    " hold_since_ms, hold_passed_ms, ended_ms, reason"
#define HISTORY_COLUMNS "id, at_ms, rollout, kind, who, text"
#define EVENT_COLUMNS                                                                              \
    "at_ms, event_id, task_arn, version, service, deployment, fate, reason, rollout"

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVE_WEIGHT] = "INSERT INTO weight VALUES (?1, ?2, ?3)"
                              " ON CONFLICT DO UPDATE SET weight = ?3",
    [STATEMENT_LOAD_WEIGHT] = "SELECT weight FROM weight WHERE record_set = ?1 AND member = ?2",
    [STATEMENT_SAVE_FORCED] = "INSERT INTO forced VALUES (?1, ?2, ?3)"
                              " ON CONFLICT DO UPDATE SET forced = ?3",
    [STATEMENT_REMOVE_FORCED] = "DELETE FROM forced WHERE record_set = ?1 AND member = ?2",
    [STATEMENT_LOAD_FORCED] = "SELECT forced FROM forced WHERE record_set = ?1 AND member = ?2",
    [STATEMENT_INSERT_ROLLOUT] = "INSERT INTO rollout (" ROLLOUT_COLUMNS ") VALUES"
                                 " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [STATEMENT_UPDATE_ROLLOUT] =
        "UPDATE rollout SET (" ROLLOUT_COLUMNS ") ="
        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) WHERE id = ?15",
    [STATEMENT_PRUNE_ROLLOUTS] = "DELETE FROM rollout WHERE id <= (SELECT max(id) FROM rollout)"
                                 " - " QUOTE(STORE_ROLLOUTS_KEPT) " AND ended_ms <> 0",
    [STATEMENT_LOAD_ROLLOUT] = "SELECT id, " ROLLOUT_COLUMNS " FROM rollout WHERE id = ?1",
    [STATEMENT_LIST_ROLLOUTS] =
        "SELECT id, " ROLLOUT_COLUMNS " FROM rollout ORDER BY id DESC LIMIT ?1",
    [STATEMENT_LIST_ROLLOUTS_OF_RULE] =
        "SELECT id, " ROLLOUT_COLUMNS " FROM rollout WHERE rule = ?2 ORDER BY id DESC LIMIT ?1",
    [STATEMENT_LIST_RUNNING_ROLLOUTS] =
        "SELECT id, " ROLLOUT_COLUMNS " FROM rollout WHERE ended_ms = 0 ORDER BY id",
    [STATEMENT_SAVE_BEFORE] = "INSERT INTO weight_before VALUES (?1, ?2, ?3, ?4)"
                              " ON CONFLICT DO UPDATE SET weight = ?4",
    [STATEMENT_LOAD_BEFORE] = "SELECT weight FROM weight_before"
                              " WHERE rollout = ?1 AND record_set = ?2 AND member = ?3",
    [STATEMENT_ADD_HISTORY] = "INSERT INTO history (at_ms, rollout, kind, who, text)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_PRUNE_HISTORY] =
        "DELETE FROM history WHERE id < (SELECT min(id) + " PRUNE_BATCH " FROM history)"
        " AND id < (SELECT max(id) FROM history)"
        " AND (id <= (SELECT max(id) FROM history) - ?1 OR at_ms < ?2)",
    [STATEMENT_LIST_HISTORY] = "SELECT * FROM (SELECT " HISTORY_COLUMNS " FROM history"
                               " WHERE at_ms >= ?2 ORDER BY id DESC LIMIT ?1) ORDER BY id",
    [STATEMENT_LIST_HISTORY_OF_ROLLOUT] =
        "SELECT * FROM (SELECT " HISTORY_COLUMNS " FROM history WHERE rollout = ?2"
        " ORDER BY id DESC LIMIT ?1) ORDER BY id",
    [STATEMENT_LIST_HISTORY_OF_RECORD_SET] =
        "SELECT * FROM (SELECT " HISTORY_COLUMNS " FROM history"
        " WHERE at_ms >= ?4 AND (substr(text, 1, length(?2) + 1) IN (?2 || ':', ?2 || '/')"
        " OR rollout IN (SELECT id FROM rollout WHERE rule = ?3))"
        " ORDER BY id DESC LIMIT ?1) ORDER BY id",
    [STATEMENT_LOAD_TASK_VERSION] = "SELECT version FROM task WHERE task_arn = ?1",
    [STATEMENT_SAVE_TASK] =
        "INSERT INTO task VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        " ON CONFLICT DO UPDATE SET version = ?2, cluster_arn = ?3, service = ?4,"
        " deployment = ?5, desired_status = ?6, last_status = ?7,"
        " created_ms = iif(?8 = 0, created_ms, ?8), updated_ms = ?9",
    [STATEMENT_REMOVE_CONTAINERS] = "DELETE FROM task_container WHERE task_arn = ?1",
    [STATEMENT_ADD_CONTAINER] = "INSERT INTO task_container VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [STATEMENT_PRUNE_STOPPED_TASKS] =
        "DELETE FROM task WHERE task_arn IN (SELECT task_arn FROM task"
        " WHERE last_status = 'STOPPED' AND updated_ms < ?1 - " TASK_STOPPED_KEPT_MS
        " ORDER BY updated_ms LIMIT " PRUNE_BATCH ")",
    [STATEMENT_PRUNE_SILENT_TASKS] = "DELETE FROM task WHERE task_arn IN (SELECT task_arn FROM task"
                                     " WHERE updated_ms < ?1 - " TASK_SILENT_KEPT_MS
                                     " ORDER BY updated_ms LIMIT " PRUNE_BATCH ")",
    [STATEMENT_COUNT_RUNNING] =
        "SELECT coalesce(sum(desired_status = 'RUNNING' AND last_status = 'RUNNING'"
        " AND (?4 IS NULL OR EXISTS (SELECT 1 FROM task_container"
        " WHERE task_container.task_arn = task.task_arn AND name = ?4))), 0),"
        " coalesce(min(nullif(created_ms, 0)), 0)"
        " FROM task WHERE cluster_arn = ?1 AND service = ?2 AND deployment = ?3",
    [STATEMENT_SAVE_DEPLOYMENT] =
        "INSERT INTO deployment (rule, cluster_arn, deployment, created_ms, rollout, outcome)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT DO UPDATE SET created_ms = ?4, rollout = ?5, outcome = ?6",
    [STATEMENT_PRUNE_DEPLOYMENTS] =
        "DELETE FROM deployment WHERE id <= (SELECT max(id) FROM deployment)"
        " - " QUOTE(STORE_DEPLOYMENTS_KEPT),
    [STATEMENT_LOAD_DEPLOYMENT] = "SELECT created_ms, rollout FROM deployment"
                                  " WHERE rule = ?1 AND cluster_arn = ?2 AND deployment = ?3",
    [STATEMENT_LOAD_NEWEST_DEPLOYMENT] = "SELECT coalesce(max(created_ms), 0) FROM deployment"
                                         " WHERE rule = ?1 AND outcome = 'started'",
    [STATEMENT_ADD_EVENT] = "INSERT INTO event (" EVENT_COLUMNS ")"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [STATEMENT_PRUNE_EVENTS] = "DELETE FROM event WHERE seq <= (SELECT max(seq) FROM event)"
                               " - " QUOTE(STORE_EVENTS_KEPT),
    [STATEMENT_COUNT_EVENT] = "INSERT INTO event_total VALUES (?1, 1)"
                              " ON CONFLICT DO UPDATE SET total = total + 1",
    [STATEMENT_LIST_EVENTS] = "SELECT * FROM (SELECT seq, " EVENT_COLUMNS " FROM event"
                              " ORDER BY seq DESC LIMIT ?1) ORDER BY seq",
    [STATEMENT_COUNT_EVENTS] = "SELECT fate, total FROM event_total ORDER BY fate",
    [STATEMENT_SAVE_ALIAS] = "INSERT INTO alias VALUES (?1, ?2, ?3, ?4)"
                             " ON CONFLICT DO UPDATE SET addresses = ?3, resolved_ms = ?4",
    [STATEMENT_LOAD_ALIAS] =
        "SELECT resolved_ms, addresses FROM alias WHERE host = ?1 AND type = ?2",
    [STATEMENT_SAVE_ZONE] = "INSERT INTO zone VALUES (?1, ?2)"
                            " ON CONFLICT DO UPDATE SET definition = ?2",
    [STATEMENT_REMOVE_ZONE] = "DELETE FROM zone WHERE name = ?1",
    [STATEMENT_LIST_ZONES] = "SELECT name, definition FROM zone ORDER BY name",
    [STATEMENT_ADD_WEIGHT_CHANGE] = "INSERT INTO weight_change VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_LIST_WEIGHT_CHANGES] =
        "SELECT record_set, weights_before, weights_after FROM weight_change"
        " WHERE history = ?1 ORDER BY record_set",
    [STATEMENT_SAVE_TTL] = "INSERT INTO ttl VALUES (?1, ?2) ON CONFLICT DO UPDATE SET ttl_s = ?2",
    [STATEMENT_REMOVE_TTL] = "DELETE FROM ttl WHERE record_set = ?1",
    [STATEMENT_LOAD_TTL] = "SELECT ttl_s FROM ttl WHERE record_set = ?1",
    [STATEMENT_SAVE_FREEZE] = "INSERT INTO freeze VALUES (1, ?1, ?2, ?3)"
                              " ON CONFLICT DO UPDATE SET at_ms = ?1, who = ?2, reason = ?3",
    [STATEMENT_REMOVE_FREEZE] = "DELETE FROM freeze",
    [STATEMENT_LOAD_FREEZE] = "SELECT at_ms, who, reason FROM freeze",
    [STATEMENT_ADD_EXECUTION] = "INSERT INTO execution VALUES (?1, ?2, ?3)"
                                " ON CONFLICT DO UPDATE SET plan = ?2, run = ?3",
    [STATEMENT_SAVE_EXECUTION] = "UPDATE execution SET run = ?2 WHERE rollout = ?1",
    [STATEMENT_LOAD_EXECUTION] = "SELECT plan, run FROM execution WHERE rollout = ?1",
    [STATEMENT_ADD_EXECUTION_EVENT] =
        "INSERT INTO execution_event VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [STATEMENT_LIST_EXECUTION_EVENTS] =
        "SELECT event FROM execution_event WHERE rollout = ?1 ORDER BY id",
    [STATEMENT_COUNT_WITHOUT] =
        "WITH age AS (SELECT deployment, min(nullif(created_ms, 0)) AS since FROM task"
        " WHERE cluster_arn = ?1 AND service = ?2 GROUP BY deployment)"
        " SELECT coalesce(sum(1), 0), coalesce(sum(task_arn <> ?5), 0) FROM task"
        " WHERE cluster_arn = ?1 AND service = ?2"
        " AND desired_status = 'RUNNING' AND last_status = 'RUNNING'"
        " AND (?4 IS NULL OR EXISTS (SELECT 1 FROM task_container"
        " WHERE task_container.task_arn = task.task_arn AND name = ?4))"
        " AND (deployment = ?3 OR deployment IN (SELECT deployment FROM age WHERE since >"
        " (SELECT since FROM age WHERE deployment = ?3)))",
    [STATEMENT_SAVE_DEPLOYMENT_STATE] =
        "INSERT INTO deployment_state (cluster_arn, deployment, state, updated_ms)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    [STATEMENT_PRUNE_DEPLOYMENT_STATES] =
        "DELETE FROM deployment_state WHERE id <= (SELECT max(id) FROM deployment_state)"
        " - " QUOTE(STORE_DEPLOYMENTS_KEPT),
    [STATEMENT_LOAD_DEPLOYMENT_STATE] =
        "SELECT updated_ms FROM deployment_state"
        " WHERE cluster_arn = ?1 AND deployment = ?2 AND state = ?3",
    [STATEMENT_ADD_STAT_DEPLOYMENT] = "INSERT INTO stat_deployment (rule, deployment)"
                                      " VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [STATEMENT_PRUNE_STAT_DEPLOYMENTS] =
        "DELETE FROM stat_deployment WHERE deployment <> ''"
        " AND id <= (SELECT max(id) FROM stat_deployment) - " QUOTE(STORE_STATS_KEPT),
    [STATEMENT_COUNT_STAT] =
        "INSERT INTO event_stat SELECT id, ?3, ?4, 1 FROM stat_deployment"
        " WHERE rule = ?1 AND deployment = ?2 ON CONFLICT DO UPDATE SET total = total + 1",
    [STATEMENT_LIST_STATS] =
        "SELECT id, rule, deployment, fate, field, total FROM stat_deployment"
        " JOIN event_stat ON stat_deployment = id ORDER BY rule, id DESC, fate, field",
    [STATEMENT_ADD_SHARES] = "INSERT INTO share VALUES (?1, ?2, ?3)",
    [STATEMENT_LIST_SHARES] = "SELECT record_set, shares FROM share"
                              " WHERE history = ?1 ORDER BY record_set",
    [STATEMENT_ADD_NOTICE] =
        "INSERT INTO notice (receiver, event, body, attempts, next_ms, is_dead,"
        " error) VALUES (?1, ?2, ?3, 0, ?4, 0, '')",
    [STATEMENT_PRUNE_NOTICES] = "DELETE FROM notice WHERE is_dead = 0 AND id <= (SELECT max(id)"
                                " FROM notice) - " QUOTE(STORE_NOTICES_KEPT),
    [STATEMENT_LIST_NOTICES] = "SELECT id, receiver, event, body, attempts, next_ms, is_dead, error"
                               " FROM notice ORDER BY id LIMIT ?1",
    [STATEMENT_LIST_NOTICES_OF] =
        "SELECT id, receiver, event, body, attempts, next_ms, is_dead, error FROM notice"
        " WHERE is_dead = 0 AND receiver = ?2 ORDER BY id LIMIT ?1",
    [STATEMENT_SAVE_NOTICE] = "UPDATE notice SET attempts = ?2, next_ms = ?3, is_dead = ?4,"
                              " error = ?5 WHERE id = ?1",
    [STATEMENT_PRUNE_DEAD_NOTICES] =
        "DELETE FROM notice WHERE is_dead = 1 AND id <= (SELECT id FROM notice WHERE is_dead = 1"
        " ORDER BY id DESC LIMIT 1 OFFSET " QUOTE(STORE_DEAD_KEPT) ")",
    [STATEMENT_REVIVE_NOTICE] = "UPDATE notice SET is_dead = 0, attempts = 0, next_ms = ?2"
                                " WHERE id = ?1 AND is_dead = 1",
    [STATEMENT_REMOVE_NOTICE] = "DELETE FROM notice WHERE id = ?1",
    [STATEMENT_SAVE_DESCRIBED] = "INSERT INTO described VALUES (?1, ?2, ?3)"
                                 " ON CONFLICT DO UPDATE SET since_ms = ?3",
    [STATEMENT_SAVE_HOOK] =
        "INSERT INTO hook (hook, deployment_arn, rule, service, stage, action, reason, is_done,"
        " expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        " ON CONFLICT (hook) DO UPDATE SET action = ?6, reason = ?7, is_done = ?8",
    [STATEMENT_PRUNE_HOOKS] = "DELETE FROM hook WHERE is_done = 1"
                              " AND id <= (SELECT max(id) FROM hook) - " QUOTE(STORE_HOOKS_KEPT),
    [STATEMENT_LOAD_HOOK] = "SELECT is_done FROM hook WHERE hook = ?1",
    [STATEMENT_SAVE_ROUTE53] =
        "INSERT INTO route53 (record_set, state, change_id, sent_ms, wanted)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (record_set) DO UPDATE SET state = ?2,"
        " change_id = ?3, sent_ms = ?4, wanted = ?5",
    [STATEMENT_LIST_ROUTE53] = "SELECT record_set, state, change_id, sent_ms, wanted FROM route53",
    [STATEMENT_LIST_HOOKS] = "SELECT hook, deployment_arn, rule, service, stage, action, reason,"
                             " expires_ms FROM hook WHERE is_done = 0 ORDER BY id",
    [STATEMENT_ADD_ROUTE53_CHECK] = "INSERT INTO route53_check VALUES (?1, ?2)",
    [STATEMENT_CLEAR_ROUTE53_CHECKS] = "DELETE FROM route53_check",
    [STATEMENT_LIST_ROUTE53_CHECKS] = "SELECT reference, id FROM route53_check",
    [STATEMENT_LOAD_DESCRIBED] = "SELECT since_ms FROM described"
                                 " WHERE cluster = ?1 AND service = ?2",
};

bool store_prepare_statements(struct store *store, int version, struct error *err)
{
    static const size_t counts[STORE_VERSION] = {STATEMENT_SAVE_ALIAS, STATEMENT_SAVE_ZONE,
                                                 STATEMENT_ADD_WEIGHT_CHANGE, STATEMENT_COUNT};
    size_t count = counts[version - 1];
    for (size_t i = 0; i < count; i++) {
        if (sqlite3_prepare_v3(store->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK) {
            return store_fail(store, err);
        }
    }
    return true;
}

void store_finalize_statements(struct store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}
