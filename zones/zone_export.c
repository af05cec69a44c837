/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/zone_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/encoded_reader.h"
#include "zones/rdata_print.h"
#include "zones/record_type.h"

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
    struct encoded_reader reader;
};

static void free_text(char **text)
{
    free(*text); /* ldns's */
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
    to->comment = describe_set(weights, to->member);
}

struct zone_export *zone_export_new_static(const struct zone *zone)
{
    struct zone_export *export = alloc_zeroed(1, sizeof(*export));
    export->zone = zone;
    export->out = ldns_buffer_new(4096);
    return export;
}

struct zone_export *zone_export_new(const struct snapshot *snapshot, const struct zone *zone,
                                    const size_t *members)
{
    struct zone_export *export = zone_export_new_static(zone);
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

/* What a zone file says of the record that was read, before its data. */
static void print_start(ldns_buffer *out, const struct encoded_reader *reader)
{
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
    name_print(reader->owner, name);
    record_type_print(reader->type, type);
    ldns_buffer_printf(out, "%s%s\t%u\tIN\t%s\t", name, strcmp(name, ".") == 0 ? "" : ".",
                       reader->ttl_s, type);
}

/* Prints the record that was read. */
static void print_record(struct zone_export *export, ldns_buffer *out)
{
    const struct encoded_reader *reader = &export->reader;
    CLEANUP(alloc_freep)
    char *data = rdata_print(&export->rdata, reader->type, reader->rdata, reader->rdata_len);
    print_start(out, reader);
    ldns_buffer_printf(out, "%s\n", data);
}

/* ---- names ---- */

/* ttl_max_s: what is more is lowered, as in answers. */
static void print_encoded(struct zone_export *export, const uint8_t *base, size_t base_len,
                          const struct encoded *encoded, uint32_t ttl_max_s)
{
    struct encoded_reader *reader = &export->reader;
    encoded_reader_open(reader, encoded, base, base_len);
    while (encoded_reader_next(reader)) {
        reader->ttl_s = reader->ttl_s < ttl_max_s ? reader->ttl_s : ttl_max_s;
        print_record(export, export->out);
    }
}

/* rrset: with signatures in a signed zone. */
static void print_weighted(struct zone_export *export, const struct node *node,
                           const struct rrset *rrset)
{
    const struct export_set *set = &export->sets[rrset->record_set];
    ldns_buffer_printf(export->out, "%s\n", set->comment);
    if (set->octets == NULL) {
        return;
    }
    const struct encoded records = {.octets = set->octets, .len = (uint16_t)set->len};
    print_encoded(export, node->name, node->name_len, &records, set->ttl_s);
    if (export->zone->denial != NULL && !set->is_signed) {
        print_encoded(export, node->name, node->name_len, &rrset->signatures[set->member],
                      set->ttl_s);
    }
}

static void print_rrset(struct zone_export *export, const struct node *node,
                        const struct rrset *rrset)
{
    bool is_signed = export->zone->denial != NULL;
    rrset = is_signed ? node_with_signatures(node, rrset) : rrset;
    if (rrset->record_set != RRSET_STATIC) {
        if (export->set_count > 0) {
            print_weighted(export, node, rrset);
        }
    } else {
        print_encoded(export, node->name, node->name_len, &rrset->answer, UINT32_MAX);
    }
}

/* Addresses below a cut; others that a referral has are the zone's own data. */
static bool is_glue(const struct zone_export *export)
{
    struct name_key key;
    return name_key_parse(&key, export->reader.owner, export->reader.owner_len) != 0 &&
           zone_lookup(export->zone, &key).match == ZONE_DELEGATION;
}

/* Keeps a line for the end: several referrals may have the same. */
static void keep_glue(struct zone_export *export)
{
    CLEANUP(free_buffer) ldns_buffer *line = ldns_buffer_new(128);
    if (export->glue_count == export->glue_room) {
        export->glue_room = export->glue_room * 2 + 64;
        export->glue = alloc_resize(export->glue, export->glue_room, sizeof(char *));
    }
    print_record(export, line);
    CLEANUP(free_text) char *text = ldns_buffer_export2str(line);
    export->glue[export->glue_count++] = alloc_string(text);
}

static void print_referral(struct zone_export *export, const struct node *node)
{
    const struct encoded *referral = &node->referral[0];
    encoded_reader_open(&export->reader, referral, node->name, node->name_len);
    for (unsigned i = 0; encoded_reader_next(&export->reader); i++) {
        if (i < referral->authority_count) {
            print_record(export, export->out);
        } else if (is_glue(export)) {
            keep_glue(export);
        }
    }
}

static void print_nsec(struct zone_export *export, const struct node *node)
{
    const struct zone *zone = export->zone;
    const struct encoded *nsec =
        zone->denial != NULL ? denial_nsec_of(zone->denial, zone_node_index(zone, node)) : NULL;
    if (nsec != NULL) {
        print_encoded(export, zone->origin.octets, zone->origin.len, nsec, UINT32_MAX);
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
    print_nsec(export, node);
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
                          &chain->entries[export->next++].record, UINT32_MAX);
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
