/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/rdata_check.h"

#include <netdb.h>
#include <string.h>
#include <strings.h>

#include "zones/name.h"
#include "zones/record_type.h"

#define FIELD_SIZE   32
#define LOC_LEN      16
#define LOC_SIZES    4  /* altitude, size, two precisions */
#define BITMAP_MAX   32 /* octets of a window */
#define ADDRESS_MASK 0x7F

const char *rdata_next_field(const char *text, char *out, size_t size)
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

static bool is_of(const char *field, const char *characters)
{
    return field[0] != '\0' && field[strspn(field, characters)] == '\0';
}

bool rdata_check_types(const char *text, struct error *err)
{
    char field[FIELD_SIZE];
    uint16_t ignored;
    for (text = rdata_next_field(text, field, sizeof(field)); field[0] != '\0';
         text = rdata_next_field(text, field, sizeof(field))) {
        if (!record_type_parse(field, &ignored)) {
            return error_set(err, "\"%s\" where a record type is expected", field);
        }
    }
    return true;
}

bool rdata_check_services(const char *text, struct error *err)
{
    char field[FIELD_SIZE];
    text = rdata_next_field(text, field, sizeof(field)); /* the protocol */
    for (text = rdata_next_field(text, field, sizeof(field)); field[0] != '\0';
         text = rdata_next_field(text, field, sizeof(field))) {
        bool is_port = is_of(field, "0123456789") && strlen(field) <= 5;
        if (!is_port && getservbyname(field, NULL) == NULL) {
            return error_set(err, "\"%s\" where a service is expected", field);
        }
    }
    return true;
}

/* Behind the longitude: sizes in metres. */
bool rdata_check_location(const char *text, struct error *err)
{
    char field[FIELD_SIZE];
    do {
        text = rdata_next_field(text, field, sizeof(field));
    } while (field[0] != '\0' && strcasecmp(field, "E") != 0 && strcasecmp(field, "W") != 0);
    for (unsigned count = 0;; count++) {
        text = rdata_next_field(text, field, sizeof(field));
        if (field[0] == '\0') {
            return true;
        }
        if (count == LOC_SIZES || !is_of(field, "-+0123456789.mM")) {
            return error_set(err, "\"%s\" where at most %u lengths in metres are expected", field,
                             LOC_SIZES);
        }
    }
}

/* RFC 1876 section 2: thousandths of seconds of arc around 2^31; of other versions nothing is
 * known. */
static bool location_is_valid(const uint8_t *octets, size_t len)
{
    if (len == 0 || octets[0] != 0) {
        return len > 0;
    }
    for (size_t i = 0; i < 2 && len == LOC_LEN; i++) {
        const uint8_t *at = octets + 4 + 4 * i;
        int64_t angle = (int64_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                                  (uint32_t)at[2] << 8 | at[3]) -
                        (INT64_C(1) << 31);
        int64_t most = (i == 0 ? INT64_C(90) : INT64_C(180)) * 3600 * 1000;
        if (angle > most || angle < -most) {
            return false;
        }
    }
    return len == LOC_LEN;
}

/* RFC 4034 section 4.1.2. */
static bool bitmap_is_valid(const uint8_t *octets, size_t len)
{
    int last = -1;
    for (size_t at = 0; at < len; at += (size_t)2 + octets[at + 1]) {
        if (len - at < 2 || octets[at] <= last || octets[at + 1] == 0 ||
            octets[at + 1] > BITMAP_MAX || octets[at + 1] > len - at - 2) {
            return false;
        }
        last = octets[at];
    }
    return true;
}

/* RFC 3123 section 4. */
static bool prefixes_are_valid(const uint8_t *octets, size_t len)
{
    for (size_t at = 0; at < len;) {
        if (len - at < 4 || (octets[at + 3] & ADDRESS_MASK) > len - at - 4) {
            return false;
        }
        at += (size_t)4 + (octets[at + 3] & ADDRESS_MASK);
    }
    return true;
}

/* RFC 9460 section 2.2: keys in order, each once. */
static bool service_is_valid(const uint8_t *octets, size_t len)
{
    struct name_key target;
    size_t name_len = len < 3 ? 0 : name_key_parse(&target, octets + 2, len - 2);
    int last = -1;
    if (name_len == 0) {
        return false;
    }
    for (size_t at = 2 + name_len; at < len;) {
        if (len - at < 4) {
            return false;
        }
        int key = octets[at] << 8 | octets[at + 1];
        size_t value_len = (size_t)(octets[at + 2] << 8 | octets[at + 3]);
        if (key <= last || value_len > len - at - 4) {
            return false;
        }
        last = key;
        at += 4 + value_len;
    }
    return true;
}

/* Where the bitmap begins; len + 1: nowhere. */
static size_t find_bitmap(uint16_t type, const uint8_t *octets, size_t len)
{
    struct name_key next;
    if (type == TYPE_CSYNC) {
        return 6;
    }
    if (type == TYPE_NSEC) {
        size_t name_len = name_key_parse(&next, octets, len);
        return name_len == 0 ? len + 1 : name_len;
    }
    size_t at = len < 5 ? len : (size_t)5 + octets[4]; /* the salt, then the hash */
    return at >= len ? len + 1 : at + 1 + octets[at];
}

bool rdata_octets_are_valid(uint16_t type, const uint8_t *octets, size_t len)
{
    switch (type) {
    case TYPE_LOC:
        return location_is_valid(octets, len);
    case TYPE_APL:
        return prefixes_are_valid(octets, len);
    case TYPE_SVCB:
    case TYPE_HTTPS:
        return service_is_valid(octets, len);
    case TYPE_CSYNC:
    case TYPE_NSEC:
    case TYPE_NSEC3: {
        size_t at = find_bitmap(type, octets, len);
        return at <= len && bitmap_is_valid(octets + at, len - at);
    }
    default:
        return true;
    }
}
