/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/key_rollover.h"
#include "zones/rdata.h"
#include "zones/record_type.h"

#define INCEPTION_BEFORE_S 3600 /* clocks of validators may be behind */
#define RECORD_FIXED       10   /* type, class, TTL, RDLENGTH */
#define CLASS_IN           1
#define MESSAGE_HEADER     12
#define QUESTION_TAIL      4 /* type and class */
#define POINTER_BITS       0xC0

struct signer {
    struct config_dnssec dnssec; /* a copy that has a path of its own */
    struct key_set keys;
    ldns_key_list *for_keys; /* what signs DNSKEY */
    ldns_key_list *for_data;
    int64_t made_at_s;
    int64_t now_s; /* of the signatures that are made next */
    uint64_t random;
    int64_t next_key_s;      /* when the time of some key comes */
    int64_t first_end_s;     /* of the signatures made so far */
    struct scratch *scratch; /* NULL while it rests */
};

/* Large, and of use only while there is something to sign. */
struct scratch {
    uint8_t rdata[SIGNATURES_MAX][4096];
    uint8_t wire[NAME_MAX_OCTETS + RECORD_FIXED + UINT16_MAX];
};

/* splitmix64. */
static uint64_t next_random(struct signer *signer)
{
    uint64_t z = signer->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void choose_keys(struct signer *signer)
{
    signer->for_keys = ldns_key_list_new();
    signer->for_data = ldns_key_list_new();
    for (size_t i = 0; i < signer->keys.count; i++) {
        const struct key *key = &signer->keys.keys[i];
        if (key_signs_keys(&signer->keys, key, signer->made_at_s)) {
            ldns_key_list_push_key(signer->for_keys, key->ldns);
        }
        if (key_signs_data(&signer->keys, key, signer->made_at_s)) {
            ldns_key_list_push_key(signer->for_data, key->ldns);
        }
    }
}

void signer_set_time(struct signer *signer, const struct signing_time *time)
{
    signer->now_s = time->now_s;
    signer->random = time->random;
}

void signer_rest(struct signer *signer)
{
    free(signer->scratch);
    signer->scratch = NULL;
}

/* Before anything is written there. */
static struct scratch *scratch_of(struct signer *signer)
{
    if (signer->scratch == NULL) {
        signer->scratch = alloc_zeroed(1, sizeof(*signer->scratch));
    }
    return signer->scratch;
}

bool signer_has_keys(const struct config_dnssec *dnssec, const struct name *origin)
{
    struct stat status;
    CLEANUP(key_set_free) struct key_set keys = {0};
    if (dnssec->first_keys == CONFIG_FIRST_NONE) {
        return true;
    }
    if (stat(dnssec->keys, &status) != 0 && errno == ENOENT) {
        return false;
    }
    return !key_set_load(&keys, dnssec->keys, origin, NULL) || keys.count > 0;
}

struct signer *signer_new(const struct config_dnssec *dnssec, const struct name *origin,
                          const struct signing_time *time, struct error *err)
{
    char name[NAME_TEXT_SIZE];
    CLEANUP(signer_freep) struct signer *signer = alloc_zeroed(1, sizeof(*signer));
    signer->dnssec = *dnssec;
    signer->dnssec.keys = alloc_string(dnssec->keys);
    signer_set_time(signer, time);
    signer->made_at_s = time->now_s;
    signer->first_end_s = INT64_MAX;
    if (!key_set_load(&signer->keys, dnssec->keys, origin, err)) {
        return NULL;
    }
    signer->next_key_s = rollover_next_time_s(&signer->keys, signer->now_s);
    choose_keys(signer);
    name_print(origin->octets, name);
    size_t count = ldns_key_list_key_count(signer->for_keys);
    if (count == 0) {
        error_set(err, "%s: has no key of zone %s that signs now (of %zu there), expected one",
                  dnssec->keys, name, signer->keys.count);
        return NULL;
    }
    if (count > SIGNATURES_MAX || ldns_key_list_key_count(signer->for_data) > SIGNATURES_MAX) {
        error_set(err, "%s: has more than %d keys of zone %s that sign now, expected fewer",
                  dnssec->keys, SIGNATURES_MAX, name);
        return NULL;
    }
    return STEAL(signer);
}

void signer_free(struct signer *signer)
{
    if (signer == NULL) {
        return;
    }
    /* The lists only: the keys in them are the key set's. */
    if (signer->for_keys != NULL) {
        ldns_key_list_set_key_count(signer->for_keys, 0);
        ldns_key_list_free(signer->for_keys);
        ldns_key_list_set_key_count(signer->for_data, 0);
        ldns_key_list_free(signer->for_data);
    }
    key_set_free(&signer->keys);
    free((void *)signer->dnssec.keys);
    free(signer->scratch);
    free(signer);
}

void signer_freep(struct signer **signer)
{
    signer_free(*signer);
    *signer = NULL;
}

const struct config_dnssec *signer_config(const struct signer *signer)
{
    return &signer->dnssec;
}

const struct key_set *signer_keys(const struct signer *signer)
{
    return &signer->keys;
}

int64_t signer_made_at_s(const struct signer *signer)
{
    return signer->made_at_s;
}

bool signer_publishes(const struct signer *signer, const struct key *key)
{
    return key_is_published(key, signer->made_at_s);
}

void signer_note_key_time(struct signer *signer, int64_t time_s)
{
    if (time_s < signer->next_key_s) {
        signer->next_key_s = time_s;
    }
}

int64_t signer_refresh_at_s(const struct signer *signer)
{
    int64_t key_s = signer->next_key_s;
    if (signer->first_end_s == INT64_MAX) {
        return key_s;
    }
    int64_t refresh_s = signer->first_end_s - signer->dnssec.refresh_ms / 1000;
    return key_s < refresh_s ? key_s : refresh_s;
}

static void put_16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static size_t wire_name_len(const uint8_t *name)
{
    size_t len = 1;
    for (; name[len - 1] != 0; len += name[len - 1] + (size_t)1) {
    }
    return len;
}

/* Reads the record at *at, which moves behind it. NULL: it has none of its type's data. */
static ldns_rr *read_record(uint8_t *wire, size_t len, size_t *at)
{
    size_t type_at = *at;
    while (wire[type_at] != 0 && wire[type_at] < POINTER_BITS) {
        type_at += wire[type_at] + (size_t)1;
    }
    type_at += wire[type_at] == 0 ? 1 : 2;
    uint16_t type = (uint16_t)(wire[type_at] << 8 | wire[type_at + 1]);
    if (rdata_is_opaque(type)) {
        put_16(wire + type_at, RDATA_TYPE_OPAQUE);
    }
    ldns_rr *rr = NULL;
    if (ldns_wire2rr(&rr, wire, len, at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) {
        return NULL;
    }
    ldns_rr_set_type(rr, (ldns_rr_type)type);
    return rr;
}

static ldns_rr *make_record(struct signer *signer, const struct encoder_record *record)
{
    size_t at = 0;
    size_t owner_len = wire_name_len(record->owner);
    uint8_t *wire = scratch_of(signer)->wire;
    uint8_t *fixed = wire + owner_len;
    memcpy(wire, record->owner, owner_len);
    put_16(fixed, record->type);
    put_16(fixed + 2, CLASS_IN);
    put_16(fixed + 4, record->ttl_s >> 16);
    put_16(fixed + 6, record->ttl_s & 0xffff);
    put_16(fixed + 8, record->rdata_len);
    if (record->rdata_len > 0) {
        memcpy(fixed + RECORD_FIXED, record->rdata, record->rdata_len);
    }
    size_t len = owner_len + RECORD_FIXED + record->rdata_len;
    return read_record(wire, len, &at);
}

/* Signatures of different RRsets end at different times, so that caches do not all come at once. */
static void set_times(struct signer *signer, ldns_key_list *keys)
{
    int64_t lifetime_s = signer->dnssec.signature_lifetime_ms / 1000;
    int64_t spread_s = (lifetime_s - signer->dnssec.refresh_ms / 1000) / 4;
    int64_t jitter_s = spread_s > 0 ? (int64_t)(next_random(signer) % (uint64_t)spread_s) : 0;
    int64_t end_s = signer->now_s + lifetime_s - jitter_s;
    if (end_s < signer->first_end_s) {
        signer->first_end_s = end_s;
    }
    for (size_t i = 0; i < ldns_key_list_key_count(keys); i++) {
        ldns_key *key = ldns_key_list_key(keys, i);
        ldns_key_set_inception(key, (uint32_t)(signer->now_s - INCEPTION_BEFORE_S));
        ldns_key_set_expiration(key, (uint32_t)end_s);
    }
}

static bool copy_signature(struct signer *signer, const ldns_rr *rrsig, struct signatures *out)
{
    uint8_t *rdata = scratch_of(signer)->rdata[out->count];
    size_t len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rrsig); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rrsig, i);
        size_t size = ldns_rdf_size(field);
        if (size > sizeof(signer->scratch->rdata[0]) - len) {
            return false;
        }
        memcpy(rdata + len, ldns_rdf_data(field), size);
        len += size;
    }
    out->of[out->count].rdata = rdata;
    out->of[out->count].len = (uint16_t)len;
    out->count++;
    return true;
}

