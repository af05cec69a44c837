/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones signed here, with keys in files of a folder of this test's own; ldns validates. */
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "server/dns.h"
#include "tests/unit/export_text.h"
#include "tests/unit/secure_fixture.h"
#include "tests/unit/test_keys.h"
#include "zones/address_records.h"
#include "zones/record_type.h"

#define NOW_S      1800000000 /* 2027-01-15T08:00:00Z */
#define LIFETIME_S (14 * 86400)
#define REFRESH_S  (5 * 86400)
#define LABEL      "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
#define SOA        "@ SOA, RRSIG(SOA)"

static const char *blue_a[] = {"192.0.2.101", "192.0.2.102"};
static const char *green_a[] = {"192.0.2.201"};
static const char *blue_mx[] = {"10 mail.wwild.example.test", "20 TWO.example.test"};
static const char *green_mx[] = {"5 MX.example.test"};
static const char *blue_cname[] = {"two.example.test"};
static const char *green_cname[] = {"nope.example.test"};

static struct config_record_set record_sets[] = {
    SECURE_SET("www.example.test", "A", blue_a, green_a),
    SECURE_SET("*.wwild.example.test", "MX", blue_mx, green_mx),
    SECURE_SET("wcname.example.test", "CNAME", blue_cname, green_cname),
};

struct zone_under_test {
    struct config config;
    struct config_zone zone;
    struct config_dnssec dnssec;
    char folder[64];
    char file[512];
    struct secure secure;
};

static void write_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* more: lines that follow in the private file, for its times. */
static void put_key(const struct zone_under_test *test, const struct test_key *key,
                    const char *more)
{
    CLEANUP(alloc_freep) char *public = alloc_printf("%s/%s.key", test->folder, key->stem);
    CLEANUP(alloc_freep) char *private = alloc_printf("%s/%s.private", test->folder, key->stem);
    CLEANUP(alloc_freep) char *text = alloc_printf("%s%s", key->private_text, more);
    write_text(public, key->public_text, 0644);
    write_text(private, text, 0600);
}

static void setup(struct zone_under_test *test, enum config_denial denial)
{
    const char *top = getenv("top_srcdir");
    memset(test, 0, sizeof(*test));
    snprintf(test->folder, sizeof(test->folder), "/tmp/ballast-test-XXXXXX");
    assert_non_null(mkdtemp(test->folder));
    snprintf(test->file, sizeof(test->file), "%s/tests/unit/signed/base.zone",
             top != NULL ? top : ".");
    test->dnssec = (struct config_dnssec){
        .keys = test->folder,
        .denial = denial,
        .signature_lifetime_ms = LIFETIME_S * INT64_C(1000),
        .refresh_ms = REFRESH_S * INT64_C(1000),
        .line = 7,
    };
    test->zone = (struct config_zone){
        .name = "example.test", .file = test->file, .dnssec = &test->dnssec, .line = 5};
    test->config = (struct config){
        .path = "test.yaml",
        .zones = &test->zone,
        .zone_count = 1,
        .record_sets = record_sets,
        .record_set_count = ARRAY_LEN(record_sets),
    };
}

static void open_zone(struct zone_under_test *test)
{
    secure_open(&test->secure, &test->config, NOW_S);
}

static void remove_folder(const struct zone_under_test *test)
{
    CLEANUP(alloc_freep) char *command = alloc_printf("rm -r %s", test->folder);
    assert_int_equal(system(command), 0);
}

static void close_zone(struct zone_under_test *test)
{
    secure_close(&test->secure);
    remove_folder(test);
}

static void expect(struct zone_under_test *test, const char *name, uint16_t type,
                   const char *expected)
{
    ldns_pkt *packet = secure_ask(&test->secure, name, type, true);
    assert_string_equal(secure_describe(packet), expected);
    secure_check_signatures(&test->secure, packet);
    ldns_pkt_free(packet);
}

/* The loading fails with this text, in which FOLDER stands for the folder of the keys. */
static void expect_refused(struct zone_under_test *test, const char *expected)
{
    struct error err = {""};
    const struct signing_time time = {.now_s = NOW_S};
    CLEANUP(record_sets_freep)
    struct record_sets *sets = record_sets_new(&test->config, &err);
    assert_non_null(sets);
    assert_null(zonefile_load(&test->config, 0, sets, &time, &err));
    char *at = strstr(err.text, test->folder);
    while (at != NULL) {
        size_t len = strlen(test->folder);
        memmove(at + strlen("FOLDER"), at + len, strlen(at + len) + 1);
        memcpy(at, "FOLDER", strlen("FOLDER"));
        at = strstr(at, test->folder);
    }
    assert_string_equal(err.text, expected);
    remove_folder(test);
}

/* Every kind of answer: its signatures are valid, and so is what it says is not there. */
static void check_all_answers(struct zone_under_test *test)
{
    static const char *const names[] = {
        "example.test",         "two.example.test",      "alias2.example.test",
        "tonx.example.test",    "towild.example.test",   "q.wcn.example.test",
        "x.sub.example.test",   "x.unsub.example.test",  "ent.example.test",
        "a.b.ent.example.test", "z.wild.example.test",   "y.exists.wild.example.test",
        "x.d.example.test",     "nope.example.test",     "\\000.odd.example.test",
        "x.opt.example.test",   "deep.opt.example.test", "insec.deep.opt.example.test",
        "www.example.test",     "wcname.example.test",   "x.wwild.example.test",
        "x.www.example.test",   "wwild.example.test",    "*.wwild.example.test",
    };
    static const uint16_t types[] = {TYPE_A,   DNS_TYPE_MX, TYPE_DS,
                                     TYPE_SOA, TYPE_DNSKEY, TYPE_CNAME};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        for (size_t j = 0; j < ARRAY_LEN(types); j++) {
            ldns_pkt *packet = secure_ask(&test->secure, names[i], types[j], true);
            secure_check_signatures(&test->secure, packet);
            bool is_negative = ldns_pkt_ancount(packet) == 0 && ldns_pkt_aa(packet);
            bool is_wildcard = strstr(names[i], ".wild.") || strstr(names[i], ".wwild.");
            if (is_negative && !is_wildcard && strcmp(names[i], "ent.example.test") != 0 &&
                strncmp(names[i], "deep", 4) != 0 && strncmp(names[i], "wwild", 5) != 0) {
                assert_true(secure_check_denial(&test->secure, packet, names[i], types[j]) > 0);
            }
            ldns_pkt_free(packet);
        }
    }
}

