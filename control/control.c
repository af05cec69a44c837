/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/control.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/alias_source.h"
#include "control/aws/aws_client.h"
#include "control/commands.h"
#include "control/cookie_source.h"
#include "control/ecs_level.h"
#include "control/event_queues.h"
#include "control/fleet.h"
#include "control/freeze.h"
#include "control/hook.h"
#include "control/intake.h"
#include "control/journal.h"
#include "control/key_work.h"
#include "control/metrics.h"
#include "control/model.h"
#include "control/named_check.h"
#include "control/notify.h"
#include "control/rollout_run.h"
#include "control/route53.h"
#include "control/rule.h"
#include "control/resolver_watch.h"
#include "control/rule_gates.h"
#include "control/share_watch.h"
#include "control/shift.h"
#include "control/targets.h"
#include "control/zone_change.h"
#include "control/zone_refresh.h"
#include "control/zone_start.h"
#include "zones/snapshot_builder.h"

bool control_check(const struct config *config, struct error *err)
{
    CLEANUP(record_sets_freep) struct record_sets *sets = record_sets_new(config, err);
    struct cookie_secrets cookies;
    if (sets == NULL || !cookie_source_load(&config->server.cookies, &cookies, err) ||
        !named_check(config, sets, err)) {
        return false;
    }
    struct zone_list zones = {.count = 0};
    bool is_good = zone_start_configured(&zones, config, sets, true, err);
    zone_list_done(&zones);
    return is_good;
}

static bool restore_member(struct control *control, const struct record_set_state *set,
                           struct member_state *member, struct error *err)
{
    bool found = false;
    uint8_t weight = 0;
    char forced[8] = "auto";
    if (!store_load_weight(control->store, set->key, member->config->id, &found, &weight, err) ||
        !store_load_forced(control->store, set->key, member->config->id, forced, err)) {
        return false;
    }
    member->weight = found ? weight : member->config->weight;
    return forced_health_parse(forced, &member->forced) ||
           error_set(err, "%s: health of %s/%s is forced to %s, which is none of auto, up, down",
                     control->config->control.state, set->key, member->config->id, forced);
}

static bool init_record_set(struct control *control, size_t index, struct error *err)
{
    struct record_set_state *set = &control->record_sets[index];
    set->control = control;
    set->config = &control->config->record_sets[index];
    set->record_set = control->sets->sets[index];
    name_print(set->record_set->name.octets, set->name);
    record_type_print(set->record_set->type, set->type);
    snprintf(set->key, sizeof(set->key), "%s/%s", set->name, set->type);
    set->member_count = set->config->member_count;
    set->log.kept_ms = share_watch_kept_ms(set->config->traffic);
    if (!store_load_ttl(control->store, set->key, &set->ttl_s, err)) {
        return false;
    }
    set->members = alloc_zeroed(set->member_count, sizeof(*set->members));
    for (size_t m = 0; m < set->member_count; m++) {
        set->members[m].config = &set->config->members[m];
        if (!restore_member(control, set, &set->members[m], err)) {
            return false;
        }
    }
    return true;
}

static bool init_rules(struct control *control, struct error *err)
{
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        struct rule_state *rule = &control->rules[i];
        rule->control = control;
        rule->config = &control->config->rollouts[i];
        rule->record_set_count = rule->config->record_set_count;
        rule->record_sets = alloc_zeroed(rule->record_set_count, sizeof(*rule->record_sets));
        for (size_t s = 0; s < rule->record_set_count; s++) {
            rule->record_sets[s] = &control->record_sets[rule->config->record_sets[s]];
            rule->record_sets[s]->rule = rule;
        }
        if (!plan_source_load(control->config, rule->config, &rule->plan, err) ||
            !rule_restore(rule, err)) {
            return false;
        }
    }
    return freeze_restore(control, err);
}

/* The state file outlives changes of the configuration. What nobody would expect is said here: a
 * rollout without a rule, */
static bool report_rollouts(struct control *control, struct error *err)
{
    struct rollout *running = NULL;
    size_t count = 0;
    if (!store_list_running_rollouts(control->store, &running, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct rule_state *rule = model_find_rule(control, running[i].rule, NULL);
        if (rule == NULL || rule->rollout.id != running[i].id) {
            log_warning("rollout %s #%lld: left at weight %u (%s to %s), for no rollout %s is "
                        "configured now; the weights stay as they are",
                        running[i].rule, (long long)running[i].id,
                        (unsigned)rollout_weight(&running[i]), running[i].stable,
                        running[i].candidate, running[i].rule);
        }
    }
    free(running);
    return true;
}

/* … and weights that are not the file's. */
static void report_weights(struct control *control)
{
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        struct shift shift;
        char text[ROLLOUT_TEXT_SIZE];
        shift_init(&shift, &control->record_sets[i]);
        bool is_as_configured = true;
        for (size_t m = 0; m < shift.set->member_count; m++) {
            is_as_configured &= shift.weights[m] == shift.set->members[m].config->weight;
        }
        if (!is_as_configured) {
            shift_print(&shift, text, sizeof(text));
            log_info("%s: weights are as last set, not as configured: %s", shift.set->key, text);
        }
    }
}

