/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control/notify.h"

static void delays_double_up_to_five_minutes(void **state)
{
    (void)state;
    static const int64_t expected[] = {1000,  2000,   4000,   8000,   16000, 32000,
                                       64000, 128000, 256000, 300000, 300000};
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        assert_int_equal(notify_delay_ms((int64_t)i + 1, 0), expected[i]);
    }
    assert_int_equal(notify_delay_ms(INT64_MAX, 0), 300000);
}

static void chance_takes_up_to_a_half(void **state)
{
    (void)state;
    assert_int_equal(notify_delay_ms(1, 50), 750);
    assert_int_equal(notify_delay_ms(1, 99), 505);
    assert_int_equal(notify_delay_ms(100, 99), 151500);
}

static void slack(const char *body, const char *expected)
{
    json_t *json = json_loads(body, 0, NULL);
    assert_non_null(json);
    json_t *told = notify_slack(json);
    assert_string_equal(json_string_value(json_object_get(told, "text")), expected);
    json_decref(told);
    json_decref(json);
}

static void slack_is_told_in_one_line(void **state)
{
    (void)state;
    slack("{\"event\":\"failed\",\"text\":\"a < b && c > "
          "d\",\"rollout\":{\"id\":7,\"rule\":\"cats\"}}",
          "*cats* #7 failed: a &lt; b &amp;&amp; c &gt; d");
    slack("{\"event\":\"frozen\",\"text\":\"all rollouts: sale\"}", "frozen: all rollouts: sale");
}

static void a_long_text_is_cut_between_what_is_escaped(void **state)
{
    (void)state;
    char body[16384] = "{\"event\":\"failed\",\"text\":\"";
    size_t used = strlen(body);
    memset(body + used, '&', 8000);
    strcpy(body + used + 8000, "\"}");
    json_t *json = json_loads(body, 0, NULL);
    json_t *told = notify_slack(json);
    const char *text = json_string_value(json_object_get(told, "text"));
    assert_non_null(text);
    assert_string_equal(text + strlen(text) - 5, "&amp;");
    json_decref(told);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_double_up_to_five_minutes),
        cmocka_unit_test(chance_takes_up_to_a_half),
        cmocka_unit_test(slack_is_told_in_one_line),
        cmocka_unit_test(a_long_text_is_cut_between_what_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
