/* SPDX-License-Identifier: BSD-2-Clause */
/* When to ask again. Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What one attempt came to. */
enum aws_failure {
    AWS_FAILURE_NONE,
    AWS_FAILURE_FINAL,       /* asking again helps nothing */
    AWS_FAILURE_PASSING,     /* 5xx, no answer */
    AWS_FAILURE_TIMEOUT,     /* no answer in time */
    AWS_FAILURE_THROTTLED,   /* too many requests */
    AWS_FAILURE_CLOCK,       /* our clock is not AWS's */
    AWS_FAILURE_CREDENTIALS, /* those sent have ended or are not known */
};

/* By HTTP's status and the error's code, as the SDKs' standard retry mode has them. */
enum aws_failure aws_retry_classify(long status, const char *code);

/* Tokens for retries, shared by a service's calls: 500, a retry takes 5 (after a time-out 10), and
 * gives them back when it succeeds; a call without retries gives 1. */
struct aws_retry_bucket {
    unsigned tokens;
};
#define AWS_RETRY_TOKENS 500
void aws_retry_bucket_init(struct aws_retry_bucket *bucket);
/* False: no retry now. *taken gets how many tokens it cost. */
bool aws_retry_take(struct aws_retry_bucket *bucket, enum aws_failure failure, unsigned *taken);
/* The call succeeded; taken: of its last retry; 0: it had none. */
void aws_retry_give(struct aws_retry_bucket *bucket, unsigned taken);

/* How long to wait before the retry (0 is the first): fraction of [0, 1) of min(20 s, 2^retry *
 * 100 ms; throttled: 1 s), and not less than retry_after_ms (at most 20 s of it). */
int64_t aws_retry_wait_ms(unsigned retry, enum aws_failure failure, int64_t retry_after_ms,
                          double fraction);
