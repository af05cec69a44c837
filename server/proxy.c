/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/proxy.h"

#include <string.h>

#include "server/wire.h"

#define FIXED_LEN     16 /* signature, version and command, family, length */
#define SIGNATURE_LEN 12
#define VERSION_2     0x20
#define COMMAND_LOCAL 0
#define COMMAND_PROXY 1
#define FAMILY_UNSPEC 0
#define FAMILY_INET   1
#define FAMILY_INET6  2
#define FAMILY_UNIX   3
#define PROTOCOL_MAX  2  /* unspecified, stream, datagram */
#define INET_LEN      12 /* two addresses, two ports */
#define INET6_LEN     36
#define UNIX_LEN      216

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

static void set_source_v4(struct proxy_header *header, const uint8_t *host, const uint8_t *port)
{
    struct sockaddr_in *source = &header->source.v4;
    source->sin_family = AF_INET;
    memcpy(&source->sin_addr, host, 4);
    memcpy(&source->sin_port, port, 2);
    header->source.len = sizeof(*source);
    header->has_source = true;
}

static void set_source_v6(struct proxy_header *header, const uint8_t *octets)
{
    struct sockaddr_in6 *source = &header->source.v6;
    memcpy(&source->sin6_addr, octets, 16);
    if (IN6_IS_ADDR_V4MAPPED(&source->sin6_addr)) {
        /* From a proxy with one socket for both families: prefixes of IPv4 are for it as well. */
        memset(source, 0, sizeof(*source));
        set_source_v4(header, octets + 12, octets + 32);
        return;
    }
    source->sin6_family = AF_INET6;
    memcpy(&source->sin6_port, octets + 32, 2);
    header->source.len = sizeof(*source);
    header->has_source = true;
}

/* Families without an address of the Internet leave the proxy's own. */
static bool parse_addresses(struct proxy_header *header, uint8_t family, const uint8_t *octets,
                            size_t len)
{
    static const size_t needed[] = {[FAMILY_UNSPEC] = 0,
                                    [FAMILY_INET] = INET_LEN,
                                    [FAMILY_INET6] = INET6_LEN,
                                    [FAMILY_UNIX] = UNIX_LEN};
    if (family >> 4 > FAMILY_UNIX || (family & 0x0F) > PROTOCOL_MAX || len < needed[family >> 4]) {
        return false;
    }
    if (family >> 4 == FAMILY_INET) {
        set_source_v4(header, octets, octets + 8);
    } else if (family >> 4 == FAMILY_INET6) {
        set_source_v6(header, octets);
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