static void check_keys(enum config_denial denial, const struct test_key *first,
                       const struct test_key *second)
{
    struct zone_under_test test;
    setup(&test, denial);
    put_key(&test, first, "");
    if (second != NULL) {
        put_key(&test, second, "");
    }
    open_zone(&test);
    assert_int_equal(ldns_rr_list_rr_count(test.secure.keys), second != NULL ? 2 : 1);
    check_all_answers(&test);
    close_zone(&test);
}

static void ecdsa_keys_sign_with_nsec_and_with_nsec3(void **state)
{
    (void)state;
    check_keys(CONFIG_DENIAL_NSEC, &key_ecdsa_ksk, &key_ecdsa_zsk);
    check_keys(CONFIG_DENIAL_NSEC3, &key_ecdsa_ksk, &key_ecdsa_zsk);
}

static void one_key_alone_signs_everything(void **state)
{
    (void)state;
    check_keys(CONFIG_DENIAL_NSEC, &key_ed25519, NULL);
    check_keys(CONFIG_DENIAL_NSEC3, &key_ed25519, NULL);
    check_keys(CONFIG_DENIAL_NSEC, &key_ecdsa_zsk, NULL);
}

static void rsa_keys_sign(void **state)
{
    (void)state;
    check_keys(CONFIG_DENIAL_NSEC, &key_rsa_ksk, &key_rsa_zsk);
}

static void setup_plain(struct zone_under_test *test, enum config_denial denial)
{
    setup(test, denial);
    put_key(test, &key_ecdsa_ksk, "");
    put_key(test, &key_ecdsa_zsk, "");
    open_zone(test);
}

static void the_chain_of_nsec_has_each_name_and_its_types(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    expect(&test, "two.example.test", TYPE_AAAA, "NOERROR aa | | " SOA ", two NSEC, RRSIG(NSEC) |");
    expect(&test, "ent.example.test", TYPE_A, "NOERROR aa | | " SOA ", d NSEC, RRSIG(NSEC) |");
    ldns_pkt *packet = secure_ask(&test.secure, "unsub.example.test", TYPE_A, true);
    ldns_rr_list *nsec =
        ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_NSEC, LDNS_SECTION_AUTHORITY);
    char *text = ldns_rr2str(ldns_rr_list_rr(nsec, 0));
    assert_non_null(strstr(text, "\tNSEC\t*.wcn.example.test. NS RRSIG NSEC"));
    free(text);
    ldns_rr_list_deep_free(nsec);
    ldns_pkt_free(packet);
    close_zone(&test);
}

/* RFC 9276: no iterations, no salt, no opt-out. */
static void nsec3_has_no_iterations_and_no_salt(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC3);
    ldns_pkt *packet = secure_ask(&test.secure, "example.test", TYPE_NSEC3PARAM, true);
    char *text = ldns_rr2str(ldns_rr_list_rr(ldns_pkt_answer(packet), 0));
    assert_string_equal(text, "example.test.\t0\tIN\tNSEC3PARAM\t1 0 0 - \n");
    free(text);
    ldns_pkt_free(packet);
    expect(&test, "unsub.example.test", TYPE_A,
           "NOERROR | | unsub NS, NSEC3, RRSIG(NSEC3) | ns.unsub A");
    close_zone(&test);
}

static ldns_rr *first_rrsig(struct zone_under_test *test, const char *name, uint16_t type)
{
    ldns_pkt *packet = secure_ask(&test->secure, name, type, true);
    ldns_rr_list *list = ldns_pkt_rr_list_by_type(packet, LDNS_RR_TYPE_RRSIG, LDNS_SECTION_ANSWER);
    assert_non_null(list);
    ldns_rr *rrsig = ldns_rr_clone(ldns_rr_list_rr(list, 0));
    ldns_rr_list_deep_free(list);
    ldns_pkt_free(packet);
    return rrsig;
}

static uint16_t tag_of(struct zone_under_test *test, const char *name, uint16_t type)
{
    ldns_rr *rrsig = first_rrsig(test, name, type);
    uint16_t tag = ldns_rdf2native_int16(ldns_rr_rrsig_keytag(rrsig));
    ldns_rr_free(rrsig);
    return tag;
}

static void the_key_signing_key_signs_keys_and_nothing_else(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    expect(&test, "example.test", TYPE_DNSKEY, "NOERROR aa | @ DNSKEY, DNSKEY, RRSIG(DNSKEY) | |");
    assert_int_equal(tag_of(&test, "example.test", TYPE_DNSKEY), 59225);
    assert_int_equal(tag_of(&test, "example.test", TYPE_SOA), 3177);
    assert_int_equal(tag_of(&test, "www.example.test", TYPE_A), 3177);
    close_zone(&test);
}

