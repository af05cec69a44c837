/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/route53_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/attributes.h"

enum escapes { OCTAL = 8, DECIMAL = 10 };

/* One octet of a text, and whether it was escaped. */
struct unit {
    uint8_t octet;
    bool is_escaped;
};

static bool is_digit_of(char c, enum escapes escapes)
{
    return c >= '0' && c < '0' + (int)escapes;
}

/* The text does not end here. */
static struct unit next_unit(const char **at, enum escapes escapes)
{
    const char *text = *at;
    if (text[0] != '\\' || text[1] == '\0') {
        *at = text + 1;
        return (struct unit){.octet = (uint8_t)text[0]};
    }
    if (is_digit_of(text[1], escapes) && is_digit_of(text[2], escapes) &&
        is_digit_of(text[3], escapes)) {
        unsigned base = (unsigned)escapes;
        unsigned value = ((unsigned)(text[1] - '0') * base + (unsigned)(text[2] - '0')) * base +
                         (unsigned)(text[3] - '0');
        if (value <= UINT8_MAX) {
            *at = text + 4;
            return (struct unit){.octet = (uint8_t)value, .is_escaped = true};
        }
    }
    *at = text + 2;
    return (struct unit){.octet = (uint8_t)text[1], .is_escaped = true};
}

static void put_escaped(FILE *out, uint8_t octet, enum escapes escapes)
{
    fprintf(out, escapes == OCTAL ? "\\%03o" : "\\%03u", (unsigned)octet);
}

/* ASCII, whatever the locale is. */
static bool is_one_of(uint8_t octet, const char *others)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9') || (octet != 0 && strchr(others, octet) != NULL);
}

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

/* ---- names ---- */

static char *convert_name(const char *text, enum escapes from, enum escapes to)
{
    char *name = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&name, &len);
    bool has_dot = false;
    while (*text != '\0') {
        struct unit unit = next_unit(&text, from);
        uint8_t octet = lower(unit.octet);
        has_dot = octet == '.' && !unit.is_escaped;
        if (has_dot || is_one_of(octet, to == OCTAL ? "-_" : "-_*/+")) {
            fputc(octet, out);
        } else {
            put_escaped(out, octet, to);
        }
    }
    if (!has_dot) {
        fputc('.', out);
    }
    fclose(out);
    return name;
}

char *route53_name_read(const char *text)
{
    return convert_name(text, OCTAL, DECIMAL);
}

char *route53_name_fold(const char *name)
{
    return convert_name(name, DECIMAL, DECIMAL);
}

char *route53_name_print(const char *name)
{
    return convert_name(name, DECIMAL, OCTAL);
}

/* ---- values ---- */

/* A value on its way from one form into another. */
struct value {
    FILE *out;
    const char *type; /* NULL: no quotes are put round words that have none */
    enum escapes from, to;
    bool folds; /* words outside of quotes: lower case, no final dot */
    unsigned words;
};

static bool wants_quotes(const struct value *value)
{
    const char *type = value->type;
    if (type == NULL) {
        return false;
    }
    return strcasecmp(type, "TXT") == 0 || strcasecmp(type, "SPF") == 0 ||
           (strcasecmp(type, "CAA") == 0 && value->words == 2) ||
           (strcasecmp(type, "NAPTR") == 0 && value->words >= 2 && value->words <= 4);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void put_quoted(struct value *value, struct unit unit)
{
    if (unit.octet == '"' || unit.octet == '\\') {
        fprintf(value->out, "\\%c", unit.octet);
    } else if (unit.octet >= ' ' && unit.octet <= '~') {
        fputc(unit.octet, value->out);
    } else {
        put_escaped(value->out, unit.octet, value->to);
    }
}

static void put_plain(struct value *value, struct unit unit)
{
    uint8_t octet = value->folds ? lower(unit.octet) : unit.octet;
    bool is_plain = unit.is_escaped ? is_one_of(octet, "-_")
                                    : octet > ' ' && octet <= '~' &&
                                          (value->to == OCTAL || strchr(";()\"\\", octet) == NULL);
    if (is_plain) {
        fputc(octet, value->out);
    } else {
        put_escaped(value->out, octet, value->to);
    }
}

/* From its opening quote to behind the closing one; the end of the text closes it, too. */
static const char *put_string(struct value *value, const char *text)
{
    fputc('"', value->out);
    text++;
    while (*text != '\0' && *text != '"') {
        put_quoted(value, next_unit(&text, value->from));
    }
    fputc('"', value->out);
    return *text == '"' ? text + 1 : text;
}

static const char *put_word(struct value *value, const char *text)
{
    bool is_quoted = wants_quotes(value);
    if (is_quoted) {
        fputc('"', value->out);
    }
    while (*text != '\0' && !is_space(*text)) {
        if (*text == '"' && is_quoted) {
            break;
        }
        if (*text == '"') { /* of one word: alpn="h2" */
            text = put_string(value, text);
            continue;
        }
        bool is_last_dot = text[0] == '.' && (text[1] == '\0' || is_space(text[1]));
        struct unit unit = next_unit(&text, value->from);
        if (is_quoted) {
            put_quoted(value, unit);
        } else if (!is_last_dot || !value->folds) {
            put_plain(value, unit);
        }
    }
    if (is_quoted) {
        fputc('"', value->out);
    }
    return text;
}

static char *convert_value(struct value *value, const char *text)
{
    char *converted = NULL;
    size_t len = 0;
    value->out = open_memstream(&converted, &len);
    while (*text != '\0') {
        if (is_space(*text)) {
            text++;
            continue;
        }
        if (value->words > 0) {
            fputc(' ', value->out);
        }
        text = *text == '"' ? put_string(value, text) : put_word(value, text);
        value->words++;
    }
    fclose(value->out);
    return converted;
}

char *route53_value_read(const char *text)
{
    struct value value = {.from = OCTAL, .to = DECIMAL};
    return convert_value(&value, text);
}

char *route53_value_print(const char *type, const char *text)
{
    struct value value = {.type = type, .from = DECIMAL, .to = OCTAL};
    return convert_value(&value, text);
}

/* One text for all values that say the same. */
static char *fold_value(const char *type, const char *text)
{
    uint8_t octets[sizeof(struct in6_addr)];
    char address[INET6_ADDRSTRLEN];
    int family = strcasecmp(type, "A") == 0      ? AF_INET
                 : strcasecmp(type, "AAAA") == 0 ? AF_INET6
                                                 : AF_UNSPEC;
    if (family != AF_UNSPEC && inet_pton(family, text, octets) == 1) {
        return alloc_string(inet_ntop(family, octets, address, sizeof(address)));
    }
    struct value value = {.type = type, .from = DECIMAL, .to = DECIMAL, .folds = true};
    return convert_value(&value, text);
}

bool route53_value_equals(const char *type, const char *a, const char *b)
{
    CLEANUP(alloc_freep) char *folded_a = fold_value(type, a);
    CLEANUP(alloc_freep) char *folded_b = fold_value(type, b);
    return strcmp(folded_a, folded_b) == 0;
}
