/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials as a JSON document has them: of a container's endpoint, of instance metadata, of a
 * credential_process, and of STS once its XML is JSON. Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "control/aws/aws_credentials.h"

/* AccessKeyId, SecretAccessKey, the token under token_key, and Expiration; the last two may be
 * missing. False and err, which has nothing of what is there. Caller frees with
 * aws_credentials_done. */
MUST_CHECK bool aws_credential_document_read(const json_t *document, const char *token_key,
                                             struct aws_credentials *credentials,
                                             struct error *err);
/* The same of a text; is_process: as credential_process has it, with a Version. */
MUST_CHECK bool aws_credential_document_parse(const char *text, size_t len, bool is_process,
                                              struct aws_credentials *credentials,
                                              struct error *err);
/* Whether it can be a key or a token: what becomes a header has no space and no line end. NULL is
 * fine. */
bool aws_credential_is_printable(const char *text);
/* "2026-11-26T15:00:00Z", or with an offset. */
MUST_CHECK bool aws_time_parse(const char *text, int64_t *at_ms);
