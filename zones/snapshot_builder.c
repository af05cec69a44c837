/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/snapshot_builder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* What a snapshot was the last one to use. */
struct retired {
    struct zone_table *zones; /* NULL when the successor has the same */
    size_t count;
    void *blocks[]; /* weights, pages, members' records */
};

struct snapshot_builder {
    struct snapshot *base; /* const for everybody else; finish sets its `retired` */
    const struct record_sets *sets;
    struct zone_table *zones; /* new; NULL: the base's */
    size_t page_count;
    struct weights_page **pages; /* the base's, or copies where is_own says so */
    bool *is_own;
    struct cookie_secrets cookies;
    void **replaced; /* blocks of the base that the new snapshot does not use */
    size_t replaced_count;
};

struct snapshot_builder *snapshot_builder_new(const struct snapshot *base,
                                              const struct record_sets *sets)
{
    assert(base == NULL || base->set_count == sets->count);
    struct snapshot_builder *builder = alloc_zeroed(1, sizeof(*builder));
    builder->base = (struct snapshot *)base;
    builder->sets = sets;
    if (base != NULL) {
        builder->cookies = base->cookies;
    }
    builder->page_count = (sets->count + SNAPSHOT_PAGE_SETS - 1) / SNAPSHOT_PAGE_SETS;
    builder->pages = alloc_zeroed(builder->page_count, sizeof(struct weights_page *));
    builder->is_own = alloc_zeroed(builder->page_count, sizeof(bool));
    for (size_t i = 0; i < builder->page_count; i++) {
        if (base != NULL) {
            builder->pages[i] = (struct weights_page *)base->pages[i];
        } else {
            builder->pages[i] = alloc_zeroed(1, sizeof(struct weights_page));
            builder->is_own[i] = true;
        }
    }
    return builder;
}

static const struct weights *base_weights(const struct snapshot_builder *builder, size_t id)
{
    return builder->base == NULL ? NULL : snapshot_weights(builder->base, (uint32_t)id);
}

/* Records that came with snapshot_builder_set_member_records: the others lie in the record set. */
static bool is_loose(const struct weights *weights, size_t member)
{
    return weights->members[member].records != &weights->record_set->members[member].records;
}

/* Frees weights that no snapshot has, with the records that only they have. */
static void free_own_weights(const struct snapshot_builder *builder, size_t id,
                             const struct weights *weights)
{
    const struct weights *base = base_weights(builder, id);
    for (size_t i = 0; weights != NULL && i < weights->member_count; i++) {
        const struct member_records *records = weights->members[i].records;
        if (is_loose(weights, i) && (base == NULL || base->members[i].records != records)) {
            free((void *)records);
        }
    }
    free((void *)weights);
}

void snapshot_builder_free(struct snapshot_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    for (size_t i = 0; i < builder->page_count; i++) {
        if (!builder->is_own[i]) {
            continue;
        }
        for (size_t j = 0; j < SNAPSHOT_PAGE_SETS; j++) {
            size_t id = i * SNAPSHOT_PAGE_SETS + j;
            if (id < builder->sets->count &&
                builder->pages[i]->sets[j] != base_weights(builder, id)) {
                free_own_weights(builder, id, builder->pages[i]->sets[j]);
            }
        }
        free(builder->pages[i]);
    }
    zone_table_free(builder->zones);
    free(builder->pages);
    free(builder->is_own);
    free(builder->replaced);
    free(builder);
}

void snapshot_builder_set_zones(struct snapshot_builder *builder, struct zone_table *zones)
{
    zone_table_free(builder->zones);
    builder->zones = zones;
}

static void replace(struct snapshot_builder *builder, const void *block)
{
    builder->replaced =
        alloc_resize(builder->replaced, builder->replaced_count + 1, sizeof(void *));
    builder->replaced[builder->replaced_count++] = (void *)block;
}

static void note_plainness(struct weights *weights)
{
    weights->is_plain = weights->total > 0 && weights->ttl_s == WEIGHTS_TTL_ENCODED;
    for (size_t i = 0; i < weights->member_count; i++) {
        weights->is_plain = weights->is_plain && !weights->members[i].is_stale;
    }
}

/* Upper bounds are rounded down from the running sum, so that each part is its share of 2^32 to
 * within one. */
static struct weights *weights_new(const struct record_set *set, const uint16_t *effective,
                                   const struct weights *old)
{
    struct weights *weights =
        alloc_zeroed(1, sizeof(*weights) + set->member_count * sizeof(struct weighted_member));
    weights->record_set = set;
    weights->ttl_s = old == NULL ? WEIGHTS_TTL_ENCODED : old->ttl_s;
    weights->member_count = set->member_count;
    for (size_t i = 0; i < set->member_count; i++) {
        weights->total += effective[i];
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < set->member_count; i++) {
        struct weighted_member *member = &weights->members[i];
        sum += effective[i];
        member->weight = effective[i];
        member->upper = sum == 0 ? 0 : (uint32_t)((sum << 32) / weights->total - 1);
        member->is_stale = old != NULL && old->members[i].is_stale;
        member->records = old == NULL ? &set->members[i].records : old->members[i].records;
    }
    note_plainness(weights);
    return weights;
}

