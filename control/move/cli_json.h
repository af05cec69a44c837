/* SPDX-License-Identifier: BSD-2-Clause */
/* What the AWS CLI printed (`--output json`), saved in a file: one document, or those of several
 * pages one after the other. Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "common/error.h"
#include "control/aws/route53_record.h"

/* The documents, in a new array; at least one. NULL and "path:line: …": it is no JSON, or one is no
 * object. */
json_t *cli_json_parse(const char *text, size_t len, const char *path,
                       struct error *err) MUST_CHECK;
/* False and err: a page is missing at the end, since the last document says that it goes on. */
MUST_CHECK bool cli_json_is_whole(const json_t *documents, const char *path, struct error *err);

/* `aws route53 list-resource-record-sets`: adds all of them to sets. */
MUST_CHECK bool cli_json_read_record_sets(const char *text, size_t len, const char *path,
                                          struct route53_record_sets *sets, struct error *err);
