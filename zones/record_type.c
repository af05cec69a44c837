/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/record_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include "common/alloc.h"

void record_type_print(uint16_t type, char out[RECORD_TYPE_TEXT_SIZE])
{
    CLEANUP(alloc_freep) char *text = ldns_rr_type2str((ldns_rr_type)type);
    if (text != NULL && strlen(text) < RECORD_TYPE_TEXT_SIZE) {
        snprintf(out, RECORD_TYPE_TEXT_SIZE, "%s", text);
    } else {
        snprintf(out, RECORD_TYPE_TEXT_SIZE, "TYPE%u", type);
    }
}

/* "TYPE65280" (RFC 3597 section 5). */
static bool parse_number(const char *text, uint16_t *type)
{
    unsigned value = 0;
    if (*text == '\0' || strlen(text) > 5) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*text - '0');
    }
    *type = (uint16_t)value;
    return value > 0 && value <= UINT16_MAX;
}

bool record_type_parse(const char *text, uint16_t *type)
{
    if (strncasecmp(text, "TYPE", 4) == 0) {
        return parse_number(text + 4, type);
    }
    *type = (uint16_t)ldns_get_rr_type_by_name(text);
    return *type != 0;
}

bool record_type_is_meta(uint16_t type)
{
    return type == 0 || type == TYPE_OPT || (type >= 128 && type <= 255);
}
