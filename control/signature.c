/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/signature.h"

#include <inttypes.h>
#include <nettle/base16.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

void signature_make(const char *secret, int64_t time_s, const char *body,
                    char header[SIGNATURE_SIZE])
{
    struct hmac_sha256_ctx hmac;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char digits[BASE16_ENCODE_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
    char time[32];
    int time_len = snprintf(time, sizeof(time), "%" PRId64 ".", time_s);
    hmac_sha256_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
    hmac_sha256_update(&hmac, (size_t)time_len, (const uint8_t *)time);
    hmac_sha256_update(&hmac, strlen(body), (const uint8_t *)body);
    hmac_sha256_digest(&hmac, sizeof(digest), digest);
    base16_encode_update(digits, sizeof(digest), digest);
    snprintf(header, SIGNATURE_SIZE, "Ballast-Signature: t=%" PRId64 ",v1=%s", time_s, digits);
}
