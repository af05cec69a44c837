/* SPDX-License-Identifier: BSD-2-Clause */
/* ldns reads every type, but lets some nonsense pass; what it lets pass is checked here: numbers
 * out of range (it wraps them), RFC 3597 octets that are too many or too few for the type, and
 * parentheses, semicolons and at-signs that are escaped or quoted (it takes them for syntax). */
#include "zones/rdata.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/encoder.h"
#include "zones/record_type.h"

static void free_record(ldns_rr **rr)
{
    if (*rr != NULL) {
        ldns_rr_free(*rr);
    }
}

static void free_field(ldns_rdf **rdf)
{
    if (*rdf != NULL) {
        ldns_rdf_deep_free(*rdf);
    }
}

bool rdata_parse_period(const char *text, uint32_t *seconds)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    uint64_t total = 0;
    if (*text == '\0') {
        return false;
    }
    while (*text != '\0') {
        uint64_t value = 0;
        if (!isdigit((unsigned char)*text)) {
            return false;
        }
        for (; isdigit((unsigned char)*text) && value <= UINT32_MAX; text++) {
            value = value * 10 + (uint64_t)(*text - '0');
        }
        uint64_t factor = *text == '\0' ? 1 : 0;
        for (size_t i = 0; i < ARRAY_LEN(units) && factor == 0; i++) {
            if (tolower((unsigned char)*text) == units[i].unit) {
                factor = units[i].seconds;
                text++;
            }
        }
        total += value * factor;
        if (factor == 0 || total > UINT32_MAX) {
            return false;
        }
    }
    *seconds = (uint32_t)total;
    return true;
}

static bool is_generic(const char *text)
{
    return strncmp(text, "\\#", 2) == 0 && (text[2] == ' ' || text[2] == '\0') &&
           strpbrk(text, "\"();\n") == NULL;
}

/* Octets that ldns would take for syntax, though they are escaped or quoted, as \DDD. What is left
 * unquoted of them is data too: syntax ended before. NULL and err: quotes that do not match. */
static char *escape_for_ldns(const char *text, struct error *err)
{
    CLEANUP(alloc_freep) char *out = alloc_zeroed(4 * strlen(text) + 1, 1);
    char *at = out;
    bool is_quoted = false;
    while (*text != '\0') {
        unsigned char octet = (unsigned char)*text++;
        if (octet == '\\' && *text != '\0' && !isdigit((unsigned char)*text)) {
            at += sprintf(at, "\\%03u", (unsigned char)*text++);
        } else if (strchr("();", octet) != NULL || (is_quoted && octet < ' ')) {
            at += sprintf(at, "\\%03u", octet);
        } else if (octet < ' ' && octet != '\t') {
            error_set(err, "a control character (%u) outside quotes", octet);
            return NULL;
        } else {
            is_quoted ^= octet == '"';
            *at++ = (char)octet;
            if (octet == '\\' && *text != '\0') {
                *at++ = *text++;
            }
        }
    }
    if (is_quoted) {
        error_set(err, "a quote is not closed, expected \"");
        return NULL;
    }
    return STEAL(out);
}

/* Copies the next field, or as much of it as matters, and returns what follows. */
static const char *next_field(const char *text, char *out, size_t size)
{
    size_t len = 0;
    bool is_quoted = false;
    bool is_escaped = false;
    text += strspn(text, " ");
    for (; *text != '\0' && (*text != ' ' || is_quoted || is_escaped); text++) {
        is_quoted ^= *text == '"' && !is_escaped;
        is_escaped = *text == '\\' && !is_escaped;
        if (len + 1 < size) {
            out[len++] = *text;
        }
    }
    out[len] = '\0';
    return text;
}

static bool check_number(const char *field, uint32_t max, struct error *err)
{
    uint32_t value;
    if (field[strspn(field, "0123456789")] == '\0' && rdata_parse_period(field, &value) &&
        value <= max) {
        return true;
    }
    return error_set(err, "\"%s\" where a number from 0 to %u is expected", field, max);
}

