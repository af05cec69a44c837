/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* Decimal digits and nothing else, at most `high`. */
static bool parse_number(const char *text, unsigned high, unsigned *number)
{
    unsigned value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*text - '0');
        if (value > high) {
            return false;
        }
    }
    *number = value;
    return true;
}

/* The first `len` octets of text as a string; false when they do not fit. */
static bool copy_part(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool set_host(struct address *address, const char *host, uint16_t port)
{
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        address->len = sizeof(address->v4);
        return true;
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        address->len = sizeof(address->v6);
        return true;
    }
    return false;
}

static bool set_parts(struct address *address, const char *host, size_t host_len, const char *port)
{
    char host_text[ADDRESS_TEXT_SIZE];
    unsigned number = 0;
    return copy_part(host_text, sizeof(host_text), host, host_len) &&
           parse_number(port, UINT16_MAX, &number) && number > 0 &&
           set_host(address, host_text, (uint16_t)number);
}

bool address_parse(struct address *address, const char *text, uint16_t default_port,
                   struct error *err)
{
    const char *at = strchr(text, '@');
    bool ok = at == NULL ? set_host(address, text, default_port)
                         : set_parts(address, text, (size_t)(at - text), at + 1);
    return ok || error_set(err,
                           "found \"%s\", expected an address and a port from 1 to 65535 such as "
                           "127.0.0.1@53 or ::1@53",
                           text);
}

/* "fe80::1%eth0@53" to "fe80::1@53" and "eth0". False: one of them is too long. */
static bool split_interface(const char *text, char out[ADDRESS_TEXT_SIZE], char name[IF_NAMESIZE])
{
    size_t host_len = strcspn(text, "%");
    const char *start = text + host_len + 1;
    size_t name_len = strcspn(start, "@");
    size_t rest_len = strlen(start + name_len);
    if (host_len + rest_len >= ADDRESS_TEXT_SIZE ||
        !copy_part(name, IF_NAMESIZE, start, name_len)) {
        return false;
    }
    memcpy(out, text, host_len);
    memcpy(out + host_len, start + name_len, rest_len + 1);
    return true;
}

static bool parse_with_interface(struct address *address, const char *text, uint16_t default_port,
                                 struct error *err)
{
    char rest[ADDRESS_TEXT_SIZE];
    char name[IF_NAMESIZE];
    if (!split_interface(text, rest, name) || !address_parse(address, rest, default_port, NULL) ||
        address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr)) {
        return error_set(
            err,
            "found \"%s\", expected an interface behind a link-local address only, such "
            "as fe80::1%%eth0@53",
            text);
    }
    address->v6.sin6_scope_id = if_nametoindex(name);
    return address->v6.sin6_scope_id != 0 ||
           error_set(err, "found \"%s\", but there is no interface %s", text, name);
}

bool address_parse_local(struct address *address, const char *text, uint16_t default_port,
                         struct error *err)
{
    if (strchr(text, '%') != NULL) {
        return parse_with_interface(address, text, default_port, err);
    }
    if (!address_parse(address, text, default_port, err)) {
        return false;
    }
    if (address->any.sa_family != AF_INET6) {
        return true;
    }
    if (IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr)) {
        return error_set(err,
                         "found \"%s\", expected a link-local address with its interface, such as "
                         "fe80::1%%eth0@53",
                         text);
    }
    return !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr) ||
           error_set(err, "found \"%s\", expected the IPv4 address itself", text);
}

bool address_parse_url_form(struct address *address, const char *text, struct error *err)
{
    const char *colon = strrchr(text, ':');
    size_t host_len = colon == NULL ? 0 : (size_t)(colon - text);
    bool bracketed = host_len >= 2 && text[0] == '[' && colon[-1] == ']';
    bool ok = colon != NULL && (bracketed ? set_parts(address, text + 1, host_len - 2, colon + 1)
                                          : set_parts(address, text, host_len, colon + 1));
    /* "::1:80" could be read two ways, "[127.0.0.1]:80" is no URL. */
    ok = ok && address->any.sa_family == (bracketed ? AF_INET6 : AF_INET);
    return ok || error_set(err,
                           "found \"%s\", expected an address and a port from 1 to 65535 such as "
                           "127.0.0.1:8053 or [::1]:8053",
                           text);
}

void address_print(const struct address *address, char out[ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool is_v6 = address->any.sa_family == AF_INET6;
    const void *octets =
        is_v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr;
    inet_ntop(address->any.sa_family, octets, host, sizeof(host));
    unsigned port = ntohs(is_v6 ? address->v6.sin6_port : address->v4.sin_port);
    char name[IF_NAMESIZE] = "";
    bool has_scope = is_v6 && address->v6.sin6_scope_id != 0 &&
                     if_indextoname(address->v6.sin6_scope_id, name) != NULL;
    snprintf(out, ADDRESS_TEXT_SIZE, "%s%s%s@%u", host, has_scope ? "%" : "", name, port);
}

static bool has_host_bits(const struct prefix *prefix, unsigned bits_max)
{
    for (unsigned bit = prefix->bits; bit < bits_max; bit++) {
        if (prefix->octets[bit / 8] & (0x80u >> bit % 8)) {
            return true;
        }
    }
    return false;
}

bool prefix_parse(struct prefix *prefix, const char *text, struct error *err)
{
    char host[ADDRESS_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t host_len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    memset(prefix, 0, sizeof(*prefix));
    bool ok = copy_part(host, sizeof(host), text, host_len);
    if (ok && inet_pton(AF_INET, host, prefix->octets) == 1) {
        prefix->family = AF_INET;
    } else if (ok && inet_pton(AF_INET6, host, prefix->octets) == 1) {
        prefix->family = AF_INET6;
    } else {
        ok = false;
    }
    unsigned bits_max = prefix->family == AF_INET ? 32 : 128;
    prefix->bits = bits_max;
    if (!ok || (slash != NULL && !parse_number(slash + 1, bits_max, &prefix->bits))) {
        return error_set(
            err, "found \"%s\", expected a prefix such as 192.0.2.0/24 or 2001:db8::/32", text);
    }
    if (has_host_bits(prefix, bits_max)) {
        return error_set(err, "found \"%s\", expected no bits set after the first %u", text,
                         prefix->bits);
    }
    return true;
}

bool prefix_contains(const struct prefix *prefix, const struct sockaddr *address)
{
    if (address->sa_family != prefix->family) {
        return false;
    }
    const void *start = prefix->family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
    const uint8_t *octets = start;
    unsigned whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;
    return memcmp(octets, prefix->octets, whole) == 0 &&
           (rest == 0 || ((octets[whole] ^ prefix->octets[whole]) >> (8 - rest)) == 0);
}
