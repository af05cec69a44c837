/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/xdp/queue.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xdp/xsk.h>

#include "common/alloc.h"
#include "server/prefetch.h"
#include "server/proxy.h"
#include "server/xdp/frame.h"

/* Not more than the kernel sends of copied frames by one call. */
#define BATCH 32
/* Half of them are for queries, and all the time with the kernel or in the batch that is being
 * answered; half are for answers. */
#define FRAMES       4096
#define HALF         (FRAMES / 2)
#define FRAME_OCTETS 4096
#define AREA_OCTETS  ((size_t)FRAMES * FRAME_OCTETS)
/* Calls until what is to be sent is left for later: the interface's own queue is full. By so many
 * it could have taken all that there is. */
#define KICKS_MAX    (HALF / BATCH)
#define BUSY_TRIES   50
#define BUSY_WAIT_US 20000

struct xdp_queue {
    struct xsk_ring_cons received, sent;
    struct xsk_ring_prod to_fill, to_send;
    struct xsk_umem *memory;
    struct xsk_socket *socket;
    uint8_t *area;
    struct xdp_queue_setup setup;
    atomic_uint mtu; /* relaxed: on its own */
    bool is_held_up;
    size_t free_count; /* frames for answers that nobody has */
    uint64_t free[HALF];
};

static bool open_memory(struct xdp_queue *queue)
{
    const struct xsk_umem_config config = {
        .fill_size = HALF, .comp_size = HALF, .frame_size = FRAME_OCTETS};
    void *area =
        mmap(NULL, AREA_OCTETS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) {
        return false;
    }
    queue->area = area;
    int result =
        xsk_umem__create(&queue->memory, area, AREA_OCTETS, &queue->to_fill, &queue->sent, &config);
    errno = -result;
    return result == 0;
}

static bool open_socket(struct xdp_queue *queue)
{
    const struct xsk_socket_config config = {
        .rx_size = HALF,
        .tx_size = HALF,
        .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
        .bind_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | (queue->setup.is_native ? 0 : XDP_COPY))};
    int result = xsk_socket__create(&queue->socket, queue->setup.interface, queue->setup.queue,
                                    queue->memory, &queue->received, &queue->to_send, &config);
    errno = -result;
    return result == 0;
}

/* Gives the kernel frames to receive into. There is always room: it has no more than that many. */
static void fill(struct xdp_queue *queue, const uint64_t *addresses, uint32_t count)
{
    uint32_t at = 0;
    if (xsk_ring_prod__reserve(&queue->to_fill, count, &at) != count) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        *xsk_ring_prod__fill_addr(&queue->to_fill, at + i) = addresses[i];
    }
    xsk_ring_prod__submit(&queue->to_fill, count);
    if (xsk_ring_prod__needs_wakeup(&queue->to_fill)) {
        (void)recvfrom(xdp_queue_fd(queue), NULL, 0, MSG_DONTWAIT, NULL, NULL);
    }
}

void xdp_queue_close(struct xdp_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    if (queue->socket != NULL) {
        xsk_socket__delete(queue->socket);
    }
    if (queue->memory != NULL) {
        xsk_umem__delete(queue->memory);
    }
    if (queue->area != NULL) {
        munmap(queue->area, AREA_OCTETS);
    }
    free(queue);
}

int xdp_queue_fd(const struct xdp_queue *queue)
{
    return xsk_socket__fd(queue->socket);
}

void xdp_queue_set_mtu(struct xdp_queue *queue, unsigned mtu)
{
    atomic_store_explicit(&queue->mtu, mtu, memory_order_relaxed);
}

/* NULL, and errno. */
static struct xdp_queue *try_to_open(const struct xdp_queue_setup *setup)
{
    struct xdp_queue *queue = alloc_zeroed_apart(1, sizeof(*queue));
    queue->setup = *setup;
    atomic_init(&queue->mtu, setup->mtu);
    if (open_memory(queue) && open_socket(queue)) {
        return queue;
    }
    int reason = errno;
    xdp_queue_close(queue);
    errno = reason;
    return NULL;
}

