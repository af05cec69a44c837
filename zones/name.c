/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX_OCTETS 63

static uint64_t load_word(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word); /* one hash on all machines */
#endif
    return word;
}

typedef uint8_t block __attribute__((vector_size(16)));

/* Sixteen octets to lower case at once. Length octets are at most 63, below 'A', and stay. */
static void copy_block_lower(uint8_t *to, const uint8_t *from)
{
    block octets;
    memcpy(&octets, from, sizeof(octets));
    octets |= (block)(octets - 'A' < 26) & 0x20;
    memcpy(to, &octets, sizeof(octets));
}

static void copy_lower(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len < sizeof(block)) {
        for (size_t i = 0; i < len; i++) {
            to[i] = (uint8_t)(from[i] | ((uint8_t)(from[i] - 'A') < 26 ? 0x20 : 0));
        }
    } else {
        for (size_t i = 0; i + sizeof(block) < len; i += sizeof(block)) {
            copy_block_lower(to + i, from + i);
        }
        /* The rest, with some octets before it once more: nothing beyond the name is read. */
        copy_block_lower(to + len - sizeof(block), from + len - sizeof(block));
    }
    memset(to + len, 0, 8);
}

/* Multiplication carries each bit upwards; the byte swap brings the best mixed bits down to where
 * hash tables look. Names come from zone files, so that no seed has to hide it. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    return __builtin_bswap64((hash ^ word) * 0x9e3779b97f4a7c15);
}

/* The last word runs into the labels after this one, and after the root into zeros: all part of
 * the suffix that is hashed, so that it needs no mask. */
static uint64_t hash_label(uint64_t hash, const uint8_t *label)
{
    const uint8_t *end = label + label[0];
    do {
        hash = mix(hash, load_word(label));
        label += 8;
    } while (label <= end);
    return hash;
}

size_t name_key_parse(struct name_key *key, const uint8_t *octets, size_t available)
{
    uint8_t starts[NAME_MAX_LABELS + 1];
    size_t limit = available < NAME_MAX_OCTETS ? available : NAME_MAX_OCTETS;
    size_t at = 0;
    size_t labels = 0;
    for (;; labels++) {
        if (at >= limit || octets[at] > LABEL_MAX_OCTETS) {
            return 0;
        }
        /* Fits: each label has at least 2 octets, so that 255 hold 127 and the root. */
        starts[labels] = (uint8_t)at;
        if (octets[at] == 0) {
            break;
        }
        at += (size_t)octets[at] + 1;
    }
    size_t len = at + 1;
    copy_lower(key->lower, octets, len);

    uint64_t hash = 0x2545f4914f6cdd1d;
    key->suffix_start[0] = (uint8_t)at;
    key->suffix_hash[0] = (uint32_t)hash;
    for (size_t i = 1; i <= labels; i++) {
        uint8_t start = starts[labels - i];
        hash = hash_label(hash, key->lower + start);
        key->suffix_start[i] = start;
        key->suffix_hash[i] = (uint32_t)hash;
    }
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
