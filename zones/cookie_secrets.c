/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/cookie_secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/base16.h>

#include "common/file.h"

#define SECRETS_SIZE 256 /* of the file: two lines and some space */

/* One line without its end; *secret is set. */
static bool parse_line(uint8_t secret[COOKIE_SECRET_LEN], const char *line, size_t len)
{
    struct base16_decode_ctx decoder;
    size_t parsed = COOKIE_SECRET_LEN;
    if (len != 2 * (size_t)COOKIE_SECRET_LEN) {
        return false;
    }
    /* White space between digits is let pass by nettle; then there are too few octets. */
    base16_decode_init(&decoder);
    return base16_decode_update(&decoder, &parsed, secret, len, line) == 1 &&
           base16_decode_final(&decoder) == 1 && parsed == COOKIE_SECRET_LEN;
}

bool cookie_secrets_parse(struct cookie_secrets *secrets, const char *text, const char *path,
                          struct error *err)
{
    memset(secrets, 0, sizeof(*secrets));
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
    FILE *stream = file_open(path, err);
    if (stream == NULL) {
        return false;
    }
    size_t len = fread(text, 1, sizeof(text) - 1, stream);
    bool has_failed = ferror(stream) != 0;
    fclose(stream);
    if (has_failed) {
        return error_set(err, "%s: cannot read", path);
    }
    text[len] = '\0';
    bool is_good = cookie_secrets_parse(secrets, text, path, err);
    explicit_bzero(text, sizeof(text));
    return is_good;
}

void cookie_secrets_make(struct cookie_secrets *secrets)
{
    memset(secrets, 0, sizeof(*secrets));
    secrets->count = 1;
    if (getrandom(secrets->secrets[0], COOKIE_SECRET_LEN, 0) != COOKIE_SECRET_LEN) {
        abort(); /* no randomness to be had */
    }
}

bool cookie_secrets_are_equal(const struct cookie_secrets *a, const struct cookie_secrets *b)
{
    return a->count == b->count && memcmp(a->secrets, b->secrets, sizeof(a->secrets)) == 0;
}
