/* SPDX-License-Identifier: BSD-2-Clause */
/* usage: run_cases [FILE…]
 *
 * Runs the files of answer cases that are named. Without arguments it runs all in tests/answers,
 * and checks that each in tests/answers/invalid is refused with the text of its first line,
 * "# refused: LINE: TEXT", or has failed cases, "# failed: COUNT". */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "tests/answers/case_file.h"

#define REFUSED "# refused: "
#define FAILED  "# failed: "

typedef bool (*check)(const char *path, struct error *err);

static bool has_no_failure(const char *path, struct error *err)
{
    struct case_counts counts;
    if (!case_file_run(path, &counts, err)) {
        return false;
    }
    printf("%s: %u cases, %u failed\n", path, counts.cases, counts.failed);
    return counts.failed == 0 || error_set(err, "%s: cases have failed", path);
}

/* What came of the file, in the form of a first line. */
static char *describe(const char *path)
{
    struct error err = {""};
    struct case_counts counts;
    size_t path_len = strlen(path);
    if (case_file_run(path, &counts, &err)) {
        return alloc_printf(FAILED "%u\n", counts.failed);
    }
    bool has_path = strncmp(err.text, path, path_len) == 0;
    return alloc_printf(REFUSED "%s\n", err.text + (has_path ? path_len + 1 : 0));
}

static bool is_refused_as_written(const char *path, struct error *err)
{
    char first[512] = "";
    FILE *file = fopen(path, "re");
    bool has_first = file != NULL && fgets(first, sizeof(first), file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    CLEANUP(alloc_freep) char *found = describe(path);
    return (has_first && strcmp(first, found) == 0) ||
           error_set(err, "%s: expected \"%s\", found \"%s\"", path, first, found);
}

static bool run_one(const char *path, check is_right)
{
    struct error err = {""};
    bool is_passed = is_right(path, &err);
    if (!is_passed) {
        printf("%s\n", err.text);
    }
    return is_passed;
}

static bool run_all(const char *directory, check is_right)
{
    CLEANUP(alloc_freep) char *pattern = alloc_printf("%s/*.case", directory);
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        printf("%s: no file\n", pattern);
        return false;
    }
    bool is_passed = true;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        is_passed = run_one(found.gl_pathv[i], is_right) && is_passed;
    }
    printf("%s: %zu files\n", directory, found.gl_pathc);
    globfree(&found);
    return is_passed;
}

int main(int argc, char **argv)
{
    bool is_passed = true;
    for (int i = 1; i < argc; i++) {
        is_passed = run_one(argv[i], has_no_failure) && is_passed;
    }
    if (argc == 1) {
        const char *top = getenv("top_srcdir");
        CLEANUP(alloc_freep)
        char *valid = alloc_printf("%s/tests/answers", top != NULL ? top : ".");
        CLEANUP(alloc_freep) char *invalid = alloc_printf("%s/invalid", valid);
        is_passed = run_all(valid, has_no_failure);
        is_passed = run_all(invalid, is_refused_as_written) && is_passed;
    }
    return is_passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
