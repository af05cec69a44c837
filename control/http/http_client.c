/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/http_client.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "common/alloc.h"
#include "control/http/socket_set.h"

struct http_client {
    CURLM *multi;
    struct socket_set *sockets;
    uv_timer_t timer;                     /* the one time-out that libcurl asks for */
    TAILQ_HEAD(, http_exchange) finished; /* done is yet to be called */
    size_t running;
    bool is_closing;
};

/* A socket of libcurl's. */
struct curl_watch {
    struct socket_watch watch;
    struct http_client *client;
};

/* To remove a handle libcurl looks through all messages that nobody has read: first all are read.
 */
static void collect_finished(struct http_client *client)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct http_exchange *exchange = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        exchange->result = message->data.result;
        exchange->state = EXCHANGE_FINISHED;
        TAILQ_INSERT_TAIL(&client->finished, exchange, entry);
    }
    /* done may cancel others, and close the client: it is freed later, from the loop. */
    while (!TAILQ_EMPTY(&client->finished)) {
        struct http_exchange *exchange = TAILQ_FIRST(&client->finished);
        http_client_cancel(client, exchange);
        exchange->done(exchange->argument, exchange->result);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect_finished(client);
}

static void on_socket_event(void *argument, uint32_t events)
{
    struct curl_watch *of_socket = argument;
    /* libcurl may give the socket up and with it the watch while it acts. */
    struct http_client *client = of_socket->client;
    /* With an error libcurl reads and writes, too, and so learns which. */
    bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0;
    int action = is_over || (events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
    action |= is_over || (events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    int running;
    curl_multi_socket_action(client->multi, of_socket->watch.fd, action, &running);
    collect_finished(client);
}

static void watch_socket(struct http_client *client, curl_socket_t fd, uint32_t events)
{
    struct curl_watch *of_socket = alloc_zeroed(1, sizeof(*of_socket));
    of_socket->client = client;
    of_socket->watch = (struct socket_watch){fd, on_socket_event, of_socket};
    if (!socket_set_add(client->sockets, &of_socket->watch, events)) {
        free(of_socket);
        return;
    }
    curl_multi_assign(client->multi, fd, of_socket);
}

/* CURLMOPT_SOCKETFUNCTION. Without a watch the exchange runs into its time-out, which is the right
 * end for a socket that the loop cannot watch. */
static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *argument, void *assigned)
{
    (void)easy;
    struct http_client *client = argument;
    struct curl_watch *of_socket = assigned;
    uint32_t events = (what & CURL_POLL_IN) != 0 ? EPOLLIN : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0;
    if (what == CURL_POLL_REMOVE) {
        if (of_socket != NULL) {
            curl_multi_assign(client->multi, fd, NULL);
            socket_set_remove(client->sockets, &of_socket->watch);
            free(of_socket);
        }
    } else if (of_socket == NULL) {
        watch_socket(client, fd, events);
    } else {
        socket_set_change(client->sockets, &of_socket->watch, events);
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
    socket_set_close(client->sockets);
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
    struct socket_set *sockets = socket_set_new(loop, err);
    if (multi == NULL || sockets == NULL) {
        if (multi == NULL) {
            error_set(err, "libcurl cannot start: no multi handle");
        }
        socket_set_close(sockets);
        curl_multi_cleanup(multi);
        curl_global_cleanup();
        return NULL;
    }
    struct http_client *client = alloc_zeroed(1, sizeof(*client));
    client->multi = multi;
    client->sockets = sockets;
    TAILQ_INIT(&client->finished);
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
    assert(exchange->state == EXCHANGE_IDLE && !client->is_closing);
    curl_easy_setopt(exchange->easy, CURLOPT_PRIVATE, exchange);
    CURLMcode failed = curl_multi_add_handle(client->multi, exchange->easy);
    assert(failed == CURLM_OK);
    exchange->state = EXCHANGE_RUNNING;
    client->running++;
}

void http_client_cancel(struct http_client *client, struct http_exchange *exchange)
{
    if (exchange->state == EXCHANGE_IDLE) {
        return;
    }
    if (exchange->state == EXCHANGE_FINISHED) {
        TAILQ_REMOVE(&client->finished, exchange, entry);
    }
    curl_multi_remove_handle(client->multi, exchange->easy);
    exchange->state = EXCHANGE_IDLE;
    client->running--;
}

size_t http_client_running(const struct http_client *client)
{
    return client->running;
}

void http_client_close(struct http_client *client)
{
    if (client != NULL) {
        assert(client->running == 0 && !client->is_closing);
        client->is_closing = true;
        uv_close((uv_handle_t *)&client->timer, on_closed);
    }
}
