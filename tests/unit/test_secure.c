/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers from zones that others have signed: RFC 4035 section 3.1, RFC 5155 section 7.2, RFC 6840.
 * The zones of tests/unit/signed were made by BIND's signer; ldns validates here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "server/dns.h"
#include "tests/unit/signed_zones.h"
#include "zones/record_type.h"

#define SOA   "@ SOA, RRSIG(SOA)"
#define PROOF ", NSEC3, RRSIG(NSEC3)"

static int open_zone(void **state, const char *name)
{
    struct signed_zone *zone = alloc_zeroed(1, sizeof(*zone));
    signed_zone_open(zone, name);
    *state = zone;
    return 0;
}

static int open_nsec(void **state)
{
    return open_zone(state, "nsec");
}

static int open_nsec3(void **state)
{
    return open_zone(state, "nsec3");
}

static int open_optout(void **state)
{
    return open_zone(state, "optout");
}

static int close_zone(void **state)
{
    struct signed_zone *zone = *state;
    signed_zone_close(zone);
    free(zone);
    return 0;
}

static void expect_plain(void **state, const char *name, uint16_t type, const char *expected)
{
    struct signed_zone *zone = *state;
    ldns_pkt *packet = secure_ask(&zone->secure, name, type, false);
    assert_string_equal(secure_describe(packet), expected);
    ldns_pkt_free(packet);
}

/* With DO; each signature is verified. */
static void expect(void **state, const char *name, uint16_t type, const char *expected)
{
    struct signed_zone *zone = *state;
    ldns_pkt *packet = secure_ask(&zone->secure, name, type, true);
    assert_string_equal(secure_describe(packet), expected);
    secure_check_signatures(&zone->secure, packet);
    ldns_pkt_free(packet);
}

/* As before, and the proof is checked too. */
static void expect_denial(void **state, const char *name, uint16_t type, const char *expected)
{
    struct signed_zone *zone = *state;
    expect(state, name, type, expected);
    ldns_pkt *packet = secure_ask(&zone->secure, name, type, true);
    secure_check_denial(&zone->secure, packet, name, type);
    ldns_pkt_free(packet);
}

static void signatures_come_with_each_rrset(void **state)
{
    expect(state, "two.example.test", TYPE_A, "NOERROR aa | two A, A, RRSIG(A) | |");
    expect(state, "TWO.example.TEST", DNS_TYPE_MX,
           "NOERROR aa | TWO.example.TEST. MX, RRSIG(MX) | |");
    expect(state, "example.test", TYPE_SOA, "NOERROR aa | @ SOA, RRSIG(SOA) | |");
    expect(state, "example.test", TYPE_DNSKEY,
           "NOERROR aa | @ DNSKEY, DNSKEY, RRSIG(DNSKEY), RRSIG(DNSKEY) | |");
}

static void without_do_no_records_of_dnssec_come_along(void **state)
{
    expect_plain(state, "two.example.test", TYPE_A, "NOERROR aa | two A, A | |");
    expect_plain(state, "nope.example.test", TYPE_A, "NXDOMAIN aa | | @ SOA |");
    expect_plain(state, "two.example.test", TYPE_AAAA, "NOERROR aa | | @ SOA |");
    expect_plain(state, "x.sub.example.test", TYPE_A, "NOERROR | | sub NS, NS | ns.sub A, ns1 A");
    expect_plain(state, "x.d.example.test", TYPE_A, "NOERROR aa | d DNAME, x.d CNAME, x.t A | |");
}

/* Pointers in their RDATA move. */
static void wildcards_without_do_are_whole(void **state)
{
    struct signed_zone *zone = *state;
    expect_plain(state, "q.wcn.example.test", TYPE_A, "NOERROR aa | q.wcn CNAME, two A, A | |");
    ldns_pkt *packet = secure_ask(&zone->secure, "a.b.wild.example.test", DNS_TYPE_MX, false);
    char *text = ldns_rr2str(ldns_rr_list_rr(ldns_pkt_answer(packet), 0));
    assert_string_equal(text, "a.b.wild.example.test.\t300\tIN\tMX\t10 mail.wild.example.test.\n");
    free(text);
    ldns_pkt_free(packet);
    expect(state, "q.wcn.example.test", TYPE_CNAME,
           "NOERROR aa | q.wcn CNAME, RRSIG(CNAME) | *.wcn NSEC, RRSIG(NSEC) |");
}

