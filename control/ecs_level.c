/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ecs_level.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/aws/aws_client.h"
#include "control/ecs_level_private.h"
#include "control/event_queues.h"
#include "control/http/outside_text.h"

/* After an event; others of the same change come meanwhile. */
#define SOON_MS    1000
#define TASKS_MAX  100
#define MOST_TASKS 5000 /* of a service */

static void begin(struct ecs_level *level);
static void look_at_next(struct ecs_level *level);

/* ---- what is wrong ---- */

/* Said when it is new: a service that is not there is not there each time. */
static bool set_problem(struct level_service *service, const char *code, const char *text)
{
    bool is_new = text[0] != '\0' && strcmp(code, service->code) != 0;
    if (text[0] == '\0' && service->problem[0] != '\0') {
        log_info("ECS service %s of cluster %s is described again", service->name,
                 service->cluster);
    }
    snprintf(service->code, sizeof(service->code), "%s", code);
    outside_text_copy(text, service->problem, sizeof(service->problem));
    return is_new;
}

static void fail_service(struct level_service *service, const char *text)
{
    if (set_problem(service, text, text)) {
        log_warning("ECS service %s of cluster %s: %s", service->name, service->cluster,
                    service->problem);
    }
}

/* Nothing is known of the services that are left of the group; one line for all of them. */
static void fail(struct ecs_level *level, const struct aws_answer *answer)
{
    const char *code = answer->code[0] == '\0' ? aws_outcome_name(answer->outcome) : answer->code;
    bool is_new = false;
    for (size_t i = level->at; i < level->look_count; i++) {
        is_new |= set_problem(level->looks[i].service, code, answer->text);
    }
    if (is_new) {
        log_warning("services of ECS cluster %s are not described: %s",
                    level->looks[0].service->cluster, answer->text);
    }
}

/* ---- a round ---- */

static void end_looks(struct ecs_level *level)
{
    for (size_t i = 0; i < level->look_count; i++) {
        json_decref(level->looks[i].document);
        json_decref(level->looks[i].arns);
        json_decref(level->looks[i].tasks);
    }
    level->look_count = level->at = 0;
}

/* Those that are due still follow. */
static void end_group(struct ecs_level *level)
{
    end_looks(level);
    begin(level);
}

static void ask(struct ecs_level *level, const char *operation, json_t *input, aws_done done)
{
    const struct aws_request request = {.service = AWS_ECS, .operation = operation, .input = input};
    level->call = aws_call_start(level->control->aws, &request, done, level);
    json_decref(input);
}

/* ---- tasks ---- */

static void count_health(struct look *look)
{
    struct level_service *service = look->service;
    size_t i;
    const json_t *task;
    service->healthy = service->unhealthy = service->unknown = 0;
    json_array_foreach(look->tasks, i, task)
    {
        const char *last = json_string_value(json_object_get(task, "lastStatus"));
        const char *health = json_string_value(json_object_get(task, "healthStatus"));
        if (last != NULL && strcmp(last, "RUNNING") == 0) {
            bool is_healthy = health != NULL && strcmp(health, "HEALTHY") == 0;
            bool is_unhealthy = health != NULL && strcmp(health, "UNHEALTHY") == 0;
            service->healthy += is_healthy ? 1 : 0;
            service->unhealthy += is_unhealthy ? 1 : 0;
            service->unknown += is_healthy || is_unhealthy ? 0 : 1;
        }
    }
}

static void end_take(struct ecs_level *level)
{
    level->at++;
    look_at_next(level);
}

/* A few tasks a turn of the loop: hundreds may have been missed, each a wait for the disk. */
static void on_turn(uv_timer_t *timer)
{
    struct ecs_level *level = timer->data;
    struct error err;
    bool is_over = false;
    level->is_taking = true;
    bool is_taken = ecs_level_take_some(&level->taking, &is_over, &err);
    level->is_taking = false;
    if (!is_taken) { /* the store has failed, and has been said to; the next round tries again */
        log_debug("ECS service %s: %s", level->looks[level->at].service->name, err.text);
    }
    if (is_taken && !is_over) {
        uv_timer_start(&level->turn, on_turn, 0, 0);
    } else {
        end_take(level);
    }
}

static void take(struct ecs_level *level, struct look *look)
{
    struct error err;
    count_health(look);
    (void)set_problem(look->service, "", "");
    look->service->described_ms = clock_now_ms();
    level->taking = (struct ecs_level_taking){.control = level->control,
                                              .cluster = look->service->cluster,
                                              .described = &look->service->described,
                                              .document = look->document,
                                              .tasks = look->tasks};
    level->is_taking = true;
    bool is_begun = ecs_level_take_begin(&level->taking, &err);
    level->is_taking = false;
    if (is_begun) {
        uv_timer_start(&level->turn, on_turn, 0, 0);
    } else {
        log_debug("ECS service %s: %s", look->service->name, err.text);
        end_take(level);
    }
}

static void on_tasks(void *argument, const struct aws_answer *answer);

