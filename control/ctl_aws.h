/* SPDX-License-Identifier: BSD-2-Clause */
/* AWS's APIs for a command, which has nothing to do but wait for the answer: a loop of its own, one
 * call after the other. One thread. */
#pragma once

#include <stdbool.h>

#include "common/config.h"
#include "common/error.h"
#include "control/aws/aws_client.h"

struct ctl_aws;

/* Asks nobody yet. config NULL: where AWS is and who asks is as the environment and the shared
 * files say. NULL and err: those are wrong. Caller owns. */
MUST_CHECK struct ctl_aws *ctl_aws_open(const struct config_aws *config, struct error *err);
/* NULL is fine. */
void ctl_aws_close(struct ctl_aws *aws);
void ctl_aws_closep(struct ctl_aws **aws);

/* Waits for the answer, with its retries. The caller frees what it has with ctl_aws_answer_done. */
void ctl_aws_call(struct ctl_aws *aws, const struct aws_request *request,
                  struct aws_answer *answer);
/* The same, and false and err (the answer's text) when it is not done; there is nothing to free
 * then. */
MUST_CHECK bool ctl_aws_ask(struct ctl_aws *aws, const struct aws_request *request,
                            struct aws_answer *answer, struct error *err);
void ctl_aws_answer_done(struct aws_answer *answer);

/* What the calls are made with; lives as long as aws. */
struct aws_client *ctl_aws_client(struct ctl_aws *aws);
const struct aws_settings *ctl_aws_settings(const struct ctl_aws *aws);
/* For exchanges of another kind. Each turn of the loop may call back. */
uv_loop_t *ctl_aws_loop(struct ctl_aws *aws);
struct http_client *ctl_aws_http(struct ctl_aws *aws);