/* Inception an hour ago; ends spread over a quarter of what is between lifetime and refresh. */
static void signatures_begin_in_the_past_and_end_at_different_times(void **state)
{
    (void)state;
    static const char *const names[] = {"two.example.test", "ns1.example.test", "www.example.test",
                                        "a.b.ent.example.test", "long.example.test"};
    struct zone_under_test test;
    int64_t ends[ARRAY_LEN(names)];
    bool differ = false;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ldns_rr *rrsig = first_rrsig(&test, names[i], i == 4 ? DNS_TYPE_TXT : TYPE_A);
        assert_int_equal(ldns_rdf2native_int32(ldns_rr_rrsig_inception(rrsig)), NOW_S - 3600);
        ends[i] = ldns_rdf2native_int32(ldns_rr_rrsig_expiration(rrsig));
        assert_true(ends[i] <= NOW_S + LIFETIME_S);
        assert_true(ends[i] > NOW_S + LIFETIME_S - (LIFETIME_S - REFRESH_S) / 4);
        differ |= ends[i] != ends[0];
        ldns_rr_free(rrsig);
    }
    assert_true(differ);
    int64_t refresh_at_s = test.secure.snapshot->zones->zones[0]->refresh_at_s;
    assert_true(refresh_at_s <= ends[0] - REFRESH_S);
    assert_true(refresh_at_s > NOW_S + (LIFETIME_S - REFRESH_S) / 4 * 3 - 1);
    close_zone(&test);
}

static char *rrsig_text(struct zone_under_test *test, const char *name, uint16_t type)
{
    ldns_rr *rrsig = first_rrsig(test, name, type);
    char *text = ldns_rr2str(rrsig);
    ldns_rr_free(rrsig);
    return text;
}

/* ECDSA signatures differ each time they are made: the same one was not made again. */
static void a_shift_signs_nothing(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    secure_shift(&test.secure, 0, 0);
    char *blue = rrsig_text(&test, "www.example.test", TYPE_A);
    expect(&test, "www.example.test", TYPE_A, "NOERROR aa | www A, A, RRSIG(A) | |");
    secure_shift(&test.secure, 0, 1);
    char *green = rrsig_text(&test, "www.example.test", TYPE_A);
    expect(&test, "www.example.test", TYPE_A, "NOERROR aa | www A, RRSIG(A) | |");
    secure_shift(&test.secure, 0, 0);
    char *blue_again = rrsig_text(&test, "www.example.test", TYPE_A);
    assert_string_equal(blue, blue_again);
    assert_string_not_equal(blue, green);
    free(blue);
    free(green);
    free(blue_again);
    close_zone(&test);
}

static void each_member_validates_wherever_it_stands(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    for (size_t member = 0; member < 2; member++) {
        secure_shift(&test.secure, 1, member);
        secure_shift(&test.secure, 2, member);
        const char *mx = member == 0 ? "MX, MX" : "MX";
        char expected[300];
        snprintf(expected, sizeof(expected),
                 "NOERROR aa | a.b.wwild %s, RRSIG(MX) | *.wwild NSEC, RRSIG(NSEC) |", mx);
        expect(&test, "a.b.wwild.example.test", DNS_TYPE_MX, expected);
        expect(&test, "wcname.example.test", TYPE_A,
               member == 0 ? "NOERROR aa | wcname CNAME, RRSIG(CNAME), two A, A, RRSIG(A) | |"
                           : "NXDOMAIN aa | wcname CNAME, RRSIG(CNAME) | " SOA
                             ", long NSEC, RRSIG(NSEC), @ NSEC, RRSIG(NSEC) |");
    }
    close_zone(&test);
}

/* RFC 8482 section 4.1. The picked member's records and no others. */
static void any_is_answered_with_a_member_and_its_signature(void **state)
{
    (void)state;
    static const enum config_denial denials[] = {CONFIG_DENIAL_NSEC, CONFIG_DENIAL_NSEC3};
    for (size_t i = 0; i < ARRAY_LEN(denials); i++) {
        struct zone_under_test test;
        const char *proof =
            denials[i] == CONFIG_DENIAL_NSEC ? "*.wwild NSEC, RRSIG(NSEC)" : "NSEC3, RRSIG(NSEC3)";
        setup_plain(&test, denials[i]);
        for (size_t member = 0; member < 2; member++) {
            char expected[200];
            secure_shift(&test.secure, 0, member);
            secure_shift(&test.secure, 1, member);
            secure_shift(&test.secure, 2, member);
            expect(&test, "www.example.test", DNS_TYPE_ANY,
                   member == 0 ? "NOERROR aa | www A, A, RRSIG(A) | |"
                               : "NOERROR aa | www A, RRSIG(A) | |");
            expect(&test, "wcname.example.test", DNS_TYPE_ANY,
                   "NOERROR aa | wcname CNAME, RRSIG(CNAME) | |");
            snprintf(expected, sizeof(expected), "NOERROR aa | a.b.wwild %s, RRSIG(MX) | %s |",
                     member == 0 ? "MX, MX" : "MX", proof);
            expect(&test, "a.b.wwild.example.test", DNS_TYPE_ANY, expected);
        }
        close_zone(&test);
    }
}

/* Whatever its number: RRSIG and NSEC come before TLSA and CAA in a node. */
static void any_prefers_what_the_zone_is_about_to_records_of_dnssec(void **state)
{
    (void)state;
    static const char text[] = "$ORIGIN example.test.\n@ 60 SOA ns1 host 1 3600 600 86400 60\n"
                               "@ 60 NS ns1\nns1 60 A 192.0.2.1\n"
                               "caa 60 CAA 0 issue \"ca.example\"\n*.tlsa 60 TLSA 3 1 1 00\n";
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ed25519, "");
    snprintf(test.file, sizeof(test.file), "%s/zone", test.folder);
    write_text(test.file, text, 0600);
    test.config.record_set_count = 0;
    open_zone(&test);
    expect(&test, "caa.example.test", DNS_TYPE_ANY, "NOERROR aa | caa CAA, RRSIG(CAA) | |");
    expect(&test, "x.tlsa.example.test", DNS_TYPE_ANY,
           "NOERROR aa | x.tlsa TLSA, RRSIG(TLSA) | *.tlsa NSEC, RRSIG(NSEC) |");
    close_zone(&test);
}

