/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "server/prefetch.h"
#include "server/proxy.h"

#define BATCH 64
/* A batch is answered and sent in pieces of so many: the system takes 100 µs and more to send 64,
 * and that long a worker would not look whether there is a new snapshot. */
#define PIECE          16
#define QUERY_OCTETS   4096
#define ANSWER_OCTETS  (4096 + OCTETS_SLACK) /* config_server.udp_payload_max is not larger */
#define CONTROL_OCTETS 64
#define SEND_WAIT_MS   5

struct udp_buffers {
    struct mmsghdr received[BATCH];
    struct mmsghdr answers[BATCH];
    struct iovec query_parts[BATCH];
    struct iovec answer_parts[BATCH];
    struct sockaddr_storage sources[BATCH];
    _Alignas(struct cmsghdr) uint8_t controls[BATCH][CONTROL_OCTETS];
    uint8_t queries[BATCH][QUERY_OCTETS];
    uint8_t answer_octets[BATCH][ANSWER_OCTETS];
};

struct udp_buffers *udp_buffers_new(void)
{
    struct udp_buffers *buffers = alloc_zeroed_apart(1, sizeof(*buffers));
    for (size_t i = 0; i < BATCH; i++) {
        struct msghdr *header = &buffers->received[i].msg_hdr;
        buffers->query_parts[i] = (struct iovec){buffers->queries[i], QUERY_OCTETS};
        header->msg_iov = &buffers->query_parts[i];
        header->msg_iovlen = 1;
        header->msg_name = &buffers->sources[i];
    }
    return buffers;
}

void udp_buffers_free(struct udp_buffers *buffers)
{
    free(buffers);
}

/* The kernel has written lengths over what was there. */
static int receive(struct udp_buffers *buffers, const struct udp_socket *udp)
{
    for (size_t i = 0; i < BATCH; i++) {
        struct msghdr *header = &buffers->received[i].msg_hdr;
        header->msg_namelen = sizeof(buffers->sources[i]);
        header->msg_control = udp->is_wildcard ? buffers->controls[i] : NULL;
        header->msg_controllen = udp->is_wildcard ? CONTROL_OCTETS : 0;
    }
    int count;
    do {
        count = recvmmsg(udp->fd, buffers->received, BATCH, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    return count;
}

/* What the kernel told about the packet's way in, made into the answer's way out: the same address,
 * whichever interface leads back. */
static void turn_control(struct msghdr *header)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
         part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            info.ipi_ifindex = 0;
            memcpy(CMSG_DATA(part), &info, sizeof(info));
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(part), sizeof(info));
            /* A link-local address means nothing without its link. */
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
                info.ipi6_ifindex = 0;
            }
            memcpy(CMSG_DATA(part), &info, sizeof(info));
        }
    }
}

RARELY bool udp_take_proxy_header(const struct udp_job *job, struct answer_task *task,
                                  struct proxy_header *header)
{
    if (!proxy_is_listed(job->context->config, task->source.address)) {
        return true;
    }
    if (proxy_parse(header, task->query, task->query_len) != PROXY_OK) {
        counter_add(&job->context->slot->counters[COUNTER_PROXY_REFUSED], 1);
        return false;
    }
    task->query += header->len;
    task->query_len -= header->len;
    if (header->has_source) {
        task->source.address = &header->source.any;
    }
    return true;
}

_Static_assert(BATCH <= PREFETCH_MAX, "a whole batch is looked at");
_Static_assert(ANSWER_OCTETS >= ANSWER_OUT_MIN, "room for an answer");

static void prefetch_batch(const struct udp_buffers *buffers, const struct snapshot *snapshot,
                           unsigned count)
{
    struct prefetch_packet packets[BATCH];
    for (unsigned i = 0; i < count; i++) {
        packets[i] = (struct prefetch_packet){buffers->queries[i], buffers->received[i].msg_len};
    }
    (void)prefetch_nodes(snapshot, packets, count);
}

