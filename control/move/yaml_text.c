/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/move/yaml_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http/outside_text.h"

/* Of UTF-8, as outside_text_copy makes it. */
static char *clean(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = alloc_zeroed(size, 1);
    outside_text_copy(text, copy, size);
    return copy;
}

void comment_put_text(FILE *out, const char *text)
{
    CLEANUP(alloc_freep) char *copy = clean(text);
    fputs(copy, out);
}

/* JSON's strings are YAML's, but for \u of surrogates. */
void yaml_put_text(FILE *out, const char *text)
{
    CLEANUP(alloc_freep) char *copy = clean(text);
    json_t *string = json_string(copy);
    CLEANUP(alloc_freep) char *quoted = json_dumps(string, JSON_ENCODE_ANY);
    json_decref(string);
    fputs(quoted, out);
}
