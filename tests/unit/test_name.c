/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/attributes.h"
#include "zones/name.h"

static struct name parsed(const char *text)
{
    struct name name;
    struct error err;
    if (!name_parse(&name, text, &err)) {
        fail_msg("%s", err.text);
    }
    return name;
}

static struct name_key key_of(const char *text)
{
    struct name name = parsed(text);
    struct name_key key;
    assert_int_equal(name_key_parse(&key, name.octets, name.len), name.len);
    return key;
}

static uint32_t hash_of(const char *text)
{
    struct name_key key = key_of(text);
    return name_key_suffix_hash(&key, key.label_count);
}

static void a_name_is_parsed_to_lower_case_wire_form(void **state)
{
    (void)state;
    struct name name = parsed("WWW.CatsNDogs.lol");
    assert_int_equal(name.len, 19);
    assert_int_equal(name.label_count, 3);
    assert_memory_equal(name.octets, "\3www\11catsndogs\3lol", 19);
    struct name dotted = parsed("www.catsndogs.lol.");
    assert_memory_equal(&name, &dotted, sizeof(name));
}

static void the_root_is_a_name(void **state)
{
    (void)state;
    struct name name = parsed(".");
    assert_int_equal(name.len, 1);
    assert_int_equal(name.label_count, 0);
    char text[NAME_TEXT_SIZE];
    name_print(name.octets, text);
    assert_string_equal(text, ".");
}

static void escapes_are_read_and_printed(void **state)
{
    (void)state;
    struct name name = parsed("a\\.b\\\\.\\000\\255\\032.x");
    assert_memory_equal(name.octets, "\4a.b\\\3\0\377 \1x", 12);
    char text[NAME_TEXT_SIZE];
    name_print(name.octets, text);
    assert_string_equal(text, "a\\.b\\\\.\\000\\255\\032.x");
}

static void a_printed_name_parses_to_itself(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        struct name name = {.len = 4, .label_count = 1, .octets = {2, 'a', (uint8_t)octet, 0}};
        char text[NAME_TEXT_SIZE];
        name_print(name.octets, text);
        struct name again = parsed(text);
        if (octet >= 'A' && octet <= 'Z') {
            name.octets[2] |= 0x20;
        }
        assert_memory_equal(&again, &name, sizeof(name));
    }
}

static void wrong_names_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "empty"},
        {"..", "empty label"},
        {".a", "empty label"},
        {"a..b", "empty label"},
        {"a\\", "after \\"},
        {"a\\25", "after \\"},
        {"a\\256", "after \\"},
        {"0123456789012345678901234567890123456789012345678901234567890123", "63 octets"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct name name;
        struct error err;
        assert_false(name_parse(&name, cases[i].text, &err));
        assert_non_null(strstr(err.text, cases[i].says));
    }
}

static void labels_of_63_octets_are_read(void **state)
{
    (void)state;
    struct name name =
        parsed("A23456789012345678901234567890123456789012345678901234567890123.lol");
    assert_int_equal(name.octets[0], 63);
    assert_int_equal(name.len, 64 + 4 + 1);
    struct name_key key;
    assert_int_equal(name_key_parse(&key, name.octets, name.len), name.len);
}

/* Labels of one octet: 127 of them and the root are 255 octets. */
static void names_of_127_labels_and_255_octets_are_read(void **state)
{
    (void)state;
    char text[2 * 128 + 1] = "";
    for (size_t i = 0; i < 127; i++) {
        memcpy(text + 2 * i, "x.", 3);
    }
    struct name name = parsed(text);
    assert_int_equal(name.len, 255);
    assert_int_equal(name.label_count, 127);
    struct name_key key;
    assert_int_equal(name_key_parse(&key, name.octets, 255), 255);
    assert_int_equal(key.label_count, 127);
    assert_int_equal(name_key_suffix_start(&key, 127), 0);
    assert_int_equal(name_key_suffix_start(&key, 0), 254);

    memcpy(text + 2 * 127, "x", 2);
    struct error err;
    assert_false(name_parse(&name, text, &err));
    assert_non_null(strstr(err.text, "255 octets"));
}

static void the_longest_name_prints_within_its_buffer(void **state)
{
    (void)state;
    struct name name = {.len = 255};
    for (size_t at = 0; at < 254; at += (size_t)name.octets[at] + 1) {
        name.octets[at] = at + 64 < 254 ? 63 : (uint8_t)(254 - at - 1);
    }
    for (size_t i = 0; i < 254; i++) {
        name.octets[i] = i % 64 == 0 ? name.octets[i] : 1;
    }
    char text[NAME_TEXT_SIZE];
    name_print(name.octets, text);
    assert_int_equal(strlen(text), 4 * 250 + 3);
}

static void a_key_names_every_suffix(void **state)
{
    (void)state;
    struct name_key key = key_of("www.catsndogs.lol");
    assert_int_equal(key.len, 19);
    assert_int_equal(key.label_count, 3);
    assert_int_equal(name_key_suffix_start(&key, 0), 18);
    assert_int_equal(name_key_suffix_start(&key, 1), 14);
    assert_int_equal(name_key_suffix_start(&key, 2), 4);
    assert_int_equal(name_key_suffix_start(&key, 3), 0);
    assert_int_equal(name_key_suffix_len(&key, 2), 15);
    assert_int_equal(name_key_suffix_len(&key, 0), 1);
}

