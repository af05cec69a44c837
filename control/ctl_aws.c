/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_aws.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/alloc.h"

struct ctl_aws {
    uv_loop_t loop;
    struct http_client *http;
    struct aws_settings *settings;
    struct aws_client *client;
};

struct ctl_aws *ctl_aws_open(const struct config_aws *config, struct error *err)
{
    CLEANUP(aws_settings_freep) struct aws_settings *settings = aws_settings_load(config, err);
    if (settings == NULL) {
        return NULL;
    }
    struct ctl_aws *aws = alloc_zeroed(1, sizeof(*aws));
    int failed = uv_loop_init(&aws->loop);
    if (failed != 0) {
        error_set(err, "an event loop cannot be made: %s", uv_strerror(failed));
        free(aws);
        return NULL;
    }
    aws->settings = STEAL(settings);
    aws->http = http_client_new(&aws->loop, err);
    if (aws->http == NULL) {
        ctl_aws_close(aws);
        return NULL;
    }
    aws->client = aws_client_new(&aws->loop, aws->http, aws->settings, NULL);
    return aws;
}

void ctl_aws_close(struct ctl_aws *aws)
{
    if (aws == NULL) {
        return;
    }
    aws_client_close(aws->client);
    uv_run(&aws->loop, UV_RUN_DEFAULT); /* the client's handles still use http */
    http_client_close(aws->http);
    uv_run(&aws->loop, UV_RUN_DEFAULT);
    int failed = uv_loop_close(&aws->loop);
    assert(failed == 0);
    aws_settings_free(aws->settings);
    free(aws);
}

void ctl_aws_closep(struct ctl_aws **aws)
{
    ctl_aws_close(*aws);
    *aws = NULL;
}

struct wait {
    struct aws_answer *answer;
    bool is_over;
};

static void on_done(void *argument, const struct aws_answer *answer)
{
    struct wait *wait = argument;
    *wait->answer = *answer;
    json_incref(wait->answer->document);
    wait->is_over = true;
}

void ctl_aws_call(struct ctl_aws *aws, const struct aws_request *request, struct aws_answer *answer)
{
    struct wait wait = {.answer = answer};
    aws_call_start(aws->client, request, on_done, &wait);
    while (!wait.is_over) {
        uv_run(&aws->loop, UV_RUN_ONCE);
    }
}

bool ctl_aws_ask(struct ctl_aws *aws, const struct aws_request *request, struct aws_answer *answer,
                 struct error *err)
{
    ctl_aws_call(aws, request, answer);
    if (answer->outcome == AWS_DONE) {
        return true;
    }
    error_set(err, "%s", answer->text);
    ctl_aws_answer_done(answer);
    return false;
}

void ctl_aws_answer_done(struct aws_answer *answer)
{
    json_decref(answer->document);
    answer->document = NULL;
}

struct aws_client *ctl_aws_client(struct ctl_aws *aws)
{
    return aws->client;
}

const struct aws_settings *ctl_aws_settings(const struct ctl_aws *aws)
{
    return aws->settings;
}

uv_loop_t *ctl_aws_loop(struct ctl_aws *aws)
{
    return &aws->loop;
}

struct http_client *ctl_aws_http(struct ctl_aws *aws)
{
    return aws->http;
}
