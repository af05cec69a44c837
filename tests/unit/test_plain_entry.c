/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "tests/unit/both_readers.h"

#define MUTATED_LINES 30000
#define MIXED_FILES   10000
#define FILE_LINES    6

/* Read the short way. */
static const char *const usual[] = {
    "www 300 IN A 192.0.2.1",
    "www IN 300 A 192.0.2.1",
    "www 300 A 192.0.2.1 ; comment \"(",
    "WwW\t300\tin\ta\t192.0.2.1\r",
    "www.example. 0 A 255.255.255.255",
    "@ 300 A 0.0.0.0",
    "*.deep.er 300 A 192.0.2.1",
    "_sip._udp 999999999 A 192.0.2.1",
    "8/29.2 300 CNAME Host.Other.test.",
    "www ( 300 IN\nA ; comment\n 192.0.2.1 )",
    "www 300 AAAA 2001:db8::1",
    "www 300 AAAA ::ffff:192.0.2.1",
    "www 300 aaaa 2001:DB8:0:0:8:800:200C:417A",
    "www 300 CNAME @",
    "www 300 CNAME .",
    "@ 300 NS Ns1",
    "sub 300 NS ns.sub",
    "@ 300 MX 10 mail",
    "@ 300 MX 65535 Mail.Example.",
    "@ 300 MX 00010 .",
    "www 300 TXT word",
    "www 300 TXT \"v=spf1 a:b@c (d); -all\" more \"\"",
    "www 300 TXT \"\"",
    "www 300 TXT v=spf1 a@b ' , $ @",
    "www 300 PTR host.example.",
    "_sip._tcp 300 SRV 1 2 5060 sip",
    "@ 300 CAA 0 issue \"ca.test; account=7\"",
    "@ 300 CAA 128 IODEF \"mailto:a@b.test\"",
    "@ 300 CAA 0 issuewild \";\"",
    "sub 300 DS 60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118",
    "sub 300 DS 60485 8 2 d4b7d520e7bb5f0f67674a0ccaebee13 ( 3a6b\n f8 )",
    "@ 300 DNSKEY 256 3 8 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31Ga",
    "@ 300 DNSKEY 257 3 13 ( AQPSKmynfzW4kyBv015MUG2D\n eIQ3Cbl+BBZH4b/0PY1kxkmv ) ; key",
    "www 300 RRSIG A 8 3 300 20260131235959 20251231000000 2642 example. oJB1W6WNGv+ldvQ3WDG0",
    "@ 300 RRSIG SOA 13 1 3600 20240229000000 19700101000000 65535 Example. ( oJB1\n W6U= )",
    "www 300 RRSIG NSEC3PARAM 5 3 300 21050101000000 20260101000000 0 @ oA==",
    "www 300 NSEC yyy A AAAA RRSIG NSEC",
    "@ 300 NSEC *.Next NS SOA MX TXT CAA RRSIG NSEC DNSKEY a",
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom 300 NSEC3 1 1 12 ab 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR MX NS",
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom 300 NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG",
    "@ 300 NSEC3PARAM 1 0 12 aabbccdd",
    "@ 300 NSEC3PARAM 1 0 0 -",
    "",
    " \t ; only a comment",
    "( \n )",
};

