/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/rdata.h"
#include "zones/record_type.h"

#define HEADER_OCTETS       12
#define QUESTION_TAIL       4
#define RECORD_FIXED_OCTETS 10 /* type, class, TTL, RDLENGTH */

/* What is written of a record set; nothing of one that is another zone's. */
struct export_set {
    uint8_t *octets; /* a member's, as a response to the owner has them; NULL: it has none */
    size_t len;
    uint32_t ttl_s; /* as in struct weights */
    bool is_signed; /* its signatures follow them: the zone does not have them */
    size_t member;
    char *comment;
};

enum export_stage { EXPORT_HEAD, EXPORT_NAMES, EXPORT_CHAIN, EXPORT_GLUE, EXPORT_DONE };

struct zone_export {
    const struct zone *zone;
    struct export_set *sets;
    size_t set_count;
    enum export_stage stage;
    size_t next; /* node, entry of the chain, or record of glue */
    ldns_buffer *out;
    char **glue; /* lines, of all referrals */
    size_t glue_count, glue_room;
    struct rdata rdata; /* of the record that is being written, read again */
    uint8_t message[HEADER_OCTETS + NAME_MAX_OCTETS + QUESTION_TAIL + UINT16_MAX];
};

static void free_text(char **text)
{
    free(*text); /* ldns's */
}

static void free_record(ldns_rr **rr)
{
    ldns_rr_free(*rr);
}

static void free_buffer(ldns_buffer **buffer)
{
    ldns_buffer_free(*buffer);
}

static size_t choose_member(const struct weights *weights, size_t wanted)
{
    if (wanted != EXPORT_LARGEST) {
        return wanted;
    }
    size_t best = 0;
    for (size_t i = 1; i < weights->member_count; i++) {
        const struct weighted_member *member = &weights->members[i];
        bool has_more = member->records->count > 0 && weights->members[best].records->count == 0;
        best = has_more || member->weight > weights->members[best].weight ? i : best;
    }
    return best;
}

static char *describe_set(const struct weights *weights, size_t chosen)
{
    const struct record_set *set = weights->record_set;
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
    name_print(set->name.octets, name);
    record_type_print(set->type, type);
    char *text = alloc_printf("; record set %s/%s: %s", name, type, set->members[chosen].id);
    if (weights->members[chosen].records->count == 0) {
        char *longer = alloc_printf("%s (no addresses are known)", text);
        free(text);
        text = longer;
    }
    for (size_t i = 0; i < weights->member_count; i++) {
        char *longer = alloc_printf("%s%s %s=%u", text, i == 0 ? "; effective weights:" : ",",
                                    set->members[i].id, weights->members[i].weight);
        free(text);
        text = longer;
    }
    return text;
}

static void copy_set(struct export_set *to, const struct weights *weights, size_t wanted)
{
    to->member = choose_member(weights, wanted);
    const struct member_records *records = weights->members[to->member].records;
    const struct encoded *signatures = records->signatures;
    to->is_signed = signatures != NULL;
    to->len = records->len + (signatures != NULL ? (size_t)signatures->len : 0);
    if (records->len > 0) {
        to->octets = alloc_zeroed(1, to->len);
        memcpy(to->octets, records->octets, records->len);
    }
    if (signatures != NULL) {
        memcpy(to->octets + records->len, signatures->octets, signatures->len);
    }
    to->ttl_s = weights->ttl_s;
    member_records_lower_ttl(to->octets, to->len, to->ttl_s);
    to->comment = describe_set(weights, to->member);
}

