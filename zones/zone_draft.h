/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone while it is read: records are added one by one and each is checked against what is there,
 * so that an error names its line; in the end the immutable zone is made. Private to zones/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "zones/record_set.h"
#include "zones/signer.h"
#include "zones/zone.h"

struct zone_draft;

/* Where a record was read. path lives as long as the draft. */
struct draft_place {
    const char *path;
    unsigned line;
};

struct draft_input {
    struct name owner;
    uint16_t type;
    uint16_t rdata_len;
    uint32_t ttl_s;
    const uint8_t *rdata;
    struct draft_place place;
};

struct zone_draft *zone_draft_new(const struct name *origin);
void zone_draft_free(struct zone_draft *draft);
void zone_draft_freep(struct zone_draft **draft);

/* A copy of the path that lives as long as the draft. */
const char *zone_draft_keep_path(struct zone_draft *draft, const char *path);

/* False and "file:line: …" when the record contradicts what was added before. One that is there
 * already is dropped (RFC 2181 section 5). */
MUST_CHECK bool zone_draft_add(struct zone_draft *draft, const struct draft_input *input,
                               struct error *err);
/* A weighted record set, before the records: the name is within the zone. place: in the
 * configuration. */
MUST_CHECK bool zone_draft_add_record_set(struct zone_draft *draft, const struct record_set *set,
                                          struct draft_place place, struct error *err);
/* end: the last line of the zone's file, for errors about what is missing. signer: NULL, or signs
 * the zone. Caller owns the zone; the draft is still to be freed. */
MUST_CHECK struct zone *zone_draft_finish(struct zone_draft *draft, struct draft_place end,
                                          struct signer *signer, struct error *err);
