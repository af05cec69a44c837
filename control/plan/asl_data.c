/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/plan/asl_data.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY)

struct output {
    char *text; /* NULL: only counted */
    size_t len;
    size_t room;
};

const char *asl_type_name(const json_t *json)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return json == NULL ? "nothing" : names[json_typeof(json)];
}

/* Ends the dump when there is too much of it. */
static int take(const char *octets, size_t len, void *argument)
{
    struct output *output = argument;
    if (len > ASL_DATA_MAX_OCTETS - output->len) {
        return -1;
    }
    if (output->text != NULL) {
        while (output->len + len >= output->room) {
            output->text = alloc_resize(output->text, output->room *= 2, 1);
        }
        memcpy(output->text + output->len, octets, len);
    }
    output->len += len;
    return 0;
}

static bool is_shallow(const json_t *json, unsigned depth)
{
    const char *key;
    json_t *value;
    size_t index;
    if (depth > ASL_DATA_MAX_DEPTH) {
        return false;
    }
    json_object_foreach((json_t *)json, key, value)
    {
        if (!is_shallow(value, depth + 1)) {
            return false;
        }
    }
    json_array_foreach(json, index, value)
    {
        if (!is_shallow(value, depth + 1)) {
            return false;
        }
    }
    return true;
}

bool asl_data_fits(const json_t *json)
{
    /* The size first: what is shared within the value makes it larger than memory shows. */
    struct output output = {.text = NULL};
    return json_dump_callback(json, take, &output, DUMP_FLAGS) == 0 && is_shallow(json, 0);
}

char *asl_data_text(const json_t *json)
{
    struct output output = {.text = alloc_zeroed(256, 1), .room = 256};
    if (json_dump_callback(json, take, &output, DUMP_FLAGS) != 0 || !is_shallow(json, 0)) {
        free(output.text);
        return NULL;
    }
    output.text[output.len] = '\0';
    return output.text;
}

static bool is_continuation(char octet)
{
    return ((unsigned char)octet & 0xc0) == 0x80;
}

json_t *asl_data_string(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len > max) {
        len = max;
        while (len > 0 && is_continuation(text[len])) {
            len--;
        }
    }
    json_t *string = json_stringn(text, len);
    if (string != NULL) {
        return string;
    }
    CLEANUP(alloc_freep) char *plain = alloc_copy(text, len + 1);
    for (size_t i = 0; i < len; i++) {
        plain[i] = (unsigned char)plain[i] >= 0x80 ? '?' : plain[i];
    }
    return json_stringn(plain, len);
}

size_t asl_text_length(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        length += !is_continuation(*text);
    }
    return length;
}
