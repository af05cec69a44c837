/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs in the kernel for each frame that an interface receives, before the kernel's network stack.
 * What is an ordinary query to one of our addresses goes to the AF_XDP socket of the receive queue;
 * everything else goes on to the kernel as if this were not here, and so do queries on a queue that
 * has no socket. Compiled by clang for BPF; filter.c loads it. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "server/xdp/filter_shared.h"

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, FILTER_QUEUES_MAX);
    __type(key, __u32);
    __type(value, __u32);
} sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, FILTER_SERVED_MAX);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct filter_served);
    __type(value, __u32);
} served SEC(".maps");

struct filter_settings settings;

char _license[] SEC("license") = "Dual BSD/GPL";

/* The datagram after a simple header of IP, its destination in key; NULL: for the kernel. */
static __always_inline const struct udphdr *after_v4(const struct iphdr *ip, const void *end,
                                                     struct filter_served *key)
{
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const void *)(udp + 1) > end || ip->version != 4 || ip->ihl != 5 ||
        ip->protocol != IPPROTO_UDP || (ip->frag_off & bpf_htons(0xbfff)) != 0) {
        return NULL;
    }
    __u32 source = bpf_ntohl(ip->saddr);
    __u16 len = bpf_ntohs(ip->tot_len);
    if (source >> 24 == 0 || source >> 24 == 127 || source >> 24 >= 224 ||
        len != sizeof(*ip) + bpf_ntohs(udp->len) || (const void *)ip + len > end) {
        return NULL;
    }
    key->address[10] = key->address[11] = 0xff;
    __builtin_memcpy(&key->address[12], &ip->daddr, sizeof(ip->daddr));
    return udp;
}

static __always_inline const struct udphdr *after_v6(const struct ipv6hdr *ip, const void *end,
                                                     struct filter_served *key)
{
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const void *)(udp + 1) > end || ip->version != 6 || ip->nexthdr != IPPROTO_UDP) {
        return NULL;
    }
    const __u32 *source = ip->saddr.in6_u.u6_addr32;
    __u16 len = bpf_ntohs(ip->payload_len);
    bool begins_with_zeros =
        source[0] == 0 && source[1] == 0 && (source[2] & bpf_htonl(0xffff0000)) == 0;
    if (begins_with_zeros || ip->saddr.in6_u.u6_addr8[0] == 0xff || udp->check == 0 ||
        ip->payload_len != udp->len || (const void *)udp + len > end) {
        return NULL;
    }
    __builtin_memcpy(key->address, &ip->daddr, sizeof(ip->daddr));
    return udp;
}

SEC("xdp")
int ballast_filter(struct xdp_md *context)
{
    const void *frame = (const void *)(long)context->data;
    const void *end = (const void *)(long)context->data_end;
    const struct ethhdr *ethernet = frame;
    struct filter_served key = {0};
    const struct udphdr *udp = NULL;
    /* The answer goes to the source, and no card has an address of a group. */
    if ((const void *)(ethernet + 1) > end || end - frame > settings.frame_most ||
        (ethernet->h_source[0] & 1) != 0) {
        return XDP_PASS;
    }
    for (int i = 0; i < ETH_ALEN; i++) {
        if (ethernet->h_dest[i] != settings.mac[i]) {
            return XDP_PASS;
        }
    }
    if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
        udp = after_v4((const void *)(ethernet + 1), end, &key);
    } else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
        udp = after_v6((const void *)(ethernet + 1), end, &key);
    }
    if (udp == NULL || udp->source == 0 || bpf_ntohs(udp->len) < sizeof(*udp)) {
        return XDP_PASS;
    }
    key.port = udp->dest;
    if (bpf_map_lookup_elem(&served, &key) == NULL) {
        return XDP_PASS;
    }
    return (int)bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}
