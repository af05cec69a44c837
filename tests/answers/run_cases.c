/* SPDX-License-Identifier: BSD-2-Clause */
/* Zones and queries as octets, and the octets of the reply (tests/answers/README has the form).
 * Runs the files that are named, or else every tests/answers/NAME.case. */
#include <arpa/inet.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "server/answer.h"
#include "tests/answers/octets.h"
#include "tests/unit/answer_fixture.h"
#include "zones/snapshot_builder.h"
#include "zones/zonefile.h"

#define ZONES_MAX 8

struct zone_text {
    char *name;
    char *text;
};

struct runner {
    const char *path;
    unsigned line;
    struct config config;
    struct config_zone zones[ZONES_MAX];
    struct zone_text texts[ZONES_MAX];
    size_t zone_count;
    struct record_sets *sets;
    struct exchange *exchange;
    struct snapshot *snapshot; /* NULL: the zones are still being read */
    struct answer_context context;
    struct prefix subnet_prefix;
    char *title;
    bool is_tcp, is_in_reply, is_silent;
    struct octets query, reply;
    uint8_t out[OCTETS_MAX];
    unsigned case_count, failed_count;
};

static void stop(const struct runner *runner, const char *what, const char *which)
{
    fprintf(stderr, "%s:%u: %s: %s\n", runner->path, runner->line, what, which);
    exit(99);
}

static struct zone *load_zone(struct runner *runner, size_t index)
{
    struct error err;
    const char *directory = getenv("TMPDIR");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/ballast-test-XXXXXX", directory == NULL ? "/tmp" : directory);
    const char *text = runner->texts[index].text;
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0) {
        stop(runner, path, "cannot be written");
    }
    runner->zones[index].file = path;
    struct zone *zone = zonefile_load(&runner->config, index, runner->sets, NULL, &err);
    unlink(path);
    if (zone == NULL) {
        stop(runner, runner->texts[index].name, err.text);
    }
    return zone;
}

static void load_zones(struct runner *runner)
{
    struct error err;
    struct zone *loaded[ZONES_MAX];
    struct config *config = &runner->config;
    config->path = runner->path;
    config->zones = runner->zones;
    config->zone_count = runner->zone_count;
    for (size_t i = 0; i < runner->zone_count; i++) {
        runner->zones[i].name = runner->texts[i].name;
    }
    runner->sets = record_sets_new(config, &err);
    if (runner->sets == NULL) {
        stop(runner, "no record sets", err.text);
    }
    for (size_t i = 0; i < runner->zone_count; i++) {
        loaded[i] = load_zone(runner, i);
    }
    struct snapshot_builder *builder = snapshot_builder_new(NULL, runner->sets);
    snapshot_builder_set_zones(builder, zone_table_new(loaded, runner->zone_count));
    runner->snapshot = snapshot_builder_finish(builder);
    runner->exchange = exchange_new(1, 0);
    exchange_offer(runner->exchange, runner->snapshot);
    answer_context_init(&runner->context, &config->server, &runner->exchange->slots[0], 0, 1);
}

static void print_hex(const char *what, const uint8_t *octets, size_t len)
{
    printf("  %s, %zu octets: %s", what, len, len == 0 ? "silence" : fixture_print(octets, len));
    for (size_t i = 0; i < len; i++) {
        printf(i % 32 == 0 ? "\n    %02x" : " %02x", octets[i]);
    }
    printf("\n");
}

static void run_case(struct runner *runner)
{
    static const struct sockaddr_in source = {.sin_family = AF_INET};
    struct octets *query = &runner->query;
    struct octets *reply = &runner->reply;
    if (query->len == 0 || query->depth != 0 || reply->depth != 0 ||
        (reply->len == 0) != runner->is_silent) {
        stop(runner, runner->title, "expected a query, then a reply");
    }
    /* The exact size, so that a sanitizer sees a read beyond the end. */
    CLEANUP(alloc_freep) uint8_t *exact = alloc_copy(query->data, query->len);
    struct answer_task task = {
        .snapshot = runner->snapshot,
        .source = {.address = (const struct sockaddr *)&source, .is_tcp = runner->is_tcp},
        .query = exact,
        .query_len = query->len,
        .out = runner->out,
        .out_size = sizeof(runner->out),
    };
    size_t len = answer_query(&runner->context, &task);
    bool is_good = len == reply->len && memcmp(runner->out, reply->data, len) == 0;
    runner->case_count++;
    if (!is_good) {
        runner->failed_count++;
        printf("%s:%u: %s\n", runner->path, runner->line, runner->title);
        print_hex("expected", reply->data, reply->len);
        print_hex("answered", runner->out, len);
    }
}

static void end_case(struct runner *runner)
{
    if (runner->title != NULL) {
        run_case(runner);
    }
    free(runner->title);
    runner->title = NULL;
    runner->is_tcp = false;
    runner->is_silent = false;
    runner->query.len = 0;
    runner->reply.len = 0;
}

static void append_octets(struct runner *runner, char *text)
{
    const char *word = NULL;
    struct octets *octets = runner->is_in_reply ? &runner->reply : &runner->query;
    if (runner->is_in_reply && strcmp(text, " silence") == 0) {
        runner->is_silent = true;
    } else if (!octets_append(octets, text, &word)) {
        stop(runner, "not octets", word);
    }
}

