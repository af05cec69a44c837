/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/outside_json.h"

#include <stddef.h>

const char *outside_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

const char *outside_json_text_or_null(const json_t *object, const char *key)
{
    const char *text = outside_json_text(object, key);
    return text[0] != '\0' ? text : NULL;
}
