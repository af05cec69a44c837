/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/answers/case_file.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "server/answer.h"
#include "tests/answers/case_text.h"
#include "tests/answers/case_weighted.h"
#include "tests/answers/octets.h"
#include "tests/unit/answer_fixture.h"
#include "zones/snapshot_builder.h"
#include "zones/zonefile.h"

#define ZONES_MAX   8
#define SHOWN_MAX   4096 /* octets of a message that are printed */
#define NAMES_SPACE " \t"

struct zone_text {
    char *name;
    char *text;
};

enum part { PART_NONE, PART_QUERY, PART_REPLY };

struct runner {
    const char *path;
    unsigned line;
    struct error *err;
    struct case_words words;
    struct config config;
    struct config_zone zones[ZONES_MAX];
    struct zone_text texts[ZONES_MAX];
    size_t zone_count;
    struct case_weighted weighted;
    struct record_sets *sets;
    struct exchange *exchange;
    struct snapshot *snapshot; /* NULL: the zones are still being read */
    struct answer_context context;
    struct prefix subnet_prefix;
    /* The case that is being read; title NULL: none. */
    char *title;
    unsigned title_line;
    unsigned long length; /* that the reply has to have; 0: not said */
    unsigned long times;  /* that the query is asked; 0: once */
    bool is_tcp, is_silent;
    enum part part;
    struct octets query, reply;
    uint8_t out[ANSWER_OUT_MAX];
    struct case_counts counts;
};

/* Errors of the cases' own lines; those of zones and record sets come with what is wrong there. */
static bool refuse(struct runner *runner, const char *what, const char *which)
{
    return error_set(runner->err, "%s: \"%s\"", what, which);
}

static bool load_zone(struct runner *runner, size_t index, struct zone **zone)
{
    struct error err = {""};
    const char *directory = getenv("TMPDIR");
    CLEANUP(alloc_freep)
    char *path = alloc_printf("%s/ballast-test-XXXXXX", directory == NULL ? "/tmp" : directory);
    const char *text = runner->texts[index].text;
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0) {
        return refuse(runner, "cannot be written", path);
    }
    runner->zones[index].file = path;
    *zone = zonefile_load(&runner->config, index, runner->sets, NULL, &err);
    unlink(path);
    size_t skipped = strncmp(err.text, path, strlen(path)) == 0 ? strlen(path) : 0;
    return *zone != NULL || error_set(runner->err, "zone %s%s%s", runner->texts[index].name,
                                      skipped == 0 ? ": " : "", err.text + skipped);
}

static bool load_zones(struct runner *runner)
{
    struct zone *loaded[ZONES_MAX];
    struct config *config = &runner->config;
    config->path = runner->path;
    config->zones = runner->zones;
    config->zone_count = runner->zone_count;
    if (!case_weighted_configure(&runner->weighted, config, runner->err)) {
        return false;
    }
    for (size_t i = 0; i < runner->zone_count; i++) {
        runner->zones[i].name = runner->texts[i].name;
    }
    runner->sets = record_sets_new(config, runner->err);
    if (runner->sets == NULL) {
        return false;
    }
    for (size_t i = 0; i < runner->zone_count; i++) {
        if (!load_zone(runner, i, &loaded[i])) {
            while (i > 0) {
                zone_unref(loaded[--i]);
            }
            return false;
        }
    }
    struct snapshot_builder *builder = snapshot_builder_new(NULL, runner->sets);
    snapshot_builder_set_zones(builder, zone_table_new(loaded, runner->zone_count));
    case_weighted_publish(&runner->weighted, builder);
    runner->snapshot = snapshot_builder_finish(builder);
    runner->exchange = exchange_new(1, runner->sets->member_count);
    exchange_offer(runner->exchange, runner->snapshot);
    answer_context_init(&runner->context, &config->server, &runner->exchange->slots[0],
                        runner->snapshot->set_count, 1);
    return true;
}