static void without_do_members_come_without_signatures(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    secure_shift(&test.secure, 0, 1);
    ldns_pkt *packet = secure_ask(&test.secure, "www.example.test", TYPE_A, false);
    assert_string_equal(secure_describe(packet), "NOERROR aa | www A | |");
    ldns_pkt_free(packet);
    close_zone(&test);
}

static void an_answer_with_its_signatures_that_is_too_large_is_truncated(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_rsa_zsk, "");
    put_key(&test, &key_rsa_ksk, "");
    put_key(&test, &key_ecdsa_zsk, "");
    put_key(&test, &key_ed25519, "");
    open_zone(&test);
    test.secure.is_udp = true;
    test.secure.udp_size = 512;
    secure_shift(&test.secure, 1, 1);
    const char *name = LABEL "." LABEL "." LABEL ".wwild.example.test";
    expect(&test, name, DNS_TYPE_MX, "NOERROR aa tc | | |");
    test.secure.udp_size = 1232;
    expect(&test, name, DNS_TYPE_MX,
           "NOERROR aa | " LABEL "." LABEL "." LABEL ".wwild MX, RRSIG(MX), RRSIG(MX), RRSIG(MX) | "
           "*.wwild NSEC, RRSIG(NSEC), RRSIG(NSEC), RRSIG(NSEC) |");
    close_zone(&test);
}

/* As dnssec-settime writes them. */
static void keys_are_published_and_sign_when_their_files_say(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ecdsa_ksk, "Publish: 20270101000000\nActivate: 20270101000000\n");
    put_key(&test, &key_ecdsa_zsk, "Publish: 20270101000000\nActivate: 20270116000000\n");
    put_key(&test, &key_rsa_zsk, "Publish: 20270116000000\n");
    put_key(&test, &key_rsa_ksk, "Publish: 20270101000000\nDelete: 20270115000000\n");
    put_key(&test, &key_ed25519, "Inactive: 20270115000000\n");
    open_zone(&test);
    expect(&test, "example.test", TYPE_DNSKEY,
           "NOERROR aa | @ DNSKEY, DNSKEY, DNSKEY, RRSIG(DNSKEY) | |");
    expect(&test, "two.example.test", TYPE_A, "NOERROR aa | two A, A, RRSIG(A) | |");
    assert_int_equal(tag_of(&test, "two.example.test", TYPE_A), 59225);
    /* 2027-01-16T00:00:00Z: the next time of a key. */
    assert_int_equal(test.secure.snapshot->zones->zones[0]->refresh_at_s, 1800057600);
    close_zone(&test);
}

static void keys_that_others_can_read_are_refused(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ed25519, "");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/%s.private", test.folder, key_ed25519.stem);
    assert_int_equal(chmod(path, 0640), 0);
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.private: has mode 0640: "
                          "others may use the key, expected 0600");
}

static void a_folder_without_a_key_that_signs_is_refused(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    expect_refused(&test, "test.yaml:7: FOLDER: has no key of zone example.test that signs now (of "
                          "0 there), expected one");
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ed25519, "Inactive: 20270101000000\n");
    expect_refused(&test, "test.yaml:7: FOLDER: has no key of zone example.test that signs now (of "
                          "1 there), expected one");
    setup(&test, CONFIG_DENIAL_NSEC);
    test.dnssec.keys = "/nowhere/at/all";
    expect_refused(&test,
                   "test.yaml:7: /nowhere/at/all: cannot be opened: No such file or directory");
}

static void key_files_that_do_not_fit_together_are_refused(void **state)
{
    (void)state;
    struct zone_under_test test;
    struct test_key wrong = key_ed25519;
    setup(&test, CONFIG_DENIAL_NSEC);
    wrong.public_text = key_ecdsa_ksk.public_text;
    put_key(&test, &wrong, "");
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.key: is not the public key "
                          "of FOLDER/Kexample.test.+015+61442.private");
    setup(&test, CONFIG_DENIAL_NSEC);
    wrong = key_ed25519;
    wrong.public_text = "other.test. IN DNSKEY 257 3 15 "
                        "GKHjAOD4LzZnL4hNy+jzUOyfs4L7VY7Uyt6vr6bd5bE=\n";
    put_key(&test, &wrong, "");
    expect_refused(&test,
                   "test.yaml:7: FOLDER/Kexample.test.+015+61442.key: is a key of another zone");
    setup(&test, CONFIG_DENIAL_NSEC);
    wrong = key_ed25519;
    wrong.private_text = "Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\n";
    put_key(&test, &wrong, "");
    struct error err = {""};
    const struct signing_time time = {.now_s = NOW_S};
    static struct record_sets none;
    assert_null(zonefile_load(&test.config, 0, &none, &time, &err));
    assert_non_null(strstr(err.text, "no private key that can be used"));
    put_key(&test, &key_ed25519, "Publish: soon\n");
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.private: Publish: is "
                          "followed by no time, expected YYYYMMDDHHMMSS");
}

/* ldns writes behind its buffers when it reads such a file. */
static void key_files_that_no_tool_wrote_are_refused(void **state)
{
    (void)state;
    struct zone_under_test test;
    static const char *const lines[] = {"X(\n", "X: \\\n", "X: \"\n", "X: \x80\n"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        setup(&test, CONFIG_DENIAL_NSEC);
        put_key(&test, &key_ed25519, lines[i]);
        expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.private:4: expected a "
                              "word, a colon and a value, at most 1024 octets");
    }
    CLEANUP(alloc_freep) char *text = alloc_zeroed(9000, 1);
    memset(text, 'x', 1021);
    memcpy(text, "X: ", 3);
    strcpy(text + 1020, "xxxx\n");
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ed25519, text);
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.private:4: expected a "
                          "word, a colon and a value, at most 1024 octets");
    setup(&test, CONFIG_DENIAL_NSEC);
    struct test_key large = key_ed25519;
    large.public_text = text;
    memset(text, '\n', 8193);
    put_key(&test, &large, "");
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.key: is no key file: "
                          "larger than 8192 octets");
}

