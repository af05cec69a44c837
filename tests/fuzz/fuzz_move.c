/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what the AWS CLI saved. Record sets: whatever moves in loads, zone file and
 * configuration, and goes out in batches that are within Route 53's limits. A table's items: the
 * configuration of those that were taken loads. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/config.h"
#include "control/move/canary_table.h"
#include "control/move/cli_json.h"
#include "control/move/export.h"
#include "control/move/import.h"
#include "zones/record_set.h"
#include "zones/zone_export.h"
#include "zones/zonefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static int file;
static char file_path[64];

static void file_write(const char *text)
{
    size_t len = strlen(text);
    if (file == 0) {
        file = memfd_create("zone", 0);
        assert(file > 0);
        snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", file);
    }
    int failed = ftruncate(file, 0);
    ssize_t written = pwrite(file, text, len, 0);
    assert(failed == 0 && written == (ssize_t)len);
}

static struct config *config_of(const char *text)
{
    struct error err;
    struct config *config = config_parse("c", (const uint8_t *)text, strlen(text), &err);
    if (config == NULL) {
        fprintf(stderr, "%s\n%s\n", err.text, text);
        abort();
    }
    return config;
}

static void check_export(const struct zone *zone)
{
    char *text = NULL;
    size_t len = 0;
    struct error err;
    struct export export;
    FILE *out = open_memstream(&text, &len);
    struct zone_export *zone_export = zone_export_new_static(zone);
    for (char *part; (part = zone_export_next(zone_export, 65536)) != NULL; free(part)) {
        fputs(part, out);
    }
    zone_export_free(zone_export);
    fclose(out);
    const struct export_wanted wanted = {.zone = "example.org", .text = text};
    bool is_made = export_make(&wanted, &export, &err);
    assert(is_made);
    for (size_t i = 0; i < export.count; i++) {
        size_t values = 0;
        for (size_t j = 0; j < export.batches[i].count; j++) {
            values += 2 * export.batches[i].changes[j].set.value_count;
        }
        assert(values > 0 && values <= EXPORT_BATCH_VALUES);
    }
    export_done(&export);
    free(text);
}

static void check_import(const struct import *import)
{
    struct error err = {""};
    file_write(import->zone_text);
    struct config *config = config_of(import->config_text);
    struct record_sets *sets = record_sets_new(config, &err);
    struct zone *zone = sets == NULL ? NULL : zonefile_load(config, 0, sets, NULL, &err);
    if (zone == NULL) {
        fprintf(stderr, "%s\n%s%s\n", err.text, import->zone_text, import->config_text);
        abort();
    }
    check_export(zone);
    zone_free(zone);
    record_sets_free(sets);
    config_free(config);
}

static void read_sets(const char *text, size_t len)
{
    struct error err;
    struct import import;
    struct route53_record_sets sets = {.count = 0};
    static const struct import_nameserver nameserver = {.name = "ns1.example.net"};
    const struct import_wanted wanted = {.zone = "example.org",
                                         .nameservers = &nameserver,
                                         .nameserver_count = 1,
                                         .serial = 1,
                                         .source = "f",
                                         .zone_file = file_path};
    if (cli_json_read_record_sets(text, len, "f", &sets, &err)) {
        file_write("");
        if (import_make(&wanted, &sets, &import, &err)) {
            check_import(&import);
        } else {
            assert(sets.count > 0 && import.zone_text == NULL);
        }
        import_done(&import);
    }
    route53_record_sets_done(&sets);
}

static void read_table(const char *text, size_t len)
{
    struct error err;
    struct canary canary;
    json_t *documents = cli_json_parse(text, len, "f", &err);
    json_t *items = documents == NULL ? NULL : canary_items(documents, &err);
    json_decref(documents);
    if (items == NULL) {
        return;
    }
    const struct canary_wanted wanted = {.source = "f", .cluster = "c"};
    canary_make(&wanted, items, &canary);
    assert(canary.count <= json_array_size(items));
    json_decref(items);
    char *whole = alloc_printf("server: {listen: [127.0.0.1@53]}\ncontrol: {socket: s, state: t}\n"
                               "zones: [{name: x, file: z}]\n%s",
                               canary.config_text);
    struct config *config = config_of(whole);
    assert(config->rollout_count == canary.count);
    struct record_sets *sets = record_sets_new(config, &err);
    assert(sets != NULL);
    record_sets_free(sets);
    config_free(config);
    free(whole);
    canary_done(&canary);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    read_sets((const char *)octets, len);
    read_table((const char *)octets, len);
    return 0;
}
