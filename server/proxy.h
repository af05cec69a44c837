/* SPDX-License-Identifier: BSD-2-Clause */
/* The header that a proxy puts before what its client sent: PROXY protocol, version 2 (the binary
 * one). Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/config.h"

/* A longer one is refused: addresses take 52 octets, the rest are extensions that are skipped. */
#define PROXY_HEADER_MAX 2048

enum proxy_verdict {
    PROXY_OK,
    PROXY_SHORT, /* the begin of a header */
    PROXY_BAD,
};

struct proxy_header {
    size_t len;      /* what follows is the client's */
    bool has_source; /* else the proxy speaks for itself */
    struct address source;
};

/* Is a header due from there? */
bool proxy_is_listed(const struct config_server *config, const struct sockaddr *address);

enum proxy_verdict proxy_parse(struct proxy_header *header, const uint8_t *octets, size_t len);
