/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/zone_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ldns/ldns.h>

#include "common/alloc.h"
#include "zones/zonefile.h"

static struct record_sets no_sets;

void fixture_init(struct fixture *fixture, const char *origin, const char *text)
{
    memset(fixture, 0, sizeof(*fixture));
    snprintf(fixture->path, sizeof(fixture->path), "/tmp/ballast-test-XXXXXX");
    int fd = mkstemp(fixture->path);
    assert_true(fd >= 0);
    size_t len = strlen(text);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    fixture->zone = (struct config_zone){.name = origin, .file = fixture->path, .line = 3};
    fixture->config.path = "ballast.yaml";
    fixture->config.zones = &fixture->zone;
    fixture->config.zone_count = 1;
}

void fixture_set_record_sets(struct fixture *fixture, struct config_record_set *sets, size_t count)
{
    struct error err;
    fixture->config.record_sets = sets;
    fixture->config.record_set_count = count;
    fixture->sets = record_sets_new(&fixture->config, &err);
    if (fixture->sets == NULL) {
        fail_msg("%s", err.text);
    }
}

void fixture_done(struct fixture *fixture)
{
    unlink(fixture->path);
    record_sets_free(fixture->sets);
}

struct zone *fixture_load(const struct fixture *fixture, struct error *err)
{
    return zonefile_load(&fixture->config, 0, fixture->sets != NULL ? fixture->sets : &no_sets,
                         NULL, err);
}

struct zone *fixture_zone(const char *origin, const char *text)
{
    struct fixture fixture;
    struct error err;
    fixture_init(&fixture, origin, text);
    struct zone *zone = fixture_load(&fixture, &err);
    fixture_done(&fixture);
    if (zone == NULL) {
        fail_msg("%s", err.text);
    }
    return zone;
}

void fixture_source_path(const char *relative, char *out, size_t size)
{
    const char *top = getenv("top_srcdir");
    snprintf(out, size, "%s/%s", top != NULL ? top : ".", relative);
}

static void print_section(ldns_buffer *out, const ldns_rr_list *list)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        char *text = ldns_rr2str(ldns_rr_list_rr(list, i));
        assert_non_null(text);
        for (char *at = text; *at != '\0'; at++) {
            *at = *at == '\t' ? ' ' : *at;
        }
        assert_true(ldns_buffer_reserve(out, strlen(text)));
        ldns_buffer_write(out, text, strlen(text));
        free(text);
    }
}

char *fixture_print(const struct encoded *encoded, const char *base, const char *qname,
                    bool required)
{
    struct name base_name, name;
    struct error err;
    assert_true(name_parse(&base_name, base, &err));
    assert_true(name_parse(&name, qname, &err));
    uint16_t len = required ? encoded->required_len : encoded->len;
    unsigned additional = required ? encoded->required_additional_count : encoded->additional_count;
    uint8_t *wire = alloc_zeroed(1, 12 + (size_t)name.len + 4 + len);
    wire[5] = 1;
    wire[6] = (uint8_t)(encoded->answer_count >> 8);
    wire[7] = (uint8_t)encoded->answer_count;
    wire[8] = (uint8_t)(encoded->authority_count >> 8);
    wire[9] = (uint8_t)encoded->authority_count;
    wire[10] = (uint8_t)(additional >> 8);
    wire[11] = (uint8_t)additional;
    memcpy(wire + 12, name.octets, name.len);
    wire[12 + name.len + 1] = 1;
    wire[12 + name.len + 3] = 1;
    encoded_copy(encoded, len, (uint16_t)(name.len - base_name.len), wire + 16 + name.len);
    ldns_pkt *packet = NULL;
    ldns_status status = ldns_wire2pkt(&packet, wire, 16 + (size_t)name.len + len);
    if (status != LDNS_STATUS_OK) {
        fail_msg("%s", ldns_get_errorstr_by_id(status));
    }
    ldns_buffer *out = ldns_buffer_new(1024);
    print_section(out, ldns_pkt_answer(packet));
    ldns_buffer_printf(out, "--\n");
    print_section(out, ldns_pkt_authority(packet));
    ldns_buffer_printf(out, "--\n");
    print_section(out, ldns_pkt_additional(packet));
    char *text = ldns_buffer_export2str(out);
    ldns_buffer_free(out);
    ldns_pkt_free(packet);
    free(wire);
    return text;
}
