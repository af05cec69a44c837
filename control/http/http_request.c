/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/http_request.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "config.h"
#include "control/http/http_easy.h"

#define HEADER_MAX_OCTETS 65536

struct http_call {
    struct http_client *client;
    struct http_exchange exchange;
    http_done done;
    void *argument;
    struct curl_slist *headers;
    int64_t timeout_ms;
    size_t answer_max;
    size_t header_octets;
    bool has_whole_header; /* not of a 1xx */
    bool is_too_large;
    char *body;
    size_t len;
    size_t room;
    char curl_text[CURL_ERROR_SIZE];
};

/* CURLOPT_HEADERFUNCTION, a line each: counts, and sees the end of the final header, without which
 * libcurl is content, too. */
static size_t take_header(char *line, size_t size, size_t count, void *argument)
{
    struct http_call *call = argument;
    long status = 0;
    curl_easy_getinfo(call->exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_end = size * count > 0 && (line[0] == '\r' || line[0] == '\n');
    call->has_whole_header |= is_end && status >= 200;
    call->header_octets += size * count;
    return call->header_octets > HEADER_MAX_OCTETS ? 0 : size * count;
}

/* CURLOPT_WRITEFUNCTION. */
static size_t take_body(char *octets, size_t size, size_t count, void *argument)
{
    struct http_call *call = argument;
    size_t len = size * count;
    if (len > call->answer_max - call->len) {
        call->is_too_large = true;
        return 0;
    }
    if (call->len + len > call->room) {
        call->room = (call->len + len) * 2;
        call->body = alloc_resize(call->body, call->room, 1);
    }
    memcpy(call->body + call->len, octets, len);
    call->len += len;
    return len;
}

static void free_call(struct http_call *call)
{
    curl_easy_cleanup(call->exchange.easy);
    curl_slist_free_all(call->headers);
    free(call->body);
    free(call);
}

static void describe(const struct http_call *call, CURLcode result, struct http_answer *answer)
{
    if (call->is_too_large) {
        snprintf(answer->text, sizeof(answer->text), "the answer is longer than %zu octets",
                 call->answer_max);
    } else if (call->header_octets > HEADER_MAX_OCTETS) {
        snprintf(answer->text, sizeof(answer->text), "the answer's header is longer than %d octets",
                 HEADER_MAX_OCTETS);
    } else {
        http_easy_describe(call->exchange.easy, result, call->curl_text, call->timeout_ms,
                           answer->text, sizeof(answer->text));
    }
}

static void on_done(void *argument, CURLcode result)
{
    struct http_call *call = argument;
    struct http_answer answer = {
        .body = call->body != NULL ? call->body : "", .len = call->len, .call = call};
    curl_easy_getinfo(call->exchange.easy, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.is_whole = result == CURLE_OK && call->has_whole_header;
    answer.timed_out = result == CURLE_OPERATION_TIMEDOUT;
    if (!answer.is_whole) {
        describe(call, result == CURLE_OK ? CURLE_PARTIAL_FILE : result, &answer);
    }
    call->done(call->argument, &answer);
    free_call(call);
}

static void set_method(CURL *easy, const struct http_request *request)
{
    if (request->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static struct curl_slist *make_headers(const struct http_request *request)
{
    struct curl_slist *headers = NULL;
    bool says_accept = false;
    for (const char *const *h = request->headers; h != NULL && *h != NULL; h++) {
        headers = curl_slist_append(headers, *h);
        says_accept |= strncasecmp(*h, "Accept:", strlen("Accept:")) == 0;
    }
    if (!says_accept) {
        headers = curl_slist_append(headers, "Accept: application/json");
    }
    if (!request->keeps_connection) {
        headers = curl_slist_append(headers, "Connection: close");
    }
    /* Else libcurl waits a second for a permission to send what is long. */
    return curl_slist_append(headers, "Expect:");
}

static void set_request(struct http_call *call, const struct http_request *request)
{
    CURL *easy = call->exchange.easy;
    CLEANUP(alloc_freep)
    char *agent = alloc_printf("%s/%s %s", PACKAGE, PACKAGE_VERSION, request->purpose);
    call->headers = make_headers(request);
    set_method(easy, request);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    /* What was signed is what is sent. */
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    if (request->keeps_connection) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
    }
    if (request->connect_timeout_ms > 0) {
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    }
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
    struct curl_header *header = NULL;
    CURLHcode result =
        curl_easy_header(answer->call->exchange.easy, name, 0, CURLH_HEADER, -1, &header);
    return result == CURLHE_OK ? header->value : NULL;
}

struct http_call *http_call_start(struct http_client *client, const struct http_request *request,
                                  http_done done, void *argument)
{
    struct http_call *call = alloc_zeroed(1, sizeof(*call));
    call->client = client;
    call->done = done;
    call->argument = argument;
    call->timeout_ms = request->timeout_ms;
    call->answer_max = request->answer_max;
    call->exchange.done = on_done;
    call->exchange.argument = call;
    call->exchange.easy = curl_easy_init();
    assert(call->exchange.easy != NULL);
    http_easy_set_transport(call->exchange.easy, request->timeout_ms, call->curl_text);
    http_easy_set_tls(call->exchange.easy, true, request->ca_file);
    set_request(call, request);
    http_client_start(client, &call->exchange);
    return call;
}

void http_call_cancel(struct http_call *call)
{
    if (call != NULL) {
        http_client_cancel(call->client, &call->exchange);
        free_call(call);
    }
}
