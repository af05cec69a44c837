/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_simulate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/duration.h"
#include "common/file.h"
#include "control/ctl_client.h"
#include "control/ctl_simulate_asl.h"
#include "control/ctl_simulate_print.h"
#include "control/ctl_watch.h"
#include "control/forecast/plan_text.h"
#include "control/forecast/simulate_plot.h"

/* A plan or a population of a megabyte is none. */
#define TTL_DEFAULT_MS 60000

struct request {
    struct simulate_settings settings;
    struct plan_words words;
    const char *plan_file; /* NULL: words */
    const char *population;
    const char *svg; /* NULL: no picture */
    struct population from_file;
    struct asl_mapping *mappings; /* what a document calls its resources; texts are owned */
    size_t mapping_count;
};

static void request_donep(struct request *request)
{
    for (size_t i = 0; i < request->mapping_count; i++) {
        free((char *)request->mappings[i].from);
    }
    free(request->mappings);
}

/* ---- the words of the command line, which fit the table of commands ---- */

static bool number_take(const char *option, const char *text, uint64_t least, uint64_t most,
                        uint64_t *number, struct error *err)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *number >= least &&
            *number <= most) ||
           error_set(err, "%s: found \"%s\", expected a number from %" PRIu64 " to %" PRIu64,
                     option, text, least, most);
}

/* "60" is seconds, as TTLs are everywhere; "5m" is a duration. */
static bool ttl_take(const char *text, int64_t *ttl_ms, struct error *err)
{
    uint64_t ttl_s = 0;
    if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0') {
        bool is_taken = number_take("--ttl", text, 0, SIMULATE_MAX_TTL_MS / 1000, &ttl_s, err);
        *ttl_ms = (int64_t)ttl_s * 1000;
        return is_taken;
    }
    if (!duration_parse(text, ttl_ms, err)) {
        return error_add_context(err, "--ttl");
    }
    return *ttl_ms <= SIMULATE_MAX_TTL_MS ||
           error_set(err, "--ttl: found \"%s\", expected at most 2147483647 seconds", text);
}

static bool option_take(struct request *request, const char *option, const char *value,
                        struct error *err)
{
    if (strcmp(option, "--ttl") == 0) {
        return ttl_take(value, &request->settings.ttl_ms, err);
    }
    if (strcmp(option, "--resolvers") == 0) {
        return number_take(option, value, 1, POPULATION_MAX_RESOLVERS, &request->settings.resolvers,
                           err);
    }
    if (strcmp(option, "--seed") == 0) {
        return number_take(option, value, 0, UINT64_MAX, &request->settings.seed, err);
    }
    *(strcmp(option, "--svg") == 0 ? &request->svg : &request->population) = value;
    return true;
}

/* "arn:aws:lambda:…=checkHealth", as `plan check` has it; false when it is none. */
static bool mapping_take(struct request *request, const char *word)
{
    const char *equals = strrchr(word, '=');
    struct asl_mapping *mapping = &request->mappings[request->mapping_count];
    if (equals == NULL || equals == word || !asl_resource_parse(equals + 1, &mapping->to)) {
        return false;
    }
    mapping->from = alloc_printf("%.*s", (int)(equals - word), word);
    request->mapping_count++;
    return true;
}

/* A word that is no option, or stands behind --plan. */
static bool plan_take(struct request *request, const char *word, struct error *err)
{
    if (mapping_take(request, word)) {
        return true;
    }
    if (strchr(word, '=') != NULL) {
        return plan_word(&request->words, word, err);
    }
    if (request->plan_file != NULL) {
        return error_set(err, "found \"%s\" beside \"%s\", expected one plan", word,
                         request->plan_file);
    }
    request->plan_file = word;
    return true;
}

static bool words_take(struct request *request, const char *const *arguments, size_t count,
                       struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = arguments[i];
        bool is_option = strncmp(word, "--", 2) == 0;
        bool is_plan = !is_option || strcmp(word, "--plan") == 0;
        i += is_option;
        if (!(is_plan ? plan_take(request, arguments[i], err)
                      : option_take(request, word, arguments[i], err))) {
            return false;
        }
    }
    bool has_words = request->words.plan.step_count > 0 || request->words.hold_count > 0;
    return request->plan_file == NULL || !has_words ||
           error_set(err, "found steps or hold beside the file %s, expected one of the two",
                     request->plan_file);
}

