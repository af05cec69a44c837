/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket addresses and prefixes in their text forms. Pure, but for names of interfaces; any thread.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/error.h"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

#define ADDRESS_TEXT_SIZE 80

/* "127.0.0.1@5300" or "::1@5300" (the port after '@' as NSD, Knot and unbound write it); without
 * '@' the default port. */
MUST_CHECK bool address_parse(struct address *address, const char *text, uint16_t default_port,
                              struct error *err);
/* The same for an address of this host: a link-local one has its interface, "fe80::1%eth0@5300". */
MUST_CHECK bool address_parse_local(struct address *address, const char *text,
                                    uint16_t default_port, struct error *err);
/* "127.0.0.1:8053" or "[::1]:8053", as URLs write it. */
MUST_CHECK bool address_parse_url_form(struct address *address, const char *text,
                                       struct error *err);
/* "127.0.0.1@5300", "fe80::1%eth0@5300". */
void address_print(const struct address *address, char out[ADDRESS_TEXT_SIZE]);

struct prefix {
    int family; /* AF_INET or AF_INET6 */
    unsigned bits;
    uint8_t octets[16];
};

/* "192.0.2.0/24"; without '/' a single address. Bits set beyond the prefix are an error. */
MUST_CHECK bool prefix_parse(struct prefix *prefix, const char *text, struct error *err);
bool prefix_contains(const struct prefix *prefix, const struct sockaddr *address);