static bool sign_list(struct signer *signer, ldns_rr_list *rrset, ldns_key_list *keys,
                      struct signatures *out)
{
    set_times(signer, keys);
    ldns_rr_list *made = ldns_sign_public(rrset, keys);
    bool is_good = made != NULL && ldns_rr_list_rr_count(made) == ldns_key_list_key_count(keys);
    out->count = 0;
    for (size_t i = 0; is_good && i < ldns_rr_list_rr_count(made); i++) {
        is_good = copy_signature(signer, ldns_rr_list_rr(made, i), out);
    }
    ldns_rr_list_deep_free(made);
    return is_good;
}

static bool refuse(const struct signer *signer, const uint8_t *owner, uint16_t type,
                   struct error *err)
{
    char name[NAME_TEXT_SIZE], type_text[RECORD_TYPE_TEXT_SIZE];
    name_print(owner, name);
    record_type_print(type, type_text);
    return error_set(err, "%s %s cannot be signed with the keys of %s", name, type_text,
                     signer->dnssec.keys);
}

bool signer_sign(struct signer *signer, const struct encoder_record *records, size_t count,
                 struct signatures *out, struct error *err)
{
    uint16_t type = records[0].type;
    bool is_for_keys = type == TYPE_DNSKEY || type == TYPE_CDS || type == TYPE_CDNSKEY;
    ldns_rr_list *rrset = ldns_rr_list_new();
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++) {
        ldns_rr *rr = make_record(signer, &records[i]);
        is_good = rr != NULL && ldns_rr_list_push_rr(rrset, rr);
    }
    is_good =
        is_good && sign_list(signer, rrset, is_for_keys ? signer->for_keys : signer->for_data, out);
    ldns_rr_list_deep_free(rrset);
    return is_good || refuse(signer, records[0].owner, type, err);
}

