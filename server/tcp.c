/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/tcp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "server/dns.h"
#include "server/proxy.h"
#include "server/tcp_places.h"
#include "server/wire.h"

#define BACKLOG           511
#define FRAME_HEADER      2
#define READ_OCTETS       16384
#define ANSWER_OCTETS     (2 * (ANSWER_OUT_MAX + FRAME_HEADER))
#define QUEUE_HIGH_OCTETS 65536 /* more waiting than this: no more queries are answered */
#define QUEUE_LOW_OCTETS  16384 /* less: again */

struct tcp_connection {
    uv_tcp_t handle;
    struct tcp_service *service;
    struct tcp_connection *older, *newer; /* by idle_since */
    uint64_t idle_since;                  /* uv_now() when the last query was answered */
    struct sockaddr_storage peer;
    uint64_t client; /* whom it counts for; see tcp_places.h */
    uint8_t *input;  /* octets that are not answered yet; NULL when there are none */
    size_t input_len, input_size;
    bool awaits_proxy; /* the header that its proxy sends first */
    bool is_paused;    /* the client does not take its answers */
    bool is_at_end;    /* it has sent all that it will send */
    bool is_closing;
};

struct tcp_write {
    uv_write_t request;
    uint8_t octets[];
};

static void list_remove(struct tcp_connection *connection)
{
    struct tcp_service *service = connection->service;
    *(connection->older != NULL ? &connection->older->newer : &service->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &service->newest) = connection->older;
    connection->older = NULL;
    connection->newer = NULL;
}

static void list_append(struct tcp_connection *connection)
{
    struct tcp_service *service = connection->service;
    connection->idle_since = uv_now(service->loop);
    connection->older = service->newest;
    connection->newer = NULL;
    *(service->newest != NULL ? &service->newest->newer : &service->oldest) = connection;
    service->newest = connection;
}

static void on_closed(uv_handle_t *handle)
{
    struct tcp_connection *connection = handle->data;
    free(connection->input);
    free(connection);
}

static void close_connection(struct tcp_connection *connection)
{
    if (connection->is_closing) {
        return;
    }
    connection->is_closing = true;
    list_remove(connection);
    tcp_places_leave(connection->service->places, connection->client);
    uv_close((uv_handle_t *)&connection->handle, on_closed);
}

/* Closes who has been idle for too long and sleeps until the next will have been. */
static void on_timer(uv_timer_t *timer)
{
    struct tcp_service *service = timer->data;
    uint64_t timeout_ms = (uint64_t)service->config->tcp_idle_timeout_ms;
    uint64_t now_ms = uv_now(service->loop);
    while (service->oldest != NULL && now_ms - service->oldest->idle_since >= timeout_ms) {
        counter_add(&service->context->slot->counters[COUNTER_TCP_TIMEOUTS], 1);
        close_connection(service->oldest);
    }
    if (service->oldest == NULL) {
        uv_timer_stop(timer);
        return;
    }
    uv_timer_set_repeat(timer, service->oldest->idle_since + timeout_ms - now_ms);
    uv_timer_again(timer);
}

static void on_written(uv_write_t *request, int status);

static size_t queued(const struct tcp_connection *connection)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->handle);
}

/* Sends what has been answered; what the kernel does not take now waits in libuv's queue. */
static void flush_answers(struct tcp_connection *connection)
{
    struct tcp_service *service = connection->service;
    uv_stream_t *stream = (uv_stream_t *)&connection->handle;
    size_t len = service->answer_len;
    service->answer_len = 0;
    if (len == 0 || connection->is_closing) {
        return;
    }
    uv_buf_t whole = uv_buf_init((char *)service->answer_buffer, (unsigned)len);
    int sent = uv_try_write(stream, &whole, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        close_connection(connection);
        return;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done == len) {
        return;
    }
    struct tcp_write *write = alloc_zeroed(1, sizeof(*write) + len - done);
    memcpy(write->octets, service->answer_buffer + done, len - done);
    write->request.data = connection;
    uv_buf_t rest = uv_buf_init((char *)write->octets, (unsigned)(len - done));
    if (uv_write(&write->request, stream, &rest, 1, on_written) != 0) {
        free(write);
        close_connection(connection);
    }
}

static void answer_frame(struct tcp_connection *connection, const struct snapshot *snapshot,
                         const uint8_t *query, size_t query_len)
{
    struct tcp_service *service = connection->service;
    uint8_t *frame = service->answer_buffer + service->answer_len;
    struct answer_task task = {
        .snapshot = snapshot,
        .source = {.address = (const struct sockaddr *)&connection->peer, .is_tcp = true},
        .query = query,
        .query_len = query_len,
        .out = frame + FRAME_HEADER,
        .out_size = ANSWER_OUT_MAX,
    };
    counter_add(&service->context->slot->counters[COUNTER_TCP_QUERIES], 1);
    size_t len = answer_query(service->context, &task);
    if (len == 0) {
        return;
    }
    wire_store_u16(frame, (uint16_t)len);
    service->answer_len += FRAME_HEADER + len;
    list_remove(connection);
    list_append(connection);
}

