/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server that misbehaves as a test tells it to, on the test's own loop. */
#pragma once

#include <stdint.h>
#include <uv.h>

enum web_end {
    WEB_CLOSE,   /* after the pieces */
    WEB_RESET,   /* likewise, with a TCP reset */
    WEB_HANG,    /* say nothing more and keep the connection */
    WEB_ENDLESS, /* repeat the last piece for ever */
};

struct web_script {
    const char *pieces[8]; /* each a packet of its own, up to the first NULL */
    enum web_end end;
};

#define WEB_STUB_TIMES 64

struct web_stub {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uint16_t port;
    const struct web_script *script;
    /* Instead of script, if set: by the request's text. */
    const struct web_script *(*choose)(const char *request);

    struct web_client *clients;
    size_t accepted; /* connections so far */
    size_t open;     /* connections now */
    size_t requests;
    size_t octets_sent;
    char last_request[4096];
    uint64_t request_at_ms[WEB_STUB_TIMES]; /* of the first ones, the loop's time */
};

/* Listens on this loopback address; port 0: the kernel's choice. Fails the test when it cannot. */
void web_stub_open(struct web_stub *stub, uv_loop_t *loop, const char *address, uint16_t port);
/* The loop must still turn; the stub must stay until then. */
void web_stub_close(struct web_stub *stub);
