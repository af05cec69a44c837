/* SPDX-License-Identifier: BSD-2-Clause */
/* usage: run_scenario [FILE…]
 *
 * Plays scenario files (tests/sim/scenario.h describes the language). Without arguments it plays
 * all in tests/sim, and checks that each in tests/sim/invalid is refused with the text of its first
 * line, "# refused: LINE: TEXT". Prints a line a file; exits 1 when one did not go as written. */
#include "common/alloc.h"
#include "tests/sim/scenario.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED "# refused: "

typedef bool (*check)(const char *path, struct error *err);

static bool plays(const char *path, struct error *err)
{
    struct scenario_result result;
    if (!scenario_play(path, &result, err)) {
        return false;
    }
    printf("%u expectations in %" PRId64 " s of virtual time\n", result.expectations,
           result.played_ms / 1000);
    return true;
}

static bool is_refused_as_written(const char *path, struct error *err)
{
    char first[512] = "";
    FILE *file = fopen(path, "r");
    bool has_first = file != NULL && fgets(first, sizeof(first), file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    if (!has_first || strncmp(first, REFUSED, strlen(REFUSED)) != 0) {
        return error_set(err, "%s:1: expected \"%sLINE: TEXT\"", path, REFUSED);
    }
    first[strcspn(first, "\n")] = '\0';
    CLEANUP(alloc_freep) char *expected = alloc_printf("%s:%s", path, first + strlen(REFUSED));
    struct scenario_result result;
    struct error refusal;
    if (scenario_play(path, &result, &refusal)) {
        return error_set(err, "%s: was not refused", path);
    }
    return strcmp(refusal.text, expected) == 0 ||
           error_set(err, "expected \"%s\", found \"%s\"", expected, refusal.text);
}

/* The lines around a result are cmocka's, so that each file counts as a test. */
static bool run_one(const char *path, check is_right)
{
    struct error err;
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    printf("[ RUN      ] %s\n", name);
    bool is_passed = is_right(path, &err);
    if (!is_passed) {
        printf("%s\n", err.text);
    }
    printf("%s %s\n", is_passed ? "[       OK ]" : "[  FAILED  ]", name);
    return is_passed;
}

static bool run_all(const char *directory, check is_right)
{
    CLEANUP(alloc_freep) char *pattern = alloc_printf("%s/*.scenario", directory);
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        printf("%s: no scenario\n", pattern);
        return false;
    }
    bool is_passed = true;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        is_passed = run_one(found.gl_pathv[i], is_right) && is_passed;
    }
    globfree(&found);
    return is_passed;
}

int main(int argc, char **argv)
{
    bool is_passed = true;
    for (int i = 1; i < argc; i++) {
        is_passed = run_one(argv[i], plays) && is_passed;
    }
    if (argc == 1) {
        const char *top = getenv("top_srcdir");
        CLEANUP(alloc_freep) char *valid = alloc_printf("%s/tests/sim", top != NULL ? top : ".");
        CLEANUP(alloc_freep) char *invalid = alloc_printf("%s/invalid", valid);
        is_passed = run_all(valid, plays);
        is_passed = run_all(invalid, is_refused_as_written) && is_passed;
    }
    return is_passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
