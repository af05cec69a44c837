/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http_post.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "config.h"
#include "control/http_easy.h"

#define HEADER_MAX_OCTETS 65536

struct http_post {
    struct http_client *client;
    struct http_exchange exchange;
    http_post_done done;
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
    struct http_post *post = argument;
    long status = 0;
    curl_easy_getinfo(post->exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_end = size * count > 0 && (line[0] == '\r' || line[0] == '\n');
    post->has_whole_header |= is_end && status >= 200;
    post->header_octets += size * count;
    return post->header_octets > HEADER_MAX_OCTETS ? 0 : size * count;
}

/* CURLOPT_WRITEFUNCTION. */
static size_t take_body(char *octets, size_t size, size_t count, void *argument)
{
    struct http_post *post = argument;
    size_t len = size * count;
    if (len > post->answer_max - post->len) {
        post->is_too_large = true;
        return 0;
    }
    if (post->len + len > post->room) {
        post->room = (post->len + len) * 2;
        post->body = alloc_resize(post->body, post->room, 1);
    }
    memcpy(post->body + post->len, octets, len);
    post->len += len;
    return len;
}

static void free_post(struct http_post *post)
{
    curl_easy_cleanup(post->exchange.easy);
    curl_slist_free_all(post->headers);
    free(post->body);
    free(post);
}

static void describe(const struct http_post *post, CURLcode result, struct http_post_answer *answer)
{
    if (post->is_too_large) {
        snprintf(answer->text, sizeof(answer->text), "the answer is longer than %zu octets",
                 post->answer_max);
    } else if (post->header_octets > HEADER_MAX_OCTETS) {
        snprintf(answer->text, sizeof(answer->text), "the answer's header is longer than %d octets",
                 HEADER_MAX_OCTETS);
    } else {
        http_easy_describe(post->exchange.easy, result, post->curl_text, post->timeout_ms,
                           answer->text, sizeof(answer->text));
    }
}

static void on_done(void *argument, CURLcode result)
{
    struct http_post *post = argument;
    struct http_post_answer answer = {.body = post->body != NULL ? post->body : "",
                                      .len = post->len};
    curl_easy_getinfo(post->exchange.easy, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.is_whole = result == CURLE_OK && post->has_whole_header;
    if (!answer.is_whole) {
        describe(post, result == CURLE_OK ? CURLE_PARTIAL_FILE : result, &answer);
    }
    post->done(post->argument, &answer);
    free_post(post);
}

static void set_request(struct http_post *post, const struct http_post_request *request)
{
    CURL *easy = post->exchange.easy;
    CLEANUP(alloc_freep)
    char *agent = alloc_printf("%s/%s %s", PACKAGE, PACKAGE_VERSION, request->purpose);
    CLEANUP(alloc_freep) char *type = alloc_printf("Content-Type: %s", request->content_type);
    post->headers = curl_slist_append(NULL, "Connection: close");
    post->headers = curl_slist_append(post->headers, "Accept: application/json");
    /* Else libcurl waits a second for a permission to send what is long. */
    post->headers = curl_slist_append(post->headers, "Expect:");
    post->headers = curl_slist_append(post->headers, type);
    if (request->header != NULL) {
        post->headers = curl_slist_append(post->headers, request->header);
    }
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, post);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
}

struct http_post *http_post_start(struct http_client *client,
                                  const struct http_post_request *request, http_post_done done,
                                  void *argument)
{
    struct http_post *post = alloc_zeroed(1, sizeof(*post));
    post->client = client;
    post->done = done;
    post->argument = argument;
    post->timeout_ms = request->timeout_ms;
    post->answer_max = request->answer_max;
    post->exchange.done = on_done;
    post->exchange.argument = post;
    post->exchange.easy = curl_easy_init();
    assert(post->exchange.easy != NULL);
    http_easy_set_transport(post->exchange.easy, request->timeout_ms, post->curl_text);
    http_easy_set_tls(post->exchange.easy, true, request->ca_file);
    set_request(post, request);
    http_client_start(client, &post->exchange);
    return post;
}

void http_post_cancel(struct http_post *post)
{
    if (post != NULL) {
        http_client_cancel(post->client, &post->exchange);
        free_post(post);
    }
}
