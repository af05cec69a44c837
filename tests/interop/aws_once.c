/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks AWS what is on standard input, a request a line, one after the other, as the daemon would,
 * and prints what comes of each, a line of JSON:
 *
 *   {"service": "ecs", "operation": "DescribeServices", "input": {…}, "timeout_ms": 1000,
 *    "attempts": 3, "is_query": false, "url": …, "method": …, "path": …, "query": …, "body": …}
 *
 *   {"endpoint": "ecs", "region": "eu-west-1"}    where a service is asked there, asking nobody
 *
 * Region, endpoint and credentials are the environment's. Attempts follow each other without a
 * pause. Exit 2: a line is no request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/aws/aws_client.h"
#include "control/aws/aws_endpoint.h"

static const char *text_of(const json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static bool find_service(const char *name, enum aws_service *service)
{
    for (size_t i = 0; name != NULL && i < AWS_SERVICE_COUNT; i++) {
        if (strcmp(aws_service_traits((enum aws_service)i)->name, name) == 0) {
            *service = (enum aws_service)i;
            return true;
        }
    }
    return false;
}

struct world {
    uv_loop_t loop;
    struct http_client *http;
    struct aws_settings *settings;
    struct aws_client *client;
    bool is_over;
};

static void print_answer(void *argument, const struct aws_answer *answer)
{
    struct world *world = argument;
    json_t *printed = json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:i, s:I, s:O*}", "outcome", aws_outcome_name(answer->outcome),
        "status", (int)answer->status, "code", answer->code, "text", answer->text, "request_id",
        answer->request_id, "attempts", (int)answer->attempts, "skew_ms",
        (json_int_t)aws_client_skew_ms(world->client), "document", answer->document);
    json_dumpf(printed, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(printed);
    world->is_over = true;
}

/* FIPS and dual-stack are the environment's. */
static bool print_endpoint(const struct world *world, const json_t *line)
{
    struct aws_endpoint endpoint;
    struct error err = {.text = ""};
    enum aws_service service = AWS_SQS;
    if (!find_service(text_of(line, "endpoint"), &service)) {
        return false;
    }
    bool is_found =
        aws_endpoint_find(world->settings, service, text_of(line, "region"), &endpoint, &err);
    json_t *printed =
        json_pack("{s:s*, s:s*, s:s}", "url", is_found ? endpoint.url : NULL, "signing_region",
                  is_found ? endpoint.signing_region : NULL, "error", err.text);
    json_dumpf(printed, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(printed);
    aws_endpoint_done(&endpoint);
    return true;
}

static bool ask(struct world *world, const json_t *line)
{
    struct aws_request request = {
        .operation = text_of(line, "operation"),
        .input = json_object_get(line, "input"),
        .timeout_ms = json_integer_value(json_object_get(line, "timeout_ms")),
        .attempts = (unsigned)json_integer_value(json_object_get(line, "attempts")),
        .is_query = json_is_true(json_object_get(line, "is_query")),
        .url = text_of(line, "url"),
        .method = text_of(line, "method"),
        .path = text_of(line, "path"),
        .query = text_of(line, "query"),
        .body = text_of(line, "body"),
    };
    if (request.operation == NULL || !find_service(text_of(line, "service"), &request.service)) {
        return false;
    }
    world->is_over = false;
    aws_call_start(world->client, &request, print_answer, world);
    while (!world->is_over) {
        uv_run(&world->loop, UV_RUN_ONCE);
    }
    return true;
}

static double no_pause(void *argument)
{
    (void)argument;
    return 0;
}

static bool open_world(struct world *world, struct error *err)
{
    const struct aws_chance chance = {aws_chance_system.now_ms, no_pause, NULL};
    uv_loop_init(&world->loop);
    world->settings = aws_settings_load(NULL, err);
    world->http = world->settings == NULL ? NULL : http_client_new(&world->loop, err);
    if (world->http == NULL) {
        return false;
    }
    world->client = aws_client_new(&world->loop, world->http, world->settings, &chance);
    return true;
}

static void close_world(struct world *world)
{
    aws_client_close(world->client);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    http_client_close(world->http);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    uv_loop_close(&world->loop);
    aws_settings_free(world->settings);
}

int main(void)
{
    struct error err;
    struct world world = {.is_over = true};
    char *text = NULL;
    size_t size = 0;
    int status = 0;
    if (!open_world(&world, &err)) {
        fprintf(stderr, "aws_once: %s\n", err.text);
        return 1;
    }
    while (status == 0 && getline(&text, &size, stdin) > 0) {
        json_t *line = json_loads(text, 0, NULL);
        bool is_endpoint = json_object_get(line, "endpoint") != NULL;
        bool is_good =
            line != NULL && (is_endpoint ? print_endpoint(&world, line) : ask(&world, line));
        status = is_good ? 0 : 2;
        json_decref(line);
    }
    free(text);
    close_world(&world);
    return status;
}
