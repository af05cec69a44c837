/* SPDX-License-Identifier: BSD-2-Clause */
#include "zones/encoded.h"

void encoded_move_pointers(const struct encoded *enc, size_t len, uint16_t shift, uint8_t *out)
{
    size_t count = enc->pointer_count;
    while (len < enc->len && count > 0 && encoded_pointer(enc, count - 1) >= len) {
        count--;
    }
    /* The top two bits that mark a pointer stay: the encoder keeps targets 255 below 0x3FFF. */
    for (size_t i = 0; i < count; i++) {
        octets_add_u16(out + encoded_pointer(enc, i), shift);
    }
}