/* Where the record set's weights stand in a page that is ours to write. */
static const struct weights **own_slot(struct snapshot_builder *builder, uint32_t record_set)
{
    assert(record_set < builder->sets->count);
    size_t page = record_set / SNAPSHOT_PAGE_SETS;
    if (!builder->is_own[page]) {
        replace(builder, builder->pages[page]);
        builder->pages[page] = alloc_copy(builder->pages[page], sizeof(struct weights_page));
        builder->is_own[page] = true;
    }
    return &builder->pages[page]->sets[record_set % SNAPSHOT_PAGE_SETS];
}

void snapshot_builder_set_weights(struct snapshot_builder *builder, uint32_t record_set,
                                  const uint16_t *effective)
{
    const struct weights **slot = own_slot(builder, record_set);
    const struct weights *old = *slot;
    *slot = weights_new(builder->sets->sets[record_set], effective, old);
    if (old != NULL && old == base_weights(builder, record_set)) {
        replace(builder, old);
    } else {
        free((void *)old); /* set twice in one builder: nobody has seen it */
    }
}

/* The record set's weights, a copy of the base's when the builder has no own ones. */
static struct weights *own_weights(struct snapshot_builder *builder, uint32_t record_set)
{
    const struct weights **slot = own_slot(builder, record_set);
    const struct weights *base = base_weights(builder, record_set);
    const struct record_set *set = builder->sets->sets[record_set];
    size_t count = set->member_count;
    if (*slot == NULL) {
        CLEANUP(alloc_freep) uint16_t *none = alloc_zeroed(count, sizeof(*none));
        *slot = weights_new(set, none, NULL);
    } else if (*slot == base) {
        replace(builder, base);
        *slot = alloc_copy(base, sizeof(*base) + count * sizeof(struct weighted_member));
    }
    return (struct weights *)*slot;
}

void snapshot_builder_set_member_records(struct snapshot_builder *builder, uint32_t record_set,
                                         size_t member, struct member_records *records)
{
    struct weights *own = own_weights(builder, record_set);
    const struct weights *base = base_weights(builder, record_set);
    assert(member < own->member_count);
    const struct member_records *old = own->members[member].records;
    if (is_loose(own, member)) {
        if (base != NULL && base->members[member].records == old) {
            replace(builder, old);
        } else {
            free((void *)old);
        }
    }
    own->members[member].records = records;
}

void snapshot_builder_set_member_stale(struct snapshot_builder *builder, uint32_t record_set,
                                       size_t member, bool is_stale)
{
    struct weights *own = own_weights(builder, record_set);
    assert(member < own->member_count);
    own->members[member].is_stale = is_stale;
    note_plainness(own);
}

void snapshot_builder_set_ttl(struct snapshot_builder *builder, uint32_t record_set, uint32_t ttl_s)
{
    struct weights *own = own_weights(builder, record_set);
    own->ttl_s = ttl_s;
    note_plainness(own);
}

static void retire(struct snapshot_builder *builder)
{
    struct retired *retired =
        alloc_zeroed(1, sizeof(*retired) + builder->replaced_count * sizeof(void *));
    retired->count = builder->replaced_count;
    for (size_t i = 0; i < retired->count; i++) {
        retired->blocks[i] = builder->replaced[i];
    }
    if (builder->zones != NULL) {
        retired->zones = (struct zone_table *)builder->base->zones;
    }
    /* Workers hold the base, but none of them ever looks at this field. */
    assert(builder->base->retired == NULL);
    builder->base->retired = retired;
}

void snapshot_builder_set_cookies(struct snapshot_builder *builder,
                                  const struct cookie_secrets *cookies)
{
    builder->cookies = *cookies;
}

struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder)
{
    assert(builder->zones != NULL || builder->base != NULL);
    for (size_t i = 0; builder->base == NULL && i < builder->sets->count; i++) {
        assert(builder->pages[i / SNAPSHOT_PAGE_SETS]->sets[i % SNAPSHOT_PAGE_SETS] != NULL);
    }
    struct snapshot *snapshot = alloc_zeroed(1, sizeof(*snapshot));
    snapshot->generation = builder->base == NULL ? 1 : builder->base->generation + 1;
    snapshot->zones = builder->zones != NULL ? builder->zones : builder->base->zones;
    snapshot->set_count = builder->sets->count;
    snapshot->cookies = builder->cookies;
    snapshot->pages = (const struct weights_page *const *)builder->pages;
    if (builder->base != NULL) {
        retire(builder);
    }
    free(builder->is_own);
    free(builder->replaced);
    free(builder);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    struct retired *retired = snapshot->retired;
    if (retired != NULL) {
        for (size_t i = 0; i < retired->count; i++) {
            free(retired->blocks[i]);
        }
        zone_table_free(retired->zones);
        free(retired);
    }
    free((void *)snapshot->pages);
    free(snapshot);
}

void snapshot_free_last(struct snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    assert(snapshot->retired == NULL);
    for (size_t i = 0; i < snapshot->set_count; i++) {
        const struct weights *weights = snapshot_weights(snapshot, (uint32_t)i);
        for (size_t m = 0; m < weights->member_count; m++) {
            if (is_loose(weights, m)) {
                free((void *)weights->members[m].records);
            }
        }
        free((void *)weights);
    }
    for (size_t i = 0; i < snapshot->set_count; i += SNAPSHOT_PAGE_SETS) {
        free((void *)snapshot->pages[i / SNAPSHOT_PAGE_SETS]);
    }
    zone_table_free((struct zone_table *)snapshot->zones);
    snapshot_free(snapshot);
}