static void keys_that_sign_what_nobody_validates_are_refused(void **state)
{
    (void)state;
    struct zone_under_test test;
    struct test_key wrong = key_ed25519;
    setup(&test, CONFIG_DENIAL_NSEC);
    wrong.public_text = "example.test. IN DNSKEY 257 6 15 "
                        "GKHjAOD4LzZnL4hNy+jzUOyfs4L7VY7Uyt6vr6bd5bE=\n";
    put_key(&test, &wrong, "");
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+015+61442.key: flags 257 and "
                          "protocol 6, expected 256 or 257, and 3");
    /* The numbers of another key, but for those that the public key has. */
    setup(&test, CONFIG_DENIAL_NSEC);
    wrong = key_rsa_ksk;
    CLEANUP(alloc_freep)
    char *text = alloc_printf(
        "%.*s%s",
        (int)(strstr(key_rsa_ksk.private_text, "PrivateExponent") - key_rsa_ksk.private_text),
        key_rsa_ksk.private_text, strstr(key_rsa_zsk.private_text, "PrivateExponent"));
    wrong.private_text = text;
    put_key(&test, &wrong, "");
    expect_refused(&test, "test.yaml:7: FOLDER/Kexample.test.+008+13961.private: its signatures "
                          "are not valid: it is damaged");
}

/* Publishes new addresses of a member with an alias target, signed as of now_s. */
static void resolve(struct zone_under_test *test, size_t member, const char *addresses,
                    int64_t now_s)
{
    struct error err;
    struct secure *secure = &test->secure;
    struct zone *zone = secure->snapshot->zones->zones[0];
    const struct signing_time time = {.now_s = now_s, .random = 5};
    signer_set_time(zone->signer, &time);
    struct member_records *records =
        address_records_new(secure->sets->sets[0], (const uint8_t *)addresses,
                            strlen(addresses) / 4, zone->signer, &err);
    assert_non_null(records);
    zone_has_signed(zone);
    uint16_t weights[2] = {0};
    weights[member] = 1;
    struct snapshot *before = secure->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, secure->sets);
    snapshot_builder_set_member_records(builder, 0, member, records);
    snapshot_builder_set_weights(builder, 0, weights);
    secure->snapshot = snapshot_builder_finish(builder);
    exchange_offer(secure->exchange, secure->snapshot);
    snapshot_free(before);
}

/* As control does when no member has records. */
static void shift_to_nobody(struct secure *secure)
{
    const uint16_t weights[2] = {0};
    struct snapshot *before = secure->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, secure->sets);
    snapshot_builder_set_weights(builder, 0, weights);
    secure->snapshot = snapshot_builder_finish(builder);
    exchange_offer(secure->exchange, secure->snapshot);
    snapshot_free(before);
}

static void prepare_alias(struct zone_under_test *test, const char *name, const char *type)
{
    static struct config_member members[2];
    static const char *values[1];
    static struct config_record_set set;
    values[0] = strcmp(type, "A") == 0 ? "192.0.2.77" : "2001:db8::77";
    members[0] =
        (struct config_member){.id = "blue", .weight = 1, .values = values, .value_count = 1};
    members[1] = (struct config_member){.id = "green", .weight = 1, .alias = "lb.example.com"};
    set = (struct config_record_set){
        .name = name, .type = type, .ttl_s = 60, .members = members, .member_count = 2, .line = 9};
    setup(test, CONFIG_DENIAL_NSEC);
    put_key(test, &key_ed25519, "");
    test->config.record_sets = &set;
    test->config.record_set_count = 1;
}

static void open_with_alias(struct zone_under_test *test, const char *name, const char *type)
{
    prepare_alias(test, name, type);
    open_zone(test);
}

static void an_alias_target_is_signed_when_its_addresses_are_known(void **state)
{
    (void)state;
    struct zone_under_test test;
    open_with_alias(&test, "lb.example.test", "A");
    secure_shift(&test.secure, 0, 0);
    expect(&test, "lb.example.test", TYPE_A, "NOERROR aa | lb A, RRSIG(A) | |");
    resolve(&test, 1, "\x0a\x01\x01\x01\x0a\x01\x01\x02", NOW_S);
    expect(&test, "lb.example.test", TYPE_A, "NOERROR aa | lb A, A, RRSIG(A) | |");
    resolve(&test, 1, "\x0a\x01\x01\x03", NOW_S + 60);
    expect(&test, "lb.example.test", TYPE_A, "NOERROR aa | lb A, RRSIG(A) | |");
    /* The other member's signature is the one of the load. */
    secure_shift(&test.secure, 0, 0);
    expect(&test, "lb.example.test", TYPE_A, "NOERROR aa | lb A, RRSIG(A) | |");
    close_zone(&test);
}

static void an_alias_target_below_a_wildcard_is_signed(void **state)
{
    (void)state;
    struct zone_under_test test;
    open_with_alias(&test, "*.lb.example.test", "A");
    resolve(&test, 1, "\x0a\x01\x01\x01\x0a\x01\x01\x02", NOW_S);
    ldns_pkt *packet = secure_ask(&test.secure, "x.y.lb.example.test", TYPE_A, true);
    secure_check_signatures(&test.secure, packet);
    assert_int_equal(ldns_pkt_ancount(packet), 3);
    ldns_pkt_free(packet);
    close_zone(&test);
}

/* Its SERVFAIL says why, and the proof of the wildcard on the way comes along: both or neither have
 * their room, at any length of what was asked. */
