/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON that flows through a plan: limits, texts, names of types. Pure; one thread, as always
 * with jansson's reference counts. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What a state's input, output or result may have as JSON text, as in Step Functions. */
#define ASL_DATA_MAX_OCTETS ((size_t)256 * 1024)
/* Ours: so that nothing that walks JSON needs a deep stack. */
#define ASL_DATA_MAX_DEPTH 100

/* "an object", "a string", …; NULL is "nothing". */
const char *asl_type_name(const json_t *json);

/* Whether the value keeps to both limits. Costs no more than the limit, however large the value. */
bool asl_data_fits(const json_t *json);

/* The value as compact JSON text; the caller frees it. NULL when it does not fit. */
char *asl_data_text(const json_t *json);

/* A JSON string of a text of unknown origin: octets that are no UTF-8 become '?', and of more than
 * max octets the rest is cut. A new reference, never NULL. */
json_t *asl_data_string(const char *text, size_t max);

/* Characters (not octets) of UTF-8. */
size_t asl_text_length(const char *text);
