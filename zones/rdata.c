/* SPDX-License-Identifier: BSD-2-Clause */
/* ldns reads every type, but lets some nonsense pass; what it lets pass is checked here: numbers
 * out of range (it wraps them), RFC 3597 octets that are too many or too few for the type, and
 * parentheses, semicolons and at-signs that are escaped or quoted (it takes them for syntax). Three
 * types have data of another form than it thinks (rdata_is_opaque). */
#include "zones/rdata.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/encoder.h"
#include "zones/rdata_check.h"
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
        const char *here = text;
        text = rdata_next_field(text, field, sizeof(field));
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
        } else if (type == LDNS_RDF_TYPE_NSEC) {
            is_right = rdata_check_types(here, err);
        } else if (type == LDNS_RDF_TYPE_WKS) {
            is_right = rdata_check_services(here, err);
        } else if (type == LDNS_RDF_TYPE_LOC) {
            is_right = rdata_check_location(here, err);
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
    text = rdata_next_field(text, field, sizeof(field));
    text = rdata_next_field(text, field, sizeof(field));
    if (!check_number(field, UINT16_MAX, err)) {
        return false;
    }
    if (!rdata_parse_period(field, &len) || len != rdata->len) {
        return error_set(err, "\\# with %u octets, the type has %u", len, rdata->len);
    }
    if (text[strspn(text, " 0123456789abcdefABCDEF")] != '\0') {
        return error_set(err, "\\# with other than hexadecimal digits");
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

bool rdata_is_opaque(uint16_t type)
{
    return type == TYPE_NSAP_PTR || type == TYPE_ATMA || type == TYPE_SINK;
}

/* An address of ATM (af-dans-0152 section 3.1): hexadecimal digits that dots may part, or + and
 * decimal ones, as "\# …" with the octet in front that says which. NULL: neither. */
static char *convert_atma(const char *text)
{
    bool is_e164 = *text == '+';
    const char *digits = is_e164 ? "0123456789" : "0123456789abcdefABCDEF.";
    text += is_e164;
    size_t len = strlen(text);
    CLEANUP(alloc_freep) char *hex = alloc_zeroed(2 * len + 1, 1);
    char *at = hex;
    if (len == 0 || text[strspn(text, digits)] != '\0') {
        return NULL;
    }
    for (; *text != '\0'; text++) {
        if (is_e164) {
            at += sprintf(at, "%02x", (unsigned char)*text);
        } else if (*text != '.') {
            *at++ = *text;
        }
    }
    size_t hex_len = (size_t)(at - hex);
    if (hex_len == 0 || hex_len % 2 != 0) {
        return NULL;
    }
    return alloc_printf("\\# %zu %02x%s", 1 + hex_len / 2, is_e164 ? 1u : 0u, hex);
}

/* Certificate type 0 is reserved (RFC 4398 section 2.1). ldns refuses it, too, after it has wrapped
 * the number, and never frees what it made of it. */
static bool is_reserved_cert(const char *text)
{
    const char *digits = text + strspn(text, " \t\"");
    return (strtol(digits, NULL, 10) & UINT16_MAX) == 0 && !isalpha((unsigned char)*digits);
}

/* What ldns is to read: a line, by another type where its own idea of the type is wrong. NULL:
 * there is none. */
static char *make_line(uint16_t type, const char *text, struct error *err)
{
    char type_text[RECORD_TYPE_TEXT_SIZE];
    CLEANUP(alloc_freep)
    char *escaped = is_generic(text) ? alloc_string(text) : escape_for_ldns(text, err);
    if (escaped == NULL) {
        return NULL;
    }
    if (type == TYPE_NSAP_PTR) { /* a name (RFC 1706 section 6) */
        return alloc_printf(". 0 IN PTR %s", escaped);
    }
    record_type_print(type, type_text);
    if (type == TYPE_ATMA && !is_generic(text)) {
        CLEANUP(alloc_freep) char *octets = convert_atma(text);
        if (octets == NULL) {
            error_set(err, "\"%.200s\" is no RDATA of type %s", text, type_text);
            return NULL;
        }
        return alloc_printf(". 0 IN TYPE%u %s", RDATA_TYPE_OPAQUE, octets);
    }
    if (type == TYPE_CERT && !is_generic(text) && is_reserved_cert(text)) {
        error_set(err, "\"%.200s\" is no RDATA of type %s", text, type_text);
        return NULL;
    }
    if (rdata_is_opaque(type) && is_generic(text)) {
        return alloc_printf(". 0 IN TYPE%u %s", RDATA_TYPE_OPAQUE, escaped);
    }
    return alloc_printf(". 0 IN %s %s", type_text, escaped);
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
    CLEANUP(alloc_freep) char *line = make_line(type, text, err);
    if (line == NULL) {
        return false;
    }
    CLEANUP(free_field)
    ldns_rdf *ldns_origin = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->octets);
    CLEANUP(free_record) ldns_rr *rr = NULL;
    ldns_status status = ldns_rr_new_frm_str(&rr, line, 0, ldns_origin, NULL);
    if (status != LDNS_STATUS_OK || rr == NULL) {
        return error_set(err, "\"%.200s\" is no RDATA of type %s (%s)", text, type_text,
                         status_text(status));
    }
    const ldns_rr_descriptor *descriptor = ldns_rr_descript((uint16_t)ldns_rr_get_type(rr));
    bool is_right = copy_octets(rdata, rr) && (*text != '\0' || type == TYPE_APL) &&
                    ldns_rr_rd_count(rr) >= ldns_rr_descriptor_minimum(descriptor) &&
                    encoder_rdata_is_valid(type, rdata->octets, rdata->len) &&
                    rdata_octets_are_valid(type, rdata->octets, rdata->len);
    if (!is_right) {
        return error_set(err, "\"%.200s\" is no RDATA of type %s", text, type_text);
    }
    if (!(is_generic(text) ? check_generic(rdata, text, err) : check_numbers(rr, text, err))) {
        return error_add_context(err, "wrong RDATA of type %s", type_text);
    }
    return true;
}