static void print_hex(const char *what, const uint8_t *octets, size_t len)
{
    printf("  %s, %zu octets: %s", what, len,
           len == 0          ? "silence"
           : len > SHOWN_MAX ? "long"
                             : fixture_print(octets, len));
    for (size_t i = 0; i < len && i < SHOWN_MAX; i++) {
        printf(i % 32 == 0 ? "\n    %02x" : " %02x", octets[i]);
    }
    printf("\n");
}

/* True: as it was written. */
static bool compare(struct runner *runner, size_t len)
{
    const struct octets *reply = &runner->reply;
    const uint8_t *out = runner->out;
    size_t at = 0;
    while (at < len && at < reply->len && out[at] == reply->data[at]) {
        at++;
    }
    bool is_good = len == reply->len && at == len;
    if (!is_good) {
        printf("%s:%u: %s\n  differs from octet %zu on\n", runner->path, runner->title_line,
               runner->title, at);
        print_hex("expected", reply->data, reply->len);
        print_hex("answered", out, len);
    }
    return is_good;
}

static void run_case(struct runner *runner)
{
    static const struct sockaddr_in source = {.sin_family = AF_INET};
    const struct octets *query = &runner->query;
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
    bool is_good = true;
    for (unsigned long i = 0; is_good && (i == 0 || i < runner->times); i++) {
        is_good = compare(runner, answer_query(&runner->context, &task));
    }
    runner->counts.cases++;
    runner->counts.failed += is_good ? 0 : 1;
}

static bool check_case(struct runner *runner)
{
    runner->line = runner->title_line;
    if (runner->query.len == 0) {
        return refuse(runner, "no query", runner->title);
    }
    if (runner->reply.len == 0 && !runner->is_silent) {
        return refuse(runner, "no reply", runner->title);
    }
    if (runner->reply.len != 0 && runner->is_silent) {
        return refuse(runner, "silence and a reply", runner->title);
    }
    if (runner->query.depth != 0 || runner->reply.depth != 0) {
        return refuse(runner, "a bracket stays open", runner->title);
    }
    if (runner->length != 0 && runner->length != runner->reply.len) {
        return error_set(runner->err, "the reply is written with %zu octets, its length is %lu",
                         runner->reply.len, runner->length);
    }
    return true;
}

static void forget_case(struct runner *runner)
{
    free(runner->title);
    runner->title = NULL;
    runner->is_tcp = false;
    runner->is_silent = false;
    runner->length = 0;
    runner->times = 0;
    runner->part = PART_NONE;
    octets_clear(&runner->query);
    octets_clear(&runner->reply);
}

static bool end_case(struct runner *runner)
{
    unsigned line = runner->line;
    if (runner->title != NULL) {
        if (!check_case(runner)) {
            return false;
        }
        run_case(runner);
    }
    runner->line = line;
    forget_case(runner);
    return true;
}

static bool begin_case(struct runner *runner, const char *title)
{
    if (title[0] == '\0') {
        return refuse(runner, "expected a title", title);
    }
    if (!end_case(runner) || (runner->snapshot == NULL && !load_zones(runner))) {
        return false;
    }
    runner->title = alloc_string(title);
    runner->title_line = runner->line;
    return true;
}

/* One line of octets, or, with a range, as many. */
static bool append_octets(struct runner *runner, const char *text)
{
    struct case_range range;
    struct octets *octets = runner->part == PART_QUERY ? &runner->query : &runner->reply;
    if (runner->part == PART_NONE) {
        return refuse(runner, "neither of a query nor of a reply", text);
    }
    if (runner->part == PART_REPLY && strcmp(text, "silence") == 0) {
        runner->is_silent = true;
        return true;
    }
    CLEANUP(alloc_freep)
    char *replaced = case_words_replace(&runner->words, text, runner->err);
    if (replaced == NULL || !case_range_read(&range, replaced, runner->err)) {
        return false;
    }
    for (unsigned long i = range.first; i <= range.last; i++) {
        const char *word = NULL;
        CLEANUP(alloc_freep) char *line = case_range_line(&range, i);
        if (!octets_append(octets, line, &word)) {
            return refuse(runner, "not octets", word);
        }
    }
    return true;
}