static void a_chain_to_an_unresolved_alias_target_keeps_to_the_clients_size(void **state)
{
    (void)state;
    struct zone_under_test test;
    unsigned whole = 0, truncated = 0;
    open_with_alias(&test, "two.example.test", "AAAA");
    shift_to_nobody(&test.secure);
    test.secure.is_udp = true;
    test.secure.udp_size = 512;
    for (int len = 4; len + 22 <= 255; len++) {
        CLEANUP(alloc_freep)
        char *name = alloc_printf("%.*s.%.*s.%.*s.%.*s.wcn.example.test", len / 4, LABEL,
                                  (len + 1) / 4, LABEL, (len + 2) / 4, LABEL, (len + 3) / 4, LABEL);
        ldns_pkt *packet = secure_ask(&test.secure, name, TYPE_AAAA, true);
        assert_true(ldns_pkt_size(packet) <= 512);
        if (ldns_pkt_tc(packet)) {
            truncated++;
        } else {
            assert_int_equal(ldns_pkt_get_rcode(packet), LDNS_RCODE_SERVFAIL);
            assert_int_equal(ldns_pkt_nscount(packet), 2);
            whole++;
        }
        ldns_pkt_free(packet);
    }
    assert_true(whole > 0 && truncated > 0);
    close_zone(&test);
}

/* NODATA for a type that only waits for its addresses would stay with resolvers. */
static void the_type_of_an_alias_target_is_never_denied(void **state)
{
    (void)state;
    struct zone_under_test test;
    open_with_alias(&test, "lb.example.test", "A");
    ldns_pkt *packet = secure_ask(&test.secure, "lb.example.test", DNS_TYPE_MX, true);
    secure_check_signatures(&test.secure, packet);
    assert_int_equal(secure_check_denial(&test.secure, packet, "lb.example.test", DNS_TYPE_MX), 1);
    ldns_rr_list *authority = ldns_pkt_authority(packet);
    bool found = false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(authority, i);
        found |= ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC &&
                 ldns_nsec_bitmap_covers_type(ldns_rr_rdf(rr, 1), LDNS_RR_TYPE_A);
    }
    assert_true(found);
    ldns_pkt_free(packet);
    close_zone(&test);
}

/* A signature that is made late ends late, but jitter may make it the first to end. */
static void what_an_alias_target_was_signed_with_is_refreshed_too(void **state)
{
    (void)state;
    struct zone_under_test test;
    open_with_alias(&test, "lb.example.test", "A");
    struct zone *zone = test.secure.snapshot->zones->zones[0];
    int64_t first_s = zone->refresh_at_s;
    /* As of long ago, so that it is the first to end. */
    resolve(&test, 1, "\x0a\x01\x01\x01", NOW_S - LIFETIME_S / 2);
    assert_true(zone->refresh_at_s < first_s - LIFETIME_S / 4);
    close_zone(&test);
}

/* The time of a key has come, and before the zone is signed anew new addresses are. */
static void a_key_that_is_due_stays_due_when_an_alias_target_is_signed(void **state)
{
    (void)state;
    struct zone_under_test test;
    prepare_alias(&test, "lb.example.test", "A");
    put_key(&test, &key_ecdsa_ksk, "Activate: 20270116080000\n"); /* a day later */
    open_zone(&test);
    const struct zone *zone = test.secure.snapshot->zones->zones[0];
    assert_int_equal(zone->refresh_at_s, NOW_S + 86400);
    resolve(&test, 1, "\x0a\x01\x01\x01", NOW_S + 86401);
    assert_int_equal(zone->refresh_at_s, NOW_S + 86400);
    close_zone(&test);
}

static void new_addresses_take_no_memory_for_good(void **state)
{
    (void)state;
    struct zone_under_test test;
    size_t before = 0;
    open_with_alias(&test, "lb.example.test", "A");
    for (unsigned i = 0; i < 10000; i++) {
        char addresses[] = "\x0a\x01\x01\x01\x0a\x01\x01\x02";
        addresses[2] = (char)(1 + i % 255);
        addresses[i % 3 == 0 ? 4 : 8] = '\0'; /* one or two */
        resolve(&test, 1, addresses, NOW_S);
        before = i == 99 ? mallinfo2().uordblks : before;
    }
    /* What is not given back, 10,000 times; ldns and OpenSSL may keep something of theirs. */
    assert_in_range(mallinfo2().uordblks, 0, before + 16384);
    expect(&test, "lb.example.test", TYPE_A, "NOERROR aa | lb A, RRSIG(A) | |");
    close_zone(&test);
}

static void full_additional_sections_have_the_member_and_its_signatures(void **state)
{
    (void)state;
    static const char *mx[] = {"10 www.example.test"};
    struct config_record_set sets[] = {
        SECURE_SET("www.example.test", "A", blue_a, green_a),
        SECURE_SET("*.wwild.example.test", "MX", mx, green_mx),
    };
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ecdsa_ksk, "");
    put_key(&test, &key_ecdsa_zsk, "");
    test.config.record_sets = sets;
    test.config.record_set_count = ARRAY_LEN(sets);
    test.config.server.has_full_additional = true;
    open_zone(&test);
    secure_shift(&test.secure, 1, 0);
    for (size_t member = 0; member < 2; member++) {
        secure_shift(&test.secure, 0, member);
        char expected[300];
        snprintf(expected, sizeof(expected),
                 "NOERROR aa | x.wwild MX, RRSIG(MX) | *.wwild NSEC, RRSIG(NSEC) | "
                 "www A%s, RRSIG(A)",
                 member == 0 ? ", A" : "");
        expect(&test, "x.wwild.example.test", DNS_TYPE_MX, expected);
    }
    test.secure.is_udp = true;
    test.secure.udp_size = 512; /* enough for the answer and its proof only */
    expect(&test, LABEL "." LABEL ".wwild.example.test", DNS_TYPE_MX,
           "NOERROR aa | " LABEL "." LABEL ".wwild MX, RRSIG(MX) | *.wwild NSEC, RRSIG(NSEC) |");
    ldns_pkt *packet = secure_ask(&test.secure, "x.wwild.example.test", DNS_TYPE_MX, false);
    assert_string_equal(secure_describe(packet), "NOERROR aa | x.wwild MX | | www A");
    ldns_pkt_free(packet);
    close_zone(&test);
}

