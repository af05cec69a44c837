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
    json_t *result =
        json_pack("{s:{s:i, s:s, s:s, s:s, s:s, s:i, s:[iii], s:i, s:i, s:i, s:s, s:s, s:n, s:s},"
                  " s:[{s:s, s:s, s:{s:i, s:i},"
                  "     s:[{s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:s, s:s, s:i, s:i},"
                  "        {s:s, s:i, s:f, s:f, s:f, s:f, s:n, s:s, s:s, s:i, s:i}]}],"
                  " s:[{s:s, s:s}, {s:s, s:s}]}",
                  "rollout", "id", 7, "rule", "cats", "deployment", "ecs-svc/1234567890123456789",
                  "who", "uid 0 (root)", "state", "holding", "step", 2, "steps", 10, 50, 100,
                  "weight", 50, "hold_ms", 60000, "hold_left_ms", 41200, "stable", "blue",
                  "candidate", "grün-東京", "ended_at", "reason", "waits for a first verdict",
                  "record_sets", "name", "www.catsndogs.lol", "type", "A", "answers_since_shift",
                  "answers", blue + green, "window_ms", 64900, "members", "id", "blue", "weight",
                  50, "share_effective", 0.5, "share_configured", 0.5, "share_answered",
                  blue / 1000.0, "share_expected", 0.7, "share_traffic", 0.725, "health", "healthy",
                  "forced", "auto", "addresses", 12, "addresses_healthy", 11, "id", "grün-東京",
                  "weight", 50, "share_effective", 0.5, "share_configured", 0.5, "share_answered",
                  green / 1000.0, "share_expected", 0.3, "share_traffic", "health", "unhealthy",
                  "forced", "auto", "addresses", 1, "addresses_healthy", 0, "history", "at",
                  "2026-11-23T15:50:01Z", "text", "grün-東京 gets weight 10", "at",
                  "2026-11-23T15:51:01Z", "text", "grün-東京 gets weight 50");
    assert_non_null(result);
    return result;
}

static char *drawn(const struct style *style, const json_t *result)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    view_print(out, style, result);
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

static void the_four_shares_stand_in_a_row_of_eighty_columns(void **state)
{
    (void)state;
    const struct style style = {.columns = 80, .rows = 24};
    json_t *result = result_of(900, 100);
    json_t *set = json_array_get(json_object_get(result, "record_sets"), 0);
    char *text = drawn(&style, result);
    assert_null(strstr(text, "TRAFFIC")); /* no source is configured */
    assert_non_null(strstr(text, "  1000 answered in 1m4s since the shift\n"));
    free(text);
    json_object_set_new(set, "traffic", json_object());
    text = drawn(&style, result);
    assert_non_null(strstr(
        text, "MEMBER  WEIGHT SHARE          CONFIGURED ANSWERED EXPECTED TRAFFIC HEALTH\n"));
    assert_non_null(
        strstr(text, "    50 #######.......     50.0 %   90.0 %   70.0 %  72.5 % healthy 11/12\n"));
    assert_non_null(
        strstr(text, "    50 #######.......     50.0 %   10.0 %   30.0 %       - unhealthy\n"));
    free(text);
    json_decref(result);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_of_terminal_is_kept_within),
        cmocka_unit_test(from_forty_columns_on_what_matters_is_there),
        cmocka_unit_test(the_four_shares_stand_in_a_row_of_eighty_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
