/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_form.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

static bool is_unreserved(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9') || strchr("-._~", octet) != NULL;
}

char *aws_percent_encode(const char *text, size_t len, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = alloc_zeroed(len * 3 + 1, 1);
    char *end = out;
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = (uint8_t)text[i];
        if (octet != 0 &&
            (is_unreserved(text[i]) || (keep != NULL && strchr(keep, text[i]) != NULL))) {
            *end++ = text[i];
        } else {
            *end++ = '%';
            *end++ = digits[octet >> 4];
            *end++ = digits[octet & 15];
        }
    }
    *end = '\0';
    return out;
}

struct form {
    FILE *out;
    bool is_flat;
};

static void print_pair(struct form *form, const char *name, const char *value, size_t len)
{
    CLEANUP(alloc_freep) char *encoded = aws_percent_encode(value, len, NULL);
    fprintf(form->out, "&%s=%s", name, encoded);
}

static void print_scalar(struct form *form, const char *name, const json_t *value)
{
    char text[64];
    switch (json_typeof(value)) {
    case JSON_STRING:
        print_pair(form, name, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        snprintf(text, sizeof(text), "%.17g", json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        snprintf(text, sizeof(text), "%s", json_is_true(value) ? "true" : "false");
        break;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
    default:
        return;
    }
    print_pair(form, name, text, strlen(text));
}

/* Depth is our own requests': a few levels. */
static void print_value(struct form *form, const char *name, const json_t *value) /* NOLINT */
{
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            CLEANUP(alloc_freep)
            char *element = alloc_printf("%s%s.%zu", name, form->is_flat ? "" : ".member", i + 1);
            print_value(form, element, json_array_get(value, i));
        }
        return;
    }
    if (!json_is_object(value)) {
        print_scalar(form, name, value);
        return;
    }
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)value, key, member)
    {
        CLEANUP(alloc_freep) char *inner = alloc_printf("%s.%s", name, key);
        print_value(form, inner, member);
    }
}

char *aws_form_print(const char *action, const char *version, const json_t *input, bool is_flat)
{
    char *text = NULL;
    size_t len = 0;
    struct form form = {.out = open_memstream(&text, &len), .is_flat = is_flat};
    if (form.out == NULL) {
        abort();
    }
    fprintf(form.out, "Action=%s&Version=%s", action, version);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)input, key, member)
    {
        print_value(&form, key, member);
    }
    fclose(form.out);
    return text;
}
