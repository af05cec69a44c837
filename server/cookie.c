/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/cookie.h"

#include <netinet/in.h>
#include <string.h>

#include <sodium.h>

#define CLIENT_LEN  8
#define TIME_AT     12 /* behind the client's cookie, version and three reserved octets */
#define HASH_AT     16
#define VERSION     1
#define ADDRESS_MAX 16
#define AGE_MAX_S   3600 /* RFC 9018 section 4.3 */
#define AGE_RENEW_S 1800
#define AHEAD_MAX_S 300

_Static_assert(COOKIE_SECRET_LEN == crypto_shorthash_siphash24_KEYBYTES, "a key of SipHash");
_Static_assert(COOKIE_LEN - HASH_AT == crypto_shorthash_siphash24_BYTES, "a hash of SipHash-2-4");

/* The client's address; an IPv4 address mapped into IPv6 is the IPv4 address. */
static size_t address_octets(const struct sockaddr *address, uint8_t out[ADDRESS_MAX])
{
    if (address->sa_family == AF_INET) {
        memcpy(out, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
        return 4;
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        memcpy(out, v6->s6_addr + 12, 4);
        return 4;
    }
    memcpy(out, v6->s6_addr, 16);
    return 16;
}

/* RFC 9018 section 4.4: over all that is before the hash, then the address. */
static void hash_cookie(const uint8_t secret[COOKIE_SECRET_LEN], const uint8_t octets[HASH_AT],
                        const struct sockaddr *address, uint8_t out[COOKIE_LEN - HASH_AT])
{
    uint8_t input[HASH_AT + ADDRESS_MAX];
    memcpy(input, octets, HASH_AT);
    size_t len = HASH_AT + address_octets(address, input + HASH_AT);
    crypto_shorthash_siphash24(out, input, len, secret);
}

static uint32_t load_time(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *octets,
                               size_t len, const struct sockaddr *address, uint32_t now_s)
{
    uint8_t hash[COOKIE_LEN - HASH_AT];
    if (len != COOKIE_LEN || octets[CLIENT_LEN] != VERSION) {
        return COOKIE_BAD;
    }
    /* RFC 1982: time that runs over 32 bits goes on. */
    int32_t age_s = (int32_t)(now_s - load_time(octets + TIME_AT));
    if (age_s > AGE_MAX_S || age_s < -AHEAD_MAX_S) {
        return COOKIE_BAD;
    }
    for (size_t i = 0; i < secrets->count; i++) {
        hash_cookie(secrets->secrets[i], octets, address, hash);
        if (sodium_memcmp(hash, octets + HASH_AT, sizeof(hash)) == 0) {
            return i > 0 || age_s > AGE_RENEW_S ? COOKIE_AGING : COOKIE_GOOD;
        }
    }
    return COOKIE_BAD;
}

void cookie_make(const struct cookie_secrets *secrets, const uint8_t client[8],
                 const struct sockaddr *address, uint32_t now_s, uint8_t out[COOKIE_LEN])
{
    memcpy(out, client, CLIENT_LEN);
    memcpy(out + CLIENT_LEN, (const uint8_t[]){VERSION, 0, 0, 0}, 4);
    for (size_t i = 0; i < 4; i++) {
        out[TIME_AT + i] = (uint8_t)(now_s >> (24 - 8 * i));
    }
    hash_cookie(secrets->secrets[0], out, address, out + HASH_AT);
}
