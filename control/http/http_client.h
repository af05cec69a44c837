/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP(S) exchanges by one libcurl multi handle on a uv loop: any number at once, none waiting for
 * another, no thread. The caller sets each easy handle up as it likes. Control thread only. */
#pragma once

#include <curl/curl.h>
#include <sys/queue.h>
#include <uv.h>

#include "common/error.h"

struct http_client;

enum exchange_state { EXCHANGE_IDLE, EXCHANGE_RUNNING, EXCHANGE_FINISHED };

/* One exchange at a time on one easy handle. The caller owns both and sets easy, done and argument,
 * all else being 0; CURLOPT_PRIVATE of the handle is ours. */
struct http_exchange {
    CURL *easy;
    void (*done)(void *argument, CURLcode result);
    void *argument;
    /* of the client */
    enum exchange_state state; /* finished: its end is known, and done is yet to be called */
    CURLcode result;
    TAILQ_ENTRY(http_exchange) entry;
};

MUST_CHECK struct http_client *http_client_new(uv_loop_t *loop, struct error *err);

/* done is called once, from the loop and never from within this call, unless it is cancelled. The
 * exchange is not running any more then: done may start it again or free it. */
void http_client_start(struct http_client *client, struct http_exchange *exchange);
/* Ends it without calling done. Not running is fine. */
void http_client_cancel(struct http_client *client, struct http_exchange *exchange);

/* How many exchanges it has. libcurl looks through lists of them, so that each of thousands costs
 * more than the same as one of a hundred. */
size_t http_client_running(const struct http_client *client);

/* No exchange may be running. Closes the handles on the loop (which must still turn) and frees
 * itself. NULL is fine. May be called from done. */
void http_client_close(struct http_client *client);