/* ---- files ---- */

static bool plan_load(struct request *request, struct error *err)
{
    size_t len = 0;
    if (request->plan_file == NULL) {
        bool is_whole = plan_finish(&request->words, err);
        request->settings.plan = request->words.plan;
        return is_whole;
    }
    CLEANUP(alloc_freep) uint8_t *text = file_load(request->plan_file, &len, err);
    if (text == NULL || !simulate_asl_is_meant((const char *)text, len)) {
        return text != NULL &&
               plan_read(text, len, request->plan_file, &request->settings.plan, err);
    }
    CLEANUP(asl_document_freep)
    struct asl_document *document =
        asl_document_parse((const char *)text, len, request->plan_file, request->mappings,
                           request->mapping_count, err);
    return document != NULL && (simulate_asl_plan(document, &request->settings.plan, err) ||
                                error_add_context(err, "%s", request->plan_file));
}

static bool population_load(struct request *request, struct error *err)
{
    size_t len = 0;
    request->settings.population = population_preset(request->population);
    if (request->settings.population != NULL) {
        return true;
    }
    CLEANUP(alloc_freep) uint8_t *text = file_load(request->population, &len, err);
    if (text == NULL && strchr(request->population, '/') == NULL) {
        return error_add_context(
            err, "--population: found no preset of that name (there are " POPULATION_PRESETS
                 ") and no file");
    }
    request->settings.population = &request->from_file;
    return text != NULL &&
           population_read(text, len, request->population, &request->from_file, err);
}

/* Under another name until it is whole. */
static bool svg_write(const struct request *request, const struct simulation *simulation,
                      struct error *err)
{
    char ttl[DURATION_TEXT_SIZE];
    duration_print(request->settings.ttl_ms, ttl);
    CLEANUP(alloc_freep)
    char *title = alloc_printf("Simulated rollout: %.0f resolvers (%s), TTL %s",
                               simulation->resolvers, request->population, ttl);
    CLEANUP(alloc_freep)
    char *svg = simulate_plot_svg(simulation, title, request->settings.ttl_ms);
    CLEANUP(alloc_freep) char *draft = alloc_printf("%s.part", request->svg);
    FILE *out = fopen(draft, "we");
    if (out == NULL) {
        return error_set(err, "%s: %s", draft, strerror(errno));
    }
    bool is_written = fputs(svg, out) >= 0;
    is_written = fclose(out) == 0 && is_written;
    if (!is_written || rename(draft, request->svg) != 0) {
        error_set(err, "%s: %s", request->svg, strerror(errno));
        unlink(draft);
        return false;
    }
    return true;
}

static void result_put(const struct request *request, const struct simulation *simulation,
                       bool as_json)
{
    struct simulated what = {&request->settings, simulation, request->population};
    struct style style = style_of(STDOUT_FILENO);
    if (as_json) {
        json_t *document = simulate_json(&what);
        json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        fputc('\n', stdout);
        json_decref(document);
    } else {
        simulate_print(stdout, &style, &what);
    }
}

int simulate_run(const char *const *arguments, size_t count, bool as_json, struct error *err)
{
    CLEANUP(request_donep)
    struct request request = {.population = "honest",
                              .mappings = alloc_zeroed(count + 1, sizeof(*request.mappings)),
                              .settings = {.ttl_ms = TTL_DEFAULT_MS, .seed = 1}};
    if (!words_take(&request, arguments, count, err)) {
        return EXIT_USAGE;
    }
    if (!plan_load(&request, err) || !population_load(&request, err)) {
        return EXIT_REFUSED;
    }
    uint64_t usual = request.settings.population->resolvers;
    if (request.settings.resolvers == 0) {
        request.settings.resolvers = usual == 0 ? POPULATION_DEFAULT_RESOLVERS : usual;
    }
    CLEANUP(simulation_freep) struct simulation *simulation = simulate(&request.settings);
    if (request.svg != NULL && !svg_write(&request, simulation, err)) {
        return EXIT_REFUSED;
    }
    result_put(&request, simulation, as_json);
    return EXIT_DONE;
}
