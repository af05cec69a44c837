/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/compress.h"
#include "server/wire.h"

static void reading_past_the_end_fails_and_stays_failed(void **state)
{
    (void)state;
    const uint8_t octets[] = {1, 2, 3};
    struct wire_reader reader = wire_reader_make(octets, sizeof(octets));
    assert_int_equal(wire_read_u16(&reader), 0x0102);
    assert_int_equal(wire_read_u16(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(wire_read_u8(&reader), 0);
    assert_int_equal(wire_left(&reader), 0);
    assert_null(wire_read(&reader, 0));
}

static void writing_past_the_end_fails_and_stays_failed(void **state)
{
    (void)state;
    uint8_t octets[4] = {9, 9, 9, 9};
    struct wire_writer writer = {octets, 3, 0, false};
    wire_write_u16(&writer, 0x0102);
    wire_write_u16(&writer, 0x0304);
    assert_true(writer.failed);
    wire_write_u8(&writer, 5);
    assert_int_equal(writer.at, 2);
    assert_memory_equal(octets, "\1\2\11\11", 4);
}

static void expect_no_name(const uint8_t *octets, size_t len, size_t at)
{
    uint8_t out[255];
    struct wire_reader reader = wire_reader_make(octets, len);
    reader.at = at;
    assert_int_equal(wire_read_name(&reader, out), 0);
    assert_true(reader.failed);
}

static void a_compressed_name_is_expanded(void **state)
{
    (void)state;
    const uint8_t message[] = "\1a\1b\0\1c\xC0\x02rest";
    uint8_t out[255];
    struct wire_reader reader = wire_reader_make(message, sizeof(message) - 1);
    reader.at = 5;
    assert_int_equal(wire_read_name(&reader, out), 5);
    assert_memory_equal(out, "\1c\1b\0", 5);
    assert_int_equal(reader.at, 9);
}

static void pointers_that_do_not_lead_back_are_no_name(void **state)
{
    (void)state;
    expect_no_name((const uint8_t *)"\xC0\x00", 2, 0);
    expect_no_name((const uint8_t *)"\xC0\x02\1a\0", 5, 0);
    expect_no_name((const uint8_t *)"\1a\xC0\x00", 4, 0);
    expect_no_name((const uint8_t *)"\xC0", 1, 0);
}

static void cut_off_and_too_long_names_are_none(void **state)
{
    (void)state;
    uint8_t longest[300];
    expect_no_name((const uint8_t *)"\3ab", 3, 0);
    expect_no_name((const uint8_t *)"\1a", 2, 0);
    expect_no_name((const uint8_t *)"\x40x", 2, 0);
    for (size_t i = 0; i < sizeof(longest); i += 2) {
        longest[i] = 1;
        longest[i + 1] = 'x';
    }
    longest[256] = 0;
    expect_no_name(longest, sizeof(longest), 0);
    uint8_t out[255];
    longest[254] = 0;
    struct wire_reader reader = wire_reader_make(longest, sizeof(longest));
    assert_int_equal(wire_read_name(&reader, out), 255);
}

static void a_repeated_name_is_written_as_a_pointer(void **state)
{
    (void)state;
    uint8_t octets[64];
    struct wire_writer writer = {octets, sizeof(octets), 0, false};
    struct compress compress = {.count = 0};
    wire_write(&writer, (const uint8_t *)"headerheader", 12);
    compress_write(&compress, &writer, (const uint8_t *)"\1a\2bc\0", 6);
    compress_write(&compress, &writer, (const uint8_t *)"\1A\2BC\0", 6);
    compress_write(&compress, &writer, (const uint8_t *)"\1x\2bC\0", 6);
    compress_write(&compress, &writer, (const uint8_t *)"\0", 1);
    const uint8_t expected[] = "headerheader\1a\2bc\0\xC0\x0C\1x\xC0\x0E";
    assert_false(writer.failed);
    assert_int_equal(writer.at, sizeof(expected));
    assert_memory_equal(octets, expected, sizeof(expected));
}

static void compression_runs_out_of_memory_without_harm(void **state)
{
    (void)state;
    static uint8_t octets[65535];
    struct wire_writer writer = {octets, sizeof(octets), 0, false};
    struct compress compress = {.count = 0};
    wire_write(&writer, (const uint8_t *)"headerheader", 12);
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t name[] = {3,
                          (uint8_t)('a' + i / 676),
                          (uint8_t)('a' + i / 26 % 26),
                          (uint8_t)('a' + i % 26),
                          1,
                          'z',
                          0};
        compress_write(&compress, &writer, name, sizeof(name));
    }
    assert_false(writer.failed);
    struct wire_reader reader = wire_reader_make(octets, writer.at);
    reader.at = 12;
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t name[255];
        assert_int_equal(wire_read_name(&reader, name), 7);
        assert_int_equal(name[1], 'a' + i / 676);
        assert_int_equal(name[2], 'a' + i / 26 % 26);
        assert_int_equal(name[3], 'a' + i % 26);
    }
    assert_int_equal(wire_left(&reader), 0);
}

/* Some readers refuse names that take more than a few pointers. */
static void a_growing_name_takes_few_pointers(void **state)
{
    (void)state;
    uint8_t octets[2000];
    uint8_t name[255];
    struct wire_writer writer = {octets, sizeof(octets), 0, false};
    struct compress compress = {.count = 0};
    wire_write(&writer, (const uint8_t *)"headerheader", 12);
    for (size_t labels = 1; labels <= 40; labels++) {
        for (size_t i = 0; i < labels; i++) {
            memcpy(name + 2 * i, "\1a", 2);
        }
        name[2 * labels] = 0;
        size_t start = writer.at;
        compress_write(&compress, &writer, name, 2 * labels + 1);
        size_t hops = 0;
        for (size_t at = start; octets[at] != 0; hops++) {
            while (octets[at] == 1) {
                at += 2;
            }
            if (octets[at] == 0) {
                break;
            }
            at = wire_load_u16(octets + at) & 0x3FFF;
        }
        assert_true(hops <= COMPRESS_HOPS_MAX);
        uint8_t out[255];
        struct wire_reader reader = wire_reader_make(octets, writer.at);
        reader.at = start;
        assert_int_equal(wire_read_name(&reader, out), 2 * labels + 1);
        assert_memory_equal(out, name, 2 * labels + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_past_the_end_fails_and_stays_failed),
        cmocka_unit_test(writing_past_the_end_fails_and_stays_failed),
        cmocka_unit_test(a_compressed_name_is_expanded),
        cmocka_unit_test(pointers_that_do_not_lead_back_are_no_name),
        cmocka_unit_test(cut_off_and_too_long_names_are_none),
        cmocka_unit_test(a_repeated_name_is_written_as_a_pointer),
        cmocka_unit_test(a_growing_name_takes_few_pointers),
        cmocka_unit_test(compression_runs_out_of_memory_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
