/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a service is asked. Pure; any thread. */
#pragma once

#include "common/error.h"
#include "control/aws/aws_settings.h"

struct aws_endpoint {
    char *url;            /* "https://sqs.eu-west-1.amazonaws.com"; no final slash */
    char *host;           /* as the Host header has it */
    char *path;           /* of the URL, without a final slash: "" */
    char *signing_region; /* of the scope */
};

/* As botocore finds it: the settings' URL of the service, of all, else AWS's own name by region,
 * partition, FIPS and dual-stack. False and err: there is no such name, or a URL is none. region
 * may be NULL where the service is global. Caller frees with aws_endpoint_done. */
MUST_CHECK bool aws_endpoint_find(const struct aws_settings *settings, enum aws_service service,
                                  const char *region, struct aws_endpoint *endpoint,
                                  struct error *err);
/* Takes the port off a URL's "host:port" if it is its scheme's own: no Host header has that. */
void aws_endpoint_drop_port(const char *url, char *host);
void aws_endpoint_done(struct aws_endpoint *endpoint);
