/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/edns.h"

#define FAMILY_IPV4       1
#define FAMILY_IPV6       2
#define COOKIE_CLIENT_LEN 8

static bool subnet_bits_are_valid(const struct edns_subnet *subnet, size_t octet_count)
{
    unsigned bits_max = subnet->family == FAMILY_IPV4   ? 32
                        : subnet->family == FAMILY_IPV6 ? 128
                                                        : 0;
    if (subnet->family > FAMILY_IPV6 || subnet->source_bits > bits_max) {
        return false;
    }
    if (octet_count != edns_subnet_octets(subnet)) {
        return false;
    }
    unsigned used_bits = subnet->source_bits % 8;
    /* RFC 7871 section 6: what is beyond the prefix is zero. */
    return used_bits == 0 || (subnet->address[octet_count - 1] & (0xFF >> used_bits)) == 0;
}

/* RFC 7871 section 6. */
static bool parse_subnet(struct edns *edns, const uint8_t *octets, size_t len)
{
    if ((edns->seen & EDNS_SEEN_SUBNET) != 0 || len < 4 || len > 4 + sizeof(edns->subnet.address)) {
        return false;
    }
    struct edns_subnet *subnet = &edns->subnet;
    memset(subnet, 0, sizeof(*subnet));
    subnet->family = wire_load_u16(octets);
    subnet->source_bits = octets[2];
    uint8_t scope_bits = octets[3];
    memcpy(subnet->address, octets + 4, len - 4);
    edns->seen |= EDNS_SEEN_SUBNET;
    return scope_bits == 0 && subnet_bits_are_valid(subnet, len - 4);
}

/* RFC 7873 section 5.2.2: a client cookie alone, or a server cookie of 8 to 32 octets behind it. */
static bool parse_cookie(struct edns *edns, const uint8_t *octets, size_t len)
{
    bool is_whole =
        len == COOKIE_CLIENT_LEN || (len >= 2 * COOKIE_CLIENT_LEN && len <= EDNS_COOKIE_MAX);
    /* Of several the first counts (RFC 7873 section 5.2). */
    if (is_whole && (edns->seen & EDNS_SEEN_COOKIE) == 0) {
        edns->seen |= EDNS_SEEN_COOKIE;
        edns->cookie = octets;
        edns->cookie_len = (uint8_t)len;
    }
    return is_whole;
}

static bool parse_option(struct edns *edns, uint16_t code, const uint8_t *octets, size_t len)
{
    switch (code) {
    case EDNS_OPTION_NSID: /* RFC 5001 section 2.1: what a query has in it is ignored */
        edns->seen |= EDNS_SEEN_NSID;
        return true;
    case EDNS_OPTION_SUBNET:
        return parse_subnet(edns, octets, len);
    case EDNS_OPTION_COOKIE:
        return parse_cookie(edns, octets, len);
    case EDNS_OPTION_KEEPALIVE: /* to be judged by whoever knows the transport */
        edns->seen |= len == 0 ? EDNS_SEEN_KEEPALIVE : EDNS_SEEN_KEEPALIVE_BAD;
        return true;
    default:
        return true;
    }
}

bool edns_parse_options(struct edns *edns, const uint8_t *octets, size_t len)
{
    struct wire_reader options = wire_reader_make(octets, len);
    while (wire_left(&options) > 0) {
        uint16_t code = wire_read_u16(&options);
        uint16_t option_len = wire_read_u16(&options);
        const uint8_t *data = wire_read(&options, option_len);
        if (data == NULL || !parse_option(edns, code, data, option_len)) {
            return false;
        }
    }
    return true;
}

size_t edns_options_len(const struct edns_reply *reply)
{
    size_t subnet_len = reply->subnet == NULL ? 0 : 8 + edns_subnet_octets(reply->subnet);
    return reply->options_len + subnet_len;
}

static void write_subnet(const struct edns_reply *reply, uint8_t *out)
{
    size_t octet_count = edns_subnet_octets(reply->subnet);
    wire_store_u16(out, EDNS_OPTION_SUBNET);
    wire_store_u16(out + 2, (uint16_t)(4 + octet_count));
    wire_store_u16(out + 4, reply->subnet->family);
    out[6] = reply->subnet->source_bits;
    out[7] = reply->scope_bits;
    memcpy(out + 8, reply->subnet->address, octet_count);
}

size_t edns_write_options(const struct edns_reply *reply, uint8_t *out)
{
    if (reply->options_len > 0) {
        memcpy(out, reply->options, reply->options_len);
    }
    if (reply->subnet != NULL) {
        write_subnet(reply, out + reply->options_len);
    }
    return edns_options_len(reply);
}