static bool begin_part(struct runner *runner, enum part part, const char *text)
{
    const struct octets *octets = part == PART_QUERY ? &runner->query : &runner->reply;
    if (runner->title == NULL || octets->len != 0) {
        return refuse(runner, runner->title == NULL ? "in no case" : "twice", text);
    }
    runner->part = part;
    return append_octets(runner, text);
}

static bool set_flag(struct runner *runner, bool *flag, const char *value, const char *on,
                     const char *off)
{
    *flag = strcmp(value, on) == 0;
    return *flag || strcmp(value, off) == 0 || refuse(runner, "not a value of this setting", value);
}

static bool set_size(struct runner *runner, const char *value)
{
    char *end = NULL;
    unsigned long size = strtoul(value, &end, 10);
    if (*end != '\0' || size < 512 || size > 4096) {
        return refuse(runner, "not a value of this setting", value);
    }
    runner->config.server.udp_payload_max = (uint16_t)size;
    return true;
}

static bool set_option(struct runner *runner, const char *key, const char *value)
{
    struct config_server *server = &runner->config.server;
    if (strcmp(key, "udp_payload_max") == 0) {
        return set_size(runner, value);
    }
    if (strcmp(key, "additional") == 0) {
        return set_flag(runner, &server->has_full_additional, value, "full", "minimal");
    }
    if (strcmp(key, "client_subnet_others") == 0) {
        return set_flag(runner, &server->refuses_client_subnet, value, "refuse", "ignore");
    }
    if (strcmp(key, "client_subnet") == 0) {
        server->client_subnet = &runner->subnet_prefix;
        server->client_subnet_count = 1;
        return prefix_parse(&runner->subnet_prefix, value, runner->err);
    }
    if (strcmp(key, "version") == 0) {
        free((void *)(uintptr_t)server->version);
        server->version = alloc_string(value);
        return true;
    }
    if (strcmp(key, "nsid") == 0) {
        free((void *)(uintptr_t)server->nsid);
        server->nsid = (const uint8_t *)alloc_string(value);
        server->nsid_len = strlen(value);
        return true;
    }
    return refuse(runner, "not a setting", key);
}

static bool read_setting(struct runner *runner, const char *text)
{
    char key[32], value[128], more;
    if (sscanf(text, "%31s %127s %c", key, value, &more) != 2) {
        return refuse(runner, "expected a setting and its value", text);
    }
    return end_case(runner) && set_option(runner, key, value);
}

static bool is_before_cases(struct runner *runner, const char *text)
{
    return runner->snapshot == NULL || refuse(runner, "behind the first case", text);
}

static bool add_zone(struct runner *runner, const char *name)
{
    if (!is_before_cases(runner, name)) {
        return false;
    }
    if (runner->zone_count == ZONES_MAX) {
        return refuse(runner, "no room for another zone", name);
    }
    struct zone_text *zone = &runner->texts[runner->zone_count++];
    zone->name = alloc_string(name);
    zone->text = alloc_printf("$ORIGIN %s%s\n", name, strcmp(name, ".") == 0 ? "" : ".");
    return true;
}

static bool add_zone_line(struct runner *runner, const char *text)
{
    struct case_range range;
    if (!is_before_cases(runner, text)) {
        return false;
    }
    if (runner->zone_count == 0) {
        return refuse(runner, "in no zone", text);
    }
    CLEANUP(alloc_freep)
    char *replaced = case_words_replace(&runner->words, text, runner->err);
    if (replaced == NULL || !case_range_read(&range, replaced, runner->err)) {
        return false;
    }
    struct zone_text *zone = &runner->texts[runner->zone_count - 1];
    for (unsigned long i = range.first; i <= range.last; i++) {
        CLEANUP(alloc_freep) char *numbered = case_range_line(&range, i);
        CLEANUP(alloc_freep) char *line = case_letters(numbered);
        CLEANUP(alloc_freep) char *before = zone->text;
        zone->text = alloc_printf("%s%s\n", before, line);
    }
    return true;
}

static bool read_transport(struct runner *runner, const char *text)
{
    runner->is_tcp = strcmp(text, "tcp") == 0;
    return (runner->title != NULL && runner->is_tcp) ||
           refuse(runner, runner->title == NULL ? "in no case" : "expected tcp", text);
}