static void describe_tasks(struct ecs_level *level)
{
    struct look *look = &level->looks[level->at];
    json_t *some = json_array();
    while (json_array_size(some) < TASKS_MAX && json_array_size(look->arns) > 0) {
        json_array_append(some, json_array_get(look->arns, 0));
        json_array_remove(look->arns, 0);
    }
    if (json_array_size(some) > 0) {
        ask(level, "DescribeTasks",
            json_pack("{s:s, s:o}", "cluster", look->service->cluster, "tasks", some), on_tasks);
        return;
    }
    json_decref(some);
    take(level, look);
}

/* Tasks that are gone since they were listed are failures of the answer, and left out. */
static void on_tasks(void *argument, const struct aws_answer *answer)
{
    struct ecs_level *level = argument;
    struct look *look = &level->looks[level->at];
    const json_t *tasks = json_object_get(answer->document, "tasks");
    level->call = NULL;
    if (answer->outcome != AWS_DONE) {
        fail(level, answer);
        end_group(level);
        return;
    }
    if (!json_is_array(tasks)) {
        fail_service(look->service, "DescribeTasks answers without a list of tasks");
        level->at++;
        look_at_next(level);
        return;
    }
    json_array_extend(look->tasks, (json_t *)tasks);
    describe_tasks(level);
}

static void list_tasks(struct ecs_level *level, const char *token);

static void on_listed(void *argument, const struct aws_answer *answer)
{
    struct ecs_level *level = argument;
    struct look *look = &level->looks[level->at];
    const json_t *arns = json_object_get(answer->document, "taskArns");
    const char *token = json_string_value(json_object_get(answer->document, "nextToken"));
    level->call = NULL;
    if (answer->outcome != AWS_DONE) {
        fail(level, answer);
        end_group(level);
        return;
    }
    if (!json_is_array(arns)) {
        fail_service(look->service, "ListTasks answers without a list of tasks");
        level->at++;
        look_at_next(level);
        return;
    }
    json_array_extend(look->arns, (json_t *)arns);
    bool is_more = token != NULL && json_array_size(arns) > 0;
    if (is_more && json_array_size(look->arns) < MOST_TASKS) {
        list_tasks(level, token);
    } else if (!look->lists_stopped) {
        look->lists_stopped = true; /* behind those that run, so that a task that was replaced is
                                       no loss */
        list_tasks(level, NULL);
    } else {
        describe_tasks(level);
    }
}

static void list_tasks(struct ecs_level *level, const char *token)
{
    const struct look *look = &level->looks[level->at];
    json_t *input = json_pack("{s:s, s:s, s:s, s:i}", "cluster", look->service->cluster,
                              "serviceName", look->service->name, "desiredStatus",
                              look->lists_stopped ? "STOPPED" : "RUNNING", "maxResults", TASKS_MAX);
    if (token != NULL) {
        json_object_set_new(input, "nextToken", json_string(token));
    }
    ask(level, "ListTasks", input, on_listed);
}

static void look_at_next(struct ecs_level *level)
{
    while (level->at < level->look_count && level->looks[level->at].document == NULL) {
        level->at++;
    }
    if (level->at < level->look_count) {
        list_tasks(level, NULL);
    } else {
        end_group(level);
    }
}

/* ---- services ---- */

static struct look *find_look(struct ecs_level *level, const char *name)
{
    for (size_t i = 0; name != NULL && i < level->look_count; i++) {
        if (strcmp(level->looks[i].service->name, name) == 0) {
            return &level->looks[i];
        }
    }
    return NULL;
}

static const char *last_part(const char *arn)
{
    const char *slash = strrchr(arn, '/');
    return slash == NULL ? arn : slash + 1;
}

static bool is_told_of(const struct look *look)
{
    return look->document != NULL || look->has_failed;
}

static void fail_look(struct look *look, const char *text)
{
    look->has_failed = true;
    fail_service(look->service, text);
}

static void read_services(struct ecs_level *level, const json_t *document)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(document, "services"), i, item)
    {
        struct ecs_described described;
        struct error err;
        struct look *look =
            find_look(level, json_string_value(json_object_get(item, "serviceName")));
        if (look == NULL || is_told_of(look)) {
            continue;
        }
        if (!ecs_described_read(item, &described, &err)) {
            fail_look(look, err.text);
            continue;
        }
        look->service->described = described;
        look->document = json_incref((json_t *)item);
    }
    json_array_foreach(json_object_get(document, "failures"), i, item)
    {
        const char *arn = json_string_value(json_object_get(item, "arn"));
        const char *reason = json_string_value(json_object_get(item, "reason"));
        struct look *look = arn == NULL ? NULL : find_look(level, last_part(arn));
        if (look != NULL && !is_told_of(look)) {
            fail_look(look, reason == NULL ? "ECS does not describe it" : reason);
        }
    }
    for (i = 0; i < level->look_count; i++) {
        if (!is_told_of(&level->looks[i])) {
            fail_look(&level->looks[i], "DescribeServices answers without it");
        }
    }
}

