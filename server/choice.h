/* SPDX-License-Identifier: BSD-2-Clause */
/* A weighted record set's turn: the member that answers, and the record to begin with. Inline for
 * the two who ask: response.c and plain.c. One worker's thread. */
#pragma once

#include "server/answer.h"

/* The member picked; what it is asked for with `sticky`, see pick_client. */
static ALWAYS_INLINE size_t choice_pick(struct pick_state *state, const struct weights *weights,
                                        uint64_t client)
{
    const struct record_set *set = weights->record_set;
    switch (set->choice) {
    case CHOICE_EXACT:
        return pick_exact(weights, &state->positions[set->id]);
    case CHOICE_STICKY:
        return pick_sticky(state, weights, client);
    case CHOICE_RANDOM:
        break;
    }
    return pick_random(weights, &state->random);
}

/* Is the client one of those that are followed? hash: for sketch_note. */
static ALWAYS_INLINE bool choice_is_followed(const struct answer_context *context,
                                             const struct weights *weights, uint64_t client,
                                             uint64_t *hash)
{
    const struct sketch_sampler *sampler = &context->sampler;
    *hash = visit_hash(sampler->key, client, weights->record_set->id);
    return *hash < sampler->limit;
}

/* Writes the visit down. A rate limit may keep back the answer yet: it is a visit all the same. */
RARELY void choice_note_visit(const struct answer_context *context, const struct weights *weights,
                              uint64_t client, uint64_t hash);

/* Counts the member's answer; returns the record that it begins with. */
static ALWAYS_INLINE uint16_t choice_turn(struct worker_slot *slot, const struct weights *weights,
                                          size_t member)
{
    counter *tally = &slot->tally[weights->record_set->first_member + member];
    uint16_t count = weights->members[member].records->count;
    uint64_t turn = counter_add(tally, 1);
    if (count <= 1) {
        return 0;
    }
    return (uint16_t)((uint32_t)turn % count); /* 64 bits divide slowly */
}

/* Copies the records from `first` on and around to out, which has room for records->len and
 * OCTETS_SLACK octets more. */
static ALWAYS_INLINE void choice_copy(const struct member_records *records, uint16_t first,
                                      uint8_t *out)
{
    octets_copy_blocks(out, records->octets + records->starts[first], records->len);
}

/* Moves the copy's pointers; shift: as in encoded_copy. Addresses have none. */
NOT_INLINE void choice_move_pointers(const struct member_records *records, uint16_t first,
                                     uint16_t shift, uint8_t *out);
