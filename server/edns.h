/* SPDX-License-Identifier: BSD-2-Clause */
/* The OPT record (RFC 6891) and its client subnet option (RFC 7871), read and written. Pure; any
 * thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/wire.h"

#define EDNS_OPT_LEN     11 /* without options */
#define EDNS_OPTIONS_MAX 24 /* the longest client subnet option: header, 4 octets, an address */

struct edns_subnet {
    uint16_t family; /* 1: IPv4, 2: IPv6 (IANA's numbers, not AF_*); 0: none, nothing to hide */
    uint8_t source_bits;
    uint8_t address[16]; /* zero beyond source_bits */
};

struct edns {
    bool is_present;
    bool is_dnssec_ok;
    bool has_subnet;
    uint8_t version;
    uint16_t udp_size; /* what the client takes, as it says */
    struct edns_subnet subnet;
};

/* Reads one OPT record, owner included; reader is left behind it. False: this is not an OPT with
 * the root as owner, or it is cut off, or an option is. With a version other than 0 the options
 * are not looked at: their form is not known. edns->is_present tells whether the fixed part could
 * be read, so that even a FORMERR says that EDNS is spoken here. */
bool edns_parse(struct edns *edns, struct wire_reader *reader);

/* What is written into a response. */
struct edns_reply {
    uint16_t udp_size; /* what we take */
    uint8_t extended_rcode;
    bool is_dnssec_ok;
    const struct edns_subnet *subnet; /* echoed; NULL: no option */
    uint8_t scope_bits;
};

/* Octets that edns_write will write. */
size_t edns_reply_len(const struct edns_reply *reply);
/* Writes the OPT record to out, which has room for edns_reply_len(). Returns its length. */
size_t edns_write(const struct edns_reply *reply, uint8_t *out);
