/* SPDX-License-Identifier: BSD-2-Clause */
/* Route 53's health checks: written as its requests have them, read from its answers (their XML as
 * aws_xml.h makes JSON of it). Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define ROUTE53_CHECK_ID_SIZE   65 /* with the final zero */
#define ROUTE53_REFERENCE_SIZE  65
#define ROUTE53_CHILD_CHECK_MAX 256

/* What Route 53 checks. */
struct route53_check {
    const char *type;    /* "HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP",
                            "CALCULATED" */
    const char *address; /* NULL: of a calculated one, and so for the rest */
    uint16_t port;
    const char *path;   /* NULL: of TCP */
    const char *host;   /* the Host header; NULL: the address */
    const char *search; /* of STR_MATCH: has to be in the body */
    unsigned interval_s;
    unsigned failures; /* in a row that turn it, both ways */
    bool is_tls;       /* then it says whether the host is sent as the server's name */
    /* Of a calculated one: so many of these have to be healthy. */
    const char *const *children;
    size_t child_count;
    unsigned threshold;
};

/* HealthCheckConfig; the same for the same check. The caller frees it. */
char *route53_check_print(const struct route53_check *check);
/* CreateHealthCheck's body, with such a HealthCheckConfig. The caller frees it. */
char *route53_check_request(const char *reference, const char *config);

/* One that Route 53 has. */
struct route53_found_check {
    char reference[ROUTE53_REFERENCE_SIZE];
    char id[ROUTE53_CHECK_ID_SIZE]; /* letters, digits and '-'; "": the reference is used up */
    bool is_calculated;
    bool is_wanted; /* the reader's to use */
    bool is_kept;   /* … too: Route 53 would not delete it */
};

struct route53_found_checks {
    struct route53_found_check *checks;
    size_t count;
};
void route53_found_checks_done(struct route53_found_checks *found);
void route53_found_checks_add(struct route53_found_checks *found,
                              const struct route53_found_check *check);

/* CreateHealthCheck's answer. False and err: it has no health check. */
MUST_CHECK bool route53_read_check(const json_t *document, struct route53_found_check *check,
                                   struct error *err);
/* ListHealthChecks' answer: adds those whose reference begins with prefix. False and err: it is
 * none, and found has what came before. */
MUST_CHECK bool route53_read_checks(const json_t *document, const char *prefix,
                                    struct route53_found_checks *found, struct error *err);
/* The query of ListHealthChecks' next page, without '?'; NULL: this was the last one. The caller
 * frees it. */
char *route53_next_checks(const json_t *document);