struct xdp_queue *xdp_queue_open(const struct xdp_queue_setup *setup, struct error *err)
{
    /* Where a process was killed a moment ago, the kernel is still clearing up after it. */
    struct xdp_queue *queue = NULL;
    for (unsigned i = 0; i < BUSY_TRIES && (queue = try_to_open(setup)) == NULL; i++) {
        if (errno != EBUSY) {
            break;
        }
        usleep(BUSY_WAIT_US);
    }
    if (queue == NULL) {
        error_set(err, "cannot open an AF_XDP socket on queue %u: %s", setup->queue,
                  strerror(errno));
        return NULL;
    }
    uint64_t addresses[HALF];
    for (size_t i = 0; i < HALF; i++) {
        addresses[i] = i * FRAME_OCTETS;
        queue->free[i] = (HALF + i) * FRAME_OCTETS;
    }
    queue->free_count = HALF;
    fill(queue, addresses, HALF);
    return queue;
}

/* Frames that have been sent are free again. */
static void take_back(struct xdp_queue *queue)
{
    uint32_t at = 0;
    uint32_t count = xsk_ring_cons__peek(&queue->sent, HALF, &at);
    for (uint32_t i = 0; i < count; i++) {
        queue->free[queue->free_count++] = *xsk_ring_cons__comp_addr(&queue->sent, at + i);
    }
    xsk_ring_cons__release(&queue->sent, count);
}

/* Has the kernel send what is to be sent. Of copied frames it says EAGAIN when there are more than
 * it sends at once, or than the interface takes, and 0 when none is left. A driver that has the
 * frames as they are goes on by itself, and says by its ring whether it has to be woken. When the
 * interface is down, what is left waits for it. */
