/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX_OCTETS 63

typedef uint8_t block __attribute__((vector_size(16)));
typedef uint8_t half_block __attribute__((vector_size(8)));

/* Length octets are at most 63, below 'A', and stay. */
#define LOWER(octets) ((octets) | ((__typeof__(octets))((octets) - 'A' < 26) & 0x20))

static void copy_block_lower(uint8_t *to, const uint8_t *from)
{
    block octets;
    memcpy(&octets, from, sizeof(octets));
    octets = LOWER(octets);
    memcpy(to, &octets, sizeof(octets));
}

static void copy_half_block_lower(uint8_t *to, const uint8_t *from)
{
    half_block octets;
    memcpy(&octets, from, sizeof(octets));
    octets = LOWER(octets);
    memcpy(to, &octets, sizeof(octets));
}

/* The rest of a string is its last block, some octets of which were there before: nothing beyond
 * the name is read. */
static void copy_lower(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len >= sizeof(block)) {
        size_t last = len - sizeof(block);
        for (size_t i = 0; i < last; i += sizeof(block)) {
            copy_block_lower(to + i, from + i);
        }
        copy_block_lower(to + last, from + last);
    } else if (len >= sizeof(half_block)) {
        copy_half_block_lower(to, from);
        copy_half_block_lower(to + len - sizeof(half_block), from + len - sizeof(half_block));
    } else {
        for (size_t i = 0; i < len; i++) {
            to[i] = (uint8_t)(from[i] | ((uint8_t)(from[i] - 'A') < 26 ? 0x20 : 0));
        }
    }
}

size_t name_key_parse(struct name_key *key, const uint8_t *octets, size_t available)
{
    size_t limit = available < NAME_MAX_OCTETS ? available : NAME_MAX_OCTETS;
    size_t at = 0;
    size_t labels = 0;
    for (;; labels++) {
        if (at >= limit) {
            return 0;
        }
        /* Fits: each label has at least 2 octets, so that 255 hold 127 and the root. */
        key->starts[labels] = (uint8_t)at;
        unsigned len = octets[at];
        if (len - 1 >= LABEL_MAX_OCTETS) { /* 0 too */
            if (len != 0) {
                return 0;
            }
            break;
        }
        at += len + 1;
    }
    size_t len = at + 1;
    copy_lower(key->lower, octets, len);
    memset(key->before, 0, sizeof(key->before));
    key->len = (uint8_t)len;
    key->label_count = (uint8_t)labels;
    return len;
}

/* One octet of a label in presentation form: itself, "\." or "\046". NULL: a broken escape. */
static const char *parse_octet(const char *text, uint8_t *octet)
{
    if (*text != '\\') {
        *octet = (uint8_t)*text;
        return text + 1;
    }
    text++;
    if (*text == '\0') {
        return NULL;
    }
    if (!isdigit((unsigned char)*text)) {
        *octet = (uint8_t)*text;
        return text + 1;
    }
    unsigned value = 0;
    for (int i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return NULL;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (value > UINT8_MAX) {
        return NULL;
    }
    *octet = (uint8_t)value;
    return text + 3;
}

/* One label with the dot after it, if any. NULL and err when it is none. */
static const char *parse_label(struct name *name, const char *rest, const char *whole,
                               struct error *err)
{
    size_t length_at = name->len;
    size_t len = 0;
    while (*rest != '\0' && *rest != '.') {
        uint8_t octet;
        rest = parse_octet(rest, &octet);
        if (rest == NULL) {
            error_set(err, "\"%s\" is no domain name: after \\ one character or three digits",
                      whole);
            return NULL;
        }
        if (++len > LABEL_MAX_OCTETS) {
            error_set(err, "\"%s\" is no domain name: a label is longer than 63 octets", whole);
            return NULL;
        }
        /* Room for the octet and for the root's zero. */
        if (length_at + len + 1 >= NAME_MAX_OCTETS) {
            error_set(err, "\"%s\" is no domain name: it is longer than 255 octets", whole);
            return NULL;
        }
        name->octets[length_at + len] =
            octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
    }
    if (len == 0) {
        error_set(err, "\"%s\" is no domain name: it has an empty label", whole);
        return NULL;
    }
    name->octets[length_at] = (uint8_t)len;
    name->len = (uint8_t)(length_at + len + 1);
    name->label_count++;
    return *rest == '.' ? rest + 1 : rest;
}

bool name_parse(struct name *name, const char *text, struct error *err)
{
    memset(name, 0, sizeof(*name));
    if (*text == '\0') {
        return error_set(err, "a domain name is empty (the root is \".\")");
    }
    const char *rest = strcmp(text, ".") == 0 ? text + 1 : text;
    while (*rest != '\0') {
        rest = parse_label(name, rest, text, err);
        if (rest == NULL) {
            return false;
        }
    }
    name->octets[name->len++] = 0;
    return true;
}

/* Those that mean something in a master file are escaped, those that do not print in decimal. */
static size_t print_octet(uint8_t octet, char *out)
{
    if (octet <= ' ' || octet >= 0x7f) {
        return (size_t)sprintf(out, "\\%03u", octet);
    }
    if (strchr(".\\\"();@$", octet) != NULL) {
        *out++ = '\\';
        *out = (char)octet;
        return 2;
    }
    *out = (char)octet;
    return 1;
}

/* 4 characters for each of at most 250 octets and a dot for each label: below NAME_TEXT_SIZE. */
void name_print(const uint8_t *octets, char out[NAME_TEXT_SIZE])
{
    size_t at = 0;
    if (octets[0] == 0) {
        out[at++] = '.';
    }
    while (octets[0] != 0) {
        for (size_t i = 1; i <= octets[0]; i++) {
            at += print_octet(octets[i], out + at);
        }
        octets += octets[0] + 1;
        if (octets[0] != 0) {
            out[at++] = '.';
        }
    }
    out[at] = '\0';
}

bool name_is_within(const struct name *name, const struct name *ancestor)
{
    if (name->label_count < ancestor->label_count) {
        return false;
    }
    const uint8_t *suffix = name->octets;
    for (unsigned i = name->label_count; i > ancestor->label_count; i--) {
        suffix += suffix[0] + 1;
    }
    size_t len = (size_t)(name->octets + name->len - suffix);
    return len == ancestor->len && memcmp(suffix, ancestor->octets, len) == 0;
}
