/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zonefile_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "zones/rdata.h"
#include "zones/scanner.h"
#include "zones/zone_draft.h"

#define INCLUDE_DEPTH_MAX 10
#define TTL_MAX           0x7fffffffu /* RFC 2181 section 8 */

/* What holds for the whole zone, across included files. */
struct load {
    struct zone_draft *draft;
    struct rdata rdata;
    zonefile_reader *read_plain;
    struct plain_entry plain;
    bool has_default_ttl; /* $TTL */
    uint32_t default_ttl;
    bool has_last_ttl; /* of the record before: RFC 1035 section 5.1, where no $TTL is */
    uint32_t last_ttl;
};

/* What an included file has for itself (RFC 1035 section 5.1). */
struct source {
    struct load *load;
    const char *path;
    unsigned depth;
    struct name origin;
    bool has_owner;
    struct name owner;
};

/* An entry's fields as far as they were understood. */
struct cursor {
    const struct scanner_entry *entry;
    size_t at;
};

static bool read_file(struct source *source, unsigned *last_line, struct error *err);

static bool refuse(const struct source *source, const struct scanner_entry *entry,
                   struct error *err)
{
    return error_add_context(err, "%s:%u", source->path, entry->line);
}

/* True when the text ends in a dot that no backslash makes part of the label. */
static bool is_absolute(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || text[len - 1] != '.') {
        return false;
    }
    size_t backslashes = 0;
    while (backslashes + 1 < len && text[len - 2 - backslashes] == '\\') {
        backslashes++;
    }
    return backslashes % 2 == 0;
}

static bool parse_name(const struct source *source, const char *text, struct name *name,
                       struct error *err)
{
    if (strcmp(text, "@") == 0) {
        *name = source->origin;
        return true;
    }
    if (is_absolute(text)) {
        return name_parse(name, text, err);
    }
    char origin[NAME_TEXT_SIZE];
    name_print(source->origin.octets, origin);
    CLEANUP(alloc_freep)
    char *whole = alloc_printf("%s.%s", text, source->origin.label_count == 0 ? "" : origin);
    return name_parse(name, whole, err);
}

static bool parse_ttl(const char *text, uint32_t *ttl, struct error *err)
{
    if (!rdata_parse_period(text, ttl) || *ttl > TTL_MAX) {
        return error_set(err, "\"%s\" is no TTL, expected seconds from 0 to %u", text, TTL_MAX);
    }
    return true;
}

static bool is_class(const char *text)
{
    return strcasecmp(text, "IN") == 0 || strcasecmp(text, "CH") == 0 ||
           strcasecmp(text, "HS") == 0 || strcasecmp(text, "CS") == 0 ||
           (strncasecmp(text, "CLASS", 5) == 0 && text[5] != '\0' &&
            text[5 + strspn(text + 5, "0123456789")] == '\0');
}

static bool check_class(const char *text, struct error *err)
{
    if (strcasecmp(text, "IN") != 0 && strcasecmp(text, "CLASS1") != 0) {
        return error_set(err, "class %s, expected IN", text);
    }
    return true;
}

/* The fields between owner and type: TTL and class, in any order, each at most once. */
static bool parse_ttl_and_class(struct cursor *cursor, bool *has_ttl, uint32_t *ttl,
                                struct error *err)
{
    bool has_class = false;
    for (; cursor->at < cursor->entry->count; cursor->at++) {
        const char *text = cursor->entry->fields[cursor->at];
        bool is_ttl = strchr("-+0123456789", text[0]) != NULL;
        if (is_ttl && !*has_ttl) {
            *has_ttl = true;
            if (!parse_ttl(text, ttl, err)) {
                return false;
            }
        } else if (is_class(text) && !has_class) {
            has_class = true;
            if (!check_class(text, err)) {
                return false;
            }
        } else {
            return true;
        }
    }
    return error_set(err, "the record ends early, expected a type");
}

/* What is left of the entry, as one line. */
static char *join_fields(const struct cursor *cursor)
{
    size_t size = 1;
    for (size_t i = cursor->at; i < cursor->entry->count; i++) {
        size += strlen(cursor->entry->fields[i]) + 1;
    }
    char *text = alloc_zeroed(size, 1);
    char *end = text;
    for (size_t i = cursor->at; i < cursor->entry->count; i++) {
        if (i > cursor->at) {
            *end++ = ' ';
        }
        end = stpcpy(end, cursor->entry->fields[i]);
    }
    return text;
}

