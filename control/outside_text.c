/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/outside_text.h"

#include <stdbool.h>
#include <string.h>

static bool is_inside(char octet)
{
    return ((unsigned char)octet & 0xc0) == 0x80;
}

void outside_text_copy(const char *text, char *out, size_t size)
{
    size_t len = strlen(text);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && is_inside(text[len])) {
            len--;
        }
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)text[i];
        /* U+0080 to U+009F are control characters, too: 0xc2 and then these. */
        bool is_control = octet < ' ' || octet == 0x7f;
        bool is_c1 = octet == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
        out[i] = is_control ? ' ' : text[i];
        if (is_c1) {
            out[i++] = ' ';
            out[i] = ' ';
        }
    }
    out[len] = '\0';
}
