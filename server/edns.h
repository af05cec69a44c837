/* SPDX-License-Identifier: BSD-2-Clause */
/* The OPT record (RFC 6891) and its client subnet option (RFC 7871), read and written. Pure; any
 * thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/dns.h"
#include "server/wire.h"

#define EDNS_OPT_LEN     11   /* without options */
#define EDNS_FLAG_DO     0x80 /* in the first octet of the flags */
#define EDNS_OPTIONS_MAX 24   /* the longest client subnet option: header, 4 octets, an address */

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

static inline size_t edns_subnet_octets(const struct edns_subnet *subnet)
{
    return (subnet->source_bits + 7u) / 8;
}

/* False: an option is cut off or is no valid client subnet. */
bool edns_parse_options(struct edns *edns, const uint8_t *octets, size_t len);

/* Reads the OPT record that begins at octets, owner included; what follows it is not looked at.
 * False: this is not an OPT with the root as owner, or it is cut off, or an option is. With a
 * version other than 0 the options are not looked at: their form is not known. edns->is_present is
 * set once the fixed part could be read, so that even a FORMERR says that EDNS is spoken here. */
static inline bool edns_parse(struct edns *edns, const uint8_t *octets, size_t len)
{
    if (len < EDNS_OPT_LEN || wire_load_u32(octets) >> 8 != DNS_TYPE_OPT) {
        return false;
    }
    edns->is_present = true;
    edns->udp_size = wire_load_u16(octets + 3);
    edns->version = octets[6];
    edns->is_dnssec_ok = (octets[7] & EDNS_FLAG_DO) != 0;
    size_t options_len = wire_load_u16(octets + 9);
    if (options_len == 0) {
        return true;
    }
    if (options_len > len - EDNS_OPT_LEN) {
        return false;
    }
    return edns->version != 0 || edns_parse_options(edns, octets + EDNS_OPT_LEN, options_len);
}

/* What is written into a response. */
struct edns_reply {
    uint16_t udp_size; /* what we take */
    uint8_t extended_rcode;
    bool is_dnssec_ok;
    const struct edns_subnet *subnet; /* echoed; NULL: no option */
    uint8_t scope_bits;
};

/* Octets that edns_write will write. */
static inline size_t edns_reply_len(const struct edns_reply *reply)
{
    size_t options_len = reply->subnet == NULL ? 0 : 8 + edns_subnet_octets(reply->subnet);
    return EDNS_OPT_LEN + options_len;
}

/* Writes the option and returns its length. */
size_t edns_write_subnet(const struct edns_reply *reply, uint8_t *out);

/* Writes the OPT record to out, which has room for edns_reply_len(). Returns its length. */
static inline size_t edns_write(const struct edns_reply *reply, uint8_t *out)
{
    size_t options_len = reply->subnet == NULL ? 0 : edns_write_subnet(reply, out + EDNS_OPT_LEN);
    uint32_t flags = reply->is_dnssec_ok ? EDNS_FLAG_DO << 8 : 0;
    out[0] = 0;
    wire_store_u32(out + 1, (uint32_t)DNS_TYPE_OPT << 16 | reply->udp_size);
    wire_store_u32(out + 5, (uint32_t)reply->extended_rcode << 24 | flags); /* version 0 */
    wire_store_u16(out + 9, (uint16_t)options_len);
    return EDNS_OPT_LEN + options_len;
}
