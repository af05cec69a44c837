/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/xdp/frame.h"

#include <assert.h>
#include <net/ethernet.h>
#include <string.h>

#include "server/wire.h"

#define UDP_LEN          8
#define V4_LEN           20
#define V4_SIMPLE        0x45 /* version 4, a header of five words */
#define V4_DONT_FRAGMENT 0x4000
#define V6_LEN           40
#define ADDRESSES_LEN    12 /* of Ethernet, both */
#define TTL              64

/* The sum of 16-bit words in the order of the host; a last octet counts as a word with a zero. */
static uint64_t sum_words(const uint8_t *octets, size_t len, uint64_t sum)
{
    for (; len >= 4; octets += 4, len -= 4) {
        uint32_t word;
        memcpy(&word, octets, sizeof(word));
        sum += word; /* carries gather in the upper half */
    }
    uint32_t rest = 0;
    memcpy(&rest, octets, len);
    return sum + rest;
}

/* RFC 1071: which order the octets of a word have does not matter to the sum. As it is stored. */
static uint16_t finish_sum(uint64_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void store_sum(uint8_t *octets, uint16_t sum)
{
    memcpy(octets, &sum, sizeof(sum));
}

/* "This" network, loopback, multicast and what is above it: nobody sends from there. */
static bool is_client_v4(const uint8_t *address)
{
    return address[0] != 0 && address[0] != IN_LOOPBACKNET && address[0] < 224;
}

/* Multicast, and all that begins with 80 zeros: unspecified, loopback, IPv4 in disguise. */
static bool is_client_v6(const uint8_t *address)
{
    static const uint8_t zeros[10];
    return address[0] != 0xff && memcmp(address, zeros, sizeof(zeros)) != 0;
}

static bool parse_v4(struct frame *frame, const uint8_t *ip, size_t len)
{
    if (len < V4_LEN + UDP_LEN || ip[0] != V4_SIMPLE || ip[9] != IPPROTO_UDP ||
        (wire_load_u16(ip + 6) & ~V4_DONT_FRAGMENT) != 0 || !is_client_v4(ip + 12) ||
        finish_sum(sum_words(ip, V4_LEN, 0)) != 0) {
        return false;
    }
    size_t datagram_len = wire_load_u16(ip + V4_LEN + 4);
    if (wire_load_u16(ip + 2) > len || wire_load_u16(ip + 2) != V4_LEN + datagram_len) {
        return false;
    }
    struct sockaddr_in *source = &frame->source.v4;
    *source = (struct sockaddr_in){.sin_family = AF_INET};
    memcpy(&source->sin_addr, ip + 12, sizeof(source->sin_addr));
    memcpy(&source->sin_port, ip + V4_LEN, sizeof(source->sin_port));
    frame->headers_len = FRAME_V4_HEADERS_LEN;
    frame->payload_len = datagram_len; /* with the header yet */
    return source->sin_port != 0;
}

static bool parse_v6(struct frame *frame, const uint8_t *ip, size_t len)
{
    if (len < V6_LEN + UDP_LEN || ip[0] >> 4 != 6 || ip[6] != IPPROTO_UDP ||
        !is_client_v6(ip + 8)) {
        return false;
    }
    size_t datagram_len = wire_load_u16(ip + V6_LEN + 4);
    /* The sum is not optional here: 0 is none. */
    if (wire_load_u16(ip + 4) > len - V6_LEN || wire_load_u16(ip + 4) != datagram_len ||
        wire_load_u16(ip + V6_LEN + 6) == 0) {
        return false;
    }
    struct sockaddr_in6 *source = &frame->source.v6;
    *source = (struct sockaddr_in6){.sin6_family = AF_INET6};
    memcpy(&source->sin6_addr, ip + 8, sizeof(source->sin6_addr));
    memcpy(&source->sin6_port, ip + V6_LEN, sizeof(source->sin6_port));
    frame->headers_len = FRAME_V6_HEADERS_LEN;
    frame->payload_len = datagram_len;
    return source->sin6_port != 0;
}

bool frame_parse(struct frame *frame, const uint8_t *octets, size_t len)
{
    if (len < FRAME_ETHERNET_LEN || (octets[6] & 1) != 0) { /* no card is called like a group */
        return false;
    }
    const uint8_t *ip = octets + FRAME_ETHERNET_LEN;
    size_t ip_len = len - FRAME_ETHERNET_LEN; /* with what pads a short frame */
    uint16_t type = wire_load_u16(octets + ADDRESSES_LEN);
    bool is_good = type == ETHERTYPE_IP     ? parse_v4(frame, ip, ip_len)
                   : type == ETHERTYPE_IPV6 ? parse_v6(frame, ip, ip_len)
                                            : false;
    if (!is_good || frame->payload_len < UDP_LEN) {
        return false;
    }
    frame->payload_len -= UDP_LEN;
    frame->payload = octets + frame->headers_len;
    return true;
}

static void write_v4(uint8_t *out, const uint8_t *query, size_t datagram_len)
{
    wire_store_u32(out, (uint32_t)V4_SIMPLE << 24 | (uint32_t)(V4_LEN + datagram_len));
    wire_store_u32(out + 4, V4_DONT_FRAGMENT); /* then the identification says nothing: RFC 6864 */
    wire_store_u32(out + 8, (uint32_t)TTL << 24 | IPPROTO_UDP << 16);
    memcpy(out + 12, query + 16, 4);
    memcpy(out + 16, query + 12, 4);
    store_sum(out + 10, finish_sum(sum_words(out, V4_LEN, 0)));
}

static void write_v6(uint8_t *out, const uint8_t *query, size_t datagram_len)
{
    wire_store_u32(out, UINT32_C(6) << 28);
    wire_store_u32(out + 4, (uint32_t)datagram_len << 16 | IPPROTO_UDP << 8 | TTL);
    memcpy(out + 8, query + 24, 16);
    memcpy(out + 24, query + 8, 16);
}

size_t frame_write_answer(uint8_t *out, const uint8_t *query, size_t headers_len,
                          size_t payload_len)
{
    bool is_v4 = headers_len == FRAME_V4_HEADERS_LEN;
    size_t ip_len = is_v4 ? V4_LEN : V6_LEN;
    size_t addresses_len = is_v4 ? 8 : 32; /* both, the last of the header of IP */
    size_t datagram_len = UDP_LEN + payload_len;
    uint8_t *ip = out + FRAME_ETHERNET_LEN;
    uint8_t *udp = ip + ip_len;
    const uint8_t *asked = query + FRAME_ETHERNET_LEN;
    assert(payload_len <= 65000);
    memcpy(out, query + 6, 6);
    memcpy(out + 6, query, 6);
    memcpy(out + ADDRESSES_LEN, query + ADDRESSES_LEN, 2);
    (is_v4 ? write_v4 : write_v6)(ip, asked, datagram_len);
    memcpy(udp, asked + ip_len + 2, 2);
    memcpy(udp + 2, asked + ip_len, 2);
    wire_store_u32(udp + 4, (uint32_t)datagram_len << 16);
    /* The pseudo header: the addresses, the protocol, the length. */
    uint64_t sum = htons(IPPROTO_UDP) + (uint64_t)htons((uint16_t)datagram_len);
    sum = sum_words(udp - addresses_len, addresses_len + datagram_len, sum);
    uint16_t checksum = finish_sum(sum);
    store_sum(udp + 6, checksum == 0 ? UINT16_MAX : checksum); /* 0 would say that there is none */
    return headers_len + payload_len;
}
