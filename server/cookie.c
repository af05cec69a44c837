/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/cookie.h"

#include <netinet/in.h>
#include <string.h>

#include "server/siphash.h"

#define CLIENT_LEN  8
#define TIME_AT     12 /* behind the client's cookie, version and three reserved octets */
#define HASH_AT     16
#define VERSION     1
#define AGE_MAX_S   3600 /* RFC 9018 section 4.3 */
#define AGE_RENEW_S 1800
#define AHEAD_MAX_S 300

_Static_assert(COOKIE_SECRET_LEN == 16, "a key of SipHash");

/* RFC 9018 section 4.4: over all that is before the hash, then the address; an IPv4 address mapped
 * into IPv6 is the IPv4 address. */
static uint64_t hash_cookie(const uint8_t secret[COOKIE_SECRET_LEN], const uint8_t octets[HASH_AT],
                            const struct sockaddr *address)
{
    struct siphash state = siphash_begin(secret);
    uint32_t v4;
    siphash_add(&state, siphash_load(octets));
    siphash_add(&state, siphash_load(octets + 8));
    if (address->sa_family == AF_INET) {
        v4 = ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
    } else {
        const uint8_t *v6 = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
        if (!IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)v6)) {
            siphash_add(&state, siphash_load(v6));
            siphash_add(&state, siphash_load(v6 + 8));
            return siphash_end(&state, 0, HASH_AT + 16);
        }
        memcpy(&v4, v6 + 12, sizeof(v4));
    }
    return siphash_end(&state, le32toh(v4), HASH_AT + 4);
}

static uint32_t load_time(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *octets,
                               size_t len, const struct sockaddr *address, uint32_t now_s)
{
    if (len != COOKIE_LEN || octets[CLIENT_LEN] != VERSION) {
        return COOKIE_BAD;
    }
    /* RFC 1982: time that runs over 32 bits goes on. */
    int32_t age_s = (int32_t)(now_s - load_time(octets + TIME_AT));
    if (age_s > AGE_MAX_S || age_s < -AHEAD_MAX_S) {
        return COOKIE_BAD;
    }
    for (size_t i = 0; i < secrets->count; i++) {
        /* One comparison of one word takes as long whatever it finds. */
        if (hash_cookie(secrets->secrets[i], octets, address) == siphash_load(octets + HASH_AT)) {
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
    uint64_t hash = htole64(hash_cookie(secrets->secrets[0], out, address));
    memcpy(out + HASH_AT, &hash, sizeof(hash));
}
