/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/plain_entry.h"

#include <string.h>

#include "zones/plain_rdata.h"

static bool read_owner(struct plain_reader *reader, struct name *owner)
{
    size_t len = plain_parse_name(plain_take_field(reader), reader->origin, owner->octets);
    owner->len = (uint8_t)len;
    owner->label_count = 0;
    for (size_t at = 0; at < len && owner->octets[at] != 0; at += (size_t)owner->octets[at] + 1) {
        owner->label_count++;
    }
    for (size_t i = 0; i < len; i++) { /* lengths are below 'A' */
        owner->octets[i] |= (uint8_t)(owner->octets[i] - 'A') < 26 ? 0x20 : 0;
    }
    return len > 0;
}

static bool is_digit(char octet)
{
    return octet >= '0' && octet <= '9';
}

/* TTL and class in any order, each at most once, then the type. */
static bool read_head(struct plain_reader *reader, struct plain_entry *entry)
{
    static const uint32_t ttl_max = 0x7fffffff; /* RFC 2181 section 8 */
    bool has_class = false;
    for (;;) {
        struct plain_field field = plain_take_field(reader);
        if (field.len > 0 && is_digit(field.text[0]) && !entry->has_ttl) {
            entry->has_ttl = plain_parse_number(field, ttl_max, &entry->ttl_s);
            if (!entry->has_ttl) {
                return false;
            }
        } else if (plain_field_is(field, "IN") && !has_class) {
            has_class = true;
        } else {
            return plain_parse_type(field, &entry->type);
        }
    }
}

static bool read_record(struct plain_reader *reader, struct plain_entry *entry)
{
    if ((entry->has_owner && !read_owner(reader, &entry->owner)) || !read_head(reader, entry)) {
        return false;
    }
    reader->out = entry->rdata;
    if (!plain_read_rdata(reader, entry->type) || plain_find_field(reader)) {
        return false;
    }
    entry->rdata_len = (uint16_t)(reader->out - entry->rdata);
    return true;
}

size_t plain_entry_read(struct plain_entry *entry, const char *text, size_t len,
                        const struct name *origin)
{
    struct plain_reader reader = {
        .at = text,
        .end = text + (len < PLAIN_TEXT_MAX ? len : PLAIN_TEXT_MAX),
        .origin = origin,
    };
    if (len == 0) {
        return 0;
    }
    entry->has_owner = strchr(" \t\r", *text) == NULL;
    entry->has_ttl = false;
    entry->has_record = plain_find_field(&reader);
    if (entry->has_record && (reader.lines > 0 || !read_record(&reader, entry))) {
        return 0;
    }
    if (reader.at == reader.end || *reader.at != '\n' || reader.depth > 0) {
        return 0;
    }
    entry->lines = reader.lines + 1;
    return (size_t)(reader.at + 1 - text);
}
