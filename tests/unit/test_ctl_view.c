/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/ctl_view.h"

/* A result of `rollout show` with these counters. Caller owns. */
static json_t *result_of(int blue, int green)
{
    json_t *result = json_pack(
        "{s:{s:i, s:s, s:s, s:s, s:s, s:i, s:[iii], s:i, s:i, s:i, s:s, s:s, s:n, s:s},"
        " s:[{s:s, s:s, s:[{s:s, s:i, s:f, s:i, s:f, s:s, s:s, s:i, s:i},"
        "                  {s:s, s:i, s:f, s:i, s:f, s:s, s:s, s:i, s:i}]}],"
        " s:[{s:s, s:s}, {s:s, s:s}]}",
        "rollout", "id", 7, "rule", "cats", "deployment", "ecs-svc/1234567890123456789", "who",
        "uid 0 (root)", "state", "holding", "step", 2, "steps", 10, 50, 100, "weight", 50,
        "hold_ms", 60000, "hold_left_ms", 41200, "stable", "blue", "candidate", "grün-東京",
        "ended_at", "reason", "waits for a first verdict", "record_sets", "name",
        "www.catsndogs.lol", "type", "A", "members", "id", "blue", "weight", 50, "share_effective",
        0.5, "answered", blue, "share_answered", 0.9, "health", "healthy", "forced", "auto",
        "addresses", 12, "addresses_healthy", 11, "id", "grün-東京", "weight", 50,
        "share_effective", 0.5, "answered", green, "share_answered", 0.1, "health", "unhealthy",
        "forced", "auto", "addresses", 1, "addresses_healthy", 0, "history", "at",
        "2026-11-23T15:50:01Z", "text", "grün-東京 gets weight 10", "at", "2026-11-23T15:51:01Z",
        "text", "grün-東京 gets weight 50");
    assert_non_null(result);
    return result;
}

static char *drawn(const struct style *style, const json_t *result)
{
    char *text = NULL;
    size_t len = 0;
    struct view_baseline baseline = {NULL};
    FILE *out = open_memstream(&text, &len);
    view_baseline_follow(&baseline, result);
    view_print(out, style, &baseline, result);
    view_baseline_done(&baseline);
    fclose(out);
    return text;
}

static void check_lines(const struct style *style, char *text)
{
    unsigned lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(text_columns(style, line) <= style->columns);
        lines++;
    }
    assert_true(lines > 0 && lines < style->rows);
}

static void every_size_of_terminal_is_kept_within(void **state)
{
    (void)state;
    json_t *result = result_of(900, 100);
    for (unsigned columns = 1; columns <= 150; columns++) {
        for (unsigned rows = 2; rows <= 26; rows += 3) {
            struct style style = {.columns = columns, .rows = rows, .has_utf8 = true};
            char *text = drawn(&style, result);
            check_lines(&style, text);
            free(text);
            style.has_utf8 = false;
            text = drawn(&style, result);
            for (const char *p = text; *p != '\0'; p++) {
                assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
            }
            check_lines(&style, text);
            free(text);
        }
    }
    json_decref(result);
}

static void from_forty_columns_on_what_matters_is_there(void **state)
{
    (void)state;
    static const char *const needed[] = {"cats",          "holding",   "10 > [50] > 100",
                                         "00:42 left of", "blue",      "50 ####",
                                         "healthy",       "unhealthy", "15:51:01"};
    json_t *result = result_of(900, 100);
    for (unsigned columns = 40; columns <= 150; columns++) {
        const struct style style = {.columns = columns, .rows = 24};
        char *text = drawn(&style, result);
        for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
            assert_non_null(strstr(text, needed[i]));
        }
        free(text);
    }
    json_decref(result);
}

/* The share of the first member after counters went from one pair to another. */
static bool share_after(const int from[2], const int to[2], double *share)
{
    struct view_baseline baseline = {NULL};
    json_t *first = result_of(from[0], from[1]);
    json_t *second = result_of(to[0], to[1]);
    view_baseline_follow(&baseline, first);
    view_baseline_follow(&baseline, second);
    bool has_share = view_share_answered(
        &baseline, json_array_get(json_object_get(second, "record_sets"), 0), 0, share);
    view_baseline_done(&baseline);
    json_decref(first);
    json_decref(second);
    return has_share;
}

static void shares_are_of_the_answers_since_the_watch_began(void **state)
{
    (void)state;
    double share;
    assert_true(share_after((int[2]){900, 100}, (int[2]){930, 170}, &share));
    assert_true(share > 0.299 && share < 0.301);
    assert_false(share_after((int[2]){900, 100}, (int[2]){900, 100}, &share));
    assert_false(share_after((int[2]){0, 0}, (int[2]){0, 0}, &share));
}

static void after_a_restart_of_the_daemon_shares_begin_anew(void **state)
{
    (void)state;
    double share;
    assert_true(share_after((int[2]){900, 100}, (int[2]){20, 180}, &share));
    assert_true(share > 0.099 && share < 0.101);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_of_terminal_is_kept_within),
        cmocka_unit_test(from_forty_columns_on_what_matters_is_there),
        cmocka_unit_test(shares_are_of_the_answers_since_the_watch_began),
        cmocka_unit_test(after_a_restart_of_the_daemon_shares_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
