/* SPDX-License-Identifier: BSD-2-Clause */
/* The export of a snapshot's first zone, whole. */
#pragma once

#include <stddef.h>

#include "zones/snapshot.h"

/* members: as zone_export_new has it. octets: got in parts of at least so many. Fails the test when
 * a part does not end with a line. Caller frees. */
char *export_text(const struct snapshot *snapshot, const size_t *members, size_t octets);