static void records_of_dnssec_are_there_for_whoever_asks_for_them(void **state)
{
    expect_plain(state, "alias.example.test", TYPE_NSEC, "NOERROR aa | alias NSEC | |");
    expect_plain(state, "alias.example.test", TYPE_RRSIG,
                 "NOERROR aa | alias RRSIG(CNAME), RRSIG(NSEC) | |");
    expect_plain(state, "sub.example.test", TYPE_DS, "NOERROR aa | sub DS | |");
    expect(state, "alias.example.test", TYPE_NSEC, "NOERROR aa | alias NSEC, RRSIG(NSEC) | |");
    expect(state, "TWO.example.test", TYPE_RRSIG,
           "NOERROR aa | TWO RRSIG(A), RRSIG(MX), RRSIG(NSEC) | |");
    expect(state, "ent.example.test", TYPE_NSEC, "NOERROR aa | | " SOA ", d NSEC, RRSIG(NSEC) |");
    expect_plain(state, "ent.example.test", TYPE_RRSIG, "NOERROR aa | | @ SOA |");
}

/* The owner is the name that was asked for: what is not closer is proved beside it. */
static void records_of_dnssec_of_a_wildcard_are_expanded(void **state)
{
    expect(state, "a.b.wild.example.test", TYPE_NSEC,
           "NOERROR aa | a.b.wild NSEC, RRSIG(NSEC) | *.wild NSEC, RRSIG(NSEC) |");
    expect_plain(state, "a.b.wild.example.test", TYPE_NSEC, "NOERROR aa | a.b.wild NSEC | |");
    expect_plain(state, "a.b.wild.example.test", TYPE_RRSIG,
                 "NOERROR aa | a.b.wild RRSIG(A), RRSIG(MX), RRSIG(NSEC) | |");
    expect(state, "*.wild.example.test", TYPE_NSEC, "NOERROR aa | *.wild NSEC, RRSIG(NSEC) | |");
}

static void nsec_denies_a_type(void **state)
{
    expect_denial(state, "two.example.test", TYPE_AAAA,
                  "NOERROR aa | | " SOA ", two NSEC, RRSIG(NSEC) |");
    expect_denial(state, "example.test", DNS_TYPE_MX,
                  "NOERROR aa | | " SOA ", NSEC, RRSIG(NSEC) |");
}

