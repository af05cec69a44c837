/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dns_stub.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"

#define TYPE_CNAME 5
#define TYPE_AAAA  28

/* A reply while it is written. */
struct reply {
    uint8_t octets[65535];
    size_t len;
    unsigned answers;
};

static void put(struct reply *reply, const void *octets, size_t len)
{
    assert_true(reply->len + len <= sizeof(reply->octets));
    memcpy(reply->octets + reply->len, octets, len);
    reply->len += len;
}

static void put_u16(struct reply *reply, unsigned value)
{
    const uint8_t octets[] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(reply, octets, 2);
}

static void put_name(struct reply *reply, const char *name)
{
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        put(reply, &(uint8_t){(uint8_t)len}, 1);
        put(reply, name, len);
        name += len + (name[len] == '.' ? 1 : 0);
    }
    put(reply, "", 1);
}

static void put_fixed(struct reply *reply, const char *owner, unsigned type, uint32_t ttl_s)
{
    put_name(reply, owner);
    put_u16(reply, type);
    put_u16(reply, 1);
    put_u16(reply, ttl_s >> 16);
    put_u16(reply, ttl_s & 0xFFFF);
    reply->answers++;
}

/* Returns where the chain ends. */
static void put_chain(struct reply *reply, const struct dns_script *script, char owner[256])
{
    CLEANUP(alloc_freep) char *list = alloc_string(script->cnames == NULL ? "" : script->cnames);
    char *rest = list;
    for (char *item; (item = strtok_r(rest, ",", &rest)) != NULL;) {
        char target[256];
        unsigned ttl_s;
        assert_int_equal(sscanf(item, "%255s %u", target, &ttl_s), 2);
        put_fixed(reply, owner, TYPE_CNAME, ttl_s);
        put_u16(reply, (unsigned)strlen(target) + 2);
        put_name(reply, target);
        strcpy(owner, target);
    }
}

static void put_addresses(struct reply *reply, const struct dns_stub *stub, const char *owner)
{
    const struct dns_script *script = &stub->script;
    bool is_v6 = stub->last_type == TYPE_AAAA;
    unsigned len = is_v6 ? 16 : 4;
    uint8_t address[16] = {0};
    CLEANUP(alloc_freep) char *list = alloc_string(script->values == NULL ? "" : script->values);
    char *rest = list;
    for (char *item; (item = strtok_r(rest, " ", &rest)) != NULL;) {
        assert_int_equal(inet_pton(is_v6 ? AF_INET6 : AF_INET, item, address), 1);
        put_fixed(reply, owner, stub->last_type, script->ttl_s);
        put_u16(reply, len);
        put(reply, address, len);
    }
    for (unsigned i = 0; i < script->repeat; i++) {
        for (size_t at = len; at-- > 0 && ++address[at] == 0;) {
        }
        put_fixed(reply, owner, stub->last_type, script->ttl_s);
        put_u16(reply, len);
        put(reply, address, len);
    }
}

/* Header, and the question as it was asked. False: no query of one question. */
static bool read_query(struct dns_stub *stub, const uint8_t *query, size_t len, size_t *question)
{
    size_t at = 12;
    size_t text = 0;
    if (len < 17 || query[4] != 0 || query[5] != 1) {
        return false;
    }
    while (query[at] != 0) {
        assert_true(query[at] < 64 && at + query[at] + 6 <= len);
        memcpy(stub->last_name + text, query + at + 1, query[at]);
        text += query[at];
        stub->last_name[text++] = '.';
        at += query[at] + 1u;
    }
    stub->last_name[text == 0 ? 0 : text - 1] = '\0';
    stub->last_type = (unsigned)query[at + 1] << 8 | query[at + 2];
    stub->last_had_edns = query[11] == 1;
    *question = at + 5 - 12;
    return true;
}

