/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/frame_sums.h"

/* Adds octets as words of which the first octet is the high one, with the carry around the end. */
static unsigned add(unsigned sum, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? octets[i] * 256u : octets[i];
        sum = sum > 0xffff ? sum - 0xffff : sum;
    }
    return sum;
}

bool frame_sums_are_right(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + 14;
    bool is_v4 = ip[0] >> 4 == 4;
    size_t header_len = is_v4 ? 20 : 40;
    size_t udp_len = len - 14 - header_len;
    const uint8_t *udp = ip + header_len;
    const uint8_t protocol_and_len[] = {0, 17, (uint8_t)(udp_len >> 8), (uint8_t)udp_len};
    unsigned sum = is_v4 ? add(0, ip + 12, 8) : add(0, ip + 8, 32);
    sum = add(sum, protocol_and_len, sizeof(protocol_and_len));
    sum = add(sum, udp, udp_len);
    bool has_sum = udp[6] != 0 || udp[7] != 0;
    return has_sum && sum == 0xffff && (!is_v4 || add(0, ip, header_len) == 0xffff);
}
