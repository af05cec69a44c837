/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/query.h"

/* Header fields as four-digit words, then the rest. */
static enum query_verdict parse(struct query *query, const char *header, const char *rest,
                                size_t rest_len)
{
    uint8_t packet[600];
    memcpy(packet, header, 12);
    memcpy(packet + 12, rest, rest_len);
    memset(query, 0xEE, sizeof(*query)); /* nothing may depend on what was there */
    return query_parse(query, packet, 12 + rest_len);
}

#define PARSE(query, header, rest) parse(query, header, rest, sizeof(rest) - 1)
#define QUESTION                   "\3wWw\4Test\0\0\1\0\1"
#define OPT                        "\0\0\x29\x04\xD0\0\0\0\0\0\0"
#define RR_A                       "\0\0\1\0\1\0\0\0\5\0\4\1\2\3\4"

static void a_plain_question_is_read(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\x12\x34\1\0\0\1\0\0\0\0\0\0", QUESTION), QUERY_OK);
    assert_int_equal(query.flags, 0x0100);
    assert_int_equal(query.type, 1);
    assert_int_equal(query.class, 1);
    assert_int_equal(query.question_len, 14);
    assert_int_equal(query.name.label_count, 2);
    assert_memory_equal(query.name.lower, "\3www\4test", 10);
    assert_false(query.edns.is_present);
    assert_int_equal(query.edns.seen, 0);
}

static void less_than_a_header_and_responses_are_silence(void **state)
{
    (void)state;
    struct query query;
    for (size_t len = 0; len < 12; len++) {
        assert_int_equal(query_parse(&query, (const uint8_t *)"\0\0\0\0\0\1\0\0\0\0\0\0", len),
                         QUERY_SILENCE);
    }
    assert_int_equal(PARSE(&query, "\0\0\x80\0\0\1\0\0\0\0\0\0", QUESTION), QUERY_SILENCE);
}

static void other_opcodes_are_not_implemented(void **state)
{
    (void)state;
    struct query query;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        char header[12] = {0, 0, (char)(opcode << 3), 0, 0, 1};
        assert_int_equal(parse(&query, header, "", 0), QUERY_NOTIMP);
        assert_int_equal(query.question_len, 0);
        assert_false(query.edns.is_present);
    }
}

static void any_count_of_questions_but_one_is_malformed(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\0\0\0\0\0\0\0", ""), QUERY_FORMERR);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\2\0\0\0\0\0\0", QUESTION QUESTION), QUERY_FORMERR);
    assert_int_equal(query.question_len, 0);
}

/* RFC 7873 section 5.4. */
static void no_question_is_well_formed_with_a_cookie_alone(void **state)
{
    (void)state;
    struct query query;
    const char opt[] = "\0\0\x29\x04\xD0\0\0\0\0\0\14\0\12\0\10abcdefgh";
    assert_int_equal(parse(&query, "\0\0\0\0\0\0\0\0\0\0\0\1", opt, 23), QUERY_NO_QUESTION);
    assert_int_equal(query.question_len, 0);
    assert_int_equal(query.edns.cookie_len, 8);
    assert_int_equal(parse(&query, "\0\0\0\1\0\0\0\0\0\0\0\1", opt, 23), QUERY_FORMERR);
    assert_int_equal(parse(&query, "\0\0\0\0\0\0\0\1\0\0\0\1", opt, 23), QUERY_FORMERR);
    assert_int_equal(parse(&query, "\0\0\0\0\0\0\0\0\0\0\0\2", opt, 23), QUERY_FORMERR);
    assert_int_equal(parse(&query, "\0\0\0\0\0\0\0\0\0\0\0\1", opt, 22), QUERY_FORMERR);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\0\0\0\0\0\0\1", OPT), QUERY_FORMERR);
    assert_true(query.edns.is_present);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\0\0\0\0\0\0\1", RR_A), QUERY_FORMERR);
}

static void a_question_cut_anywhere_is_malformed(void **state)
{
    (void)state;
    struct query query;
    for (size_t len = 0; len < sizeof(QUESTION) - 1; len++) {
        assert_int_equal(parse(&query, "\0\0\0\0\0\1\0\0\0\0\0\0", QUESTION, len), QUERY_FORMERR);
        assert_int_equal(query.question_len, 0);
    }
}

static void a_pointer_in_the_question_is_malformed(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\0", "\3www\xC0\x0C\0\1\0\1"),
                     QUERY_FORMERR);
}

static void records_elsewhere_are_malformed_but_the_question_is_known(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\1\0\0\0\0", QUESTION RR_A), QUERY_FORMERR);
    assert_int_equal(query.question_len, 14);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\1\0\0", QUESTION RR_A), QUERY_FORMERR);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\1", QUESTION RR_A), QUERY_FORMERR);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\2", QUESTION RR_A OPT), QUERY_FORMERR);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\1", QUESTION), QUERY_FORMERR);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\1\0\0\0\0", QUESTION OPT), QUERY_FORMERR);
}

static void a_query_with_an_rcode_is_malformed(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\0\0\0\3\0\1\0\0\0\0\0\0", QUESTION), QUERY_FORMERR);
}

static void octets_behind_the_last_record_are_let_pass(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\0", QUESTION "junk"), QUERY_OK);
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\1", QUESTION OPT "junk"), QUERY_OK);
}

/* RFC 6891 section 6.1.1. */
static void two_opt_records_are_malformed(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\2", QUESTION OPT OPT), QUERY_FORMERR);
    assert_true(query.edns.is_present);
}

static void a_higher_version_is_bad_whatever_its_options(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(
        PARSE(&query, "\0\0\0\0\0\1\0\0\0\0\0\1", QUESTION "\0\0\x29\x04\xD0\0\1\0\0\0\1\xFF"),
        QUERY_BADVERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_question_is_read),
        cmocka_unit_test(less_than_a_header_and_responses_are_silence),
        cmocka_unit_test(other_opcodes_are_not_implemented),
        cmocka_unit_test(any_count_of_questions_but_one_is_malformed),
        cmocka_unit_test(no_question_is_well_formed_with_a_cookie_alone),
        cmocka_unit_test(a_question_cut_anywhere_is_malformed),
        cmocka_unit_test(a_pointer_in_the_question_is_malformed),
        cmocka_unit_test(records_elsewhere_are_malformed_but_the_question_is_known),
        cmocka_unit_test(a_query_with_an_rcode_is_malformed),
        cmocka_unit_test(octets_behind_the_last_record_are_let_pass),
        cmocka_unit_test(two_opt_records_are_malformed),
        cmocka_unit_test(a_higher_version_is_bad_whatever_its_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