static bool read_number(struct runner *runner, const char *text, unsigned long *number)
{
    char *end = NULL;
    *number = strtoul(text, &end, 10);
    return (runner->title != NULL && *number != 0 && *end == '\0') ||
           refuse(runner, runner->title == NULL ? "in no case" : "not a number", text);
}

static bool read_length(struct runner *runner, const char *text)
{
    return read_number(runner, text, &runner->length);
}

static bool read_times(struct runner *runner, const char *text)
{
    return read_number(runner, text, &runner->times);
}

static bool read_weighted(struct runner *runner, const char *text)
{
    return is_before_cases(runner, text) &&
           case_weighted_add(&runner->weighted, text, runner->line, runner->err);
}

static bool read_member(struct runner *runner, const char *text)
{
    return is_before_cases(runner, text) &&
           case_weighted_add_member(&runner->weighted, text, runner->line, runner->err);
}

static bool read_query(struct runner *runner, const char *text)
{
    return begin_part(runner, PART_QUERY, text);
}

static bool read_reply(struct runner *runner, const char *text)
{
    return begin_part(runner, PART_REPLY, text);
}

static bool read_words(struct runner *runner, const char *text)
{
    return case_words_add(&runner->words, text, runner->err);
}

static bool read_line(struct runner *runner, const char *line)
{
    static const struct {
        const char *word;
        bool (*read)(struct runner *runner, const char *text);
    } kinds[] = {
        {"zone ", add_zone},       {"weighted ", read_weighted}, {"member ", read_member},
        {"let ", read_words},      {"set ", read_setting},       {"case ", begin_case},
        {"over ", read_transport}, {"length ", read_length},     {"query ", read_query},
        {"reply ", read_reply},    {"times ", read_times},
    };
    if (line[0] == '#' || line[0] == '\0') {
        return true;
    }
    if (line[0] == '|') {
        return add_zone_line(runner, line + 1 + (line[1] == ' '));
    }
    if (line[0] == ' ') {
        return append_octets(runner, line + strspn(line, NAMES_SPACE));
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i].word);
        if (strncmp(line, kinds[i].word, len) == 0) {
            return kinds[i].read(runner, line + len + strspn(line + len, NAMES_SPACE));
        }
    }
    return refuse(runner, "not a line of a case", line);
}

static void done(struct runner *runner)
{
    forget_case(runner);
    if (runner->snapshot != NULL) {
        answer_context_done(&runner->context);
        snapshot_free_last(runner->snapshot);
        exchange_free(runner->exchange);
    }
    record_sets_free(runner->sets);
    case_weighted_done(&runner->weighted);
    case_words_done(&runner->words);
    for (size_t i = 0; i < runner->zone_count; i++) {
        free(runner->texts[i].name);
        free(runner->texts[i].text);
    }
    free((void *)(uintptr_t)runner->config.server.version);
    free((void *)(uintptr_t)runner->config.server.nsid);
    free(runner);
}

static bool read_file(struct runner *runner)
{
    char *line = NULL;
    size_t size = 0;
    bool is_good = true;
    FILE *stream = fopen(runner->path, "re");
    if (stream == NULL) {
        return refuse(runner, "cannot open", runner->path);
    }
    while (is_good && getline(&line, &size, stream) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        runner->line++;
        is_good = read_line(runner, line);
    }
    fclose(stream);
    free(line);
    return is_good && end_case(runner) &&
           (runner->counts.cases != 0 || error_set(runner->err, "there is no case"));
}

bool case_file_run(const char *path, struct case_counts *counts, struct error *err)
{
    struct runner *runner = alloc_zeroed(1, sizeof(*runner));
    runner->path = path;
    runner->err = err;
    runner->config.server.udp_payload_max = 1232;
    bool is_good = read_file(runner);
    *counts = runner->counts;
    if (!is_good && strncmp(err->text, path, strlen(path)) != 0) {
        error_add_context(err, "%s:%u", path, runner->line);
    }
    done(runner);
    return is_good;
}