/* Left to ldns, whether it takes them or not. */
static const char *const unusual[] = {
    "www 300 DNSKEY 257 3 13 QUJDA===",
    "www 300 DNSKEY 257 3 13 QUJDA= ==",
    "www 300 RRSIG A 13 2 300 20460101000000 20260101000000 1 @ QUJDA===",
    "www 1h A 192.0.2.1",
    "www 2147483647 A 192.0.2.1",
    "www 300 CH A 192.0.2.1",
    "www 300 CLASS1 A 192.0.2.1",
    "www 300 300 A 192.0.2.1",
    "www IN IN A 192.0.2.1",
    "www 300 TYPE1 \\# 4 c0000201",
    "www 300 A \\# 4 c0000201",
    "www 300 A 192.0.2.01",
    "www 300 A 192.0.2",
    "www 300 A 192.0.2.1 more",
    "www 300 A",
    "www 300",
    "www",
    "w\\119w 300 A 192.0.2.1",
    "\"www\" 300 A 192.0.2.1",
    "w@w 300 A 192.0.2.1",
    "w..w 300 A 192.0.2.1",
    ".w 300 A 192.0.2.1",
    "www 300 A 192.0.2.1 )",
    "www 300 A ( 192.0.2.1",
    "www 300 MX 65536 mail",
    "www 300 MX mail",
    "www 300 TXT",
    "www 300 TXT \"a\\\"b\"",
    "www 300 TXT a\"b c\"",
    "www 300 TXT \"a\"b",
    "www 300 TXT \"a\tb\"",
    "www 300 TXT \"a",
    "www 300 TXT \"\303\251\"",
    "www 300 SOA ns host 1 2 3 4 5",
    "www 300 DNAME other",
    "@ 300 CAA 0 issue ca.test",
    "www 300 CAA 256 issue \"a\"",
    "www 300 CAA 0 other \"a\"",
    "www 300 DS 1 8 2 abc",
    "www 300 DS 1 RSASHA256 2 abcd",
    "www 300 RRSIG A 8 3 300 20260230000000 20251231000000 2642 example. oJB1",
    "www 300 RRSIG A 8 3 300 1769903999 20251231000000 2642 example. oJB1",
    "www 300 RRSIG A 8 3 300 20260131235959 20251231000000 2642 example. oJB",
    "www 300 RRSIG A 8 3 300 20260131235959 20251231000000 2642 example. oJB=",
    "www 300 NSEC yyy",
    "www 300 NSEC yyy A LOC",
    "www 300 NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22boj A",
    "$TTL 60",
    "$ORIGIN sub",
};

/* Repeats on every machine. */
static uint64_t chance_state = 1;

static size_t chance(size_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (size_t)(chance_state >> 11) % below;
}

static const char *any_line(void)
{
    size_t i = chance(ARRAY_LEN(usual) + ARRAY_LEN(unusual));
    return i < ARRAY_LEN(usual) ? usual[i] : unusual[i - ARRAY_LEN(usual)];
}

static void check(const char *text)
{
    CLEANUP(alloc_freep) char *difference = both_readers_compare(text, strlen(text));
    if (difference != NULL) {
        fail_msg("%s\ndiffers: %s", text, difference);
    }
}

static void usual_lines_are_taken_and_say_what_ldns_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        CLEANUP(alloc_freep) char *text = alloc_printf("%s\n", usual[i]);
        if (both_readers_taken(text, strlen(text)) != strlen(text)) {
            fail_msg("left to ldns: %s", text);
        }
        check(text);
    }
}

static void unusual_lines_are_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unusual); i++) {
        CLEANUP(alloc_freep) char *text = alloc_printf("%s\n", unusual[i]);
        if (both_readers_taken(text, strlen(text)) != 0) {
            fail_msg("taken: %s", text);
        }
        check(text);
    }
}

static void an_entry_without_its_end_is_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        for (size_t len = 0; len <= strlen(usual[i]); len++) {
            size_t taken = both_readers_taken(usual[i], len);
            assert_true(taken == 0 || usual[i][taken - 1] == '\n');
        }
        check(usual[i]);
    }
}

/* Octets put in, taken out, or other ones. */
static void mutate(char *text, size_t size)
{
    static const char octets[] = " \t\r\n()\";\\@.-_*/+=$#0123456789abfgnsxyzABINSTX:\x01\x7f\xe9";
    for (size_t turns = 1 + chance(3); turns > 0; turns--) {
        size_t len = strlen(text);
        size_t at = chance(len + 1);
        char octet = octets[chance(sizeof(octets) - 1)];
        size_t kind = chance(3);
        if (kind == 0 && len + 1 < size) {
            memmove(text + at + 1, text + at, len + 1 - at);
            text[at] = octet;
        } else if (kind == 1 && at < len) {
            memmove(text + at, text + at + 1, len - at);
        } else if (at < len) {
            text[at] = octet;
        }
    }
}

