/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/http_client.h"

#include <assert.h>
#include <stdlib.h>

#include "common/alloc.h"

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer; /* the one time-out that libcurl asks for */
    size_t running;
    bool is_closing;
};

/* A socket of libcurl's. It outlives the socket by one turn of the loop, as uv wants it. */
struct socket_watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
};

static void collect_finished(struct http_client *client)
{
    int left;
    CURLMsg *message;
    /* done may close the client: it is freed later, from the loop. */
    while (!client->is_closing && (message = curl_multi_info_read(client->multi, &left)) != NULL) {
        /* Removing the handle frees the message. */
        CURLcode result = message->data.result;
        struct http_exchange *exchange = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        http_client_cancel(client, exchange);
        exchange->done(exchange->argument, result);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect_finished(client);
}

static void on_socket_event(uv_poll_t *poll, int status, int events)
{
    struct socket_watch *watch = poll->data;
    /* libcurl may give the socket up and with it the watch while it acts. */
    struct http_client *client = watch->client;
    /* With an error libcurl reads and writes, too, and so learns which. */
    int action = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
    action |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    action |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    int running;
    curl_multi_socket_action(client->multi, watch->fd, action, &running);
    collect_finished(client);
}

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static struct socket_watch *watch_socket(struct http_client *client, curl_socket_t fd)
{
    struct socket_watch *watch = alloc_zeroed(1, sizeof(*watch));
    watch->client = client;
    watch->fd = fd;
    watch->poll.data = watch;
    int failed = uv_poll_init(client->loop, &watch->poll, fd);
    if (failed != 0) {
        free(watch);
        return NULL;
    }
    curl_multi_assign(client->multi, fd, watch);
    return watch;
}

/* CURLMOPT_SOCKETFUNCTION. Without a watch the exchange runs into its time-out, which is the right
 * end for a socket that the loop cannot watch. */
static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *argument, void *of_socket)
{
    (void)easy;
    struct http_client *client = argument;
    struct socket_watch *watch = of_socket;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            curl_multi_assign(client->multi, fd, NULL);
            uv_close((uv_handle_t *)&watch->poll, free_watch);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = watch_socket(client, fd);
    }
    if (watch != NULL) {
        int events = (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
        events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
        uv_poll_start(&watch->poll, events, on_socket_event);
    }
    return 0;
}

/* CURLMOPT_TIMERFUNCTION: may not act itself, even for a time-out of 0. */
static int timer_wanted(CURLM *multi, long timeout_ms, void *argument)
{
    (void)multi;
    struct http_client *client = argument;
    if (timeout_ms < 0) {
        uv_timer_stop(&client->timer);
    } else {
        /* Refused while closing, and then of no interest. */
        uv_timer_start(&client->timer, on_timeout, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static void on_closed(uv_handle_t *timer)
{
    struct http_client *client = timer->data;
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    free(client);
}

struct http_client *http_client_new(uv_loop_t *loop, struct error *err)
{
    CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (failed != CURLE_OK) {
        error_set(err, "libcurl cannot start: %s", curl_easy_strerror(failed));
        return NULL;
    }
    CURLM *multi = curl_multi_init();
    if (multi == NULL) {
        curl_global_cleanup();
        error_set(err, "libcurl cannot start: no multi handle");
        return NULL;
    }
    struct http_client *client = alloc_zeroed(1, sizeof(*client));
    client->loop = loop;
    client->multi = multi;
    uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
    return client;
}

void http_client_start(struct http_client *client, struct http_exchange *exchange)
{
    assert(!exchange->is_running && !client->is_closing);
    curl_easy_setopt(exchange->easy, CURLOPT_PRIVATE, exchange);
    CURLMcode failed = curl_multi_add_handle(client->multi, exchange->easy);
    assert(failed == CURLM_OK);
    exchange->is_running = true;
    client->running++;
}

void http_client_cancel(struct http_client *client, struct http_exchange *exchange)
{
    if (exchange->is_running) {
        curl_multi_remove_handle(client->multi, exchange->easy);
        exchange->is_running = false;
        client->running--;
    }
}

void http_client_close(struct http_client *client)
{
    if (client != NULL) {
        assert(client->running == 0 && !client->is_closing);
        client->is_closing = true;
        uv_close((uv_handle_t *)&client->timer, on_closed);
    }
}
