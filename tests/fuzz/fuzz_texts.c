/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as one of the values that people write in configurations, commands and zones: refused
 * with a text, or a value in its range which, printed, is read as the same value again.
 *
 * The first octet says which kind, two more the type of RDATA. */
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/address.h"
#include "common/alloc.h"
#include "common/duration.h"
#include "zones/key_rollover.h"
#include "zones/name.h"
#include "zones/rdata.h"
#include "zones/record_type.h"

#define HEAD_OCTETS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_duration(const char *text)
{
    struct error err = {""};
    int64_t duration_ms = -1;
    int64_t again_ms = -1;
    char printed[DURATION_TEXT_SIZE];
    if (!duration_parse(text, &duration_ms, &err)) {
        assert(err.text[0] != '\0');
        return;
    }
    assert(duration_ms >= 0);
    duration_print(duration_ms, printed);
    bool is_good = duration_parse(printed, &again_ms, &err);
    assert(is_good && again_ms == duration_ms);
}

static bool is_same_address(const struct address *left, const struct address *right)
{
    return left->any.sa_family == AF_INET
               ? left->v4.sin_port == right->v4.sin_port &&
                     left->v4.sin_addr.s_addr == right->v4.sin_addr.s_addr
               : left->v6.sin6_port == right->v6.sin6_port &&
                     memcmp(&left->v6.sin6_addr, &right->v6.sin6_addr, 16) == 0;
}

static void check_address(const char *text, bool is_url)
{
    struct error err = {""};
    struct address address;
    struct address again;
    char printed[ADDRESS_TEXT_SIZE];
    if (is_url ? !address_parse_url_form(&address, text, &err)
               : !address_parse(&address, text, 53, &err)) {
        assert(err.text[0] != '\0');
        return;
    }
    address_print(&address, printed);
    bool is_good = address_parse(&again, printed, 1, &err);
    assert(is_good && address.any.sa_family == again.any.sa_family);
    assert(is_same_address(&address, &again));
}

static void check_prefix(const char *text)
{
    struct error err = {""};
    struct prefix prefix;
    struct address address = {.len = 0};
    if (!prefix_parse(&prefix, text, &err)) {
        assert(err.text[0] != '\0');
        return;
    }
    address.any.sa_family = (sa_family_t)prefix.family;
    if (prefix.family == AF_INET) {
        assert(prefix.bits <= 32);
        memcpy(&address.v4.sin_addr, prefix.octets, 4);
    } else {
        assert(prefix.family == AF_INET6 && prefix.bits <= 128);
        memcpy(&address.v6.sin6_addr, prefix.octets, 16);
    }
    assert(prefix_contains(&prefix, &address.any));
}

static void check_name(const char *text)
{
    struct error err = {""};
    struct name name;
    struct name again;
    struct name_key key;
    char printed[NAME_TEXT_SIZE];
    if (!name_parse(&name, text, &err)) {
        assert(err.text[0] != '\0');
        return;
    }
    assert(name_key_parse(&key, name.octets, name.len) == name.len);
    assert(key.label_count == name.label_count && memcmp(key.lower, name.octets, name.len) == 0);
    name_print(name.octets, printed);
    bool is_good = name_parse(&again, printed, &err);
    assert(is_good && again.len == name.len && memcmp(again.octets, name.octets, name.len) == 0);
}

static void check_words(const char *text)
{
    struct error err = {""};
    uint16_t type;
    uint8_t algorithm;
    enum key_role role;
    if (record_type_parse(text, &type)) {
        char printed[RECORD_TYPE_TEXT_SIZE];
        uint16_t again;
        record_type_print(type, printed);
        bool is_good = record_type_parse(printed, &again);
        assert(is_good && again == type);
    }
    if (key_algorithm_parse(text, &algorithm, &err)) {
        assert(strcasecmp(key_algorithm_name(algorithm), text) == 0);
    }
    if (key_role_parse(text, &role, &err)) {
        assert(strcmp(key_role_name(role), text) == 0);
    }
}

static void check_period(const char *text)
{
    uint32_t seconds;
    uint32_t again;
    char printed[16];
    if (rdata_parse_period(text, &seconds)) {
        snprintf(printed, sizeof(printed), "%u", seconds);
        bool is_good = rdata_parse_period(printed, &again);
        assert(is_good && again == seconds);
    }
}

static void check_rdata(const char *text, uint16_t type)
{
    static struct rdata rdata;
    struct error err = {""};
    struct name origin;
    bool is_good = name_parse(&origin, "example.test", &err);
    assert(is_good);
    if (!rdata_parse(&rdata, type, text, &origin, &err)) {
        assert(err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_OCTETS) {
        return 0;
    }
    CLEANUP(alloc_freep) char *text = alloc_zeroed(size - HEAD_OCTETS + 1, 1);
    memcpy(text, data + HEAD_OCTETS, size - HEAD_OCTETS);
    switch (data[0] % 8) {
    case 0:
        check_duration(text);
        break;
    case 1:
        check_address(text, false);
        break;
    case 2:
        check_address(text, true);
        break;
    case 3:
        check_prefix(text);
        break;
    case 4:
        check_name(text);
        break;
    case 5:
        check_words(text);
        break;
    case 6:
        check_period(text);
        break;
    default:
        check_rdata(text, (uint16_t)(data[1] << 8 | data[2]));
        break;
    }
    return 0;
}
