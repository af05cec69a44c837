/* SPDX-License-Identifier: BSD-2-Clause */
/* Signature Version 4 (reference: "Create a signed AWS API request" of the IAM user guide). Pure;
 * any thread.
 *
 * libcurl has a signer, too; it takes its time from the system, so that a wrong clock cannot be
 * corrected nor a published vector checked, hence our own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/aws/aws_credentials.h"

struct aws_to_sign {
    const char *method;
    const char *host;  /* as the Host header has it: with a port, when it is not the scheme's */
    const char *path;  /* as it is sent, percent-encoded; "/" at least */
    const char *query; /* as it is sent, percent-encoded; "" */
    /* "Name: value" each, the last one NULL: all of them are signed, beside Host, X-Amz-Date and
     * X-Amz-Security-Token, which are added. NULL: none. */
    const char *const *headers;
    const char *body;
    size_t body_len;
    const char *region, *service; /* of the scope */
    int64_t time_s;
    bool normalizes_path; /* dots and slashes taken together, as for everything but S3 */
};

struct aws_signature {
    char *date;          /* "X-Amz-Date: …" */
    char *token;         /* "X-Amz-Security-Token: …"; NULL: none */
    char *authorization; /* "Authorization: AWS4-HMAC-SHA256 …" */
};

/* The headers to send with the request. Caller frees with aws_signature_done. */
void aws_sign(const struct aws_to_sign *request, const struct aws_credentials *credentials,
              struct aws_signature *signature);
/* What is hashed and signed on the way, for tests. Caller frees. */
char *aws_sign_canonical(const struct aws_to_sign *request,
                         const struct aws_credentials *credentials);
void aws_signature_done(struct aws_signature *signature);
