/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/edns.h"

#define OPTION_CLIENT_SUBNET 8
#define FAMILY_IPV4          1
#define FAMILY_IPV6          2

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
    if (edns->has_subnet || len < 4 || len > 4 + sizeof(edns->subnet.address)) {
        return false;
    }
    struct edns_subnet *subnet = &edns->subnet;
    memset(subnet, 0, sizeof(*subnet));
    subnet->family = wire_load_u16(octets);
    subnet->source_bits = octets[2];
    uint8_t scope_bits = octets[3];
    memcpy(subnet->address, octets + 4, len - 4);
    edns->has_subnet = true;
    return scope_bits == 0 && subnet_bits_are_valid(subnet, len - 4);
}

bool edns_parse_options(struct edns *edns, const uint8_t *octets, size_t len)
{
    struct wire_reader options = wire_reader_make(octets, len);
    while (wire_left(&options) > 0) {
        uint16_t code = wire_read_u16(&options);
        uint16_t option_len = wire_read_u16(&options);
        const uint8_t *data = wire_read(&options, option_len);
        if (data == NULL) {
            return false;
        }
        if (code == OPTION_CLIENT_SUBNET && !parse_subnet(edns, data, option_len)) {
            return false;
        }
    }
    return true;
}

size_t edns_write_subnet(const struct edns_reply *reply, uint8_t *out)
{
    size_t octet_count = edns_subnet_octets(reply->subnet);
    wire_store_u16(out, OPTION_CLIENT_SUBNET);
    wire_store_u16(out + 2, (uint16_t)(4 + octet_count));
    wire_store_u16(out + 4, reply->subnet->family);
    out[6] = reply->subnet->source_bits;
    out[7] = reply->scope_bits;
    memcpy(out + 8, reply->subnet->address, octet_count);
    return 8 + octet_count;
}