static void publish_first(struct control *control, const struct cookie_secrets *cookies)
{
    struct snapshot_builder *builder = publisher_begin(&control->publisher, control->sets);
    snapshot_builder_set_zones(builder, zone_start_table(&control->zones));
    snapshot_builder_set_cookies(builder, cookies);
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        shift_build(&control->record_sets[i], builder);
    }
    publisher_publish(&control->publisher, snapshot_builder_finish(builder));
}

static bool restore_aliases(struct control *control, struct error *err)
{
    struct zone_table *zones = zone_start_table(&control->zones);
    bool is_good = alias_sources_restore(control, zones, err);
    zone_table_free(zones);
    return is_good;
}

static bool init_state(struct control *control, struct error *err)
{
    const struct config *config = control->config;
    control->record_sets = alloc_zeroed(config->record_set_count, sizeof(*control->record_sets));
    control->unpublished = alloc_zeroed(config->record_set_count, sizeof(*control->unpublished));
    control->rules = alloc_zeroed(config->rollout_count, sizeof(*control->rules));
    control->store = store_open(config->control.state, err);
    if (control->store == NULL || !zone_start_stored(control, err)) {
        return false;
    }
    store_keep_history(control->store, config->control.history_most,
                       config->control.history_keep_ms);
    for (size_t i = 0; i < config->record_set_count; i++) {
        if (!init_record_set(control, i, err)) {
            return false;
        }
    }
    report_weights(control);
    return restore_aliases(control, err) && init_rules(control, err) &&
           report_rollouts(control, err) && fleet_new(control, err);
}

struct control *control_new(const struct config *config, const struct record_sets *sets,
                            struct exchange *exchange, struct error *err)
{
    struct cookie_secrets cookies;
    if (!named_check(config, sets, err) ||
        !cookie_source_load(&config->server.cookies, &cookies, err)) {
        return NULL;
    }
    struct control *control = alloc_zeroed(1, sizeof(*control));
    control->config = config;
    control->sets = sets;
    control->exchange = exchange;
    control->started_ms = clock_now_ms();
    publisher_init(&control->publisher, exchange);
    if (!zone_start_configured(&control->zones, config, sets, false, err) ||
        !init_state(control, err)) {
        control_free(control);
        return NULL;
    }
    publish_first(control, &cookies);
    uv_loop_init(&control->loop);
    control->has_loop = true;
    publisher_watch(&control->publisher, &control->loop);
    weight_queue_open(control);
    event_push_open(control);
    zone_refresh_open(control);
    share_watch_open(control);
    resolver_watch_open(control);
    for (size_t i = 0; i < config->rollout_count; i++) {
        rule_open(&control->rules[i]);
    }
    return control;
}

static json_t *on_post_events(void *argument, const char *body, size_t len, const char *who,
                              unsigned *status)
{
    struct error err;
    json_t *result = intake_push(argument, body, len, who, &err);
    *status = result == NULL ? 503 : 200;
    return result != NULL ? result : json_pack("{s:s}", "error", err.text);
}

static char *on_get_metrics(void *argument)
{
    return metrics_print(argument);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct control *control = handle->data;
    if (number == SIGHUP && control->is_stopping) {
        return;
    }
    if (number == SIGHUP) {
        cookie_source_reload(control);
        alias_sources_renew_resolver(control);
        zone_change_ask(control, &(struct zone_change){.kind = ZONE_RELOAD, .who = "signal HUP"});
    } else {
        control_stop(control, number == SIGTERM ? "signal TERM" : "signal INT");
    }
}

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP};

static void start_signals(struct control *control)
{
    static_assert(ARRAY_LEN(signal_numbers) == ARRAY_LEN(control->signals), "one handle a signal");
    for (size_t i = 0; i < ARRAY_LEN(control->signals); i++) {
        uv_signal_init(&control->loop, &control->signals[i]);
        control->signals[i].data = control;
        uv_signal_start(&control->signals[i], on_signal, signal_numbers[i]);
        uv_unref((uv_handle_t *)&control->signals[i]);
    }
}

/* The handles that control_new opened, whether the loop ever ran or not. */
static void close_handles(struct control *control)
{
    weight_queue_close(control);
    event_push_close(control);
    zone_refresh_close(control);
    share_watch_close(control);
    resolver_watch_close(control);
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        uv_close((uv_handle_t *)&control->rules[i].timer, NULL);
    }
}

/* What a fleet's node needs to hand over, and a second signal, to stop at once. */
static void finish_stop(struct control *control)
{
    fleet_stop(control);
    aws_client_close(STEAL(control->aws));
    http_client_close(STEAL(control->outgoing));
    /* libuv gives a signal its default back: one that comes then would end what ends well. */
    sigset_t numbers;
    sigemptyset(&numbers);
    for (size_t i = 0; i < ARRAY_LEN(signal_numbers); i++) {
        sigaddset(&numbers, signal_numbers[i]);
    }
    pthread_sigmask(SIG_BLOCK, &numbers, NULL);
    for (size_t i = 0; i < ARRAY_LEN(control->signals); i++) {
        uv_close((uv_handle_t *)&control->signals[i], NULL);
        signal(signal_numbers[i], SIG_IGN);
    }
}

