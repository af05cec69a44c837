/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls about health checks: one at a time, one attempt each; what follows is
 * route53_mirror.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/route53_private.h"

#define TIMEOUT_MS 15000
#define PREFIX     "ballast-"

static void start(struct route53_mirrors *mirrors, struct aws_request *request, aws_done done)
{
    request->service = AWS_ROUTE53;
    request->timeout_ms = TIMEOUT_MS;
    request->attempts = 1;
    mirrors->all->tokens -= 1;
    mirrors->call = aws_call_start(mirrors->all->control->aws, request, done, mirrors);
}

/* An answer that makes no sense is none. */
static void fail_text(struct route53_mirrors *mirrors, const char *what, const struct error *err)
{
    struct aws_answer answer = {.outcome = AWS_UNREACHABLE};
    snprintf(answer.text, sizeof(answer.text), "route53 %s: %.400s", what, err->text);
    route53_mirrors_failed(mirrors, &answer);
}

static void on_listed(void *argument, const struct aws_answer *answer)
{
    struct route53_mirrors *mirrors = argument;
    struct error err;
    mirrors->call = NULL;
    if (answer->outcome != AWS_DONE) {
        route53_mirrors_failed(mirrors, answer);
    } else if (!route53_read_checks(answer->document, PREFIX, &mirrors->listed, &err)) {
        fail_text(mirrors, "ListHealthChecks", &err);
    } else {
        free(mirrors->page);
        mirrors->page = route53_next_checks(answer->document);
        route53_mirrors_listed(mirrors);
    }
}

static void on_made(void *argument, const struct aws_answer *answer)
{
    struct route53_mirrors *mirrors = argument;
    struct route53_found_check made;
    struct error err;
    mirrors->call = NULL;
    if (answer->outcome != AWS_DONE) {
        route53_mirrors_failed(mirrors, answer);
    } else if (!route53_read_check(answer->document, &made, &err)) {
        fail_text(mirrors, "CreateHealthCheck", &err);
    } else {
        route53_mirrors_made(mirrors, &made);
    }
}

static void on_deleted(void *argument, const struct aws_answer *answer)
{
    struct route53_mirrors *mirrors = argument;
    mirrors->call = NULL;
    if (answer->outcome == AWS_DONE) {
        route53_mirrors_deleted(mirrors);
    } else {
        route53_mirrors_failed(mirrors, answer);
    }
}

void route53_mirrors_ask(struct route53_mirrors *mirrors)
{
    struct aws_request request = {.path = "/healthcheck"};
    if (mirrors->stage == ROUTE53_MAKE_CHECK) {
        CLEANUP(alloc_freep)
        char *body = route53_check_request(mirrors->missing.reference, mirrors->missing.config);
        request.operation = "CreateHealthCheck";
        request.method = "POST";
        request.body = body;
        start(mirrors, &request, on_made);
    } else if (mirrors->stage == ROUTE53_DELETE_CHECK) {
        CLEANUP(alloc_freep) char *path = alloc_printf("/healthcheck/%s", mirrors->deleting.id);
        request.operation = "DeleteHealthCheck";
        request.method = "DELETE";
        request.path = path;
        start(mirrors, &request, on_deleted);
    } else {
        request.operation = "ListHealthChecks";
        request.method = "GET";
        request.query = mirrors->page;
        start(mirrors, &request, on_listed);
    }
}
