/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks AWS: one call is one operation, signed, with its retries; any number at once. It never
 * blocks and never delays anything but itself. Control thread only.
 *
 * Attempts that failed for a reason that passes (no answer, 5xx, throttling, a clock that is off,
 * credentials that have just ended) are made again after a wait by chance, at most
 * min(20 s, 2^i * 100 ms; throttled: 1 s), or what Retry-After says, as long as the service's
 * bucket of retries has tokens; the clock is corrected by the Date of the refusal. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/config.h"
#include "common/error.h"
#include "control/aws/aws_chance.h"
#include "control/aws/aws_credentials.h"
#include "control/aws/aws_service.h"
#include "control/aws/aws_settings.h"
#include "control/http/http_client.h"

#define AWS_TEXT_SIZE 512
#define AWS_CODE_SIZE 128

/* What came of a call. */
enum aws_outcome {
    AWS_DONE,           /* document has the result */
    AWS_REFUSED,        /* the service says no: code has why, doing the same again helps nothing */
    AWS_THROTTLED,      /* … too often; to the last attempt */
    AWS_NO_CREDENTIALS, /* none found, or those found are refused (code) */
    AWS_UNREACHABLE,    /* no answer, or 5xx, or one that is not to be understood, to the last
                           attempt: what was asked may have happened all the same */
};
const char *aws_outcome_name(enum aws_outcome outcome); /* "done", "refused", … */

struct aws_request {
    enum aws_service service;
    const char *operation; /* "DescribeServices" */
    json_t *input;         /* parameters, as the operation's model names them; borrowed; NULL: none.
                              With the query protocol lists, objects and scalars become its form. Not
                              of REST-XML */
    int64_t timeout_ms;    /* of one attempt; 0: 10 s. To connect: at most 3 s of them */
    unsigned attempts;     /* at most; 0: 3 */
    bool is_sent_once; /* an attempt goes over a connection of its own: libcurl sends once more by
                          itself what one that it kept has swallowed */
    bool is_query;     /* SQS only: by the query protocol, where JSON is not understood */
    const char *url; /* SQS only: the queue's URL, whose path and host are asked unless an endpoint
                        is set; NULL: the service's */
    /* REST-XML only: */
    const char *method; /* "GET", "DELETE"; "POST", which alone has a body */
    const char *path;   /* after the API's version, percent-encoded: "/hostedzone/Z1/rrset" */
    const char *query;  /* percent-encoded, without '?'; NULL: none */
    const char *body;   /* XML; NULL: none */
};

struct aws_answer {
    enum aws_outcome outcome;
    long status;              /* HTTP's of the last attempt; 0: no answer */
    char code[AWS_CODE_SIZE]; /* the error's, without namespace: "PriorRequestNotComplete"; "" */
    /* One line for people, of UTF-8: "route53 ChangeResourceRecordSets: Throttling: Rate exceeded".
     * Never of credentials. */
    char text[AWS_TEXT_SIZE];
    char request_id[AWS_CODE_SIZE]; /* AWS's, for its support; "" */
    /* When done: JSON's result; of XML what aws_xml.h makes of it, of query inside of …Result. When
     * refused: the error's, if it was understood. NULL: neither. The receiver takes a reference to
     * keep it. */
    json_t *document;
    unsigned attempts;
};

struct aws_client;
struct aws_call;
/* The answer is valid during the call, and the aws_call is gone after it. */
typedef void (*aws_done)(void *argument, const struct aws_answer *answer);

/* settings and http outlive it; chance NULL: the system's. Caller owns. */
struct aws_client *aws_client_new(uv_loop_t *loop, struct http_client *http,
                                  const struct aws_settings *settings,
                                  const struct aws_chance *chance);
/* No call may be under way. Closes its handles on the loop, which must still turn, and frees
 * itself. NULL is fine. */
void aws_client_close(struct aws_client *client);

/* Everything is copied. done is called once, from the loop and never from within this call, unless
 * it is cancelled. */
struct aws_call *aws_call_start(struct aws_client *client, const struct aws_request *request,
                                aws_done done, void *argument);
/* Ends and frees it without calling done; what was sent may happen all the same. NULL is fine. */
void aws_call_cancel(struct aws_call *call);

/* How far AWS's clock is before ours, as the last refusal told; 0: never found to differ. */
int64_t aws_client_skew_ms(const struct aws_client *client);
struct aws_credential_source *aws_client_credentials(struct aws_client *client);
/* The one that it was made with. */
uv_loop_t *aws_client_loop(const struct aws_client *client);