struct zone_export *zone_export_new(const struct snapshot *snapshot, const struct zone *zone,
                                    const size_t *members)
{
    struct zone_export *export = alloc_zeroed(1, sizeof(*export));
    export->zone = zone;
    export->out = ldns_buffer_new(4096);
    export->set_count = snapshot->set_count;
    export->sets = alloc_zeroed(export->set_count, sizeof(*export->sets));
    for (uint32_t i = 0; i < export->set_count; i++) {
        const struct weights *weights = snapshot_weights(snapshot, i);
        const struct name *name = &weights->record_set->name;
        struct name_key key;
        if (name_key_parse(&key, name->octets, name->len) != 0 &&
            zone_table_find(snapshot->zones, &key, key.label_count) == zone) {
            copy_set(&export->sets[i], weights, members == NULL ? EXPORT_LARGEST : members[i]);
        }
    }
    return export;
}

void zone_export_free(struct zone_export *export)
{
    if (export == NULL) {
        return;
    }
    for (size_t i = 0; i < export->set_count; i++) {
        free(export->sets[i].octets);
        free(export->sets[i].comment);
    }
    for (size_t i = 0; i < export->glue_count; i++) {
        free(export->glue[i]);
    }
    free(export->sets);
    free(export->glue);
    ldns_buffer_free(export->out);
    free(export);
}

void zone_export_freep(struct zone_export **export)
{
    zone_export_free(*export);
    *export = NULL;
}

/* ---- one record ---- */

/* Starts the message that the encoded octets are the end of. Returns where they start. */
static size_t put_question(struct zone_export *export, const uint8_t *base, size_t base_len)
{
    memset(export->message, 0, HEADER_OCTETS);
    memcpy(export->message + HEADER_OCTETS, base, base_len);
    return HEADER_OCTETS + base_len + QUESTION_TAIL;
}

static unsigned read_16(const uint8_t *octets)
{
    return (unsigned)(octets[0] << 8 | octets[1]);
}

