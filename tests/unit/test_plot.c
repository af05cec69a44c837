/* SPDX-License-Identifier: BSD-2-Clause */
/* What is drawn is looked at by eye and parsed in tests/integration/test_simulate.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/forecast/plot.h"

static char *draw(const char *name, double from_ms, double to_ms)
{
    static const double values[] = {0, 0.5, 1.0000001, -0.0000001};
    const struct plot_line line = {.name = name,
                                   .colour = 1,
                                   .values = values,
                                   .count = 4,
                                   .from_ms = from_ms,
                                   .step_ms = (to_ms - from_ms) / 3};
    const struct plot_mark marks[] = {{from_ms, "first"}, {from_ms, "hidden"}, {to_ms + 1, "out"}};
    const struct plot_panel panel = {.title = "panel",
                                     .x_label = "time",
                                     .y_label = "share",
                                     .from_ms = from_ms,
                                     .to_ms = to_ms,
                                     .lines = &line,
                                     .line_count = 1,
                                     .marks = marks,
                                     .mark_count = 3};
    return plot_svg(name == NULL ? "" : name, &panel, 1);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    while ((text = strstr(text, what)) != NULL) {
        text += strlen(what);
        count++;
    }
    return count;
}

static void assert_holds(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        fail_msg("not there: %s", what);
    }
}

static void values_and_marks_are_drawn(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *svg = draw("line", 0, 60000);
    assert_holds(svg, "<svg xmlns=");
    assert_int_equal(count_of(svg, "<polyline"), 1);
    /* Beyond 0 and 1 by a rounding: drawn at 0 and 1. */
    assert_holds(svg, "points=\"64.0,314.0 289.3,202.0 514.7,90.0 740.0,314.0\"");
    assert_int_equal(count_of(svg, ">first<"), 1);
    assert_int_equal(count_of(svg, ">hidden<"), 0);
    assert_int_equal(count_of(svg, ">out<"), 0);
    assert_int_equal(count_of(svg, ">line<"), 3); /* the title, shown and not, the legend */
    assert_holds(svg, ">100 %<");
}

static void ticks_are_round_times(void **state)
{
    (void)state;
    static const struct {
        double to_ms;
        const char *first, *second;
    } spans[] = {
        {20, ">5ms<", ">10ms<"},     {1000, ">200ms<", ">400ms<"}, {60000, ">10s<", ">20s<"},
        {210000, ">30s<", ">1m<"},   {3600000, ">10m<", ">20m<"},  {86400000, ">3h<", ">6h<"},
        {864000000, ">2d<", ">4d<"}, {3.2e10, ">50d<", ">100d<"},  {3.2e12, ">5000d<", ">10000d<"}};
    for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
        CLEANUP(alloc_freep) char *svg = draw(NULL, 0, spans[i].to_ms);
        assert_holds(svg, ">0s<");
        assert_holds(svg, spans[i].first);
        assert_holds(svg, spans[i].second);
        assert_true(count_of(svg, "v5\"") <= 9);
    }
}

static void texts_are_escaped(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *markup = draw("<a href=\"x\">&amp;\x01", 0, 1000);
    assert_holds(markup, ">&lt;a href=\"x\"&gt;&amp;amp;?<");
    CLEANUP(alloc_freep) char *good = draw("K\xc3\xa4se \xe2\x82\xac \xf0\x9f\x90\x88", 0, 1000);
    assert_holds(good, ">K\xc3\xa4se \xe2\x82\xac \xf0\x9f\x90\x88<");
    /* Cut, overlong, a surrogate, no character, beyond the last. */
    CLEANUP(alloc_freep)
    char *bad = draw("\xc3 \xc0\xaf \xed\xa0\x80 \xef\xbf\xbf \xf4\x90\x80\x80 \x80", 0, 1000);
    assert_holds(bad, ">? ?? ??? ??? ???? ?<");
    CLEANUP(alloc_freep) char *cut = draw("\xe2\x82", 0, 1000);
    assert_holds(cut, ">?\?<");
}

static void sparklines_have_a_bar_for_each_column(void **state)
{
    (void)state;
    static const double values[] = {0, 0.1, 0.5, 0.9, 1, 2, -1, 0};
    char out[PLOT_SPARKLINE_SIZE(16)];
    plot_sparkline(values, 8, 8, false, out);
    assert_string_equal(out, "__=###__");
    plot_sparkline(values, 8, 4, false, out);
    assert_string_equal(out, "_+#_");
    plot_sparkline(values, 8, 16, true, out);
    assert_int_equal(strlen(out), 16 * 3);
    plot_sparkline(values + 2, 1, 3, false, out);
    assert_string_equal(out, "===");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_marks_are_drawn),
        cmocka_unit_test(ticks_are_round_times),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(sparklines_have_a_bar_for_each_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
