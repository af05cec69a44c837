/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_retry.h"

#include <stddef.h>
#include <string.h>

#include "common/attributes.h"

#define WAIT_MAX_MS       20000
#define WAIT_BASE_MS      100
#define WAIT_THROTTLED_MS 1000
#define COST_RETRY        5U
#define COST_TIMEOUT      10U
#define GIVEN_FOR_SUCCESS 1U

/* As botocore's retries/standard.py and the SDKs reference guide have them, and those by which a
 * service says what the guide calls clock skew and credentials that have ended. */
static const struct {
    const char *code;
    enum aws_failure failure;
} codes[] = {
    {"Throttling", AWS_FAILURE_THROTTLED},
    {"ThrottlingException", AWS_FAILURE_THROTTLED},
    {"ThrottledException", AWS_FAILURE_THROTTLED},
    {"RequestThrottledException", AWS_FAILURE_THROTTLED},
    {"RequestThrottled", AWS_FAILURE_THROTTLED},
    {"TooManyRequestsException", AWS_FAILURE_THROTTLED},
    {"ProvisionedThroughputExceededException", AWS_FAILURE_THROTTLED},
    {"TransactionInProgressException", AWS_FAILURE_THROTTLED},
    {"RequestLimitExceeded", AWS_FAILURE_THROTTLED},
    {"BandwidthLimitExceeded", AWS_FAILURE_THROTTLED},
    {"LimitExceededException", AWS_FAILURE_THROTTLED},
    {"SlowDown", AWS_FAILURE_THROTTLED},
    {"EC2ThrottledException", AWS_FAILURE_THROTTLED},
    {"PriorRequestNotComplete", AWS_FAILURE_THROTTLED},
    {"RequestTimeout", AWS_FAILURE_PASSING},
    {"RequestTimeoutException", AWS_FAILURE_PASSING},
    {"InternalError", AWS_FAILURE_PASSING},
    {"InternalFailure", AWS_FAILURE_PASSING},
    {"InternalServerError", AWS_FAILURE_PASSING},
    {"ServiceUnavailable", AWS_FAILURE_PASSING},
    {"IDPCommunicationError", AWS_FAILURE_PASSING},
    {"RequestTimeTooSkewed", AWS_FAILURE_CLOCK},
    {"RequestExpired", AWS_FAILURE_CLOCK},
    {"RequestInTheFuture", AWS_FAILURE_CLOCK},
    {"ExpiredToken", AWS_FAILURE_CREDENTIALS},
    {"ExpiredTokenException", AWS_FAILURE_CREDENTIALS},
    {"InvalidClientTokenId", AWS_FAILURE_CREDENTIALS},
    {"UnrecognizedClientException", AWS_FAILURE_CREDENTIALS},
    {"InvalidAccessKeyId", AWS_FAILURE_CREDENTIALS},
    {"AuthFailure", AWS_FAILURE_CREDENTIALS},
};

enum aws_failure aws_retry_classify(long status, const char *code)
{
    if (status >= 200 && status < 300) {
        return AWS_FAILURE_NONE;
    }
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(codes[i].code, code) == 0) {
            return codes[i].failure;
        }
    }
    if (status == 429) {
        return AWS_FAILURE_THROTTLED;
    }
    return status >= 500 || status == 408 ? AWS_FAILURE_PASSING : AWS_FAILURE_FINAL;
}

void aws_retry_bucket_init(struct aws_retry_bucket *bucket)
{
    bucket->tokens = AWS_RETRY_TOKENS;
}

bool aws_retry_take(struct aws_retry_bucket *bucket, enum aws_failure failure, unsigned *taken)
{
    unsigned cost = failure == AWS_FAILURE_TIMEOUT ? COST_TIMEOUT : COST_RETRY;
    if (bucket->tokens < cost) {
        return false;
    }
    bucket->tokens -= cost;
    *taken = cost;
    return true;
}

void aws_retry_give(struct aws_retry_bucket *bucket, unsigned taken)
{
    bucket->tokens += taken > 0 ? taken : GIVEN_FOR_SUCCESS;
    if (bucket->tokens > AWS_RETRY_TOKENS) {
        bucket->tokens = AWS_RETRY_TOKENS;
    }
}

int64_t aws_retry_wait_ms(unsigned retry, enum aws_failure failure, int64_t retry_after_ms,
                          double fraction)
{
    int64_t most = failure == AWS_FAILURE_THROTTLED ? WAIT_THROTTLED_MS : WAIT_BASE_MS;
    for (unsigned i = 0; i < retry && most < WAIT_MAX_MS; i++) {
        most *= 2;
    }
    most = most < WAIT_MAX_MS ? most : WAIT_MAX_MS;
    int64_t wait = (int64_t)((double)most * fraction);
    int64_t least = retry_after_ms < WAIT_MAX_MS ? retry_after_ms : WAIT_MAX_MS;
    return wait > least ? wait : least;
}