/* $TTL, else the TTL of the record before, else (for the SOA, which comes first) its MINIMUM. */
static bool choose_ttl(struct load *load, uint16_t type, bool has_ttl, uint32_t *ttl,
                       struct error *err)
{
    const struct rdata *rdata = &load->rdata;
    if (has_ttl) {
        /* as written */
    } else if (load->has_default_ttl) {
        *ttl = load->default_ttl;
    } else if (load->has_last_ttl) {
        *ttl = load->last_ttl;
    } else if (type == TYPE_SOA) {
        const uint8_t *minimum = rdata->octets + rdata->len - 4;
        *ttl = (uint32_t)minimum[0] << 24 | (uint32_t)minimum[1] << 16 | (uint32_t)minimum[2] << 8 |
               minimum[3];
        *ttl = *ttl > TTL_MAX ? TTL_MAX : *ttl;
    } else {
        return error_set(err, "no TTL, expected one here, in a record before, or a $TTL");
    }
    load->has_last_ttl = true;
    load->last_ttl = *ttl;
    return true;
}

static bool read_owner(struct source *source, struct cursor *cursor, struct error *err)
{
    if (!cursor->entry->starts_with_space) {
        source->has_owner = true;
        return parse_name(source, cursor->entry->fields[cursor->at++], &source->owner, err);
    }
    if (!source->has_owner) {
        return error_set(err, "no name, and no record before to take it from");
    }
    return true;
}

/* Everything of a record but where it goes. */
static bool parse_record(struct source *source, struct cursor *cursor, struct draft_input *input,
                         struct error *err)
{
    struct load *load = source->load;
    bool has_ttl = false;
    if (!read_owner(source, cursor, err) ||
        !parse_ttl_and_class(cursor, &has_ttl, &input->ttl_s, err)) {
        return false;
    }
    const char *type = cursor->entry->fields[cursor->at++];
    if (!record_type_parse(type, &input->type)) {
        return error_set(err, "\"%s\" is no record type, expected one or TYPE and a number", type);
    }
    if (record_type_is_meta(input->type)) {
        return error_set(err, "%s is a type that is no data, expected one that is", type);
    }
    CLEANUP(alloc_freep) char *rdata = join_fields(cursor);
    if (!rdata_parse(&load->rdata, input->type, rdata, &source->origin, err) ||
        !choose_ttl(load, input->type, has_ttl, &input->ttl_s, err)) {
        return false;
    }
    input->owner = source->owner;
    input->rdata = load->rdata.octets;
    input->rdata_len = load->rdata.len;
    return true;
}

static bool read_record(struct source *source, const struct scanner_entry *entry, struct error *err)
{
    struct cursor cursor = {.entry = entry};
    struct draft_input input = {.place = {.path = source->path, .line = entry->line}};
    if (!parse_record(source, &cursor, &input, err)) {
        return refuse(source, entry, err);
    }
    return zone_draft_add(source->load->draft, &input, err);
}

static bool add_plain(struct source *source, unsigned line, struct error *err)
{
    struct load *load = source->load;
    const struct plain_entry *entry = &load->plain;
    if (entry->has_owner) {
        source->has_owner = true;
        source->owner = entry->owner;
    }
    struct draft_input input = {
        .owner = source->owner,
        .type = entry->type,
        .rdata_len = entry->rdata_len,
        .ttl_s = entry->ttl_s,
        .rdata = entry->rdata,
        .place = {.path = source->path, .line = line},
    };
    if (!choose_ttl(load, entry->type, entry->has_ttl, &input.ttl_s, err)) {
        return error_add_context(err, "%s:%u", source->path, line);
    }
    return zone_draft_add(load->draft, &input, err);
}

/* Entries of the usual shapes; stops before the first that is none. */
static bool read_plain_entries(struct source *source, struct scanner *scanner, struct error *err)
{
    struct load *load = source->load;
    for (;;) {
        const char *text;
        size_t available = scanner_ahead(scanner, &text);
        size_t len = load->read_plain(&load->plain, text, available, &source->origin);
        bool has_record = len > 0 && load->plain.has_record;
        if (len == 0 || (has_record && !load->plain.has_owner && !source->has_owner)) {
            return true;
        }
        unsigned line = scanner_line(scanner);
        scanner_skip(scanner, len, load->plain.lines);
        if (has_record && !add_plain(source, line, err)) {
            return false;
        }
    }
}

