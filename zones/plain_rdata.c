/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/plain_rdata.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <nettle/base16.h>
#include <nettle/base64.h>

#include "common/alloc.h"
#include "zones/record_type.h"

#define LABEL_MAX_OCTETS  63
#define STRING_MAX_OCTETS 255
#define NAME_TEXT_MAX     (NAME_MAX_OCTETS - 2)
#define HASH_DIGITS       32 /* of SHA-1 in base32 */
#define BITMAP_OCTETS     32

/* ---- fields ---- */

bool plain_find_field(struct plain_reader *reader)
{
    for (; reader->at < reader->end; reader->at++) {
        switch (*reader->at) {
        case ' ':
        case '\t':
        case '\r':
            continue;
        case '(':
            reader->depth++;
            continue;
        case ')':
            if (reader->depth == 0) {
                return true; /* a field that nobody understands */
            }
            reader->depth--;
            continue;
        case ';': {
            const char *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
            reader->at = end == NULL ? reader->end : end;
            break;
        }
        default:
            break;
        }
        if (reader->at == reader->end || (*reader->at == '\n' && reader->depth == 0)) {
            return false;
        }
        if (*reader->at != '\n') {
            return true;
        }
        reader->lines++;
    }
    return false;
}

/* What means nothing to the syntax. */
static bool is_plain(char octet)
{
    return octet > ' ' && octet < 0x7f && octet != '"' && octet != '(' && octet != ')' &&
           octet != ';' && octet != '\\';
}

static bool is_end_of_field(const struct plain_reader *reader)
{
    return reader->at < reader->end && strchr(" \t\r\n();", *reader->at) != NULL;
}

struct plain_field plain_take_field(struct plain_reader *reader)
{
    if (!plain_find_field(reader)) {
        return (struct plain_field){0};
    }
    struct plain_field field = {.text = reader->at};
    const char *at = reader->at; /* not written back for each octet */
    while (at < reader->end && is_plain(*at)) {
        at++;
    }
    reader->at = at;
    field.len = is_end_of_field(reader) ? (size_t)(reader->at - field.text) : 0;
    return field;
}

bool plain_field_is(struct plain_field field, const char *word)
{
    size_t i = 0;
    /* No octet of a field differs from a letter or a digit in this bit only but the letter. */
    while (i < field.len && ((field.text[i] ^ word[i]) & ~0x20) == 0) {
        i++;
    }
    return i == field.len && word[i] == '\0';
}

