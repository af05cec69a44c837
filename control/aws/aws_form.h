/* SPDX-License-Identifier: BSD-2-Clause */
/* The query protocol's form: "Action=…&Version=…&Names.member.1=…". Pure; any thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Members in the order of their names. Flat lists have no ".member": SQS's. Caller frees. */
char *aws_form_print(const char *action, const char *version, const json_t *input, bool is_flat);
/* RFC 3986: everything but unreserved characters is percent-encoded; keep has more that stay (NULL:
 * none). Caller frees. */
char *aws_percent_encode(const char *text, size_t len, const char *keep);