static bool make_reply(struct dns_stub *stub, const uint8_t *query, size_t len, bool is_tcp,
                       struct reply *reply)
{
    const struct dns_script *script = &stub->script;
    char owner[256];
    size_t question = 0;
    if (!read_query(stub, query, len, &question) || script->is_silent) {
        return false;
    }
    bool is_cut = script->is_truncated && !is_tcp;
    put(reply, query, 2);
    put_u16(reply, 0x8180 | (is_cut ? 0x0200u : 0) | script->rcode);
    put(reply, "\0\1\0\0\0\0\0", 8);
    put(reply, query + 12, question);
    if (script->is_garbled) {
        put(reply, "\xFF\xFF\xFF\xFF", 4);
        reply->answers = 3;
    } else if (!is_cut) {
        strcpy(owner, stub->last_name);
        put_chain(reply, script, owner);
        put_addresses(reply, stub, owner);
    }
    reply->octets[6] = (uint8_t)(reply->answers >> 8);
    reply->octets[7] = (uint8_t)reply->answers;
    return true;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    buffer->base = alloc_zeroed(1, suggested);
    buffer->len = suggested;
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags)
{
    struct dns_stub *stub = udp->data;
    CLEANUP(alloc_freep) struct reply *reply = alloc_zeroed(1, sizeof(*reply));
    (void)flags;
    if (len > 0) {
        stub->udp_queries++;
        if (make_reply(stub, (const uint8_t *)buffer->base, (size_t)len, false, reply)) {
            uv_buf_t out = uv_buf_init((char *)reply->octets, (unsigned)reply->len);
            uv_udp_try_send(udp, &out, 1, from);
        }
    }
    free(buffer->base);
}

static void free_client(uv_handle_t *handle)
{
    free(handle);
}

/* A query comes whole: it is small, and this is loopback. */
static void on_stream(uv_stream_t *client, ssize_t len, const uv_buf_t *buffer)
{
    struct dns_stub *stub = client->data;
    CLEANUP(alloc_freep) struct reply *reply = alloc_zeroed(1, sizeof(*reply));
    if (len < 0) {
        uv_close((uv_handle_t *)client, free_client);
    } else if (len > 2) {
        stub->tcp_queries++;
        if (make_reply(stub, (const uint8_t *)buffer->base + 2, (size_t)len - 2, true, reply)) {
            uint8_t prefix[] = {(uint8_t)(reply->len >> 8), (uint8_t)reply->len};
            uv_buf_t out[] = {uv_buf_init((char *)prefix, 2),
                              uv_buf_init((char *)reply->octets, (unsigned)reply->len)};
            assert_int_equal(uv_try_write(client, out, 2), reply->len + 2);
        }
    }
    free(buffer->base);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct dns_stub *stub = listener->data;
    uv_tcp_t *client = alloc_zeroed(1, sizeof(*client));
    assert_int_equal(status, 0);
    uv_tcp_init(listener->loop, client);
    client->data = stub;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)client), 0);
    uv_read_start((uv_stream_t *)client, on_room, on_stream);
}

void dns_stub_open(struct dns_stub *stub, uv_loop_t *loop)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000001)};
    struct sockaddr *any = (struct sockaddr *)&address;
    int len = sizeof(address);
    memset(stub, 0, sizeof(*stub));
    /* Whoever has the port for TCP need not have it for UDP. */
    int result = -1;
    for (int attempt = 0; attempt < 100 && result != 0; attempt++) {
        address.sin_port = 0;
        uv_tcp_init(loop, &stub->tcp);
        uv_udp_init(loop, &stub->udp);
        assert_int_equal(uv_tcp_bind(&stub->tcp, any, 0), 0);
        assert_int_equal(uv_tcp_getsockname(&stub->tcp, any, &len), 0);
        result = uv_udp_bind(&stub->udp, any, 0);
        if (result != 0) {
            uv_close((uv_handle_t *)&stub->tcp, NULL);
            uv_close((uv_handle_t *)&stub->udp, NULL);
            uv_run(loop, UV_RUN_NOWAIT);
        }
    }
    assert_int_equal(result, 0);
    stub->port = ntohs(address.sin_port);
    stub->tcp.data = stub->udp.data = stub;
    assert_int_equal(uv_listen((uv_stream_t *)&stub->tcp, 16, on_connection), 0);
    assert_int_equal(uv_udp_recv_start(&stub->udp, on_room, on_datagram), 0);
}

void dns_stub_close(struct dns_stub *stub)
{
    uv_close((uv_handle_t *)&stub->tcp, NULL);
    uv_close((uv_handle_t *)&stub->udp, NULL);
}
