/* SPDX-License-Identifier: BSD-2-Clause */
/* What is sent for a call, and what an answer means: aws_client's pure half. Any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/aws/aws_client.h"
#include "control/aws/aws_endpoint.h"
#include "control/aws/aws_retry.h"

#define AWS_CALL_HEADERS 8

/* A call's request as HTTP has it, unsigned. Owns its texts. */
struct aws_message {
    const char *method;
    char *path;  /* "/2013-04-01/hostedzone/Z1/rrset" */
    char *query; /* "" */
    char *body;
    size_t body_len;
    char *headers[AWS_CALL_HEADERS]; /* to be signed; ends with NULL */
};
void aws_message_make(const struct aws_request *request, struct aws_message *message);
void aws_message_done(struct aws_message *message);

/* How the service is spoken to: the request's word, else the service's. */
enum aws_protocol aws_call_protocol(const struct aws_request *request);

/* Where a queue's URL says that it is: its host, and the region that its name has (else
 * fallback_region). Replaces what endpoint has. */
MUST_CHECK bool aws_call_queue_endpoint(const char *url, const char *fallback_region,
                                        struct aws_endpoint *endpoint, struct error *err);

/* What came over HTTP. */
struct aws_response {
    long status;
    const char *body;
    size_t len;
    const char *error_type;   /* header x-amzn-ErrorType; NULL: none */
    const char *request_id;   /* header x-amzn-RequestId; NULL: none */
    const char *content_type; /* header Content-Type; NULL: none */
};
/* Fills answer (but outcome and attempts) from a whole response. Returns how it failed, if it did.
 * A document is a new reference.
 *
 * A 2xx is only AWS's when it bears AWS's mark: of JSON an object (or nothing) with
 * x-amzn-RequestId, or an object of type application/x-amz-json-…; of XML a root named after the
 * operation. Any other is somebody else's, a proxy's perhaps, and fails like no answer: nothing
 * that it lacks may be taken for empty. */
enum aws_failure aws_call_judge(const struct aws_request *request,
                                const struct aws_response *response, struct aws_answer *answer);

/* The seconds of Retry-After, or the milliseconds of x-amz-retry-after, in ms; 0: neither. */
int64_t aws_call_retry_after_ms(const char *retry_after, const char *amz_retry_after);
/* How far AWS's clock is before ours, by its Date header; false: it cannot be read. */
MUST_CHECK bool aws_call_skew(const char *date, int64_t now_ms, int64_t *skew_ms);
/* Whether a refusal may be about the time (some services have no code of their own for that), and
 * its Date, which may be NULL, says that the skew is off by more than AWS lets pass. Then it is
 * corrected. */
MUST_CHECK bool aws_call_corrects_skew(enum aws_failure failure, const struct aws_answer *answer,
                                       const char *date, int64_t now_ms, int64_t *skew_ms);
