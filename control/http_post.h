/* SPDX-License-Identifier: BSD-2-Clause */
/* One POST of ours, and the whole answer, which is bounded in time and size. Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/http_client.h"

#define HTTP_POST_TEXT_SIZE 256

struct http_post_request {
    const char *url;     /* http or https */
    const char *ca_file; /* PEM; NULL: the system's */
    const char *content_type;
    const char *header; /* one more, "Name: value"; NULL: none */
    const char *body;
    const char *purpose; /* in User-Agent: "gate" */
    int64_t timeout_ms;  /* of the whole, names looked up and answer read */
    size_t answer_max;   /* octets of the body */
};

struct http_post_answer {
    bool is_whole; /* else text says why there is none */
    long status;   /* HTTP's, when it is whole */
    const char *body;
    size_t len;
    char text[HTTP_POST_TEXT_SIZE]; /* "connection refused"; printable ASCII */
};

struct http_post;
/* The answer is valid during the call, and the post is gone after it. */
typedef void (*http_post_done)(void *argument, const struct http_post_answer *answer);

/* The request is copied. done is called once, from the loop and never from within this call, unless
 * it is cancelled; it may close the client. client outlives the post. */
struct http_post *http_post_start(struct http_client *client,
                                  const struct http_post_request *request, http_post_done done,
                                  void *argument);
/* Ends and frees it without calling done. NULL is fine. */
void http_post_cancel(struct http_post *post);