/* One field of text, one of RDATA: true for as long as the types that are checked come first. */
static bool check_numbers(const ldns_rr *rr, const char *text, struct error *err)
{
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        char field[32];
        uint32_t ignored;
        text = next_field(text, field, sizeof(field));
        ldns_rdf_type type = ldns_rdf_get_type(ldns_rr_rdf(rr, i));
        bool is_right = true;
        if (type == LDNS_RDF_TYPE_INT8) {
            is_right = check_number(field, UINT8_MAX, err);
        } else if (type == LDNS_RDF_TYPE_INT16) {
            is_right = check_number(field, UINT16_MAX, err);
        } else if (type == LDNS_RDF_TYPE_INT32) {
            is_right = check_number(field, UINT32_MAX, err);
        } else if (type == LDNS_RDF_TYPE_PERIOD && !rdata_parse_period(field, &ignored)) {
            is_right = error_set(err, "\"%s\" where a time in seconds is expected", field);
        }
        if (!is_right) {
            return false;
        }
    }
    return true;
}

/* "\# 4 c0000201": as many octets as it says, and all of them used by the type. */
static bool check_generic(const struct rdata *rdata, const char *text, struct error *err)
{
    char field[16];
    uint32_t len = 0;
    text = next_field(text, field, sizeof(field));
    next_field(text, field, sizeof(field));
    if (!check_number(field, UINT16_MAX, err)) {
        return false;
    }
    if (!rdata_parse_period(field, &len) || len != rdata->len) {
        return error_set(err, "\\# with %u octets, the type has %u", len, rdata->len);
    }
    return true;
}

static bool copy_octets(struct rdata *rdata, const ldns_rr *rr)
{
    size_t len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        size_t size = ldns_rdf_size(field);
        if (size > UINT16_MAX - len) {
            return false;
        }
        if (size > 0) {
            memcpy(rdata->octets + len, ldns_rdf_data(field), size);
        }
        len += size;
    }
    rdata->len = (uint16_t)len;
    return true;
}

/* ldns's own words, without the prefix that each of them has. */
static const char *status_text(ldns_status status)
{
    static const char prefix[] = "Syntax error, ";
    const char *text = ldns_get_errorstr_by_id(status);
    if (text == NULL) {
        return "cannot be read";
    }
    return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : text;
}

bool rdata_parse(struct rdata *rdata, uint16_t type, const char *text, const struct name *origin,
                 struct error *err)
{
    char type_text[RECORD_TYPE_TEXT_SIZE];
    record_type_print(type, type_text);
    CLEANUP(alloc_freep)
    char *escaped = is_generic(text) ? alloc_string(text) : escape_for_ldns(text, err);
    if (escaped == NULL) {
        return false;
    }
    CLEANUP(alloc_freep) char *line = alloc_printf(". 0 IN %s %s", type_text, escaped);
    CLEANUP(free_field)
    ldns_rdf *ldns_origin = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->octets);
    CLEANUP(free_record) ldns_rr *rr = NULL;
    ldns_status status = ldns_rr_new_frm_str(&rr, line, 0, ldns_origin, NULL);
    if (status != LDNS_STATUS_OK || rr == NULL) {
        return error_set(err, "\"%.200s\" is no RDATA of type %s (%s)", text, type_text,
                         status_text(status));
    }
    const ldns_rr_descriptor *descriptor = ldns_rr_descript((uint16_t)ldns_rr_get_type(rr));
    bool is_right = copy_octets(rdata, rr) &&
                    ldns_rr_rd_count(rr) >= ldns_rr_descriptor_minimum(descriptor) &&
                    encoder_rdata_is_valid(type, rdata->octets, rdata->len);
    if (!is_right) {
        return error_set(err, "\"%.200s\" is no RDATA of type %s", text, type_text);
    }
    if (!(is_generic(text) ? check_generic(rdata, text, err) : check_numbers(rr, text, err))) {
        return error_add_context(err, "wrong RDATA of type %s", type_text);
    }
    return true;
}
