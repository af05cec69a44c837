/* SPDX-License-Identifier: BSD-2-Clause */
/* One HTTP request of ours, and the whole answer, which is bounded in time and size. Control thread
 * only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/http/http_client.h"

#define HTTP_TEXT_SIZE 256

struct http_request {
    const char *method;  /* "GET", "POST", "PUT" */
    const char *url;     /* http or https */
    const char *ca_file; /* PEM; NULL: the system's */
    /* "Name: value" each, the last one NULL; NULL: none. "Accept: application/json" is sent where
     * none says what is accepted. */
    const char *const *headers;
    const char *body; /* NULL: none, and no Content-Length with GET */
    size_t body_len;
    const char *purpose;        /* in User-Agent: "gate" */
    int64_t timeout_ms;         /* of the whole, names looked up and answer read */
    int64_t connect_timeout_ms; /* until there is a connection, TLS and all; 0: as the whole */
    size_t answer_max;          /* octets of the body */
    bool keeps_connection;      /* for requests to the same host; else it is closed */
};

struct http_answer {
    bool is_whole;  /* else text says why there is none */
    bool timed_out; /* why it is not whole */
    long status;    /* HTTP's, when it is whole */
    const char *body;
    size_t len;
    char text[HTTP_TEXT_SIZE]; /* "connection refused"; printable ASCII */
    struct http_call *call;    /* that it answers, for http_answer_header */
};
/* The value of the first header of that name (letter case aside), or NULL: none. Valid during
 * http_done. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

struct http_call;
/* The answer is valid during the call, and the call is gone after it. */
typedef void (*http_done)(void *argument, const struct http_answer *answer);

/* The request is copied. done is called once, from the loop and never from within this call, unless
 * it is cancelled; it may close the client. client outlives the call. */
struct http_call *http_call_start(struct http_client *client, const struct http_request *request,
                                  http_done done, void *argument);
/* Ends and frees it without calling done. NULL is fine. */
void http_call_cancel(struct http_call *call);