/* "dir/b.zone" for b.zone in dir/a.zone. */
static char *resolve_path(const char *from, const char *path)
{
    const char *slash = strrchr(from, '/');
    if (path[0] == '/' || slash == NULL) {
        return alloc_string(path);
    }
    return alloc_printf("%.*s/%s", (int)(slash - from), from, path);
}

/* A file name may be quoted. */
static char *unquote(const char *text)
{
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
        return alloc_printf("%.*s", (int)(len - 2), text + 1);
    }
    return alloc_string(text);
}

static bool read_include(struct source *source, const struct scanner_entry *entry,
                         struct error *err)
{
    struct source included = {
        .load = source->load,
        .depth = source->depth + 1,
        .origin = source->origin,
        .has_owner = source->has_owner,
        .owner = source->owner,
    };
    if (included.depth > INCLUDE_DEPTH_MAX) {
        error_set(err, "files are included more than %u deep, expected fewer", INCLUDE_DEPTH_MAX);
        return refuse(source, entry, err);
    }
    if (entry->count > 2 && !parse_name(source, entry->fields[2], &included.origin, err)) {
        return refuse(source, entry, err);
    }
    CLEANUP(alloc_freep) char *name = unquote(entry->fields[1]);
    CLEANUP(alloc_freep) char *path = resolve_path(source->path, name);
    included.path = zone_draft_keep_path(source->load->draft, path);
    unsigned line = 0;
    if (!read_file(&included, &line, err)) {
        return line == 0 ? refuse(source, entry, err) : false;
    }
    return true;
}

static bool read_origin(struct source *source, const struct scanner_entry *entry, struct error *err)
{
    struct name origin;
    if (!parse_name(source, entry->fields[1], &origin, err)) {
        return refuse(source, entry, err);
    }
    source->origin = origin;
    return true;
}

static bool read_ttl(struct source *source, const struct scanner_entry *entry, struct error *err)
{
    if (!parse_ttl(entry->fields[1], &source->load->default_ttl, err)) {
        return refuse(source, entry, err);
    }
    source->load->has_default_ttl = true;
    return true;
}

static const struct directive {
    const char *name;
    size_t arguments_max; /* at least one each */
    bool (*read)(struct source *source, const struct scanner_entry *entry, struct error *err);
    const char *expected;
} directives[] = {
    {"$INCLUDE", 2, read_include, "$INCLUDE FILE [ORIGIN]"},
    {"$ORIGIN", 1, read_origin, "$ORIGIN NAME"},
    {"$TTL", 1, read_ttl, "$TTL SECONDS"},
};

static bool read_directive(struct source *source, const struct scanner_entry *entry,
                           struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(directives); i++) {
        const struct directive *directive = &directives[i];
        if (strcasecmp(entry->fields[0], directive->name) != 0) {
            continue;
        }
        if (entry->count < 2 || entry->count > 1 + directive->arguments_max) {
            error_set(err, "wrong number of arguments, expected %s", directive->expected);
            return refuse(source, entry, err);
        }
        return directive->read(source, entry, err);
    }
    error_set(err, "\"%s\" is no directive, expected $INCLUDE, $ORIGIN or $TTL", entry->fields[0]);
    return refuse(source, entry, err);
}

/* last_line stays 0 when the file could not be opened. Recursion: $INCLUDE, bounded. */
static bool read_file(struct source *source, unsigned *last_line, struct error *err)
{
    CLEANUP(scanner_closep) struct scanner *scanner = scanner_open(source->path, err);
    if (scanner == NULL) {
        return false;
    }
    for (;;) {
        struct scanner_entry entry;
        *last_line = scanner_line(scanner);
        if (!read_plain_entries(source, scanner, err) || !scanner_next(scanner, &entry, err)) {
            return false;
        }
        if (entry.count == 0) {
            *last_line = scanner_line(scanner);
            return true;
        }
        bool is_directive = !entry.starts_with_space && entry.fields[0][0] == '$';
        if (!(is_directive ? read_directive(source, &entry, err)
                           : read_record(source, &entry, err))) {
            return false;
        }
    }
}

bool zonefile_read(struct zone_draft *draft, const char *path, const struct name *origin,
                   zonefile_reader *read_plain, struct draft_place *end, struct error *err)
{
    CLEANUP(alloc_freep) struct load *load = alloc_zeroed(1, sizeof(*load));
    load->draft = draft;
    load->read_plain = read_plain;
    struct source source = {.load = load, .path = path, .origin = *origin};
    *end = (struct draft_place){.path = path};
    return read_file(&source, &end->line, err);
}
