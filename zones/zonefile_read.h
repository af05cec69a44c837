/* SPDX-License-Identifier: BSD-2-Clause */
/* A master file's records to a draft, as zonefile.h says. Private to zones/. */
#pragma once

#include "zones/plain_entry.h"
#include "zones/zone_draft.h"

/* plain_entry_read, or, for tests, another that takes less. */
typedef size_t zonefile_reader(struct plain_entry *entry, const char *text, size_t len,
                               const struct name *origin);

/* path lives as long as the draft. end: the file's last line; 0 when it could not be opened. False
 * and "file:line: …" when it cannot be read. */
MUST_CHECK bool zonefile_read(struct zone_draft *draft, const char *path, const struct name *origin,
                              zonefile_reader *read_plain, struct draft_place *end,
                              struct error *err);
