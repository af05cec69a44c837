/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/http/outside_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static bool is_inside(char octet)
{
    return ((unsigned char)octet & 0xc0) == 0x80;
}

/* jansson takes nothing else. */
static bool is_utf8(const char *text)
{
    json_t *json = json_string(text);
    json_decref(json);
    return json != NULL;
}

void outside_text_copy(const char *text, char *out, size_t size)
{
    bool is_clean = is_utf8(text);
    size_t len = strlen(text);
    if (len >= size) {
        len = size - 1;
        while (is_clean && len > 0 && is_inside(text[len])) {
            len--;
        }
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)text[i];
        bool is_control = octet < ' ' || octet == 0x7f;
        /* U+0080 to U+009F are control characters, too: 0xc2 and then these. */
        bool is_high_control = is_clean && octet == 0xc2 && (unsigned char)text[i + 1] < 0xa0;
        if (is_high_control) {
            out[i++] = ' ';
        }
        bool is_odd = !is_clean && octet >= 0x80;
        out[i] = is_control || is_high_control ? ' ' : is_odd ? '?' : text[i];
    }
    out[len] = '\0';
}
