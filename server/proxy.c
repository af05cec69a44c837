/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/proxy.h"

#include <string.h>

#include "server/wire.h"

#define FIXED_LEN     16 /* signature, version and command, family, length */
#define SIGNATURE_LEN 12
#define VERSION_2     0x20
#define COMMAND_LOCAL 0
#define COMMAND_PROXY 1
#define FAMILY_INET   1
#define FAMILY_INET6  2
#define INET_LEN      12 /* two addresses, two ports */
#define INET6_LEN     36

static const uint8_t signature[SIGNATURE_LEN] = "\r\n\r\n\0\r\nQUIT\n";

bool proxy_is_listed(const struct config_server *config, const struct sockaddr *address)
{
    for (size_t i = 0; i < config->proxy_count; i++) {
        if (prefix_contains(&config->proxies[i], address)) {
            return true;
        }
    }
    return false;
}

static void set_source_v4(struct proxy_header *header, const uint8_t *octets)
{
    struct sockaddr_in *source = &header->source.v4;
    source->sin_family = AF_INET;
    memcpy(&source->sin_addr, octets, 4);
    memcpy(&source->sin_port, octets + 8, 2);
    header->source.len = sizeof(*source);
    header->has_source = true;
}

static void set_source_v6(struct proxy_header *header, const uint8_t *octets)
{
    struct sockaddr_in6 *source = &header->source.v6;
    source->sin6_family = AF_INET6;
    memcpy(&source->sin6_addr, octets, 16);
    memcpy(&source->sin6_port, octets + 32, 2);
    header->source.len = sizeof(*source);
    header->has_source = true;
}

/* Families without an address of the Internet leave the proxy's own. */
static bool parse_addresses(struct proxy_header *header, uint8_t family, const uint8_t *octets,
                            size_t len)
{
    if (family >> 4 == FAMILY_INET) {
        if (len >= INET_LEN) {
            set_source_v4(header, octets);
        }
        return len >= INET_LEN;
    }
    if (family >> 4 == FAMILY_INET6) {
        if (len >= INET6_LEN) {
            set_source_v6(header, octets);
        }
        return len >= INET6_LEN;
    }
    return true;
}

enum proxy_verdict proxy_parse(struct proxy_header *header, const uint8_t *octets, size_t len)
{
    memset(header, 0, sizeof(*header));
    size_t begin = len < SIGNATURE_LEN ? len : SIGNATURE_LEN;
    if (memcmp(octets, signature, begin) != 0) {
        return PROXY_BAD;
    }
    if (len < FIXED_LEN) {
        return PROXY_SHORT;
    }
    uint8_t command = octets[12] & 0x0F;
    size_t rest = wire_load_u16(octets + 14);
    if ((octets[12] & 0xF0) != VERSION_2 || command > COMMAND_PROXY ||
        FIXED_LEN + rest > PROXY_HEADER_MAX) {
        return PROXY_BAD;
    }
    if (len < FIXED_LEN + rest) {
        return PROXY_SHORT;
    }
    header->len = FIXED_LEN + rest;
    if (command == COMMAND_LOCAL) {
        return PROXY_OK;
    }
    return parse_addresses(header, octets[13], octets + FIXED_LEN, rest) ? PROXY_OK : PROXY_BAD;
}
