/* SPDX-License-Identifier: BSD-2-Clause */
/* The OPT record (RFC 6891), its options read and its client subnet option (RFC 7871) written; the
 * other options of a response are made in options.h. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/dns.h"
#include "server/wire.h"

#define EDNS_OPT_LEN    11   /* without options */
#define EDNS_FLAG_DO    0x80 /* in the first octet of the flags */
#define EDNS_SUBNET_MAX 24   /* the longest client subnet option: header, 4 octets, an address */
#define EDNS_COOKIE_MAX 40   /* client cookie and the longest server cookie */

/* Codes of options (IANA's registry). */
enum edns_option {
    EDNS_OPTION_NSID = 3,
    EDNS_OPTION_SUBNET = 8,
    EDNS_OPTION_COOKIE = 10,
    EDNS_OPTION_KEEPALIVE = 11,
    EDNS_OPTION_ERROR = 15,
};

/* The options that a query has; a bit each, so that nothing has to be cleared one by one. */
enum edns_option_seen {
    EDNS_SEEN_NSID = 1,
    EDNS_SEEN_SUBNET = 2,
    EDNS_SEEN_COOKIE = 4,
    EDNS_SEEN_KEEPALIVE = 8,
    EDNS_SEEN_KEEPALIVE_BAD = 16, /* with a timeout, which only a server may send */
};

struct edns_subnet {
    uint16_t family; /* 1: IPv4, 2: IPv6 (IANA's numbers, not AF_*); 0: none, nothing to hide */
    uint8_t source_bits;
    uint8_t address[16]; /* zero beyond source_bits */
};

struct edns {
    bool is_present;
    bool is_dnssec_ok;
    uint8_t version;
    uint8_t seen;      /* edns_option_seen; 0 without OPT */
    uint16_t udp_size; /* what the client takes, as it says */
    struct edns_subnet subnet;
    const uint8_t *cookie; /* in the packet, client cookie first */
    uint8_t cookie_len;
};

static inline size_t edns_subnet_octets(const struct edns_subnet *subnet)
{
    return (subnet->source_bits + 7u) / 8;
}

/* False: an option is cut off or has a form that it must not have. */
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
    bool has_options; /* without it none of what follows is looked at but subnet */
    uint8_t scope_bits;
    uint16_t options_len;
    const uint8_t *options;           /* encoded; see options.h */
    const struct edns_subnet *subnet; /* echoed behind them; NULL: no option */
};

size_t edns_options_len(const struct edns_reply *reply);
/* Writes the options and returns their length. */
size_t edns_write_options(const struct edns_reply *reply, uint8_t *out);

/* Octets that edns_write will write. */
static inline size_t edns_reply_len(const struct edns_reply *reply)
{
    return EDNS_OPT_LEN + (reply->has_options ? edns_options_len(reply) : 0);
}

/* Writes the OPT record to out, which has room for edns_reply_len(). Returns its length. */
static inline size_t edns_write(const struct edns_reply *reply, uint8_t *out)
{
    size_t options_len = reply->has_options ? edns_write_options(reply, out + EDNS_OPT_LEN) : 0;
    uint32_t flags = reply->is_dnssec_ok ? EDNS_FLAG_DO << 8 : 0;
    out[0] = 0;
    wire_store_u32(out + 1, (uint32_t)DNS_TYPE_OPT << 16 | reply->udp_size);
    wire_store_u32(out + 5, (uint32_t)reply->extended_rcode << 24 | flags); /* version 0 */
    wire_store_u16(out + 9, (uint16_t)options_len);
    return EDNS_OPT_LEN + options_len;
}
