/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as the file of cookie secrets: one or two, which are what was written, or an error that
 * does not tell them. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/alloc.h"
#include "zones/cookie_secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct cookie_secrets secrets;
    CLEANUP(alloc_freep) char *text = alloc_resize(NULL, size + 1, 1);
    memcpy(text, data, size);
    text[size] = '\0';
    if (!cookie_secrets_parse(&secrets, text, "file", &err)) {
        assert(strncmp(err.text, "file:", 5) == 0);
        return 0;
    }
    assert(secrets.count == 1 || secrets.count == 2);
    for (size_t i = 0; i < secrets.count; i++) {
        for (size_t at = 0; at < COOKIE_SECRET_LEN; at++) {
            char octet[3];
            snprintf(octet, sizeof(octet), "%02x", secrets.secrets[i][at]);
            const char *written = text + i * (2 * COOKIE_SECRET_LEN + 1) + 2 * at;
            assert(tolower((unsigned char)written[0]) == octet[0]);
            assert(tolower((unsigned char)written[1]) == octet[1]);
        }
    }
    return 0;
}
