/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_call.h"
#include "control/aws/aws_endpoint.h"
#include "control/aws/aws_retry.h"
#include "control/aws/aws_sign.h"
#include "control/http/http_request.h"
#include "control/http/outside_text.h"

#define TIMEOUT_DEFAULT_MS 10000
#define CONNECT_MAX_MS     3000
#define ATTEMPTS_DEFAULT   3
#define ANSWER_MAX         (16U << 20)

struct aws_client {
    uv_loop_t *loop;
    struct http_client *http;
    const struct aws_settings *settings;
    struct aws_chance chance;
    struct aws_credential_source *source;
    struct aws_retry_bucket buckets[AWS_SERVICE_COUNT];
};

struct aws_call {
    struct aws_client *client;
    struct aws_request request; /* its texts are ours */
    struct aws_message message;
    aws_done done;
    void *argument;
    uv_timer_t timer; /* until the next attempt */
    struct aws_credential_wait *wait;
    struct http_call *http;
    unsigned attempts;
    unsigned retry_cost; /* tokens of the last retry */
    char *key_id;        /* that signed the last attempt; NULL: none yet */
    bool skew_was_corrected, credentials_were_renewed;
    struct aws_answer answer;
};

const char *aws_outcome_name(enum aws_outcome outcome)
{
    static const char *const names[] = {
        [AWS_DONE] = "done",
        [AWS_REFUSED] = "refused",
        [AWS_THROTTLED] = "throttled",
        [AWS_NO_CREDENTIALS] = "no credentials",
        [AWS_UNREACHABLE] = "unreachable",
    };
    return names[outcome];
}

struct aws_client *aws_client_new(uv_loop_t *loop, struct http_client *http,
                                  const struct aws_settings *settings,
                                  const struct aws_chance *chance)
{
    struct aws_client *client = alloc_zeroed(1, sizeof(*client));
    client->loop = loop;
    client->http = http;
    client->settings = settings;
    client->chance = chance != NULL ? *chance : aws_chance_system;
    client->source = aws_credential_source_new(loop, http, settings, &client->chance);
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        aws_retry_bucket_init(&client->buckets[i]);
    }
    return client;
}

void aws_client_close(struct aws_client *client)
{
    if (client != NULL) {
        aws_credential_source_close(client->source);
        free(client);
    }
}

int64_t aws_client_skew_ms(const struct aws_client *client)
{
    return aws_credentials_skew_ms(client->source);
}

uv_loop_t *aws_client_loop(const struct aws_client *client)
{
    return client->loop;
}

struct aws_credential_source *aws_client_credentials(struct aws_client *client)
{
    return client->source;
}

static void free_call(uv_handle_t *handle)
{
    struct aws_call *call = handle->data;
    aws_message_done(&call->message);
    json_decref(call->request.input);
    json_decref(call->answer.document);
    free((char *)call->request.operation);
    free((char *)call->request.url);
    free(call->key_id);
    free(call);
}

static void finish(struct aws_call *call, enum aws_outcome outcome)
{
    call->answer.outcome = outcome;
    call->answer.attempts = call->attempts;
    call->done(call->argument, &call->answer);
    uv_close((uv_handle_t *)&call->timer, free_call);
}

static void finish_with(struct aws_call *call, enum aws_outcome outcome, const char *text)
{
    CLEANUP(alloc_freep)
    char *whole = alloc_printf("%s %s: %s", aws_service_traits(call->request.service)->name,
                               call->request.operation, text);
    outside_text_copy(whole, call->answer.text, sizeof(call->answer.text));
    finish(call, outcome);
}

static void begin_attempt(struct aws_call *call);

static void on_timer(uv_timer_t *timer)
{
    begin_attempt(timer->data);
}

static enum aws_outcome outcome_of(enum aws_failure failure, const struct aws_answer *answer)
{
    switch (failure) {
    case AWS_FAILURE_NONE:
        return AWS_DONE;
    case AWS_FAILURE_THROTTLED:
        return AWS_THROTTLED;
    case AWS_FAILURE_CREDENTIALS:
        return AWS_NO_CREDENTIALS;
    case AWS_FAILURE_FINAL:
    case AWS_FAILURE_CLOCK:
        return AWS_REFUSED;
    case AWS_FAILURE_PASSING:
    case AWS_FAILURE_TIMEOUT:
    default:
        /* "PriorRequestNotComplete" and others that have a code are answers. */
        return answer->status >= 400 && answer->status < 500 ? AWS_REFUSED : AWS_UNREACHABLE;
    }
}