bool plain_parse_number(struct plain_field field, uint32_t max, uint32_t *number)
{
    *number = 0;
    if (field.len == 0 || field.len > 9) {
        return false;
    }
    for (size_t i = 0; i < field.len; i++) {
        unsigned digit = (unsigned)(field.text[i] - '0');
        if (digit > 9) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return *number <= max;
}

static bool is_name_octet(char octet)
{
    char lower = (char)(octet | 0x20);
    return (lower >= 'a' && lower <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
           octet == '_' || octet == '*' || octet == '/';
}

/* The labels of a name, each with its length; returns where the next would begin, or NULL. */
static uint8_t *put_labels(struct plain_field field, uint8_t *out)
{
    uint8_t *length = out++;
    for (size_t i = 0; i <= field.len; i++) {
        if (i < field.len && field.text[i] != '.') {
            if (!is_name_octet(field.text[i])) {
                return NULL;
            }
            *out++ = (uint8_t)field.text[i];
            continue;
        }
        ptrdiff_t len = out - length - 1;
        if (len == 0 || len > LABEL_MAX_OCTETS) {
            return NULL;
        }
        *length = (uint8_t)len;
        length = out++;
        if (i + 1 == field.len) {
            break; /* the dot at the end */
        }
    }
    return length;
}

size_t plain_parse_name(struct plain_field field, const struct name *origin, uint8_t *out)
{
    static const struct name root = {.len = 1};
    uint8_t *at = out;
    if (field.len == 0 || field.len > NAME_TEXT_MAX) {
        return 0;
    }
    bool is_absolute = field.text[field.len - 1] == '.';
    if (!(field.len == 1 && (is_absolute || field.text[0] == '@'))) {
        at = put_labels(field, out);
    }
    const struct name *rest = is_absolute ? &root : origin;
    if (at == NULL || (size_t)(at - out) + rest->len > NAME_MAX_OCTETS) {
        return 0;
    }
    memcpy(at, rest->octets, rest->len);
    return (size_t)(at - out) + rest->len;
}

/* ---- what RDATA consists of; false: not understood ---- */

static bool put_number(struct plain_reader *reader, size_t octets)
{
    uint32_t number;
    uint32_t max = octets == 1 ? UINT8_MAX : octets == 2 ? UINT16_MAX : UINT32_MAX;
    if (!plain_parse_number(plain_take_field(reader), max, &number)) {
        return false;
    }
    for (size_t i = octets; i > 0; i--) {
        *reader->out++ = (uint8_t)(number >> (8 * (i - 1)));
    }
    return true;
}

static bool put_name(struct plain_reader *reader)
{
    size_t len = plain_parse_name(plain_take_field(reader), reader->origin, reader->out);
    reader->out += len;
    return len > 0;
}

static bool put_address(struct plain_reader *reader, int family)
{
    char text[INET6_ADDRSTRLEN];
    struct plain_field field = plain_take_field(reader);
    if (field.len == 0 || field.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, field.text, field.len);
    text[field.len] = '\0';
    bool is_right = inet_pton(family, text, reader->out) == 1;
    reader->out += family == AF_INET ? 4 : 16;
    return is_right;
}

/* What stands between quotes, or a word without them. */
static bool take_string(struct plain_reader *reader, struct plain_field *string)
{
    if (!plain_find_field(reader) || *reader->at != '"') {
        *string = plain_take_field(reader);
        return string->len > 0;
    }
    string->text = ++reader->at;
    while (reader->at < reader->end && *reader->at >= ' ' && *reader->at < 0x7f &&
           *reader->at != '"' && *reader->at != '\\') {
        reader->at++;
    }
    string->len = (size_t)(reader->at - string->text);
    return reader->at < reader->end && *reader->at++ == '"' && is_end_of_field(reader);
}

static void put_octets(struct plain_reader *reader, struct plain_field field)
{
    memcpy(reader->out, field.text, field.len);
    reader->out += field.len;
}

static bool put_strings(struct plain_reader *reader)
{
    do {
        struct plain_field string;
        if (!take_string(reader, &string) || string.len > STRING_MAX_OCTETS) {
            return false;
        }
        *reader->out++ = (uint8_t)string.len;
        put_octets(reader, string);
    } while (plain_find_field(reader));
    return true;
}

/* RFC 8659 section 4.1, behind the flags: the tag with its length, and what is left, which ldns
 * wants in quotes. */
static bool put_property(struct plain_reader *reader)
{
    struct plain_field value;
    struct plain_field tag = plain_take_field(reader);
    if (!plain_field_is(tag, "issue") && !plain_field_is(tag, "issuewild") &&
        !plain_field_is(tag, "iodef")) {
        return false;
    }
    *reader->out++ = (uint8_t)tag.len;
    put_octets(reader, tag);
    if (!plain_find_field(reader) || *reader->at != '"' || !take_string(reader, &value)) {
        return false;
    }
    put_octets(reader, value);
    return true;
}

/* All fields that are left. */
static bool put_hex(struct plain_reader *reader)
{
    struct base16_decode_ctx context;
    base16_decode_init(&context);
    do {
        size_t len = 0;
        struct plain_field field = plain_take_field(reader);
        if (field.len == 0 ||
            !base16_decode_update(&context, &len, reader->out, field.len, field.text)) {
            return false;
        }
        reader->out += len;
    } while (plain_find_field(reader));
    return base16_decode_final(&context) != 0;
}

/* Nettle takes three octets of padding, too; there are two at most (RFC 4648 section 4). */
static bool put_base64(struct plain_reader *reader)
{
    struct base64_decode_ctx context;
    size_t padding = 0;
    base64_decode_init(&context);
    do {
        size_t len = 0;
        struct plain_field field = plain_take_field(reader);
        for (size_t i = field.len; i > 0 && field.text[i - 1] == '='; i--) {
            padding++;
        }
        if (field.len == 0 ||
            !base64_decode_update(&context, &len, reader->out, field.len, field.text)) {
            return false;
        }
        reader->out += len;
    } while (plain_find_field(reader));
    return padding <= 2 && base64_decode_final(&context) != 0;
}

/* "20260131235959" (RFC 4034 section 3.2). */
static bool put_time(struct plain_reader *reader)
{
    static const struct {
        size_t digits;
        uint32_t min, max;
    } parts[] = {{4, 1970, 2105}, {2, 1, 12}, {2, 1, 31}, {2, 0, 23}, {2, 0, 59}, {2, 0, 59}};
    uint32_t values[ARRAY_LEN(parts)];
    struct plain_field field = plain_take_field(reader);
    if (field.len != 14) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct plain_field part = {field.text, parts[i].digits};
        if (!plain_parse_number(part, parts[i].max, &values[i]) || values[i] < parts[i].min) {
            return false;
        }
        field.text += parts[i].digits;
    }
    struct tm tm = {.tm_year = (int)values[0] - 1900,
                    .tm_mon = (int)values[1] - 1,
                    .tm_mday = (int)values[2],
                    .tm_hour = (int)values[3],
                    .tm_min = (int)values[4],
                    .tm_sec = (int)values[5]};
    uint32_t seconds = htonl((uint32_t)timegm(&tm));
    memcpy(reader->out, &seconds, sizeof(seconds));
    reader->out += sizeof(seconds);
    return tm.tm_mday == (int)values[2]; /* else the month has not that many days */
}

/* RFC 5155 section 3.3: base32 with extended hex digits, behind its length. */
static bool put_hash(struct plain_reader *reader)
{
    struct plain_field field = plain_take_field(reader);
    if (field.len != HASH_DIGITS) {
        return false;
    }
    uint64_t bits = 0;
    *reader->out++ = HASH_DIGITS / 8 * 5;
    for (size_t i = 0; i < HASH_DIGITS; i++) {
        char lower = (char)(field.text[i] | 0x20);
        bool is_digit = field.text[i] >= '0' && field.text[i] <= '9';
        if (!is_digit && (lower < 'a' || lower > 'v')) {
            return false;
        }
        bits = bits << 5 | (uint64_t)(is_digit ? field.text[i] - '0' : lower - 'a' + 10);
        for (size_t j = 5; i % 8 == 7 && j > 0; j--) {
            *reader->out++ = (uint8_t)(bits >> (8 * (j - 1)));
        }
    }
    return true;
}

static bool put_salt(struct plain_reader *reader)
{
    struct plain_field field = plain_take_field(reader);
    struct base16_decode_ctx context;
    uint8_t *length = reader->out++;
    size_t len = 0;
    base16_decode_init(&context);
    if (!plain_field_is(field, "-") &&
        (field.len == 0 || field.len / 2 > UINT8_MAX ||
         !base16_decode_update(&context, &len, reader->out, field.len, field.text) ||
         !base16_decode_final(&context))) {
        return false;
    }
    *length = (uint8_t)len;
    reader->out += len;
    return true;
}

static bool put_type(struct plain_reader *reader)
{
    uint16_t type;
    if (!plain_parse_type(plain_take_field(reader), &type)) {
        return false;
    }
    *reader->out++ = (uint8_t)(type >> 8);
    *reader->out++ = (uint8_t)type;
    return true;
}

/* RFC 4034 section 4.1.2. No type that is known here is over 511. */
static bool put_bitmap(struct plain_reader *reader)
{
    uint8_t windows[2][BITMAP_OCTETS] = {{0}};
    uint8_t used[2] = {0};
    do {
        uint16_t type;
        if (!plain_parse_type(plain_take_field(reader), &type)) {
            return false;
        }
        uint8_t octet = (uint8_t)((type & 0xff) / 8);
        windows[type >> 8][octet] |= (uint8_t)(0x80 >> type % 8);
        if (octet >= used[type >> 8]) {
            used[type >> 8] = (uint8_t)(octet + 1);
        }
    } while (plain_find_field(reader));
    for (size_t i = 0; i < 2; i++) {
        if (used[i] > 0) {
            *reader->out++ = (uint8_t)i;
            *reader->out++ = used[i];
            memcpy(reader->out, windows[i], used[i]);
            reader->out += used[i];
        }
    }
    return true;
}

/* ---- types ---- */

#define NAMED(name) name, sizeof(name) - 1

/* What the RDATA of a type is made of, a letter for each part (put_part); NULL: not read here, but
 * known to bitmaps. */
static const struct shape {
    const char *name;
    size_t len;
    uint16_t type;
    const char *parts;
} shapes[] = {
    {NAMED("A"), TYPE_A, "v"},
    {NAMED("AAAA"), TYPE_AAAA, "w"},
    {NAMED("RRSIG"), TYPE_RRSIG, "t114dd2nb"},
    {NAMED("NSEC"), TYPE_NSEC, "nm"},
    {NAMED("NSEC3"), TYPE_NSEC3, "112lhm"},
    {NAMED("CNAME"), TYPE_CNAME, "n"},
    {NAMED("NS"), TYPE_NS, "n"},
    {NAMED("DS"), TYPE_DS, "211x"},
    {NAMED("MX"), 15, "2n"},
    {NAMED("TXT"), 16, "s"},
    {NAMED("PTR"), 12, "n"},
    {NAMED("SRV"), 33, "222n"},
    {NAMED("CAA"), 257, "1c"},
    {NAMED("DNSKEY"), TYPE_DNSKEY, "211b"},
    {NAMED("NSEC3PARAM"), TYPE_NSEC3PARAM, "112l"},
    {NAMED("SOA"), TYPE_SOA, NULL},
    {NAMED("NAPTR"), 35, NULL},
    {NAMED("DNAME"), TYPE_DNAME, NULL},
    {NAMED("SSHFP"), 44, NULL},
    {NAMED("TLSA"), 52, NULL},
    {NAMED("CDS"), TYPE_CDS, NULL},
    {NAMED("CDNSKEY"), TYPE_CDNSKEY, NULL},
    {NAMED("SVCB"), TYPE_SVCB, NULL},
    {NAMED("HTTPS"), TYPE_HTTPS, NULL},
};

bool plain_parse_type(struct plain_field field, uint16_t *type)
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (shapes[i].len == field.len && plain_field_is(field, shapes[i].name)) {
            *type = shapes[i].type;
            return true;
        }
    }
    return false;
}

static bool put_part(struct plain_reader *reader, char part)
{
    switch (part) {
    case '1':
    case '2':
    case '4':
        return put_number(reader, (size_t)(part - '0'));
    case 'v':
        return put_address(reader, AF_INET);
    case 'w':
        return put_address(reader, AF_INET6);
    case 'n':
        return put_name(reader);
    case 's':
        return put_strings(reader);
    case 'c':
        return put_property(reader);
    case 'x':
        return put_hex(reader);
    case 'b':
        return put_base64(reader);
    case 't':
        return put_type(reader);
    case 'd':
        return put_time(reader);
    case 'l':
        return put_salt(reader);
    case 'h':
        return put_hash(reader);
    default:
        return put_bitmap(reader);
    }
}

bool plain_read_rdata(struct plain_reader *reader, uint16_t type)
{
    const struct shape *shape = shapes;
    while (shape->type != type) { /* it was found there */
        shape++;
    }
    const char *part = shape->parts;
    while (part != NULL && *part != '\0') {
        if (!put_part(reader, *part++)) {
            return false;
        }
    }
    return part != NULL;
}