/* Members without addresses are left out, and do not make it SERVFAIL. */
static void full_additional_sections_do_without_what_nobody_has(void **state)
{
    (void)state;
    struct zone_under_test test;
    prepare_alias(&test, "ns1.example.test", "AAAA");
    test.config.server.has_full_additional = true;
    open_zone(&test);
    shift_to_nobody(&test.secure);
    expect(&test, "two.example.test", DNS_TYPE_MX,
           "NOERROR aa | two MX, RRSIG(MX) | | ns1 A, RRSIG(A)");
    resolve(&test, 1, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", NOW_S);
    expect(&test, "two.example.test", DNS_TYPE_MX,
           "NOERROR aa | two MX, RRSIG(MX) | | ns1 A, RRSIG(A), AAAA, RRSIG(AAAA)");
    close_zone(&test);
}

static void lower_ttl(struct secure *secure, uint32_t set, uint32_t ttl_s)
{
    struct snapshot *before = secure->snapshot;
    struct snapshot_builder *builder = snapshot_builder_new(before, secure->sets);
    snapshot_builder_set_ttl(builder, set, ttl_s);
    secure->snapshot = snapshot_builder_finish(builder);
    exchange_offer(secure->exchange, secure->snapshot);
    snapshot_free(before);
}

/* Of each record of the answer, of the owner. */
static void expect_ttl(struct zone_under_test *test, const char *name, uint16_t type,
                       const char *owner, uint32_t ttl_s)
{
    ldns_pkt *packet = secure_ask(&test->secure, name, type, true);
    secure_check_signatures(&test->secure, packet);
    size_t seen = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_answer(packet)); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(packet), i);
        char *text = ldns_rdf2str(ldns_rr_owner(rr));
        if (strcmp(text, owner) == 0) {
            assert_int_equal(ldns_rr_ttl(rr), ttl_s);
            seen++;
        }
        free(text);
    }
    assert_true(seen >= 2); /* an RRSIG is among them */
    ldns_pkt_free(packet);
}

/* RFC 4034 section 3.1.4: the TTL that was signed stays in the RRSIG. */
static void a_lower_ttl_is_answered_and_validates(void **state)
{
    (void)state;
    struct zone_under_test test;
    setup_plain(&test, CONFIG_DENIAL_NSEC);
    for (uint32_t set = 0; set < 3; set++) {
        lower_ttl(&test.secure, set, 5 + set);
    }
    for (size_t member = 0; member < 2; member++) {
        for (uint32_t set = 0; set < 3; set++) {
            secure_shift(&test.secure, set, member); /* which leaves the TTL alone */
        }
        expect_ttl(&test, "www.example.test", TYPE_A, "www.example.test.", 5);
        expect_ttl(&test, "x.wwild.example.test", DNS_TYPE_MX, "x.wwild.example.test.", 6);
        expect_ttl(&test, "wcname.example.test", DNS_TYPE_CNAME, "wcname.example.test.", 7);
        expect_ttl(&test, "wcname.example.test", TYPE_A, "wcname.example.test.", 7);
    }
    secure_shift(&test.secure, 2, 0);
    expect_ttl(&test, "wcname.example.test", TYPE_A, "two.example.test.", 300);
    CLEANUP(alloc_freep) char *text = export_text(test.secure.snapshot, NULL, 65536);
    assert_non_null(strstr(text, "www.example.test.\t5\tIN\tA\t"));
    assert_non_null(strstr(text, "www.example.test.\t5\tIN\tRRSIG\tA 13 3 60 "));
    lower_ttl(&test.secure, 0, WEIGHTS_TTL_ENCODED);
    expect_ttl(&test, "www.example.test", TYPE_A, "www.example.test.", 60);
    close_zone(&test);
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The lines in order, RRSIGs without their times, which chance has a part in, and signatures. */
static char *sort_lines(char *text)
{
    char *lines[1000];
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *rrsig = strstr(line, "\tRRSIG\t");
        for (unsigned i = 0; rrsig != NULL && i < 4; i++) {
            rrsig = strchr(rrsig + 1, ' ');
        }
        if (rrsig != NULL) {
            *rrsig = '\0';
        }
        assert_true(count < ARRAY_LEN(lines));
        lines[count++] = line;
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    char *all = alloc_string("");
    for (size_t i = 0; i < count; i++) {
        char *longer = alloc_printf("%s%s\n", all, lines[i]);
        free(all);
        all = longer;
    }
    return all;
}

/* A zone is signed again from what is served of it, which makes the same zone. */
static void check_signing_again(enum config_denial denial, const char *times)
{
    struct zone_under_test test;
    struct error err;
    setup(&test, denial);
    put_key(&test, &key_ed25519, times);
    open_zone(&test);
    const struct zone *served = test.secure.snapshot->zones->zones[0];
    const struct signing_time time = {.now_s = NOW_S, .random = 1};
    struct zone *again =
        zonefile_sign_again(served, &test.config, 0, test.secure.sets, &time, &err);
    if (again == NULL) {
        fail_msg("%s", err.text);
    }
    struct snapshot_builder *builder = snapshot_builder_new(NULL, test.secure.sets);
    snapshot_builder_set_zones(builder, zone_table_new(&again, 1));
    for (uint32_t i = 0; i < test.secure.sets->count; i++) {
        snapshot_builder_set_weights(builder, i, (const uint16_t[]){50, 50});
    }
    struct snapshot *next = snapshot_builder_finish(builder);
    CLEANUP(alloc_freep) char *before = export_text(test.secure.snapshot, NULL, 65536);
    CLEANUP(alloc_freep) char *after = export_text(next, NULL, 65536);
    CLEANUP(alloc_freep) char *lines_before = sort_lines(before);
    CLEANUP(alloc_freep) char *lines_after = sort_lines(after);
    assert_true(strlen(lines_before) > 2000);
    assert_string_equal(lines_after, lines_before);
    assert_int_equal(again->content, served->content);
    assert_int_equal(again->record_count, served->record_count);
    assert_int_equal(again->serial, served->serial);
    assert_int_equal(again->node_count, served->node_count);
    /* Once more, later: other signatures. */
    const struct signing_time later = {.now_s = NOW_S + 86400, .random = 1};
    struct zone *third =
        zonefile_sign_again(again, &test.config, 0, test.secure.sets, &later, &err);
    assert_non_null(third);
    assert_true(third->refresh_at_s > again->refresh_at_s);
    zone_free(third);
    snapshot_free_last(next);
    close_zone(&test);
}

static void signing_again_needs_no_file(void **state)
{
    (void)state;
    check_signing_again(CONFIG_DENIAL_NSEC, "");
    check_signing_again(CONFIG_DENIAL_NSEC3, "");
    check_signing_again(CONFIG_DENIAL_NSEC, "SyncPublish: 20200101000000\n");
}

/* An RRSIG of ECDSA P-256 has 110 octets here, and a name two of them. No record is there twice;
 * the blocks that the zone lies in take a third more. */
static void a_signed_name_takes_little_more_than_its_records(void **state)
{
    (void)state;
    enum { NAMES = 4000, OCTETS_MAX = 900 };
    struct zone_under_test test;
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ecdsa_zsk, "");
    snprintf(test.file, sizeof(test.file), "%s/many.zone", test.folder);
    FILE *file = fopen(test.file, "w");
    fputs("$TTL 300\n@ SOA ns h 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n", file);
    for (unsigned i = 0; i < NAMES; i++) {
        fprintf(file, "host%07u A 192.0.2.2\n", i);
    }
    fclose(file);
    test.config.record_set_count = 0;
    open_zone(&test);
    const struct zone *zone = test.secure.snapshot->zones->zones[0];
    assert_int_equal(zone->node_count, NAMES + 2);
    assert_true(arena_size(zone->arena) / NAMES <= OCTETS_MAX);
    for (size_t i = 0; i < zone->node_count; i++) {
        assert_null(node_find(&zone->nodes[i], TYPE_RRSIG));
        assert_null(node_find(&zone->nodes[i], TYPE_NSEC));
    }
    close_zone(&test);
}