/* Throws away what the attempt brought, and makes another after so many ms. */
static void try_again(struct aws_call *call, int64_t wait_ms)
{
    json_decref(call->answer.document);
    call->answer = (struct aws_answer){.status = 0};
    uv_timer_start(&call->timer, on_timer, (uint64_t)wait_ms, 0);
}

/* True: the clock is corrected, for everybody, and the attempt may be made again at once. */
static bool corrects_clock(struct aws_call *call, enum aws_failure failure, const char *date)
{
    struct aws_client *client = call->client;
    int64_t skew_ms = aws_client_skew_ms(client);
    if (call->skew_was_corrected ||
        !aws_call_corrects_skew(failure, &call->answer, date,
                                client->chance.now_ms(client->chance.argument), &skew_ms)) {
        return false;
    }
    aws_credentials_set_skew(client->source, skew_ms);
    call->skew_was_corrected = true;
    return true;
}

/* True: there may be others than those that were refused, and the next attempt waits for them. */
static bool renews_credentials(struct aws_call *call, enum aws_failure failure)
{
    if (failure != AWS_FAILURE_CREDENTIALS || call->credentials_were_renewed) {
        return false;
    }
    call->credentials_were_renewed = true;
    return aws_credentials_refused(call->client->source, call->key_id);
}

/* The attempt failed: again, or the end. */
static void judge_failure(struct aws_call *call, enum aws_failure failure, int64_t retry_after_ms)
{
    struct aws_client *client = call->client;
    unsigned most = call->request.attempts > 0 ? call->request.attempts : ATTEMPTS_DEFAULT;
    bool passes = failure == AWS_FAILURE_PASSING || failure == AWS_FAILURE_TIMEOUT ||
                  failure == AWS_FAILURE_THROTTLED;
    if (passes && call->attempts < most &&
        aws_retry_take(&client->buckets[call->request.service], failure, &call->retry_cost)) {
        try_again(call, aws_retry_wait_ms(call->attempts - 1, failure, retry_after_ms,
                                          client->chance.fraction(client->chance.argument)));
        return;
    }
    finish(call, outcome_of(failure, &call->answer));
}

static void judge_answer(struct aws_call *call, const struct http_answer *answer)
{
    const struct aws_response response = {
        .status = answer->status,
        .body = answer->body,
        .len = answer->len,
        .error_type = http_answer_header(answer, "x-amzn-ErrorType"),
        .request_id = http_answer_header(answer, "x-amzn-RequestId"),
        .content_type = http_answer_header(answer, "Content-Type"),
    };
    enum aws_failure failure = aws_call_judge(&call->request, &response, &call->answer);
    int64_t retry_after_ms = aws_call_retry_after_ms(
        http_answer_header(answer, "Retry-After"), http_answer_header(answer, "x-amz-retry-after"));
    if (failure == AWS_FAILURE_NONE) {
        aws_retry_give(&call->client->buckets[call->request.service], call->retry_cost);
        finish(call, AWS_DONE);
    } else if (corrects_clock(call, failure, http_answer_header(answer, "Date"))) {
        try_again(call, 0);
    } else if (renews_credentials(call, failure)) {
        try_again(call, 0);
    } else {
        judge_failure(call, failure, retry_after_ms);
    }
}

static void on_answer(void *argument, const struct http_answer *answer)
{
    struct aws_call *call = argument;
    call->http = NULL;
    if (answer->is_whole) {
        judge_answer(call, answer);
        return;
    }
    snprintf(call->answer.text, sizeof(call->answer.text), "%s %s: %s",
             aws_service_traits(call->request.service)->name, call->request.operation,
             answer->text);
    judge_failure(call, answer->timed_out ? AWS_FAILURE_TIMEOUT : AWS_FAILURE_PASSING, 0);
}

