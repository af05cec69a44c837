/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/aws/aws_retry.h"

static void codes_say_how_it_failed(void **state)
{
    (void)state;
    assert_int_equal(aws_retry_classify(200, ""), AWS_FAILURE_NONE);
    assert_int_equal(aws_retry_classify(400, "Throttling"), AWS_FAILURE_THROTTLED);
    assert_int_equal(aws_retry_classify(400, "PriorRequestNotComplete"), AWS_FAILURE_THROTTLED);
    assert_int_equal(aws_retry_classify(429, ""), AWS_FAILURE_THROTTLED);
    assert_int_equal(aws_retry_classify(503, "SlowDown"), AWS_FAILURE_THROTTLED);
    assert_int_equal(aws_retry_classify(500, ""), AWS_FAILURE_PASSING);
    assert_int_equal(aws_retry_classify(400, "RequestTimeout"), AWS_FAILURE_PASSING);
    assert_int_equal(aws_retry_classify(403, "ExpiredToken"), AWS_FAILURE_CREDENTIALS);
    assert_int_equal(aws_retry_classify(400, "UnrecognizedClientException"),
                     AWS_FAILURE_CREDENTIALS);
    assert_int_equal(aws_retry_classify(403, "RequestTimeTooSkewed"), AWS_FAILURE_CLOCK);
    assert_int_equal(aws_retry_classify(403, "AccessDenied"), AWS_FAILURE_FINAL);
    assert_int_equal(aws_retry_classify(400, "InvalidChangeBatch"), AWS_FAILURE_FINAL);
    assert_int_equal(aws_retry_classify(302, ""), AWS_FAILURE_FINAL);
}

static void the_bucket_bounds_retries(void **state)
{
    (void)state;
    struct aws_retry_bucket bucket;
    unsigned taken = 0, retries = 0;
    aws_retry_bucket_init(&bucket);
    while (aws_retry_take(&bucket, AWS_FAILURE_PASSING, &taken)) {
        retries++;
    }
    assert_int_equal(retries, 100);
    assert_false(aws_retry_take(&bucket, AWS_FAILURE_TIMEOUT, &taken));
    aws_retry_give(&bucket, taken);
    assert_true(aws_retry_take(&bucket, AWS_FAILURE_THROTTLED, &taken));
    assert_int_equal(taken, 5);
    for (int i = 0; i < 10; i++) {
        aws_retry_give(&bucket, 0);
    }
    assert_true(aws_retry_take(&bucket, AWS_FAILURE_TIMEOUT, &taken));
    assert_int_equal(taken, 10);
    for (int i = 0; i < 1000; i++) {
        aws_retry_give(&bucket, 0);
    }
    assert_int_equal(bucket.tokens, AWS_RETRY_TOKENS);
}

static void waits_grow_by_chance(void **state)
{
    (void)state;
    assert_int_equal(aws_retry_wait_ms(0, AWS_FAILURE_PASSING, 0, 0.5), 50);
    assert_int_equal(aws_retry_wait_ms(3, AWS_FAILURE_PASSING, 0, 0.5), 400);
    assert_int_equal(aws_retry_wait_ms(0, AWS_FAILURE_THROTTLED, 0, 0.5), 500);
    assert_int_equal(aws_retry_wait_ms(0, AWS_FAILURE_PASSING, 0, 0), 0);
    assert_int_equal(aws_retry_wait_ms(60, AWS_FAILURE_THROTTLED, 0, 0.999), 19980);
    assert_int_equal(aws_retry_wait_ms(0, AWS_FAILURE_PASSING, 3000, 0.5), 3000);
    assert_int_equal(aws_retry_wait_ms(0, AWS_FAILURE_PASSING, 3000000, 0.5), 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_say_how_it_failed),
        cmocka_unit_test(the_bucket_bounds_retries),
        cmocka_unit_test(waits_grow_by_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
