/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/load.h"

#define BATCH     32
#define REPLY_MAX 1500

struct asker {
    int fd;
    uint16_t next_id;
    unsigned waiting; /* on the way */
    struct load_pending pending[LOAD_WINDOW_MAX];
};

static struct asker *open_askers(const struct load *load)
{
    struct asker *askers = calloc(load->sockets, sizeof(*askers));
    for (unsigned i = 0; askers != NULL && i < load->sockets; i++) {
        int octets = 1 << 20;
        askers[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (askers[i].fd < 0 ||
            setsockopt(askers[i].fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets)) != 0 ||
            connect(askers[i].fd, (const struct sockaddr *)&load->server, sizeof(load->server))) {
            load_fail("socket");
        }
        /* Queries of one length go to the kernel as one piece, which is cut there: otherwise the
         * generator would be slower than what it measures. The server sees single datagrams. */
        int len = load->questions.same_len;
        if (len != 0 && setsockopt(askers[i].fd, SOL_UDP, UDP_SEGMENT, &len, sizeof(len)) != 0) {
            load_fail("UDP_SEGMENT");
        }
    }
    return askers;
}

static void transmit(const struct load *load, int fd, uint8_t *octets, const uint16_t *lens,
                     unsigned count)
{
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH] = {0};
    unsigned total = 0;
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){octets + total, lens[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        total += lens[i];
    }
    if (load->questions.same_len != 0) {
        if (send(fd, octets, total, 0) < 0 && errno != ECONNREFUSED) {
            load_fail("send");
        }
        return;
    }
    for (unsigned sent = 0; sent < count;) {
        int more = sendmmsg(fd, messages + sent, count - sent, 0);
        if (more < 0 && errno != ECONNREFUSED) {
            load_fail("sendmmsg");
        }
        sent += more > 0 ? (unsigned)more : 0;
    }
}

/* How many queries may leave now. */
static unsigned allowed(const struct load *load, const struct asker *asker, int64_t now_ns)
{
    uint64_t count = load->window - asker->waiting;
    if (load_is_over(load, now_ns)) {
        return 0;
    }
    if (load->rate > 0) {
        uint64_t due = (uint64_t)((double)(now_ns - load->tally.begin_ns) / 1e9 * load->rate);
        count = due <= load->tally.sent          ? 0
                : due - load->tally.sent < count ? due - load->tally.sent
                                                 : count;
    }
    if (count > load->limit - load->tally.sent) {
        count = load->limit - load->tally.sent;
    }
    return count < BATCH ? (unsigned)count : BATCH;
}

static void ask(struct load *load, struct asker *asker, int64_t now_ns)
{
    uint8_t octets[BATCH * QUESTION_OCTETS];
    uint16_t lens[BATCH];
    unsigned count = allowed(load, asker, now_ns), total = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct question *question = load_next(load);
        uint16_t id = asker->next_id++;
        struct load_pending *pending = &asker->pending[id % LOAD_WINDOW_MAX];
        if (pending->question != NULL) {
            load->tally.lost++; /* of a whole turn before */
            asker->waiting--;
        }
        int64_t due_ns = load->rate > 0 ? load->tally.begin_ns +
                                              (int64_t)((double)load->tally.sent / load->rate * 1e9)
                                        : now_ns;
        *pending = (struct load_pending){question, due_ns, id};
        memcpy(octets + total, question->query, question->len);
        octets[total] = (uint8_t)(id >> 8);
        octets[total + 1] = (uint8_t)id;
        total += lens[i] = question->len;
        asker->waiting++;
        load->tally.sent++;
    }
    if (count > 0) {
        transmit(load, asker->fd, octets, lens, count);
    }
}

/* Takes what has come; how many answers. */
static unsigned hear(struct load *load, struct asker *asker)
{
    static uint8_t octets[BATCH][REPLY_MAX];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH] = {0};
    for (size_t i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){octets[i], REPLY_MAX};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(asker->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    int64_t now_ns = tally_now_ns();
    unsigned answers = 0;
    for (int i = 0; i < count; i++) {
        uint16_t id = (uint16_t)(octets[i][0] << 8 | octets[i][1]);
        struct load_pending *pending = &asker->pending[id % LOAD_WINDOW_MAX];
        if (messages[i].msg_len < 12 || pending->question == NULL || pending->id != id) {
            continue; /* it was given up */
        }
        tally_answer(&load->tally, pending->question, octets[i], messages[i].msg_len,
                     now_ns - pending->due_ns);
        pending->question = NULL;
        asker->waiting--;
        answers++;
    }
    if (answers > 0) {
        load->tally.end_ns = now_ns;
    }
    return answers;
}

/* Counts what is on the way as lost. */
static void give_up(struct load *load, struct asker *asker)
{
    load->tally.lost += asker->waiting;
    asker->waiting = 0;
    for (size_t i = 0; i < LOAD_WINDOW_MAX; i++) {
        asker->pending[i].question = NULL;
    }
}

void load_udp(struct load *load)
{
    struct asker *askers = open_askers(load);
    if (askers == NULL) {
        abort();
    }
    int64_t last_ns = load->tally.begin_ns = tally_now_ns();
    for (;;) {
        unsigned heard = 0, waiting = 0;
        int64_t now_ns = tally_now_ns();
        for (unsigned i = 0; i < load->sockets; i++) {
            ask(load, &askers[i], now_ns);
            heard += hear(load, &askers[i]);
            waiting += askers[i].waiting;
        }
        if (waiting == 0 && load_is_over(load, now_ns)) {
            break;
        }
        if (heard == 0 && load->rest_ns > 0) {
            nanosleep(&(struct timespec){.tv_nsec = load->rest_ns}, NULL);
        }
        if (heard > 0 || waiting == 0) {
            last_ns = now_ns;
        } else if (load_gives_up(load, now_ns, last_ns)) {
            for (unsigned i = 0; i < load->sockets; i++) {
                give_up(load, &askers[i]);
            }
            last_ns = now_ns;
        }
    }
    free(askers);
}
