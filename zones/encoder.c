/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/encoder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define HEADER_OCTETS       12
#define QUESTION_TAIL       4      /* QTYPE and QCLASS */
#define POINTER_MARK        0xc000 /* top bits of a compression pointer */
#define POINTER_OCTETS      2
#define POINTER_TARGET_MAX  (0x3fff - NAME_MAX_OCTETS) /* QNAME may be as much longer */
#define RECORD_FIXED_OCTETS 10                         /* type, class, TTL, RDLENGTH */
#define CLASS_IN            1

/* A suffix that was written: where. */
struct target {
    uint32_t hash;
    uint16_t at; /* offset in the message */
};

struct encoder {
    unsigned flags;
    size_t body; /* offset in the message of the first record */
    size_t len;  /* of the message so far */
    uint16_t counts[ENCODER_SECTIONS];
    size_t required_len;
    uint16_t required_additional_count;
    bool has_required;
    size_t target_count;
    size_t pointer_count;
    struct target targets[POINTER_TARGET_MAX + 1];
    uint16_t pointers[UINT16_MAX / 2];
    /* When finished, the pointers follow. */
    uint8_t
        message[HEADER_OCTETS + NAME_MAX_OCTETS + QUESTION_TAIL + ENCODED_MAX_OCTETS + UINT16_MAX];
};

/* Types of RFC 1035 with names in RDATA: only theirs are compressed (RFC 3597 section 4). */
static const struct layout {
    uint16_t type;
    uint8_t prefix, names, suffix; /* octets before the names, how many names, octets after */
} layouts[] = {
    {2, 0, 1, 0},  /* NS */
    {3, 0, 1, 0},  /* MD */
    {4, 0, 1, 0},  /* MF */
    {5, 0, 1, 0},  /* CNAME */
    {6, 0, 2, 20}, /* SOA */
    {7, 0, 1, 0},  /* MB */
    {8, 0, 1, 0},  /* MG */
    {9, 0, 1, 0},  /* MR */
    {12, 0, 1, 0}, /* PTR */
    {14, 0, 2, 0}, /* MINFO */
    {15, 2, 1, 0}, /* MX */
};

static const struct layout *find_layout(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (layouts[i].type == type) {
            return &layouts[i];
        }
    }
    return NULL;
}

bool encoder_has_names(uint16_t type, unsigned *prefix, unsigned *names)
{
    const struct layout *layout = find_layout(type);
    if (layout != NULL) {
        *prefix = layout->prefix;
        *names = layout->names;
    }
    return layout != NULL;
}

bool encoder_rdata_is_valid(uint16_t type, const uint8_t *rdata, size_t len)
{
    const struct layout *layout = find_layout(type);
    if (layout == NULL) {
        return true;
    }
    if (len < layout->prefix) {
        return false;
    }
    size_t at = layout->prefix;
    for (size_t i = 0; i < layout->names; i++) {
        struct name_key key;
        size_t name_len = name_key_parse(&key, rdata + at, len - at);
        if (name_len == 0) {
            return false;
        }
        at += name_len;
    }
    return len - at == layout->suffix;
}

size_t encoder_least_octets(uint16_t type, size_t rdata_len)
{
    const struct layout *layout = find_layout(type);
    if (layout != NULL) { /* a name: at least the root */
        rdata_len = (size_t)layout->prefix + layout->names + layout->suffix;
    }
    return POINTER_OCTETS + RECORD_FIXED_OCTETS + rdata_len;
}