/* What a zone file says of a record before its data. */
static char *print_start(const struct zone_export *export, size_t *at, size_t end)
{
    ldns_rdf *owner = NULL;
    if (ldns_wire2dname(&owner, export->message, end, at) != LDNS_STATUS_OK) {
        return NULL;
    }
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
    name_print(ldns_rdf_data(owner), name);
    ldns_rdf_deep_free(owner);
    const uint8_t *fixed = export->message + *at;
    record_type_print((uint16_t)read_16(fixed), type);
    uint32_t ttl_s = (uint32_t)read_16(fixed + 4) << 16 | read_16(fixed + 6);
    *at += RECORD_FIXED_OCTETS;
    return alloc_printf("%s%s\t%u\tIN\t%s\t", name, strcmp(name, ".") == 0 ? "" : ".", ttl_s, type);
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
static bool is_read_as(struct zone_export *export, uint16_t type, const char *text,
                       const ldns_buffer *data)
{
    static const struct name root = {.len = 1};
    struct error ignored;
    return rdata_parse(&export->rdata, type, text, &root, &ignored) &&
           export->rdata.len == ldns_buffer_position(data) &&
           memcmp(export->rdata.octets, ldns_buffer_begin(data), export->rdata.len) == 0;
}

/* RFC 3597 section 5. */
static void print_generic(ldns_buffer *out, const uint8_t *rdata, size_t len)
{
    ldns_buffer_printf(out, "\\# %zu ", len);
    for (size_t i = 0; i < len; i++) {
        ldns_buffer_printf(out, "%02x", rdata[i]);
    }
}

/* raw: the data as the message has it; ldns reads all that has compressed names. */
static void print_data(struct zone_export *export, ldns_buffer *out, const ldns_rr *rr,
                       const uint8_t *raw, size_t raw_len)
{
    CLEANUP(free_buffer) ldns_buffer *wire = ldns_buffer_new(512);
    if (rr == NULL || ldns_rr_rdata2buffer_wire(wire, rr) != LDNS_STATUS_OK) {
        print_generic(out, raw, raw_len);
        return;
    }
    CLEANUP(free_text) char *line = ldns_rr2str_fmt(ldns_output_format_nocomments, rr);
    const char *data = line == NULL ? NULL : find_data(line);
    if (data != NULL && is_read_as(export, (uint16_t)ldns_rr_get_type(rr), data, wire)) {
        ldns_buffer_printf(out, "%s", data);
    } else {
        print_generic(out, ldns_buffer_begin(wire), ldns_buffer_position(wire));
    }
}

/* Prints the record at *at, which moves behind it. False: there is none. */
static bool print_record(struct zone_export *export, ldns_buffer *out, size_t *at, size_t end)
{
    size_t data_at = *at;
    CLEANUP(alloc_freep) char *start = print_start(export, &data_at, end);
    if (start == NULL) {
        return false;
    }
    size_t data_len = read_16(export->message + data_at - 2);
    uint16_t type = (uint16_t)read_16(export->message + data_at - RECORD_FIXED_OCTETS);
    CLEANUP(free_record) ldns_rr *rr = NULL;
    if (rdata_is_opaque(type) ||
        ldns_wire2rr(&rr, export->message, end, at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) {
        rr = NULL;
    }
    ldns_buffer_printf(out, "%s", start);
    print_data(export, out, rr, export->message + data_at, data_len);
    ldns_buffer_printf(out, "\n");
    *at = data_at + data_len;
    return true;
}

/* Prints the records of a message that ends there. */
static void print_records(struct zone_export *export, size_t at, size_t end)
{
    while (at < end && print_record(export, export->out, &at, end)) {
    }
}

/* ---- names ---- */

static void print_encoded(struct zone_export *export, const uint8_t *base, size_t base_len,
                          const struct encoded *encoded)
{
    size_t at = put_question(export, base, base_len);
    memcpy(export->message + at, encoded->octets, encoded->len);
    print_records(export, at, at + encoded->len);
}

/* rrset: with signatures in a signed zone. */
static void print_weighted(struct zone_export *export, const struct node *node,
                           const struct rrset *rrset)
{
    const struct export_set *set = &export->sets[rrset->record_set];
    size_t start = put_question(export, node->name, node->name_len);
    ldns_buffer_printf(export->out, "%s\n", set->comment);
    if (set->octets == NULL) {
        return;
    }
    memcpy(export->message + start, set->octets, set->len);
    print_records(export, start, start + set->len);
    if (export->zone->denial != NULL && !set->is_signed) {
        const struct encoded *signatures = &rrset->signatures[set->member];
        start = put_question(export, node->name, node->name_len);
        memcpy(export->message + start, signatures->octets, signatures->len);
        member_records_lower_ttl(export->message + start, signatures->len, set->ttl_s);
        print_records(export, start, start + signatures->len);
    }
}

static void print_rrset(struct zone_export *export, const struct node *node,
                        const struct rrset *rrset)
{
    bool is_signed = export->zone->denial != NULL;
    if (is_signed && rrset->type == TYPE_RRSIG) {
        return; /* each follows what it covers */
    }
    rrset = is_signed ? node_with_signatures(node, rrset) : rrset;
    if (rrset->record_set != RRSET_STATIC) {
        print_weighted(export, node, rrset);
    } else {
        print_encoded(export, node->name, node->name_len, &rrset->answer);
    }
}

/* Addresses below a cut; others that a referral has are the zone's own data. */
static bool is_glue(const struct zone_export *export, size_t at, size_t end)
{
    ldns_rdf *owner = NULL;
    struct name_key key;
    bool is_below = ldns_wire2dname(&owner, export->message, end, &at) == LDNS_STATUS_OK &&
                    name_key_parse(&key, ldns_rdf_data(owner), ldns_rdf_size(owner)) != 0 &&
                    zone_lookup(export->zone, &key).match == ZONE_DELEGATION;
    ldns_rdf_deep_free(owner);
    return is_below;
}

/* Keeps a line for the end: several referrals may have the same. */
static bool keep_glue(struct zone_export *export, size_t *at, size_t end)
{
    bool is_kept = is_glue(export, *at, end);
    CLEANUP(free_buffer) ldns_buffer *line = ldns_buffer_new(128);
    if (!print_record(export, line, at, end)) {
        return false;
    }
    if (is_kept) {
        if (export->glue_count == export->glue_room) {
            export->glue_room = export->glue_room * 2 + 64;
            export->glue = alloc_resize(export->glue, export->glue_room, sizeof(char *));
        }
        CLEANUP(free_text) char *text = ldns_buffer_export2str(line);
        export->glue[export->glue_count++] = alloc_string(text);
    }
    return true;
}

static void print_referral(struct zone_export *export, const struct node *node)
{
    const struct encoded *referral = &node->referral[0];
    size_t at = put_question(export, node->name, node->name_len);
    size_t end = at + referral->len;
    memcpy(export->message + at, referral->octets, referral->len);
    bool goes_on = true;
    for (unsigned i = 0; i < referral->authority_count && goes_on; i++) {
        goes_on = print_record(export, export->out, &at, end);
    }
    while (at < end && goes_on) {
        goes_on = keep_glue(export, &at, end);
    }
}

/* The apex's SOA comes first of all. */
static void print_node(struct zone_export *export, const struct node *node)
{
    bool is_apex = node == export->zone->apex;
    if (is_apex) {
        print_rrset(export, node, node_find(node, TYPE_SOA));
    }
    if (node->is_delegation) {
        print_referral(export, node);
    }
    for (unsigned i = 0; i < node->rrset_count; i++) {
        if (!is_apex || node->rrsets[i].type != TYPE_SOA) {
            print_rrset(export, node, &node->rrsets[i]);
        }
    }
}

/* ---- the text ---- */

static void print_head(struct zone_export *export)
{
    const struct zone *zone = export->zone;
    char name[NAME_TEXT_SIZE];
    name_print(zone->origin.octets, name);
    ldns_buffer_printf(export->out, "; zone %s as it is served, serial %u\n", name, zone->serial);
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void sort_glue(struct zone_export *export)
{
    size_t kept = 0;
    if (export->glue_count == 0) {
        return;
    }
    qsort(export->glue, export->glue_count, sizeof(char *), compare_lines);
    for (size_t i = 1; i < export->glue_count; i++) {
        if (strcmp(export->glue[i], export->glue[kept]) == 0) {
            free(export->glue[i]);
        } else {
            export->glue[++kept] = export->glue[i];
        }
    }
    export->glue_count = kept + 1;
}

/* Prints one thing of the stage; false: it has no more. */
static bool print_next(struct zone_export *export)
{
    const struct zone *zone = export->zone;
    const struct denial *chain = zone->denial;
    switch (export->stage) {
    case EXPORT_HEAD:
        print_head(export);
        return false;
    case EXPORT_NAMES:
        if (export->next < zone->node_count) {
            print_node(export, &zone->nodes[export->next++]);
            return true;
        }
        return false;
    case EXPORT_CHAIN: /* NSECs are at their names */
        if (chain != NULL && chain->kind == DENIAL_NSEC3 && export->next < chain->count) {
            print_encoded(export, zone->origin.octets, zone->origin.len,
                          &chain->entries[export->next++].record);
            return true;
        }
        return false;
    case EXPORT_GLUE:
        if (export->next < export->glue_count) {
            ldns_buffer_printf(export->out, "%s", export->glue[export->next++]);
            return true;
        }
        return false;
    case EXPORT_DONE:
        break;
    }
    return false;
}

char *zone_export_next(struct zone_export *export, size_t octets)
{
    ldns_buffer_clear(export->out);
    while (export->stage != EXPORT_DONE && ldns_buffer_position(export->out) < octets) {
        if (!print_next(export)) {
            export->stage++;
            export->next = 0;
            if (export->stage == EXPORT_GLUE) {
                sort_glue(export);
            }
        }
    }
    size_t len = ldns_buffer_position(export->out);
    if (len == 0) {
        return NULL;
    }
    char *text = alloc_zeroed(len + 1, 1);
    memcpy(text, ldns_buffer_begin(export->out), len);
    return text;
}
