/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/encoded.h"

#include <string.h>

void encoded_copy(const struct encoded *enc, uint16_t len, uint16_t shift, uint8_t *out)
{
    memcpy(out, enc->octets, len);
    if (shift == 0) {
        return;
    }
    /* The top two bits that mark a pointer stay: the encoder keeps targets 255 below 0x3FFF. */
    for (size_t i = 0; i < enc->pointer_count && enc->pointers[i] < len; i++) {
        uint8_t *pointer = out + enc->pointers[i];
        unsigned moved = ((unsigned)pointer[0] << 8 | pointer[1]) + shift;
        pointer[0] = (uint8_t)(moved >> 8);
        pointer[1] = (uint8_t)moved;
    }
}
