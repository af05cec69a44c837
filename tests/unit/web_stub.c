/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/web_stub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"

struct web_client {
    uv_tcp_t tcp;
    uv_timer_t pause; /* between two pieces, so that they travel apart */
    uv_write_t write;
    struct web_stub *stub;
    struct web_client *next;
    const struct web_script *script; /* NULL: the request is not complete */
    size_t piece;
    size_t len;
    char request[4096];
    char input[4096];
    unsigned open_handles;
};

static void on_closed(uv_handle_t *handle)
{
    struct web_client *client = handle->data;
    client->open_handles--;
    if (client->open_handles == 0) {
        free(client);
    }
}

static void drop(struct web_client *client, enum web_end how)
{
    struct web_client **at = &client->stub->clients;
    while (*at != NULL && *at != client) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return;
    }
    *at = client->next;
    client->stub->open--;
    uv_close((uv_handle_t *)&client->pause, on_closed);
    if (how != WEB_RESET || uv_tcp_close_reset(&client->tcp, on_closed) != 0) {
        uv_close((uv_handle_t *)&client->tcp, on_closed);
    }
}

static void send_piece(uv_timer_t *pause);

static void on_written(uv_write_t *write, int status)
{
    struct web_client *client = write->data;
    if (status != 0) {
        drop(client, WEB_CLOSE);
        return;
    }
    if (!uv_is_closing((uv_handle_t *)&client->pause)) {
        uv_timer_start(&client->pause, send_piece,
                       client->script->end == WEB_ENDLESS && client->piece > 1 ? 0 : 2, 0);
    }
}

/* Recursion by way of the loop: the next piece follows when this one is written. */
static void send_piece(uv_timer_t *pause)
{
    struct web_client *client = pause->data;
    const struct web_script *script = client->script;
    const char *piece = script->pieces[client->piece];
    if (piece == NULL && script->end == WEB_ENDLESS) {
        client->piece--;
        piece = script->pieces[client->piece];
    }
    if (piece == NULL) {
        if (script->end != WEB_HANG) {
            drop(client, script->end);
        }
        return;
    }
    client->piece++;
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)piece, (unsigned)strlen(piece));
    client->stub->octets_sent += buffer.len;
    uv_write(&client->write, (uv_stream_t *)&client->tcp, &buffer, 1, on_written);
}

static void answer(struct web_client *client)
{
    struct web_stub *stub = client->stub;
    memcpy(stub->last_request, client->request, sizeof(stub->last_request));
    if (stub->requests < WEB_STUB_TIMES) {
        stub->request_at_ms[stub->requests] = uv_now(stub->loop);
    }
    stub->requests++;
    client->script = stub->choose != NULL ? stub->choose(client->request) : stub->script;
    send_piece(&client->pause);
}

/* The header is there, and as much of a body as it promises. */
static bool is_complete(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *promise = strstr(request, "\r\nContent-Length: ");
    if (end == NULL || promise == NULL || promise > end) {
        return end != NULL;
    }
    return strlen(end + 4) >= strtoul(promise + 18, NULL, 10);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct web_client *client = handle->data;
    *buffer = uv_buf_init(client->input, sizeof(client->input));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct web_client *client = stream->data;
    if (count < 0) {
        drop(client, WEB_CLOSE);
        return;
    }
    size_t len = (size_t)count;
    if (client->script != NULL || client->len + len >= sizeof(client->request)) {
        return;
    }
    memcpy(client->request + client->len, buffer->base, len);
    client->len += len;
    if (is_complete(client->request)) {
        answer(client);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    assert_int_equal(status, 0);
    struct web_stub *stub = listener->data;
    struct web_client *client = alloc_zeroed(1, sizeof(*client));
    client->stub = stub;
    client->tcp.data = client;
    client->pause.data = client;
    client->write.data = client;
    client->open_handles = 2;
    uv_tcp_init(stub->loop, &client->tcp);
    uv_timer_init(stub->loop, &client->pause);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&client->tcp), 0);
    uv_tcp_nodelay(&client->tcp, 1);
    client->next = stub->clients;
    stub->clients = client;
    stub->accepted++;
    stub->open++;
    uv_read_start((uv_stream_t *)&client->tcp, give_room, on_read);
}

void web_stub_open(struct web_stub *stub, uv_loop_t *loop, const char *address, uint16_t port)
{
    memset(stub, 0, sizeof(*stub));
    stub->loop = loop;
    stub->listener.data = stub;
    struct sockaddr_storage at;
    if (strchr(address, ':') != NULL) {
        assert_int_equal(uv_ip6_addr(address, port, (struct sockaddr_in6 *)&at), 0);
    } else {
        assert_int_equal(uv_ip4_addr(address, port, (struct sockaddr_in *)&at), 0);
    }
    uv_tcp_init(loop, &stub->listener);
    assert_int_equal(uv_tcp_bind(&stub->listener, (struct sockaddr *)&at, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&stub->listener, 512, on_connection), 0);
    int len = sizeof(at);
    assert_int_equal(uv_tcp_getsockname(&stub->listener, (struct sockaddr *)&at, &len), 0);
    /* The port is at the same place in both families. */
    stub->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
}

void web_stub_close(struct web_stub *stub)
{
    while (stub->clients != NULL) {
        drop(stub->clients, WEB_CLOSE);
    }
    uv_close((uv_handle_t *)&stub->listener, NULL);
}