/* Everything that decides about the answer is in the signature. */
static void send_signed(struct aws_call *call, const struct aws_endpoint *endpoint,
                        const struct aws_credentials *credentials)
{
    const struct aws_client *client = call->client;
    const struct aws_message *message = &call->message;
    CLEANUP(alloc_freep) char *path = alloc_printf("%s%s", endpoint->path, message->path);
    CLEANUP(alloc_freep)
    char *url = alloc_printf("%s%s%s%s", endpoint->url, message->path,
                             message->query[0] != '\0' ? "?" : "", message->query);
    struct aws_signature signature;
    int64_t now_ms = client->chance.now_ms(client->chance.argument) + aws_client_skew_ms(client);
    const struct aws_to_sign to_sign = {
        .method = message->method,
        .host = endpoint->host,
        .path = path,
        .query = message->query,
        .headers = (const char *const *)message->headers,
        .body = message->body,
        .body_len = message->body_len,
        .region = endpoint->signing_region,
        .service = aws_service_traits(call->request.service)->signing_name,
        .time_s = now_ms / 1000,
        .normalizes_path = true,
    };
    aws_sign(&to_sign, credentials, &signature);
    const char *headers[AWS_CALL_HEADERS + 5];
    size_t count = 0;
    for (; message->headers[count] != NULL; count++) {
        headers[count] = message->headers[count];
    }
    headers[count++] = "Accept: */*";
    headers[count++] = signature.date;
    headers[count++] = signature.authorization;
    headers[count++] = signature.token; /* NULL ends it */
    headers[count] = NULL;
    int64_t timeout_ms =
        call->request.timeout_ms > 0 ? call->request.timeout_ms : TIMEOUT_DEFAULT_MS;
    const struct http_request request = {
        .method = message->method,
        .url = url,
        .ca_file = client->settings->ca_file,
        .headers = headers,
        .body = strcmp(message->method, "POST") == 0 ? message->body : NULL,
        .body_len = message->body_len,
        .purpose = aws_service_traits(call->request.service)->name,
        .timeout_ms = timeout_ms,
        .connect_timeout_ms = timeout_ms < CONNECT_MAX_MS ? timeout_ms : CONNECT_MAX_MS,
        .answer_max = ANSWER_MAX,
        .keeps_connection = !call->request.is_sent_once,
    };
    call->http = http_call_start(client->http, &request, on_answer, call);
    aws_signature_done(&signature);
}

static bool find_endpoint(const struct aws_call *call, struct aws_endpoint *endpoint,
                          struct error *err)
{
    const struct aws_client *client = call->client;
    const struct aws_settings *settings = client->settings;
    const char *region = aws_credentials_region(client->source);
    bool is_set =
        settings->endpoint_url != NULL || settings->endpoint_urls[call->request.service] != NULL;
    if (call->request.url != NULL && !is_set) {
        return aws_call_queue_endpoint(call->request.url, region, endpoint, err);
    }
    return aws_endpoint_find(settings, call->request.service, region, endpoint, err);
}

static void on_credentials(void *argument, const struct aws_credentials *credentials,
                           const struct error *why)
{
    struct aws_call *call = argument;
    struct aws_endpoint endpoint = {.url = NULL};
    struct error err = {.text = ""};
    call->wait = NULL;
    if (credentials == NULL) {
        finish_with(call, AWS_NO_CREDENTIALS, why->text);
    } else if (!find_endpoint(call, &endpoint, &err)) {
        finish_with(call, AWS_REFUSED, err.text);
    } else {
        call->attempts++;
        free(call->key_id);
        call->key_id = alloc_string(credentials->access_key_id);
        send_signed(call, &endpoint, credentials);
    }
    aws_endpoint_done(&endpoint);
}

static void begin_attempt(struct aws_call *call)
{
    struct aws_credential_source *source = call->client->source;
    call->wait = call->credentials_were_renewed
                     ? aws_credentials_ask_other(source, call->key_id, on_credentials, call)
                     : aws_credentials_ask(source, on_credentials, call);
}

struct aws_call *aws_call_start(struct aws_client *client, const struct aws_request *request,
                                aws_done done, void *argument)
{
    struct aws_call *call = alloc_zeroed(1, sizeof(*call));
    call->client = client;
    call->request = *request;
    call->request.operation = alloc_string(request->operation);
    call->request.url = request->url == NULL ? NULL : alloc_string(request->url);
    aws_message_make(request, &call->message);
    /* What the message was made of is needed no more. */
    call->request.input = NULL;
    call->request.method = call->request.path = call->request.query = call->request.body = NULL;
    call->done = done;
    call->argument = argument;
    uv_timer_init(client->loop, &call->timer);
    call->timer.data = call;
    begin_attempt(call);
    return call;
}

void aws_call_cancel(struct aws_call *call)
{
    if (call != NULL) {
        aws_credentials_cancel(STEAL(call->wait));
        http_call_cancel(STEAL(call->http));
        uv_close((uv_handle_t *)&call->timer, free_call);
    }
}