static void a_suffix_has_the_hash_of_that_name(void **state)
{
    (void)state;
    struct name_key key = key_of("a.long-label-of-many-octets.www.catsndogs.lol");
    struct name_key parent = key_of("catsndogs.lol");
    for (unsigned i = 0; i <= 2; i++) {
        assert_int_equal(name_key_suffix_hash(&key, i), name_key_suffix_hash(&parent, i));
    }
    assert_int_not_equal(name_key_suffix_hash(&key, 3), name_key_suffix_hash(&key, 2));
}

static void letter_case_changes_neither_hash_nor_lower(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        for (size_t at = 0; at < 11; at++) {
            uint8_t wire[13] = {11};
            memset(wire + 1, (int)octet, 11);
            uint8_t expected[13];
            memcpy(expected, wire, 13);
            for (size_t i = 1; i < 12; i++) {
                expected[i] = octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : (uint8_t)octet;
            }
            struct name_key key, same;
            assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 13);
            assert_memory_equal(key.lower, expected, 13);
            assert_int_equal(name_key_parse(&same, expected, sizeof(expected)), 13);
            assert_int_equal(name_key_suffix_hash(&key, 1), name_key_suffix_hash(&same, 1));
        }
    }
}

/* Where labels end is part of the name. */
static void equal_octets_in_other_labels_hash_otherwise(void **state)
{
    (void)state;
    assert_int_not_equal(hash_of("ab.c"), hash_of("a.bc"));
    assert_int_not_equal(hash_of("a"), hash_of("a\\000"));
}

static void hashes_of_numbered_names_spread(void **state)
{
    (void)state;
    static uint8_t seen[1 << 16];
    memset(seen, 0, sizeof(seen));
    unsigned worst = 0;
    for (unsigned i = 0; i < 1 << 15; i++) {
        char text[64];
        snprintf(text, sizeof(text), "host%05u.example", i);
        struct name_key key = key_of(text);
        unsigned count = ++seen[name_key_suffix_hash(&key, 2) & 0xffff];
        worst = count > worst ? count : worst;
    }
    /* A random function leaves at most 7 or so in one of 65536 cells. */
    assert_true(worst <= 9);
}

static void wire_names_that_are_cut_off_are_none(void **state)
{
    (void)state;
    const uint8_t *wire = (const uint8_t *)"\3www\11catsndogs\3lol";
    for (size_t available = 0; available < 19; available++) {
        /* On the heap, so that a sanitizer sees the first octet too many. */
        uint8_t *cut = malloc(available + 1);
        assert_non_null(cut);
        uint8_t *exact = realloc(cut, available == 0 ? 1 : available);
        assert_non_null(exact);
        memcpy(exact, wire, available);
        struct name_key key;
        assert_int_equal(name_key_parse(&key, exact, available), 0);
        free(exact);
    }
    struct name_key key;
    assert_int_equal(name_key_parse(&key, wire, 19), 19);
}

static void pointers_and_long_labels_are_no_names(void **state)
{
    (void)state;
    struct name_key key;
    uint8_t wire[300] = {0xc0, 0x0c};
    assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 0);
    memset(wire, 0, sizeof(wire));
    wire[0] = 64;
    assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 0);
    wire[0] = 0x80;
    assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 0);
}

static void wire_names_over_255_octets_are_none(void **state)
{
    (void)state;
    uint8_t wire[300];
    memset(wire, 1, sizeof(wire));
    wire[254] = 0; /* 127 labels */
    struct name_key key;
    assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 255);
    wire[254] = 1;
    wire[256] = 0; /* 128 labels */
    assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 0);
    wire[252] = 2; /* ends at 256 octets */
    wire[255] = 0;
    assert_int_equal(name_key_parse(&key, wire, sizeof(wire)), 0);
}

static void the_root_has_a_key(void **state)
{
    (void)state;
    struct name_key key;
    assert_int_equal(name_key_parse(&key, (const uint8_t *)"", 1), 1);
    assert_int_equal(key.label_count, 0);
    assert_int_equal(name_key_suffix_start(&key, 0), 0);
    assert_int_equal(name_key_suffix_hash(&key, 0), hash_of("."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_parsed_to_lower_case_wire_form),
        cmocka_unit_test(the_root_is_a_name),
        cmocka_unit_test(escapes_are_read_and_printed),
        cmocka_unit_test(a_printed_name_parses_to_itself),
        cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(labels_of_63_octets_are_read),
        cmocka_unit_test(names_of_127_labels_and_255_octets_are_read),
        cmocka_unit_test(the_longest_name_prints_within_its_buffer),
        cmocka_unit_test(a_key_names_every_suffix),
        cmocka_unit_test(a_suffix_has_the_hash_of_that_name),
        cmocka_unit_test(letter_case_changes_neither_hash_nor_lower),
        cmocka_unit_test(equal_octets_in_other_labels_hash_otherwise),
        cmocka_unit_test(hashes_of_numbered_names_spread),
        cmocka_unit_test(wire_names_that_are_cut_off_are_none),
        cmocka_unit_test(pointers_and_long_labels_are_no_names),
        cmocka_unit_test(wire_names_over_255_octets_are_none),
        cmocka_unit_test(the_root_has_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
