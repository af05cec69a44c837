/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a zone file: refused with a text that names the file, or loaded, and then every
 * node is found and every answer can be copied. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zones/zonefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_encoded(const struct encoded *encoded, uint16_t shift)
{
    static uint8_t out[UINT16_MAX];
    assert(encoded->required_len <= encoded->len);
    encoded_copy(encoded, encoded->len, shift, out);
    encoded_copy(encoded, encoded->required_len, shift, out);
}

/* What a signed zone has beside: answers with signatures, and proofs for any name. */
static void check_denial(const struct zone *zone)
{
    const struct denial *denial = zone->denial;
    check_encoded(&denial->negative, 200);
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct node *node = &zone->nodes[i];
        uint8_t below[NAME_MAX_OCTETS + 2] = {1, 'm'};
        struct name_key key;
        struct denial_proofs proofs = {0};
        memcpy(below + 2, node->name, node->name_len);
        if (name_key_parse(&key, below, (size_t)node->name_len + 2) == 0) {
            continue; /* too long */
        }
        denial_of_type(denial, i, &proofs);
        denial_of_name(denial, i, &key, &proofs);
        if (node->label_count > zone->origin.label_count) {
            denial_of_closer(denial, i, &key, &proofs);
            denial_of_wildcard_type(denial, i, &key, &proofs);
        }
        for (size_t j = 0; j < proofs.count; j++) {
            check_encoded(proofs.records[j], 200);
        }
        for (size_t j = 0; j < node->rrset_count; j++) {
            const struct rrset *with = node_with_signatures(node, &node->rrsets[j]);
            assert(with->type == node->rrsets[j].type);
            check_encoded(&with->answer, 0);
        }
        if (node->is_delegation) {
            check_encoded(&node->referral[1], 200);
        }
    }
}

static void check_zone(const struct zone *zone)
{
    check_encoded(&zone->negative, 200);
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct node *node = &zone->nodes[i];
        struct name_key key;
        assert(name_key_parse(&key, node->name, node->name_len) == node->name_len);
        struct zone_result result = zone_lookup(zone, &key);
        assert(result.node == node);
        assert(result.match == (node->is_delegation ? ZONE_DELEGATION : ZONE_EXACT));
        for (size_t j = 0; j < node->rrset_count; j++) {
            assert(node_find(node, node->rrsets[j].type) == &node->rrsets[j]);
            check_encoded(&node->rrsets[j].answer, 0);
        }
        if (node->is_delegation) {
            check_encoded(node->referral, 200);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    int fd = memfd_create("zone", 0);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, octets, len) != (ssize_t)len) {
        abort();
    }
    struct config_zone config_zone = {.name = "example", .file = path, .line = 1};
    struct config config = {.path = "fuzz.yaml", .zones = &config_zone, .zone_count = 1};
    struct record_sets sets = {.count = 0};
    struct error err = {""};
    struct zone *zone = zonefile_load(&config, 0, &sets, NULL, &err);
    if (zone != NULL) {
        check_zone(zone);
        if (zone->denial != NULL) {
            check_denial(zone);
        }
    } else {
        assert(strchr(err.text, ':') != NULL);
    }
    zone_free(zone);
    close(fd);
    return 0;
}
