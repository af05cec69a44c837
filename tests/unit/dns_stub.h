/* SPDX-License-Identifier: BSD-2-Clause */
/* A recursive resolver that answers as a test tells it to, over UDP and TCP, on the test's own
 * loop. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct dns_script {
    unsigned rcode;
    bool is_silent;
    bool is_truncated;  /* over UDP; TCP has it all */
    bool is_garbled;    /* octets that are no DNS message behind the header */
    const char *cnames; /* "a.example 30, b.example 60": the names on the way, each with its TTL */
    const char *values; /* addresses of the type asked for: "192.0.2.1 192.0.2.2"; NULL: none */
    uint32_t ttl_s;
    unsigned repeat; /* so many addresses more, counted up from the last one */
};

struct dns_stub {
    uv_udp_t udp;
    uv_tcp_t tcp;
    uint16_t port;
    struct dns_script script;
    size_t udp_queries, tcp_queries;
    char last_name[256]; /* as asked */
    unsigned last_type;
    bool last_had_edns;
};

/* Listens on 127.0.0.1, the kernel's choice of a port. Fails the test when it cannot. */
void dns_stub_open(struct dns_stub *stub, uv_loop_t *loop);
/* The loop must still turn; the stub must stay until then. */
void dns_stub_close(struct dns_stub *stub);
