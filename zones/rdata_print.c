/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/rdata_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/name.h"

#define RECORD_START 11 /* the root's name, type, class, TTL, RDLENGTH */

static void free_text(char **text)
{
    free(*text); /* ldns's */
}

static void free_record(ldns_rr **rr)
{
    ldns_rr_free(*rr);
}

/* The data in ldns's line of a record, ended where the line ends; NULL: there is none. */
static char *find_data(char *line)
{
    char *data = line;
    for (unsigned tabs = 0; tabs < 4 && data != NULL; tabs++) {
        data = strchr(data, '\t');
        data = data == NULL ? NULL : data + 1;
    }
    if (data != NULL) {
        data[strcspn(data, "\n")] = '\0';
    }
    return data;
}

/* What a loader makes of the text is the data again. */
static bool is_read_as(struct rdata *scratch, const char *text, uint16_t type,
                       const uint8_t *octets, uint16_t len)
{
    static const struct name root = {.len = 1};
    struct error ignored;
    return rdata_parse(scratch, type, text, &root, &ignored) && scratch->len == len &&
           memcmp(scratch->octets, octets, len) == 0;
}

/* The record, with the root as owner, as ldns has it; NULL: it does not know such data. */
static ldns_rr *make_record(uint16_t type, const uint8_t *octets, uint16_t len)
{
    const uint8_t start[RECORD_START] = {[1] = (uint8_t)(type >> 8),
                                         [2] = (uint8_t)type,
                                         [4] = LDNS_RR_CLASS_IN,
                                         [9] = (uint8_t)(len >> 8),
                                         [10] = (uint8_t)len};
    size_t at = 0;
    ldns_rr *rr = NULL;
    CLEANUP(alloc_freep) uint8_t *record = alloc_zeroed(1, sizeof(start) + len);
    memcpy(record, start, sizeof(start));
    memcpy(record + sizeof(start), octets, len);
    bool is_known = !rdata_is_opaque(type) && ldns_wire2rr(&rr, record, sizeof(start) + len, &at,
                                                           LDNS_SECTION_ANSWER) == LDNS_STATUS_OK;
    return is_known ? rr : NULL;
}

static char *print_generic(const uint8_t *octets, uint16_t len)
{
    char *text = alloc_zeroed(16 + 2 * (size_t)len, 1);
    char *at = text + sprintf(text, "\\# %u ", len);
    for (size_t i = 0; i < len; i++) {
        at += sprintf(at, "%02x", octets[i]);
    }
    return text;
}

/* Quotes stand round a field, or behind its "=": ldns prints one that is part of a name as it is,
 * which ends the field for whoever reads a file. */
static bool has_sound_quotes(const char *text)
{
    bool is_inside = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == '"') {
            char beside = is_inside ? at[1] : at == text ? ' ' : at[-1];
            if (beside != ' ' && beside != '\0' && (is_inside || beside != '=')) {
                return false;
            }
            is_inside = !is_inside;
        }
    }
    return !is_inside;
}

char *rdata_print(struct rdata *scratch, uint16_t type, const uint8_t *octets, uint16_t len)
{
    CLEANUP(free_record) ldns_rr *rr = make_record(type, octets, len);
    CLEANUP(free_text)
    char *line = rr == NULL ? NULL : ldns_rr2str_fmt(ldns_output_format_nocomments, rr);
    const char *data = line == NULL ? NULL : find_data(line);
    bool is_same =
        data != NULL && has_sound_quotes(data) && is_read_as(scratch, data, type, octets, len);
    return is_same ? alloc_string(data) : print_generic(octets, len);
}