static void on_services(void *argument, const struct aws_answer *answer)
{
    struct ecs_level *level = argument;
    level->call = NULL;
    if (answer->outcome != AWS_DONE) {
        fail(level, answer);
        end_group(level);
        return;
    }
    read_services(level, answer->document);
    look_at_next(level);
}

static void begin(struct ecs_level *level)
{
    json_t *names = json_array();
    const char *cluster = NULL;
    bool may_ask = level->call == NULL && level->look_count == 0 && queue_may_poll(level->control);
    for (size_t i = 0; may_ask && i < level->count && level->look_count < SERVICES_MAX; i++) {
        struct level_service *service = &level->services[i];
        if (service->is_due && (cluster == NULL || strcmp(cluster, service->cluster) == 0)) {
            cluster = service->cluster;
            service->is_due = false;
            json_array_append_new(names, json_string(service->name));
            level->looks[level->look_count++] =
                (struct look){.service = service, .arns = json_array(), .tasks = json_array()};
        }
    }
    if (cluster == NULL) {
        json_decref(names);
    } else {
        ask(level, "DescribeServices",
            json_pack("{s:s, s:o}", "cluster", cluster, "services", names), on_services);
    }
}

static void on_soon(uv_timer_t *timer)
{
    begin(timer->data);
}

static void on_interval(uv_timer_t *timer)
{
    struct ecs_level *level = timer->data;
    for (size_t i = 0; i < level->count; i++) {
        level->services[i].is_due = true;
    }
    begin(level);
}

void ecs_level_ask(struct control *control, const char *name)
{
    struct ecs_level *level = control->level;
    bool is_ours = false;
    if (level == NULL || level->is_taking) {
        return;
    }
    for (size_t i = 0; i < level->count; i++) {
        if (strcmp(level->services[i].name, name) == 0) {
            level->services[i].is_due = is_ours = true;
        }
    }
    if (is_ours && !uv_is_active((uv_handle_t *)&level->soon)) {
        uv_timer_start(&level->soon, on_soon, SOON_MS, 0);
    }
}

/* ---- all ---- */

static void add_service(struct ecs_level *level, const char *cluster, const char *name)
{
    for (size_t i = 0; i < level->count; i++) {
        if (strcmp(level->services[i].cluster, cluster) == 0 &&
            strcmp(level->services[i].name, name) == 0) {
            return;
        }
    }
    level->services = alloc_resize(level->services, level->count + 1, sizeof(*level->services));
    level->services[level->count++] = (struct level_service){.cluster = cluster, .name = name};
}

static void add_services(struct ecs_level *level, const struct rule_state *rule)
{
    for (size_t s = 0; s < rule->record_set_count; s++) {
        const struct config_record_set *set = rule->record_sets[s]->config;
        for (size_t m = 0; m < set->member_count; m++) {
            if (set->members[m].ecs_service != NULL) {
                add_service(level, rule->config->cluster, set->members[m].ecs_service);
            }
        }
    }
}

void ecs_level_open(struct control *control)
{
    int64_t interval_ms = control->config->aws.ecs_interval_ms;
    if (interval_ms == 0) {
        return;
    }
    struct ecs_level *level = alloc_zeroed(1, sizeof(*level));
    level->control = control;
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        add_services(level, &control->rules[i]);
    }
    uv_timer_init(&control->loop, &level->interval);
    uv_timer_init(&control->loop, &level->soon);
    uv_timer_init(&control->loop, &level->turn);
    level->interval.data = level->soon.data = level->turn.data = level;
    level->open_handles = 3;
    uv_timer_start(&level->interval, on_interval, 0, (uint64_t)interval_ms);
    control->level = level;
}

static void on_closed(uv_handle_t *handle)
{
    struct ecs_level *level = handle->data;
    if (--level->open_handles == 0) {
        free(level->services);
        free(level);
    }
}

void ecs_level_close(struct control *control)
{
    struct ecs_level *level = STEAL(control->level);
    if (level == NULL) {
        return;
    }
    aws_call_cancel(STEAL(level->call));
    end_looks(level);
    uv_close((uv_handle_t *)&level->interval, on_closed);
    uv_close((uv_handle_t *)&level->soon, on_closed);
    uv_close((uv_handle_t *)&level->turn, on_closed);
}

unsigned ecs_level_desired(const struct control *control, const char *cluster_arn,
                           const char *service, const char *deployment)
{
    const struct ecs_level *level = control->level;
    for (size_t i = 0; level != NULL && i < level->count; i++) {
        const struct ecs_described *described = &level->services[i].described;
        if (level->services[i].described_ms != 0 && strcmp(described->name, service) == 0 &&
            strcmp(described->cluster_arn, cluster_arn) == 0) {
            const struct ecs_described_deployment *found =
                ecs_described_find(described, deployment);
            return found == NULL ? 0 : (unsigned)found->desired;
        }
    }
    return 0;
}