/* RFC 4035 section 3.1.3.2: the name and the wildcard; one record where it does for both. */
static void nsec_denies_a_name_and_its_wildcard(void **state)
{
    expect_denial(state, "nope.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA ", long NSEC, RRSIG(NSEC), @ NSEC, RRSIG(NSEC) |");
    expect_denial(state, "aa.example.test", TYPE_A, "NXDOMAIN aa | | " SOA ", NSEC, RRSIG(NSEC) |");
    expect_denial(state, "x.exists.wild.example.test", TYPE_AAAA,
                  "NOERROR aa | | " SOA ", x.exists.wild NSEC, RRSIG(NSEC) |");
    expect_denial(state, "y.exists.wild.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA
                  ", x.exists.wild NSEC, RRSIG(NSEC), *.wild NSEC, RRSIG(NSEC) |");
    expect_denial(state, "zzz.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA
                  ", x.exists.wild NSEC, RRSIG(NSEC), @ NSEC, RRSIG(NSEC) |");
}

static void nsec_denies_an_empty_non_terminal_s_types(void **state)
{
    expect(state, "ent.example.test", TYPE_A, "NOERROR aa | | " SOA ", d NSEC, RRSIG(NSEC) |");
    expect(state, "b.ent.example.test", TYPE_A, "NOERROR aa | | " SOA ", d NSEC, RRSIG(NSEC) |");
}

/* RFC 4035 section 3.1.3.3 and 3.1.3.4. */
static void nsec_proves_that_nothing_is_closer_than_the_wildcard(void **state)
{
    expect(state, "z.wild.example.test", TYPE_A,
           "NOERROR aa | z.wild A, RRSIG(A) | x.exists.wild NSEC, RRSIG(NSEC) |");
    expect(state, "a.b.wild.example.test", TYPE_A,
           "NOERROR aa | a.b.wild A, RRSIG(A) | *.wild NSEC, RRSIG(NSEC) |");
    expect(state, "*.wild.example.test", TYPE_A, "NOERROR aa | *.wild A, RRSIG(A) | |");
    expect(state, "z.wild.example.test", TYPE_AAAA,
           "NOERROR aa | | " SOA ", x.exists.wild NSEC, RRSIG(NSEC), *.wild NSEC, RRSIG(NSEC) |");
    expect(state, "a.b.wild.example.test", TYPE_AAAA,
           "NOERROR aa | | " SOA ", *.wild NSEC, RRSIG(NSEC) |");
    expect_denial(state, "*.wild.example.test", TYPE_AAAA,
                  "NOERROR aa | | " SOA ", *.wild NSEC, RRSIG(NSEC) |");
}

/* RFC 4035 section 3.1.4. Glue is not signed, the zone's own addresses are. */
static void referrals_have_ds_or_the_proof_of_none(void **state)
{
    expect(state, "x.sub.example.test", TYPE_A,
           "NOERROR | | sub NS, NS, DS, RRSIG(DS) | ns.sub A, ns1 A, RRSIG(A)");
    expect(state, "x.unsub.example.test", TYPE_A,
           "NOERROR | | unsub NS, NSEC, RRSIG(NSEC) | ns.unsub A");
    expect(state, "tounsub.example.test", TYPE_A,
           "NOERROR aa | tounsub CNAME, RRSIG(CNAME) | unsub NS, NSEC, RRSIG(NSEC) | ns.unsub A");
    expect(state, "sub.example.test", TYPE_DS, "NOERROR aa | sub DS, RRSIG(DS) | |");
    expect_denial(state, "unsub.example.test", TYPE_DS,
                  "NOERROR aa | | " SOA ", unsub NSEC, RRSIG(NSEC) |");
}

static void chains_have_the_signatures_of_each_link(void **state)
{
    expect(state, "alias2.example.test", TYPE_A,
           "NOERROR aa | alias2 CNAME, RRSIG(CNAME), alias CNAME, RRSIG(CNAME), "
           "two A, A, RRSIG(A) | |");
    expect(state, "x.d.example.test", TYPE_A,
           "NOERROR aa | d DNAME, RRSIG(DNAME), x.d CNAME, x.t A, RRSIG(A) | |");
    expect(state, "tosub.example.test", TYPE_A,
           "NOERROR aa | tosub CNAME, RRSIG(CNAME) | sub NS, NS, DS, RRSIG(DS) | "
           "ns.sub A, ns1 A, RRSIG(A)");
}

/* Proofs of all links; each record once. */
static void chains_prove_what_is_not_there_on_the_way(void **state)
{
    expect(state, "towild.example.test", TYPE_A,
           "NOERROR aa | towild CNAME, RRSIG(CNAME), z.wild A, RRSIG(A) | "
           "x.exists.wild NSEC, RRSIG(NSEC) |");
    expect(state, "q.wcn.example.test", TYPE_A,
           "NOERROR aa | q.wcn CNAME, RRSIG(CNAME), two A, A, RRSIG(A) | "
           "*.wcn NSEC, RRSIG(NSEC) |");
    expect(state, "q.wcn.example.test", TYPE_AAAA,
           "NOERROR aa | q.wcn CNAME, RRSIG(CNAME) | " SOA
           ", *.wcn NSEC, RRSIG(NSEC), two NSEC, RRSIG(NSEC) |");
    expect(state, "tonx.example.test", TYPE_A,
           "NXDOMAIN aa | tonx CNAME, RRSIG(CNAME) | " SOA
           ", long NSEC, RRSIG(NSEC), @ NSEC, RRSIG(NSEC) |");
}

/* RFC 8482 section 4.1: one RRset, signed, and proved where it is a wildcard's. */
static void any_is_answered_with_one_signed_rrset(void **state)
{
    expect(state, "two.example.test", DNS_TYPE_ANY, "NOERROR aa | two A, A, RRSIG(A) | |");
    expect(state, "long.example.test", DNS_TYPE_ANY, "NOERROR aa | long TXT, RRSIG(TXT) | |");
    expect(state, "example.test", DNS_TYPE_ANY, "NOERROR aa | @ A, RRSIG(A) | |");
    expect(state, "d.example.test", DNS_TYPE_ANY, "NOERROR aa | d A, RRSIG(A) | |");
    expect(state, "*.wild.example.test", DNS_TYPE_ANY, "NOERROR aa | *.wild A, RRSIG(A) | |");
    expect_plain(state, "z.wild.example.test", DNS_TYPE_ANY, "NOERROR aa | z.wild A | |");
    /* A CNAME is not followed. */
    expect(state, "alias2.example.test", DNS_TYPE_ANY,
           "NOERROR aa | alias2 CNAME, RRSIG(CNAME) | |");
    expect(state, "x.d.example.test", DNS_TYPE_ANY,
           "NOERROR aa | d DNAME, RRSIG(DNAME), x.d CNAME, x.t A, RRSIG(A) | |");
    expect(state, "sub.example.test", DNS_TYPE_ANY,
           "NOERROR | | sub NS, NS, DS, RRSIG(DS) | ns.sub A, ns1 A, RRSIG(A)");
}

static void nsec_proves_what_any_does_not_find(void **state)
{
    expect(state, "z.wild.example.test", DNS_TYPE_ANY,
           "NOERROR aa | z.wild A, RRSIG(A) | x.exists.wild NSEC, RRSIG(NSEC) |");
    expect(state, "q.wcn.example.test", DNS_TYPE_ANY,
           "NOERROR aa | q.wcn CNAME, RRSIG(CNAME) | *.wcn NSEC, RRSIG(NSEC) |");
    expect(state, "ent.example.test", DNS_TYPE_ANY,
           "NOERROR aa | | " SOA ", d NSEC, RRSIG(NSEC) |");
    expect_denial(state, "nope.example.test", DNS_TYPE_ANY,
                  "NXDOMAIN aa | | " SOA ", long NSEC, RRSIG(NSEC), @ NSEC, RRSIG(NSEC) |");
}

static void nsec3_proves_what_any_does_not_find(void **state)
{
    expect(state, "z.wild.example.test", DNS_TYPE_ANY,
           "NOERROR aa | z.wild A, RRSIG(A) | NSEC3, RRSIG(NSEC3) |");
    expect(state, "q.wcn.example.test", DNS_TYPE_ANY,
           "NOERROR aa | q.wcn CNAME, RRSIG(CNAME) | NSEC3, RRSIG(NSEC3) |");
    expect_denial(state, "ent.example.test", DNS_TYPE_ANY, "NOERROR aa | | " SOA PROOF " |");
    expect_denial(state, "nope.example.test", DNS_TYPE_ANY,
                  "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
}

/* RFC 4034 section 6.1: octets 0 and 1 and the end of a label are three things. */
static void odd_octets_have_their_place_in_the_order(void **state)
{
    expect_denial(state, "\\000b.odd.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA
                  ", \\000a.odd NSEC, RRSIG(NSEC), \\001.odd NSEC, RRSIG(NSEC) |");
    expect_denial(state, "x.\\000.odd.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA ", \\000.odd NSEC, RRSIG(NSEC) |");
    expect_denial(state, "\\002.odd.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA ", \\001.odd NSEC, RRSIG(NSEC) |");
}

static void too_small_a_client_gets_tc_and_nothing_else(void **state)
{
    struct signed_zone *zone = *state;
    zone->secure.is_udp = true;
    zone->secure.udp_size = 512;
    expect(state, "y.exists.wild.example.test", TYPE_A, "NXDOMAIN aa tc | | |");
    expect(state, "q.wcn.example.test", TYPE_AAAA, "NOERROR aa tc | | |");
    expect(state, "two.example.test", TYPE_A, "NOERROR aa | two A, A, RRSIG(A) | |");
    zone->secure.is_udp = false;
}

static void nsec3_denies_a_type(void **state)
{
    expect_denial(state, "two.example.test", TYPE_AAAA, "NOERROR aa | | " SOA PROOF " |");
    expect_denial(state, "ent.example.test", TYPE_A, "NOERROR aa | | " SOA PROOF " |");
    expect_denial(state, "unsub.example.test", TYPE_DS, "NOERROR aa | | " SOA PROOF " |");
}

/* RFC 5155 section 7.2.2. */
static void nsec3_denies_a_name_and_its_wildcard(void **state)
{
    expect_denial(state, "nope.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
    expect_denial(state, "a.b.c.nope.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
    expect_denial(state, "y.exists.wild.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
}

/* RFC 5155 sections 7.2.5 and 7.2.6. */
static void nsec3_proves_that_nothing_is_closer_than_the_wildcard(void **state)
{
    expect(state, "z.wild.example.test", TYPE_A,
           "NOERROR aa | z.wild A, RRSIG(A) | NSEC3, RRSIG(NSEC3) |");
    expect_denial(state, "a.b.wild.example.test", TYPE_AAAA,
                  "NOERROR aa | | " SOA PROOF PROOF PROOF " |");
    expect(state, "q.wcn.example.test", TYPE_A,
           "NOERROR aa | q.wcn CNAME, RRSIG(CNAME), two A, A, RRSIG(A) | NSEC3, RRSIG(NSEC3) |");
}

static void nsec3_proves_that_a_delegation_has_no_ds(void **state)
{
    expect(state, "x.unsub.example.test", TYPE_A, "NOERROR | | unsub NS" PROOF " | ns.unsub A");
    expect(state, "x.sub.example.test", TYPE_A,
           "NOERROR | | sub NS, NS, DS, RRSIG(DS) | ns.sub A, ns1 A, RRSIG(A)");
}

/* RFC 5155 section 7.2.8. The first is the apex's. */
static void the_owner_of_an_nsec3_is_no_name_of_the_zone(void **state)
{
    struct signed_zone *zone = *state;
    ldns_pkt *packet = secure_ask(&zone->secure, "nope.example.test", TYPE_A, true);
    ldns_rr_list *proofs =
        ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_NSEC3, LDNS_SECTION_AUTHORITY);
    char *owner = ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(proofs, 0)));
    expect_denial(state, owner, TYPE_NSEC3, "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
    expect_plain(state, owner, TYPE_NSEC3, "NXDOMAIN aa | | @ SOA |");
    free(owner);
    ldns_rr_list_deep_free(proofs);
    ldns_pkt_free(packet);
}

/* RFC 5155 sections 7.2.4 and 7.2.7: the closest provable encloser and what covers the name. */
static void opted_out_delegations_have_the_closest_encloser_proof(void **state)
{
    expect(state, "x.unsub.example.test", TYPE_A,
           "NOERROR | | unsub NS" PROOF PROOF " | ns.unsub A");
    expect_denial(state, "unsub.example.test", TYPE_DS, "NOERROR aa | | " SOA PROOF PROOF " |");
    expect(state, "insec.deep.opt.example.test", TYPE_A,
           "NOERROR | | insec.deep.opt NS" PROOF PROOF " |");
    expect(state, "sub.example.test", TYPE_A,
           "NOERROR | | sub NS, NS, DS, RRSIG(DS) | ns.sub A, ns1 A, RRSIG(A)");
}

/* Empty non-terminals above them alone have no NSEC3 either. */
static void names_beside_opted_out_delegations_are_denied(void **state)
{
    expect(state, "deep.opt.example.test", TYPE_A, "NOERROR aa | | " SOA PROOF PROOF " |");
    expect(state, "x.deep.opt.example.test", TYPE_A, "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
    expect_denial(state, "nope.example.test", TYPE_A,
                  "NXDOMAIN aa | | " SOA PROOF PROOF PROOF " |");
}

int main(void)
{
    const struct CMUnitTest nsec[] = {
        cmocka_unit_test(signatures_come_with_each_rrset),
        cmocka_unit_test(without_do_no_records_of_dnssec_come_along),
        cmocka_unit_test(wildcards_without_do_are_whole),
        cmocka_unit_test(records_of_dnssec_are_there_for_whoever_asks_for_them),
        cmocka_unit_test(records_of_dnssec_of_a_wildcard_are_expanded),
        cmocka_unit_test(nsec_denies_a_type),
        cmocka_unit_test(nsec_denies_a_name_and_its_wildcard),
        cmocka_unit_test(nsec_denies_an_empty_non_terminal_s_types),
        cmocka_unit_test(nsec_proves_that_nothing_is_closer_than_the_wildcard),
        cmocka_unit_test(referrals_have_ds_or_the_proof_of_none),
        cmocka_unit_test(chains_have_the_signatures_of_each_link),
        cmocka_unit_test(chains_prove_what_is_not_there_on_the_way),
        cmocka_unit_test(any_is_answered_with_one_signed_rrset),
        cmocka_unit_test(nsec_proves_what_any_does_not_find),
        cmocka_unit_test(odd_octets_have_their_place_in_the_order),
        cmocka_unit_test(too_small_a_client_gets_tc_and_nothing_else),
    };
    const struct CMUnitTest nsec3[] = {
        cmocka_unit_test(signatures_come_with_each_rrset),
        cmocka_unit_test(without_do_no_records_of_dnssec_come_along),
        cmocka_unit_test(nsec3_denies_a_type),
        cmocka_unit_test(nsec3_denies_a_name_and_its_wildcard),
        cmocka_unit_test(nsec3_proves_that_nothing_is_closer_than_the_wildcard),
        cmocka_unit_test(nsec3_proves_that_a_delegation_has_no_ds),
        cmocka_unit_test(any_is_answered_with_one_signed_rrset),
        cmocka_unit_test(nsec3_proves_what_any_does_not_find),
        cmocka_unit_test(the_owner_of_an_nsec3_is_no_name_of_the_zone),
        cmocka_unit_test(chains_have_the_signatures_of_each_link),
    };
    const struct CMUnitTest optout[] = {
        cmocka_unit_test(opted_out_delegations_have_the_closest_encloser_proof),
        cmocka_unit_test(names_beside_opted_out_delegations_are_denied),
    };
    return cmocka_run_group_tests(nsec, open_nsec, close_zone) +
           cmocka_run_group_tests(nsec3, open_nsec3, close_zone) +
           cmocka_run_group_tests(optout, open_optout, close_zone);
}
