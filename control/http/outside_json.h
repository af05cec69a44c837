/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts out of JSON that others made. Pure; any thread. */
#pragma once

#include <jansson.h>

/* The text that an object has under key, valid as long as that; "" when there is no such text, or
 * no object. */
const char *outside_json_text(const json_t *object, const char *key);
/* The same, but NULL when there is none, or it is empty. */
const char *outside_json_text_or_null(const json_t *object, const char *key);