static void mutated_lines_are_the_same_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < MUTATED_LINES; i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s\n", any_line());
        mutate(text, sizeof(text));
        check(text);
    }
}

/* The next field, of any line. */
static const char *any_field(char field[64])
{
    const char *line = any_line();
    for (size_t skipped = chance(8); skipped > 0 && strchr(line, ' ') != NULL; skipped--) {
        line = strchr(line, ' ') + 1;
    }
    snprintf(field, 64, "%.*s", (int)strcspn(line, " \n"), line);
    return field;
}

/* Owners and TTLs of before, origins, and fields where others belong. */
static void mixed_files_are_the_same_both_ways(void **state)
{
    static const char *const starts[] = {"",
                                         " ",
                                         "",
                                         "a ",
                                         " A 192.0.2.7\n",
                                         "b 60 A 192.0.2.8\n",
                                         "$ORIGIN c\n",
                                         "$TTL 30\n",
                                         "@ SOA a b 1 2 3 4 5\n"};
    (void)state;
    for (size_t i = 0; i < MIXED_FILES; i++) {
        char text[4096] = "";
        for (size_t line = 0; line < FILE_LINES; line++) {
            char field[64];
            size_t len = strlen(text);
            const char *start = starts[chance(ARRAY_LEN(starts))];
            bool is_whole = chance(4) > 0;
            const char *rest = is_whole ? any_line() : any_field(field);
            const char *more = is_whole && start[0] == ' ' ? strchr(rest, ' ') : NULL;
            snprintf(text + len, sizeof(text) - len, "%s%s\n", start, more != NULL ? more : rest);
        }
        if (chance(4) == 0) {
            mutate(text, sizeof(text));
        }
        check(text);
    }
}

/* Owners and names up to the lengths that there may be, and over them. */
static void names_of_every_length_are_the_same_both_ways(void **state)
{
    (void)state;
    for (size_t len = 1; len < 270; len++) {
        for (size_t label = 1; label < 66; label += 1 + label / 3) {
            char name[300] = "";
            for (size_t i = 0; i < len; i++) {
                name[i] = i % (label + 1) == label ? '.' : 'x';
            }
            CLEANUP(alloc_freep)
            char *text =
                alloc_printf("%s 1 A 192.0.2.1\na 1 NS %s\na 1 NS %s.\n", name, name, name);
            check(text);
        }
    }
}

/* Over the ends of the reader's buffer. */
static void long_files_are_the_same_both_ways(void **state)
{
    (void)state;
    char *text = alloc_zeroed(1, (size_t)1 << 20);
    size_t len = 0;
    for (unsigned i = 0; i < 4000; i++) {
        len += (size_t)sprintf(text + len, "host%u 60 A 10.0.%u.%u ;%*s\n", i, i >> 8, i & 0xff,
                               (int)(i % 97), "");
        len += (size_t)sprintf(text + len,
                               i % 50 == 0 ? " 60 TXT \"%*s\" \"\\\"%u\" (\n)\n"
                                           : " 60 TXT \"%*s\" %u (\n)\n",
                               (int)(i % 200), "", i);
    }
    check(text);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_lines_are_taken_and_say_what_ldns_says),
        cmocka_unit_test(unusual_lines_are_left),
        cmocka_unit_test(an_entry_without_its_end_is_left),
        cmocka_unit_test(mutated_lines_are_the_same_both_ways),
        cmocka_unit_test(mixed_files_are_the_same_both_ways),
        cmocka_unit_test(names_of_every_length_are_the_same_both_ways),
        cmocka_unit_test(long_files_are_the_same_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
