/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/edns.h"

#include "server/dns.h"

#define OPTION_CLIENT_SUBNET 8
#define FLAG_DO              0x8000
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
    if (octet_count != (subnet->source_bits + 7u) / 8) {
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

static bool parse_options(struct edns *edns, const uint8_t *octets, size_t len)
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

bool edns_parse(struct edns *edns, struct wire_reader *reader)
{
    const uint8_t *fixed = wire_read(reader, EDNS_OPT_LEN);
    if (fixed == NULL || fixed[0] != 0 || wire_load_u16(fixed + 1) != DNS_TYPE_OPT) {
        return false;
    }
    edns->is_present = true;
    edns->udp_size = wire_load_u16(fixed + 3);
    edns->version = fixed[6];
    edns->is_dnssec_ok = (wire_load_u16(fixed + 7) & FLAG_DO) != 0;
    uint16_t options_len = wire_load_u16(fixed + 9);
    const uint8_t *options = wire_read(reader, options_len);
    if (options == NULL) {
        return false;
    }
    return options_len == 0 || edns->version != 0 || parse_options(edns, options, options_len);
}

static size_t subnet_octet_count(const struct edns_subnet *subnet)
{
    return (subnet->source_bits + 7u) / 8;
}

size_t edns_reply_len(const struct edns_reply *reply)
{
    return reply->subnet == NULL ? EDNS_OPT_LEN
                                 : EDNS_OPT_LEN + 8 + subnet_octet_count(reply->subnet);
}

size_t edns_write(const struct edns_reply *reply, uint8_t *out)
{
    size_t len = edns_reply_len(reply);
    out[0] = 0;
    wire_store_u16(out + 1, DNS_TYPE_OPT);
    wire_store_u16(out + 3, reply->udp_size);
    out[5] = reply->extended_rcode;
    out[6] = 0;
    wire_store_u16(out + 7, reply->is_dnssec_ok ? FLAG_DO : 0);
    wire_store_u16(out + 9, (uint16_t)(len - EDNS_OPT_LEN));
    if (reply->subnet != NULL) {
        uint8_t *option = out + EDNS_OPT_LEN;
        size_t octet_count = subnet_octet_count(reply->subnet);
        wire_store_u16(option, OPTION_CLIENT_SUBNET);
        wire_store_u16(option + 2, (uint16_t)(4 + octet_count));
        wire_store_u16(option + 4, reply->subnet->family);
        option[6] = reply->subnet->source_bits;
        option[7] = reply->scope_bits;
        memcpy(option + 8, reply->subnet->address, octet_count);
    }
    return len;
}
