/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/cookie.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define CLIENT_LEN   8
#define TIME_AT      12 /* behind the client's cookie, version and three reserved octets */
#define HASH_AT      16
#define VERSION      1
#define ADDRESS_MAX  16
#define AGE_MAX_S    3600 /* RFC 9018 section 4.3 */
#define AGE_RENEW_S  1800
#define AHEAD_MAX_S  300
#define SECRETS_SIZE 256 /* of the file: two lines and some space */

_Static_assert(COOKIE_SECRET_LEN == crypto_shorthash_siphash24_KEYBYTES, "a key of SipHash");
_Static_assert(COOKIE_LEN - HASH_AT == crypto_shorthash_siphash24_BYTES, "a hash of SipHash-2-4");

/* One line without its end; *secret is set. */
static bool parse_line(uint8_t secret[COOKIE_SECRET_LEN], const char *line, size_t len)
{
    size_t parsed = 0;
    return len == 2 * (size_t)COOKIE_SECRET_LEN &&
           sodium_hex2bin(secret, COOKIE_SECRET_LEN, line, len, NULL, &parsed, NULL) == 0 &&
           parsed == COOKIE_SECRET_LEN;
}

bool cookie_secrets_parse(struct cookie_secrets *secrets, const char *text, const char *path,
                          struct error *err)
{
    secrets->count = 0;
    for (size_t number = 1; *text != '\0'; number++) {
        size_t len = strcspn(text, "\n");
        if (secrets->count == COOKIE_SECRETS_MAX) {
            return error_set(err, "%s:%zu: found a third line, expected one or two secrets", path,
                             number);
        }
        /* What was found is not told: it may be a secret with a slip. */
        if (!parse_line(secrets->secrets[secrets->count], text, len)) {
            return error_set(err, "%s:%zu: expected a secret: %d hexadecimal digits", path, number,
                             2 * COOKIE_SECRET_LEN);
        }
        secrets->count++;
        text += len + (text[len] == '\n');
    }
    return secrets->count > 0 ||
           error_set(err, "%s: the file is empty, expected one or two secrets", path);
}

bool cookie_secrets_load(struct cookie_secrets *secrets, const char *path, struct error *err)
{
    char text[SECRETS_SIZE];
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        return error_set(err, "%s: cannot open: %s", path, strerror(errno));
    }
    size_t len = fread(text, 1, sizeof(text) - 1, stream);
    bool has_failed = ferror(stream) != 0;
    fclose(stream);
    if (has_failed) {
        return error_set(err, "%s: cannot read", path);
    }
    text[len] = '\0';
    bool is_good = cookie_secrets_parse(secrets, text, path, err);
    sodium_memzero(text, sizeof(text));
    return is_good;
}

void cookie_secrets_make(struct cookie_secrets *secrets)
{
    if (sodium_init() < 0) {
        abort(); /* no randomness to be had */
    }
    secrets->count = 1;
    randombytes_buf(secrets->secrets[0], COOKIE_SECRET_LEN);
}

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
