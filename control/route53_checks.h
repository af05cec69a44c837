/* SPDX-License-Identifier: BSD-2-Clause */
/* Which health checks Route 53 is to have of members, and how they are told from all others: by
 * their CallerReference,
 *
 *   ballast-OWNER-CONTENT-GENERATION
 *
 * whose owner is the record set with the prefix or identifiers, whose content is a hash of the
 * member and of everything that the check is to be, and whose generation is 0 unless Route 53 does
 * not take the reference any more, because a check that had it was deleted. So whoever asks for a
 * check again, after a lost answer, a kill or as the next of a fleet to drive, gets the one that is
 * there. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"
#include "control/aws/route53_check.h"

#define ROUTE53_OWNER_SIZE 32

/* What the references of a record set's checks begin with. Another Ballast whose members are in the
 * same record set has other set identifiers, and so another owner. */
void route53_owner_print(const struct config_route53 *route53, const char *zone_id,
                         const char *name, const char *type, char owner[ROUTE53_OWNER_SIZE]);

/* What Route 53 has to be asked for. */
struct route53_missing_check {
    char reference[ROUTE53_REFERENCE_SIZE];
    char *config; /* HealthCheckConfig; NULL: nothing is missing */
};
void route53_missing_check_done(struct route53_missing_check *missing);

/* Looks for the checks of a member (config_route53_mirrors): one of each of its addresses, and of
 * several one that is healthy while any of them is, as the member is to answers. True: all are
 * there, and id is what its record set names. False: missing is the next to be made, for
 * route53_missing_check_done. Those that are there are marked as wanted. */
bool route53_checks_find(const struct config_member *member, const char *owner,
                         struct route53_found_checks *found, char id[ROUTE53_CHECK_ID_SIZE],
                         struct route53_missing_check *missing);

/* The reference is used up: it is in no answer of route53_checks_find any more. */
void route53_checks_spend(struct route53_found_checks *found, const char *reference);

/* Route 53 would not delete it: somebody else needs it. */
void route53_checks_keep(struct route53_found_checks *found, const char *reference);
bool route53_checks_has_kept(const struct route53_found_checks *found);

/* One that is there, is not wanted, is not kept and has that owner: calculated ones first, since
 * the others are in them. NULL: there is none. */
struct route53_found_check *route53_checks_unwanted(struct route53_found_checks *found,
                                                    const char *owner);
