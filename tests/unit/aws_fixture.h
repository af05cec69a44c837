/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server that plays AWS as a test tells it to, a client's parts to ask it, and a clock that a
 * test sets. The environment has no word of AWS. */
#pragma once

#include "control/aws/aws_chance.h"
#include "control/aws/aws_settings.h"
#include "control/http/http_client.h"
#include "tests/unit/loop_fixture.h"
#include "tests/unit/web_stub.h"

struct aws_fixture {
    struct loop_fixture loop;
    struct http_client *http;
    struct web_stub stub;
    struct aws_settings *settings; /* region eu-west-1, the stub as endpoint */
    struct aws_chance chance;
    char url[64];
    int64_t now_ms;
};

void aws_fixture_open(struct aws_fixture *fixture);
/* Everything that was opened on it is closed, or about to be. */
void aws_fixture_close(struct aws_fixture *fixture);
/* What the settings' profiles are read from, anew. */
void aws_fixture_profile(struct aws_fixture *fixture, const char *config);