static void a_file_that_is_signed_already_is_refused(void **state)
{
    (void)state;
    struct zone_under_test test;
    const char *top = getenv("top_srcdir");
    setup(&test, CONFIG_DENIAL_NSEC);
    put_key(&test, &key_ed25519, "");
    snprintf(test.file, sizeof(test.file), "%s/tests/unit/signed/nsec.zone",
             top != NULL ? top : ".");
    CLEANUP(alloc_freep)
    char *expected = alloc_printf("%s:9: example.test RRSIG: the zone is signed here, expected a "
                                  "file without DNSKEY, RRSIG, NSEC, NSEC3 and NSEC3PARAM",
                                  test.file);
    expect_refused(&test, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdsa_keys_sign_with_nsec_and_with_nsec3),
        cmocka_unit_test(one_key_alone_signs_everything),
        cmocka_unit_test(rsa_keys_sign),
        cmocka_unit_test(the_chain_of_nsec_has_each_name_and_its_types),
        cmocka_unit_test(nsec3_has_no_iterations_and_no_salt),
        cmocka_unit_test(the_key_signing_key_signs_keys_and_nothing_else),
        cmocka_unit_test(signatures_begin_in_the_past_and_end_at_different_times),
        cmocka_unit_test(a_shift_signs_nothing),
        cmocka_unit_test(each_member_validates_wherever_it_stands),
        cmocka_unit_test(any_is_answered_with_a_member_and_its_signature),
        cmocka_unit_test(any_prefers_what_the_zone_is_about_to_records_of_dnssec),
        cmocka_unit_test(without_do_members_come_without_signatures),
        cmocka_unit_test(full_additional_sections_have_the_member_and_its_signatures),
        cmocka_unit_test(full_additional_sections_do_without_what_nobody_has),
        cmocka_unit_test(an_answer_with_its_signatures_that_is_too_large_is_truncated),
        cmocka_unit_test(keys_are_published_and_sign_when_their_files_say),
        cmocka_unit_test(keys_that_others_can_read_are_refused),
        cmocka_unit_test(a_folder_without_a_key_that_signs_is_refused),
        cmocka_unit_test(key_files_that_do_not_fit_together_are_refused),
        cmocka_unit_test(key_files_that_no_tool_wrote_are_refused),
        cmocka_unit_test(keys_that_sign_what_nobody_validates_are_refused),
        cmocka_unit_test(an_alias_target_is_signed_when_its_addresses_are_known),
        cmocka_unit_test(an_alias_target_below_a_wildcard_is_signed),
        cmocka_unit_test(a_chain_to_an_unresolved_alias_target_keeps_to_the_clients_size),
        cmocka_unit_test(the_type_of_an_alias_target_is_never_denied),
        cmocka_unit_test(what_an_alias_target_was_signed_with_is_refreshed_too),
        cmocka_unit_test(a_key_that_is_due_stays_due_when_an_alias_target_is_signed),
        cmocka_unit_test(new_addresses_take_no_memory_for_good),
        cmocka_unit_test(a_lower_ttl_is_answered_and_validates),
        cmocka_unit_test(signing_again_needs_no_file),
        cmocka_unit_test(a_signed_name_takes_little_more_than_its_records),
        cmocka_unit_test(a_file_that_is_signed_already_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