static void set_option(struct runner *runner, const char *key, const char *value)
{
    struct config_server *server = &runner->config.server;
    if (strcmp(key, "udp_payload_max") == 0) {
        server->udp_payload_max = (uint16_t)atoi(value);
    } else if (strcmp(key, "version") == 0) {
        server->version = alloc_string(value);
    } else if (strcmp(key, "nsid") == 0) {
        server->nsid = (const uint8_t *)alloc_string(value);
        server->nsid_len = strlen(value);
    } else if (strcmp(key, "additional") == 0) {
        server->has_full_additional = strcmp(value, "full") == 0;
    } else if (strcmp(key, "client_subnet_others") == 0) {
        server->refuses_client_subnet = strcmp(value, "refuse") == 0;
    } else if (strcmp(key, "client_subnet") == 0 &&
               prefix_parse(&runner->subnet_prefix, value, NULL)) {
        server->client_subnet = &runner->subnet_prefix;
        server->client_subnet_count = 1;
    } else {
        stop(runner, "not a setting", key);
    }
}

static void add_zone(struct runner *runner, const char *name)
{
    if (runner->snapshot != NULL || runner->zone_count == ZONES_MAX) {
        stop(runner, "no room, or behind the first case", name);
    }
    struct zone_text *zone = &runner->texts[runner->zone_count++];
    zone->name = alloc_string(name);
    zone->text = alloc_printf("$ORIGIN %s%s\n", name, strcmp(name, ".") == 0 ? "" : ".");
}

static void add_zone_line(struct runner *runner, const char *text)
{
    if (runner->zone_count == 0 || runner->snapshot != NULL) {
        stop(runner, "in no zone", text);
    }
    struct zone_text *zone = &runner->texts[runner->zone_count - 1];
    char *longer = alloc_printf("%s%s\n", zone->text, text);
    free(zone->text);
    zone->text = longer;
}

static void read_line(struct runner *runner, char *line)
{
    char key[32], value[128];
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || line[0] == '\0') {
        return;
    }
    if (line[0] == '|') {
        add_zone_line(runner, line + 1 + (line[1] == ' '));
    } else if (strncmp(line, "zone ", 5) == 0) {
        add_zone(runner, line + 5);
    } else if (sscanf(line, "set %31s %127s", key, value) == 2) {
        end_case(runner);
        set_option(runner, key, value);
    } else if (strncmp(line, "case ", 5) == 0) {
        end_case(runner);
        if (runner->snapshot == NULL) {
            load_zones(runner);
        }
        runner->title = alloc_string(line + 5);
    } else if (strcmp(line, "over tcp") == 0) {
        runner->is_tcp = true;
    } else if (runner->title != NULL && strncmp(line, "query ", 6) == 0) {
        runner->is_in_reply = false;
        append_octets(runner, line + 5);
    } else if (runner->title != NULL && strncmp(line, "reply ", 6) == 0) {
        runner->is_in_reply = true;
        append_octets(runner, line + 5);
    } else if (runner->title != NULL && line[0] == ' ') {
        append_octets(runner, line);
    } else {
        stop(runner, "not a line of a case", line);
    }
}

static void done(struct runner *runner)
{
    answer_context_done(&runner->context);
    snapshot_free_last(runner->snapshot);
    exchange_free(runner->exchange);
    record_sets_free(runner->sets);
    for (size_t i = 0; i < runner->zone_count; i++) {
        free(runner->texts[i].name);
        free(runner->texts[i].text);
    }
    free((void *)(uintptr_t)runner->config.server.version);
    free((void *)(uintptr_t)runner->config.server.nsid);
    free(runner);
}

/* Returns how many cases failed. */
static unsigned run_file(const char *path)
{
    char *line = NULL;
    size_t size = 0;
    struct runner *runner = alloc_zeroed(1, sizeof(*runner));
    runner->path = path;
    runner->config.server.udp_payload_max = 1232;
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        stop(runner, "cannot open", path);
    }
    while (getline(&line, &size, stream) >= 0) {
        runner->line++;
        read_line(runner, line);
    }
    fclose(stream);
    free(line);
    end_case(runner);
    if (runner->case_count == 0) {
        stop(runner, "no case", path);
    }
    printf("%s: %u cases, %u failed\n", path, runner->case_count, runner->failed_count);
    unsigned failed = runner->failed_count;
    done(runner);
    return failed;
}

int main(int argc, char **argv)
{
    unsigned failed = 0;
    for (int i = 1; i < argc; i++) {
        failed += run_file(argv[i]);
    }
    if (argc > 1) {
        return failed == 0 ? 0 : 1;
    }
    glob_t files;
    const char *source = getenv("top_srcdir");
    CLEANUP(alloc_freep)
    char *pattern = alloc_printf("%s/tests/answers/*.case", source == NULL ? "." : source);
    if (glob(pattern, 0, NULL, &files) != 0) {
        return 99;
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        failed += run_file(files.gl_pathv[i]);
    }
    globfree(&files);
    return failed == 0 ? 0 : 1;
}