/* Answers the whole queries at the start of the octets, as long as the client takes the answers.
 * Returns how many octets that were. */
static size_t answer_frames(struct tcp_connection *connection, const uint8_t *octets, size_t len)
{
    struct tcp_service *service = connection->service;
    const struct snapshot *snapshot = exchange_take(service->exchange, service->worker);
    size_t used = 0;
    answer_context_set_time(service->context, clock_wall_s(), uv_now(service->loop));
    while (!connection->is_closing && !connection->is_paused && len - used >= FRAME_HEADER) {
        size_t frame_len = wire_load_u16(octets + used);
        if (len - used - FRAME_HEADER < frame_len) {
            break;
        }
        answer_frame(connection, snapshot, octets + used + FRAME_HEADER, frame_len);
        used += FRAME_HEADER + frame_len;
        if (service->answer_len > ANSWER_OCTETS / 2) {
            flush_answers(connection);
        }
        connection->is_paused = queued(connection) > QUEUE_HIGH_OCTETS;
    }
    flush_answers(connection);
    connection->is_paused = queued(connection) > QUEUE_HIGH_OCTETS;
    return used;
}

/* Makes `octets` (perhaps part of the input itself) all the input there is. */
static void keep_input(struct tcp_connection *connection, const uint8_t *octets, size_t len)
{
    if (len == 0) {
        free(connection->input);
        connection->input = NULL;
        connection->input_size = 0;
    } else {
        if (len > connection->input_size) {
            connection->input = alloc_resize(connection->input, len, 1);
            connection->input_size = len;
        }
        memmove(connection->input, octets, len);
    }
    connection->input_len = len;
}

static void append_input(struct tcp_connection *connection, const uint8_t *octets, size_t len)
{
    size_t needed = connection->input_len + len;
    if (needed > connection->input_size) {
        /* Doubled, so that octets that come one by one are not copied each time. */
        size_t doubled = 2 * connection->input_size;
        connection->input_size = needed > doubled ? needed : doubled;
        connection->input = alloc_resize(connection->input, connection->input_size, 1);
    }
    memcpy(connection->input + connection->input_len, octets, len);
    connection->input_len = needed;
}

/* Takes the proxy's header off, which has come in whole or not yet. Returns its octets. */
static size_t take_proxy_header(struct tcp_connection *connection, const uint8_t *octets,
                                size_t len)
{
    struct proxy_header header;
    switch (proxy_parse(&header, octets, len)) {
    case PROXY_OK:
        break;
    case PROXY_SHORT:
        return 0;
    case PROXY_BAD:
        counter_add(&connection->service->context->slot->counters[COUNTER_PROXY_REFUSED], 1);
        close_connection(connection);
        return 0;
    }
    connection->awaits_proxy = false;
    if (!header.has_source) {
        return header.len;
    }
    uint64_t client = tcp_places_client(&header.source.any);
    if (!tcp_places_assign(connection->service->places, client)) {
        counter_add(&connection->service->context->slot->counters[COUNTER_TCP_REFUSED], 1);
        close_connection(connection);
        return 0;
    }
    connection->client = client;
    memcpy(&connection->peer, &header.source, header.source.len);
    return header.len;
}

/* Returns how many of the octets are done with. */
static size_t take_octets(struct tcp_connection *connection, const uint8_t *octets, size_t len)
{
    size_t used = 0;
    if (connection->awaits_proxy) {
        used = take_proxy_header(connection, octets, len);
        if (used == 0) {
            return 0;
        }
    }
    return used + answer_frames(connection, octets + used, len - used);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct tcp_connection *connection = handle->data;
    *buffer = uv_buf_init((char *)connection->service->read_buffer, READ_OCTETS);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct tcp_connection *connection = stream->data;
    if (count == 0) {
        return;
    }
    if (count < 0) {
        connection->is_at_end = true;
        if (count != UV_EOF || queued(connection) == 0) {
            close_connection(connection);
        }
        return;
    }
    const uint8_t *octets = (const uint8_t *)buffer->base;
    size_t len = (size_t)count;
    if (connection->input_len > 0) {
        append_input(connection, octets, len);
        octets = connection->input;
        len = connection->input_len;
    }
    size_t used = take_octets(connection, octets, len);
    if (connection->is_closing) {
        return;
    }
    keep_input(connection, octets + used, len - used);
    if (connection->is_paused) {
        uv_read_stop(stream);
    }
}