static void kick(struct xdp_queue *queue)
{
    queue->is_held_up = false;
    for (unsigned i = 0; i < KICKS_MAX && xsk_ring_prod__needs_wakeup(&queue->to_send); i++) {
        if (sendto(xdp_queue_fd(queue), NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0 ||
            (errno != EAGAIN && errno != EBUSY && errno != ENOBUFS && errno != EINTR)) {
            return;
        }
    }
    queue->is_held_up = xsk_ring_prod__needs_wakeup(&queue->to_send);
}

bool xdp_queue_is_held_up(const struct xdp_queue *queue)
{
    return queue->is_held_up;
}

/* The queries of a batch, each in its frame. */
struct batch {
    unsigned count; /* of those that were understood */
    struct frame queries[BATCH];
    const uint8_t *octets[BATCH];
    uint64_t received[BATCH]; /* all frames, to be filled again */
};

/* Reads a frame; what is not understood is dropped. */
static void read_frame(const struct xdp_queue *queue, const struct udp_job *job,
                       const struct xdp_desc *received, struct batch *batch)
{
    struct frame *frame = &batch->queries[batch->count];
    const uint8_t *octets = queue->area + received->addr;
    if (!frame_parse(frame, octets, received->len)) {
        counter_add(&job->context->slot->counters[COUNTER_DROPPED], 1);
        return;
    }
    if (frame->source.any.sa_family == AF_INET6 &&
        IN6_IS_ADDR_LINKLOCAL(&frame->source.v6.sin6_addr)) {
        frame->source.v6.sin6_scope_id = queue->setup.interface_index;
    }
    batch->octets[batch->count++] = octets;
}

_Static_assert(BATCH <= PREFETCH_MAX, "a whole batch is looked at");

static void prefetch_batch(const struct batch *batch, const struct snapshot *snapshot)
{
    struct prefetch_packet packets[BATCH];
    for (unsigned i = 0; i < batch->count; i++) {
        packets[i] =
            (struct prefetch_packet){batch->queries[i].payload, batch->queries[i].payload_len};
    }
    (void)prefetch_nodes(snapshot, packets, batch->count);
}

/* Answers a query into another frame. The length of that one; 0: no answer is due. */
static size_t answer_frame(const struct xdp_queue *queue, const struct udp_job *job,
                           struct answer_task *task, const struct frame *frame,
                           const uint8_t *octets, uint8_t *out)
{
    struct proxy_header proxy; /* holds the address while the query is answered */
    size_t mtu = atomic_load_explicit(&queue->mtu, memory_order_relaxed);
    size_t most = FRAME_ETHERNET_LEN + mtu + OCTETS_SLACK;
    task->source.address = &frame->source.any;
    task->query = frame->payload;
    task->query_len = frame->payload_len;
    task->out = out + frame->headers_len;
    task->out_size = (most < FRAME_OCTETS ? most : FRAME_OCTETS) - frame->headers_len;
    if (job->context->config->proxy_count > 0 && !udp_take_proxy_header(job, task, &proxy)) {
        return 0;
    }
    size_t len = answer_query(job->context, task);
    return len == 0 ? 0 : frame_write_answer(out, octets, frame->headers_len, len);
}

/* Puts answers, whose frames lie behind the free ones, where the kernel will send them from. */
static void put(struct xdp_queue *queue, const struct xdp_desc *answers, uint32_t count)
{
    uint32_t at = 0;
    /* There is always room: as much as there are frames for answers. */
    if (xsk_ring_prod__reserve(&queue->to_send, count, &at) != count) {
        queue->free_count += count;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        *xsk_ring_prod__tx_desc(&queue->to_send, at + i) = answers[i];
    }
    xsk_ring_prod__submit(&queue->to_send, count);
}

static void answer_batch(struct xdp_queue *queue, const struct udp_job *job, uint32_t at,
                         uint32_t count)
{
    counter *counters = job->context->slot->counters;
    struct answer_task task = {.snapshot = exchange_take(job->exchange, job->worker)};
    struct xdp_desc answers[BATCH];
    struct batch batch;
    uint32_t answer_count = 0;
    batch.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct xdp_desc *received = xsk_ring_cons__rx_desc(&queue->received, at + i);
        batch.received[i] = received->addr & ~(uint64_t)(FRAME_OCTETS - 1);
        read_frame(queue, job, received, &batch);
    }
    if (prefetch_is_due(task.snapshot, job->context->config, batch.count)) {
        prefetch_batch(&batch, task.snapshot);
    }
    for (unsigned i = 0; i < batch.count; i++) {
        if (queue->free_count == 0) {
            /* The interface sends slower than we answer: lost, as in a socket's full buffer. */
            counter_add(&counters[COUNTER_SEND_FAILED], batch.count - i);
            break;
        }
        uint64_t out = queue->free[queue->free_count - 1];
        size_t len =
            answer_frame(queue, job, &task, &batch.queries[i], batch.octets[i], queue->area + out);
        if (len > 0) {
            queue->free_count--;
            answers[answer_count++] = (struct xdp_desc){.addr = out, .len = (uint32_t)len};
        }
    }
    put(queue, answers, answer_count);
    xsk_ring_cons__release(&queue->received, count);
    fill(queue, batch.received, count);
    counter_add(&counters[COUNTER_UDP_QUERIES], count);
    counter_add(&counters[COUNTER_XDP_QUERIES], count);
}

bool xdp_queue_drain(struct xdp_queue *queue, const struct udp_job *job, unsigned max_batches)
{
    for (unsigned batch = 0; batch < max_batches; batch++) {
        uint32_t at = 0;
        uint32_t count = xsk_ring_cons__peek(&queue->received, BATCH, &at);
        take_back(queue);
        if (count == 0 && queue->free_count < HALF) {
            kick(queue); /* answers that the interface did not take before */
        }
        if (count == 0) {
            return true;
        }
        answer_batch(queue, job, at, count);
        kick(queue);
    }
    return false;
}
