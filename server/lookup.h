/* SPDX-License-Identifier: BSD-2-Clause */
/* From a name and a type to what is to be answered: RFC 1034 section 4.3.2 steps 2 and 3 for one
 * name, with DNAME (RFC 6672), DS (RFC 4035 section 3.1.4.1) and minimal ANY (RFC 8482). Pure. */
#pragma once

#include <stdint.h>

#include "zones/snapshot.h"

enum lookup_outcome {
    LOOKUP_NO_ZONE,
    LOOKUP_ANSWER,   /* rrset of node */
    LOOKUP_CNAME,    /* rrset is the CNAME to follow */
    LOOKUP_DNAME,    /* rrset is the DNAME, node its owner above the name */
    LOOKUP_REFERRAL, /* node->referral */
    LOOKUP_NODATA,
    LOOKUP_NXDOMAIN,
};

struct lookup {
    enum lookup_outcome outcome;
    const struct zone *zone;
    const struct node *node; /* of a wildcard: the source of synthesis */
    const struct rrset *rrset;
};

struct lookup lookup_name(const struct snapshot *snapshot, const struct name_key *name,
                          uint16_t type);