static uint8_t lower_octet(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

bool encoder_rdata_is_equal(uint16_t type, const uint8_t *a, const uint8_t *b, size_t len)
{
    const struct layout *layout = find_layout(type);
    for (size_t i = 0; i < len; i++) {
        bool is_name = layout != NULL && i >= layout->prefix && i < len - layout->suffix;
        if (is_name ? lower_octet(a[i]) != lower_octet(b[i]) : a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

struct encoder *encoder_new(void)
{
    return alloc_zeroed(1, sizeof(struct encoder));
}

void encoder_free(struct encoder *encoder)
{
    free(encoder);
}

void encoder_freep(struct encoder **encoder)
{
    encoder_free(*encoder);
    *encoder = NULL;
}

static void add_target(struct encoder *encoder, uint32_t hash, size_t at)
{
    if (at <= POINTER_TARGET_MAX && encoder->target_count < ARRAY_LEN(encoder->targets)) {
        encoder->targets[encoder->target_count++] =
            (struct target){.hash = hash, .at = (uint16_t)at};
    }
}

void encoder_start(struct encoder *encoder, const struct name_key *base, unsigned flags)
{
    encoder->flags = flags;
    encoder->body = HEADER_OCTETS + (size_t)base->len + QUESTION_TAIL;
    encoder->len = encoder->body;
    memset(encoder->counts, 0, sizeof(encoder->counts));
    encoder->has_required = false;
    encoder->pointer_count = 0;
    encoder->target_count = 0;
    memcpy(encoder->message + HEADER_OCTETS, base->lower, base->len);
    unsigned labels = base->label_count;
    if (labels > 0 && (flags & ENCODER_BASE_IS_WILDCARD) != 0) {
        labels--;
    }
    for (; labels > 0; labels--) {
        add_target(encoder, name_key_suffix_hash(base, labels),
                   HEADER_OCTETS + name_key_suffix_start(base, labels));
    }
}

/* Is the name at this offset of the message, pointers followed, the lower-case one? Letter case
 * does not matter to compression: RFC 4343 section 4. */
static bool is_name_at(const struct encoder *encoder, size_t at, const uint8_t *lower)
{
    const uint8_t *message = encoder->message;
    for (;;) {
        while (message[at] >= POINTER_MARK >> 8) {
            at = ((size_t)message[at] << 8 | message[at + 1]) & ~(size_t)POINTER_MARK;
        }
        for (size_t i = 0; i <= message[at]; i++) {
            if (lower_octet(message[at + i]) != lower[i]) {
                return false;
            }
        }
        if (message[at] == 0) {
            return true;
        }
        at += (size_t)message[at] + 1;
        lower += (size_t)lower[0] + 1;
    }
}

/* Offset of an earlier occurrence of the name's last `labels` labels, or 0. */
static size_t find_target(const struct encoder *encoder, const struct name_key *key,
                          unsigned labels)
{
    uint32_t hash = name_key_suffix_hash(key, labels);
    const uint8_t *suffix = name_key_suffix(key, labels);
    for (size_t i = 0; i < encoder->target_count; i++) {
        if (encoder->targets[i].hash == hash &&
            is_name_at(encoder, encoder->targets[i].at, suffix)) {
            return encoder->targets[i].at;
        }
    }
    return 0;
}

/* Room is checked by encoder_add: compression only makes a record shorter. */
static void put_octets(struct encoder *encoder, const uint8_t *octets, size_t len)
{
    memcpy(encoder->message + encoder->len, octets, len);
    encoder->len += len;
}

static void put_16(struct encoder *encoder, unsigned value)
{
    put_octets(encoder, (const uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void put_pointer(struct encoder *encoder, size_t target, bool moves)
{
    if (moves) {
        encoder->pointers[encoder->pointer_count++] = (uint16_t)(encoder->len - encoder->body);
    }
    put_16(encoder, (unsigned)(POINTER_MARK | target));
}

/* Returns the octets that the name had. */
static size_t put_name(struct encoder *encoder, const uint8_t *name)
{
    struct name_key key;
    size_t len = name_key_parse(&key, name, NAME_MAX_OCTETS);
    assert(len > 0);
    size_t written_from = encoder->len;
    size_t target = 0;
    unsigned labels = key.label_count;
    for (; labels > 0; labels--) {
        target = find_target(encoder, &key, labels);
        if (target != 0) {
            break;
        }
        const uint8_t *label = name + name_key_suffix_start(&key, labels);
        put_octets(encoder, label, (size_t)label[0] + 1);
    }
    if (target != 0) {
        put_pointer(encoder, target, true);
    } else {
        put_octets(encoder, (const uint8_t[]){0}, 1);
    }
    /* Afterwards, so that a name is not searched in itself while it is half written. */
    if ((encoder->flags & ENCODER_RECORDS_ARE_APART) == 0) {
        for (unsigned i = key.label_count; i > labels; i--) {
            add_target(encoder, name_key_suffix_hash(&key, i),
                       written_from + name_key_suffix_start(&key, i));
        }
    }
    return len;
}

static void put_owner(struct encoder *encoder, const uint8_t *owner)
{
    if (is_name_at(encoder, HEADER_OCTETS, owner)) {
        put_pointer(encoder, HEADER_OCTETS, (encoder->flags & ENCODER_BASE_IS_ABOVE) != 0);
    } else {
        put_name(encoder, owner);
    }
}

static void put_rdata(struct encoder *encoder, const struct encoder_record *record)
{
    const struct layout *layout = find_layout(record->type);
    if (layout == NULL) {
        put_octets(encoder, record->rdata, record->rdata_len);
        return;
    }
    size_t at = layout->prefix;
    put_octets(encoder, record->rdata, at);
    for (size_t i = 0; i < layout->names; i++) {
        at += put_name(encoder, record->rdata + at);
    }
    put_octets(encoder, record->rdata + at, record->rdata_len - at);
}

bool encoder_add(struct encoder *encoder, enum encoder_section section,
                 const struct encoder_record *record)
{
    size_t room = encoder->body + ENCODED_MAX_OCTETS - encoder->len;
    if (room < (size_t)NAME_MAX_OCTETS + RECORD_FIXED_OCTETS + record->rdata_len) {
        return false;
    }
    put_owner(encoder, record->owner);
    put_16(encoder, record->type);
    put_16(encoder, CLASS_IN);
    put_16(encoder, record->ttl_s >> 16);
    put_16(encoder, record->ttl_s & 0xffff);
    size_t rdlength_at = encoder->len;
    put_16(encoder, 0);
    put_rdata(encoder, record);
    size_t rdata_len = encoder->len - rdlength_at - 2;
    encoder->message[rdlength_at] = (uint8_t)(rdata_len >> 8);
    encoder->message[rdlength_at + 1] = (uint8_t)rdata_len;
    encoder->counts[section]++;
    return true;
}

void encoder_mark_required(struct encoder *encoder)
{
    encoder->has_required = true;
    encoder->required_len = encoder_len(encoder);
    encoder->required_additional_count = encoder->counts[ENCODER_ADDITIONAL];
}

size_t encoder_len(const struct encoder *encoder)
{
    return encoder->len - encoder->body;
}

/* Behind the message, as struct encoded has them. Returns how many octets they take. */
static size_t put_pointers(struct encoder *encoder)
{
    size_t len = encoder->pointer_count * sizeof(uint16_t);
    uint16_t shift_max = UINT8_MAX;
    if (len == 0) {
        return 0;
    }
    for (size_t i = 0; i < encoder->pointer_count; i++) {
        uint8_t low = encoder->message[encoder->body + encoder->pointers[i] + 1];
        shift_max = UINT8_MAX - low < shift_max ? (uint16_t)(UINT8_MAX - low) : shift_max;
    }
    uint8_t *at = encoder->message + encoder->len;
    memcpy(at, &shift_max, sizeof(shift_max));
    memcpy(at + sizeof(shift_max), encoder->pointers, len);
    return sizeof(shift_max) + len;
}

void encoder_finish(struct encoder *encoder, struct arena *arena, struct encoded *out)
{
    size_t len = encoder_len(encoder);
    size_t pointers_len = put_pointers(encoder);
    *out = (struct encoded){
        .octets = arena_copy_octets(arena, encoder->message + encoder->body, len + pointers_len),
        .pointer_count = (uint16_t)encoder->pointer_count,
        .len = (uint16_t)len,
        .question_count = 1,
        .answer_count = encoder->counts[ENCODER_ANSWER],
        .authority_count = encoder->counts[ENCODER_AUTHORITY],
        .additional_count = encoder->counts[ENCODER_ADDITIONAL],
        .required_len = (uint16_t)(encoder->has_required ? encoder->required_len : len),
        .required_additional_count = encoder->has_required ? encoder->required_additional_count
                                                           : encoder->counts[ENCODER_ADDITIONAL],
    };
}