bool signer_sign_member(struct signer *signer, const struct record_set *set,
                        const struct member_records *records, struct signatures *out,
                        struct error *err)
{
    /* As in a response to a query for the owner, which the records' pointers lead into. */
    uint8_t *wire = scratch_of(signer)->wire;
    size_t at = MESSAGE_HEADER + (size_t)set->name.len + QUESTION_TAIL;
    memset(wire, 0, at);
    memcpy(wire + MESSAGE_HEADER, set->name.octets, set->name.len);
    memcpy(wire + at, records->octets, records->len);
    size_t len = at + records->len;
    ldns_rr_list *rrset = ldns_rr_list_new();
    bool is_good = true;
    while (is_good && at < len) {
        ldns_rr *rr = read_record(wire, len, &at);
        is_good = rr != NULL && ldns_rr_list_push_rr(rrset, rr);
    }
    is_good = is_good && sign_list(signer, rrset, signer->for_data, out);
    ldns_rr_list_deep_free(rrset);
    return is_good || refuse(signer, set->name.octets, set->type, err);
}

size_t signer_type_bitmap(const uint16_t *types, size_t count, uint8_t out[TYPE_BITMAP_SIZE])
{
    ldns_rr_type *list = alloc_zeroed(count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i] = (ldns_rr_type)types[i];
    }
    ldns_rdf *bitmap = ldns_dnssec_create_nsec_bitmap(list, count, LDNS_RR_TYPE_NSEC);
    size_t len = bitmap != NULL ? ldns_rdf_size(bitmap) : 0;
    if (len > 0) {
        memcpy(out, ldns_rdf_data(bitmap), len);
    }
    ldns_rdf_deep_free(bitmap);
    free(list);
    return len;
}