/* The client takes answers again: go on where it stopped. */
static void resume(struct tcp_connection *connection)
{
    connection->is_paused = false;
    if (connection->input_len > 0) {
        size_t used = answer_frames(connection, connection->input, connection->input_len);
        if (connection->is_closing) {
            return;
        }
        keep_input(connection, connection->input + used, connection->input_len - used);
    }
    if (!connection->is_paused) {
        uv_read_start((uv_stream_t *)&connection->handle, on_allocate, on_read);
    }
}

static void on_written(uv_write_t *request, int status)
{
    struct tcp_connection *connection = request->data;
    free(request); /* the first member of its struct tcp_write */
    if (connection->is_closing) {
        return;
    }
    if (status < 0 || (connection->is_at_end && queued(connection) == 0)) {
        close_connection(connection);
    } else if (connection->is_paused && queued(connection) < QUEUE_LOW_OCTETS) {
        resume(connection);
    }
}

static void on_refused_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void count(const struct tcp_service *service, enum server_counter which)
{
    counter_add(&service->context->slot->counters[which], 1);
}

/* When all places are taken, our connection that is idle longest gives way; a worker that has none
 * takes one beyond the limit. */
static bool take_place(struct tcp_connection *connection)
{
    struct tcp_service *service = connection->service;
    enum tcp_places_verdict verdict =
        tcp_places_take(service->places, connection->client, service->oldest == NULL);
    if (verdict == TCP_PLACES_FULL && service->oldest != NULL) {
        count(service, COUNTER_TCP_GAVE_WAY);
        close_connection(service->oldest);
        verdict = tcp_places_take(service->places, connection->client, true);
    }
    return verdict == TCP_PLACES_TAKEN;
}

static void start_connection(struct tcp_connection *connection)
{
    struct tcp_service *service = connection->service;
    count(service, COUNTER_TCP_CONNECTIONS);
    list_append(connection);
    if (!uv_is_active((uv_handle_t *)&service->timer)) {
        uv_timer_start(&service->timer, on_timer, (uint64_t)service->config->tcp_idle_timeout_ms,
                       0);
    }
    uv_tcp_nodelay(&connection->handle, 1);
    if (uv_read_start((uv_stream_t *)&connection->handle, on_allocate, on_read) != 0) {
        close_connection(connection);
    }
}

/* Who is there? False: nobody any more. */
static bool accept_connection(struct tcp_connection *connection, uv_stream_t *listener)
{
    struct sockaddr *peer = (struct sockaddr *)&connection->peer;
    int peer_len = sizeof(connection->peer);
    if (uv_accept(listener, (uv_stream_t *)&connection->handle) != 0 ||
        uv_tcp_getpeername(&connection->handle, peer, &peer_len) != 0) {
        return false;
    }
    connection->awaits_proxy = proxy_is_listed(connection->service->config, peer);
    connection->client = connection->awaits_proxy ? TCP_PLACES_NOBODY : tcp_places_client(peer);
    return true;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct tcp_service *service = listener->data;
    if (status < 0) {
        return;
    }
    struct tcp_connection *connection = alloc_zeroed(1, sizeof(*connection));
    connection->service = service;
    uv_tcp_init(service->loop, &connection->handle);
    connection->handle.data = connection;
    if (!accept_connection(connection, listener)) {
        uv_close((uv_handle_t *)&connection->handle, on_refused_closed);
        return;
    }
    if (!take_place(connection)) {
        count(service, COUNTER_TCP_REFUSED);
        uv_close((uv_handle_t *)&connection->handle, on_refused_closed);
        return;
    }
    start_connection(connection);
}

void tcp_service_init(struct tcp_service *service)
{
    service->oldest = NULL;
    service->newest = NULL;
    service->answer_len = 0;
    service->read_buffer = alloc_zeroed_apart(1, READ_OCTETS);
    service->answer_buffer = alloc_zeroed_apart(1, ANSWER_OCTETS);
    uv_timer_init(service->loop, &service->timer);
    service->timer.data = service;
}

int tcp_service_listen(struct tcp_service *service, uv_tcp_t *listener, int fd)
{
    listener->data = service;
    int result = uv_tcp_open(listener, fd);
    return result != 0 ? result : uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
}

void tcp_service_close(struct tcp_service *service)
{
    while (service->oldest != NULL) {
        close_connection(service->oldest);
    }
    uv_close((uv_handle_t *)&service->timer, NULL);
}

void tcp_service_done(struct tcp_service *service)
{
    free(service->read_buffer);
    free(service->answer_buffer);
}