/* Answers the packets from first to before end; returns how many answers there are to send. */
static unsigned answer_piece(const struct udp_job *job, unsigned first, unsigned end)
{
    struct udp_buffers *buffers = job->buffers;
    struct answer_task task = {.out_size = ANSWER_OCTETS};
    task.snapshot = exchange_take(job->exchange, job->worker);
    bool has_proxies = job->context->config->proxy_count > 0;
    struct proxy_header proxy; /* holds the address while the query is answered */
    unsigned answers = 0;
    for (unsigned i = first; i < end; i++) {
        struct msghdr *header = &buffers->received[i].msg_hdr;
        task.source.address = (const struct sockaddr *)&buffers->sources[i];
        task.query = buffers->queries[i];
        task.query_len = buffers->received[i].msg_len;
        task.out = buffers->answer_octets[answers];
        if (has_proxies && !udp_take_proxy_header(job, &task, &proxy)) {
            continue;
        }
        size_t len = answer_query(job->context, &task);
        if (len == 0) {
            continue;
        }
        if (header->msg_controllen != 0) {
            turn_control(header);
        }
        struct msghdr *out = &buffers->answers[answers].msg_hdr;
        buffers->answer_parts[answers] = (struct iovec){task.out, len};
        out->msg_iov = &buffers->answer_parts[answers];
        out->msg_iovlen = 1;
        out->msg_name = header->msg_name;
        out->msg_namelen = header->msg_namelen;
        out->msg_control = header->msg_controllen != 0 ? header->msg_control : NULL;
        out->msg_controllen = header->msg_controllen;
        answers++;
    }
    return answers;
}

/* The socket's buffer is full: wait a moment, once for a piece. */
static bool wait_until_writable(int fd)
{
    struct pollfd waited = {.fd = fd, .events = POLLOUT};
    return poll(&waited, 1, SEND_WAIT_MS) > 0;
}

static void send_piece(const struct udp_job *job, int fd, unsigned count)
{
    counter *failed = &job->context->slot->counters[COUNTER_SEND_FAILED];
    bool may_wait = true;
    unsigned sent = 0;
    while (sent < count) {
        int now = sendmmsg(fd, job->buffers->answers + sent, count - sent, MSG_DONTWAIT);
        if (now > 0) {
            sent += (unsigned)now;
        } else if (now < 0 && errno == EINTR) {
            continue;
        } else if (now < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
            if (!may_wait || !wait_until_writable(fd)) {
                counter_add(failed, count - sent);
                return;
            }
            may_wait = false;
        } else {
            /* This one cannot be sent (a source port of 0, no route): the others may. */
            counter_add(failed, 1);
            sent++;
        }
    }
}

static void answer_batch(const struct udp_job *job, int fd, unsigned count)
{
    const struct snapshot *snapshot = exchange_take(job->exchange, job->worker);
    if (prefetch_is_due(snapshot, job->context->config, count)) {
        prefetch_batch(job->buffers, snapshot, count);
    }
    for (unsigned first = 0; first < count; first += PIECE) {
        unsigned end = first + PIECE < count ? first + PIECE : count;
        send_piece(job, fd, answer_piece(job, first, end));
    }
}

bool udp_drain(const struct udp_job *job, const struct udp_socket *udp, unsigned max_batches)
{
    counter *queries = &job->context->slot->counters[COUNTER_UDP_QUERIES];
    for (unsigned batch = 0; batch < max_batches; batch++) {
        int count = receive(job->buffers, udp);
        if (count < 0) {
            /* Others than EAGAIN are errors of packets sent before (ICMP): taken with the call. */
            if (errno == EAGAIN || errno == EBADF) {
                return true;
            }
            continue;
        }
        counter_add(queries, (uint64_t)count);
        answer_batch(job, udp->fd, (unsigned)count);
        if (count < BATCH) {
            return true;
        }
    }
    return false;
}