void control_stop(struct control *control, const char *who)
{
    if (control->is_stopping) {
        fleet_leave_now(control);
        return;
    }
    log_info("stopping (%s)", who);
    control->is_stopping = true;
    close_handles(control);
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        rule_gates_stop(&control->rules[i]);
    }
    notify_close(control);
    event_queues_close(control);
    ecs_level_close(control);
    hooks_close(control);
    route53_close(control);
    alias_sources_stop(control);
    checker_close(control->checker);
    control->checker = NULL;
    http_server_close(control->http);
    control->http = NULL;
    zone_change_stop(control);
    publisher_close(&control->publisher);
    admin_server_close(control->admin);
    control->admin = NULL;
    fleet_leave(control, finish_stop);
}

static bool open_sockets(struct control *control, struct error *err)
{
    const struct config_control *config = &control->config->control;
    const struct http_handlers handlers = {on_post_events, on_get_metrics, control};
    control->admin = admin_server_open(&control->loop, config->socket, &config->rights,
                                       commands_handle, control, err);
    if (control->admin != NULL && config->has_http) {
        control->http = http_server_open(&control->loop, config, &handlers, err);
    }
    return control->admin != NULL && (control->http != NULL || !config->has_http);
}

/* For whatever of the configuration asks AWS. */
static bool open_aws(struct control *control, struct error *err)
{
    if (!config_asks_aws(control->config)) {
        return true;
    }
    control->aws_settings = aws_settings_load(&control->config->aws, err);
    if (control->aws_settings == NULL) {
        return error_add_context(err, "aws");
    }
    control->aws = aws_client_new(&control->loop, control->outgoing, control->aws_settings, NULL);
    return true;
}

/* Rollouts last: a daemon that cannot start moves nothing, and one that goes on waits for verdicts.
 * Nobody is served before the loop turns. */
static bool open_all(struct control *control, struct error *err)
{
    if (!open_sockets(control, err) ||
        (control->outgoing = http_client_new(&control->loop, err)) == NULL ||
        !open_aws(control, err) || !targets_start(control, err) ||
        !alias_sources_start(control, err)) {
        return false;
    }
    if (!route53_open(control, err)) {
        return false;
    }
    share_watch_start(control);
    notify_open(control);
    fleet_start(control);
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        rule_watch(&control->rules[i]);
    }
    if (!hooks_open(control, err)) {
        return false;
    }
    event_queues_open(control);
    ecs_level_open(control);
    key_work_start(control);
    return true;
}

bool control_run(struct control *control, struct error *err)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ,
           SIG_IGN); /* a limit on the size of files fails the write, as a full disk does */
    start_signals(control);
    bool is_open = open_all(control, err);
    if (is_open) {
        log_info("ready: %zu zones, %zu weighted record sets, %zu health check targets, "
                 "%zu alias targets",
                 control->publisher.current->zones->count, control->config->record_set_count,
                 checker_target_count(control->checker), control->alias_count);
    } else {
        control_stop(control, "cannot start");
    }
    uv_run(&control->loop, UV_RUN_DEFAULT);
    return is_open;
}

static void free_loop(struct control *control)
{
    if (!control->has_loop) {
        return;
    }
    if (!control->is_stopping) {
        close_handles(control);
    }
    uv_close((uv_handle_t *)&control->publisher.async, NULL);
    uv_run(&control->loop, UV_RUN_DEFAULT);
    int result = uv_loop_close(&control->loop);
    assert(result == 0);
}

void control_free(struct control *control)
{
    if (control == NULL) {
        return;
    }
    free_loop(control);
    zone_change_stop(control);
    publisher_done(&control->publisher);
    journal_close(control);
    fleet_free(control->fleet);
    store_close(control->store);
    for (size_t i = 0; control->record_sets != NULL && i < control->config->record_set_count; i++) {
        for (size_t m = 0; m < control->record_sets[i].member_count; m++) {
            free(control->record_sets[i].members[m].targets);
            free(control->record_sets[i].members[m].new_records);
        }
        free(control->record_sets[i].members);
        weight_log_done(&control->record_sets[i].log);
        answer_log_done(&control->record_sets[i].answers);
    }
    for (size_t i = 0; control->rules != NULL && i < control->config->rollout_count; i++) {
        rule_gates_stop(&control->rules[i]);
        free(control->rules[i].record_sets);
        free(control->rules[i].before);
        plan_source_done(&control->rules[i].plan);
        rollout_run_free(control->rules[i].rollout.run);
    }
    free(control->record_sets);
    free(control->unpublished);
    free(control->rules);
    zone_list_done(&control->zones);
    free(control->target_users);
    aws_settings_free(control->aws_settings);
    alias_sources_free(control);
    resolver_watch_free(control->resolvers);
    free(control);
}
