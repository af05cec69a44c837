/* SPDX-License-Identifier: BSD-2-Clause */
/* The least that a nameserver can do: floor PORT QUESTIONS... answers the questions of the files
 * over UDP at 127.0.0.1, each with an answer that was made at the start, into which it puts the
 * query's id. Nothing is parsed, no name is compressed, no weight is looked at. What other servers
 * take is held against it (tests/bench/bench). What is no such question is not answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/questions.h"

#define BATCH        64
#define QUERY_MAX    512
#define REPLY_OCTETS 224

struct reply {
    uint16_t question_len; /* with the header */
    uint16_t len;
    uint8_t octets[REPLY_OCTETS];
};

struct table {
    struct reply *replies;
    uint32_t *slots; /* index of a reply + 1, by the hash of its question */
    size_t mask;
};

static uint64_t hash(const uint8_t *octets, size_t len)
{
    uint64_t sum = len;
    for (; len > 0;) {
        uint64_t part = 0;
        size_t take = len < sizeof(part) ? len : sizeof(part);
        if (take == sizeof(part)) {
            memcpy(&part, octets, sizeof(part)); /* one load */
        } else {
            memcpy(&part, octets, take);
        }
        sum = (sum ^ part) * UINT64_C(0x9E3779B97F4A7C15);
        sum ^= sum >> 29;
        octets += take;
        len -= take;
    }
    return sum;
}

static void append(struct reply *reply, const void *octets, size_t len)
{
    if (reply->len + len > sizeof(reply->octets)) {
        fprintf(stderr, "floor: a reply does not fit\n");
        exit(2);
    }
    memcpy(reply->octets + reply->len, octets, len);
    reply->len = (uint16_t)(reply->len + len);
}

static void make_reply(struct reply *reply, const struct question *question)
{
    static const uint8_t address[12] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
    static const uint8_t soa[33] = {0, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22};
    append(reply, question->query, question->len);
    reply->question_len = question->len;
    reply->octets[2] = 0x84; /* QR, AA */
    reply->octets[3] = question->rcode;
    reply->octets[7] = (uint8_t)question->count;
    for (unsigned i = 0; i < question->count; i++) {
        static const uint32_t none;
        bool has_addresses = question->address_count > 0;
        append(reply, address, sizeof(address));
        append(reply, has_addresses ? &question->addresses[i % question->address_count] : &none, 4);
    }
    if (question->count == 0) {
        reply->octets[9] = 1;
        append(reply, soa, sizeof(soa));
    }
}

static const struct reply *find(const struct table *table, const uint8_t *query, size_t len)
{
    size_t at = hash(query + 12, len - 12) & table->mask;
    for (; table->slots[at] != 0; at = (at + 1) & table->mask) {
        const struct reply *reply = &table->replies[table->slots[at] - 1];
        if (reply->question_len == len && memcmp(reply->octets + 12, query + 12, len - 12) == 0) {
            return reply;
        }
    }
    return NULL;
}

static void make_table(struct table *table, const struct questions *questions)
{
    size_t size = 64;
    while (size < questions->count * 2) {
        size *= 2;
    }
    table->mask = size - 1;
    table->slots = calloc(size, sizeof(*table->slots));
    table->replies = calloc(questions->count, sizeof(*table->replies));
    if (table->slots == NULL || table->replies == NULL) {
        abort();
    }
    for (size_t i = 0; i < questions->count; i++) {
        const struct question *question = &questions->all[i];
        if (find(table, question->query, question->len) != NULL) {
            continue; /* the same in two files */
        }
        make_reply(&table->replies[i], question);
        size_t at = hash(question->query + 12, question->len - 12u) & table->mask;
        while (table->slots[at] != 0) {
            at = (at + 1) & table->mask;
        }
        table->slots[at] = (uint32_t)i + 1;
    }
}

static void serve(int fd, const struct table *table)
{
    static uint8_t in[BATCH][QUERY_MAX], out[BATCH][REPLY_OCTETS];
    static struct sockaddr_in from[BATCH];
    static struct iovec in_parts[BATCH], out_parts[BATCH];
    static struct mmsghdr queries[BATCH], replies[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){in[i], QUERY_MAX};
        queries[i].msg_hdr =
            (struct msghdr){.msg_name = &from[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
        replies[i].msg_hdr = (struct msghdr){.msg_iov = &out_parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (size_t i = 0; i < BATCH; i++) {
            queries[i].msg_hdr.msg_namelen = sizeof(from[i]);
        }
        int count = recvmmsg(fd, queries, BATCH, MSG_WAITFORONE, NULL);
        unsigned answers = 0;
        for (int i = 0; i < count; i++) {
            const struct reply *reply =
                queries[i].msg_len > 12 ? find(table, in[i], queries[i].msg_len) : NULL;
            if (reply == NULL) {
                continue;
            }
            memcpy(out[answers], reply->octets, reply->len);
            memcpy(out[answers], in[i], 2);
            out_parts[answers] = (struct iovec){out[answers], reply->len};
            replies[answers].msg_hdr.msg_name = &from[i];
            replies[answers].msg_hdr.msg_namelen = sizeof(from[i]);
            answers++;
        }
        for (unsigned sent = 0; sent < answers;) {
            int more = sendmmsg(fd, replies + sent, answers - sent, 0);
            sent += more > 0 ? (unsigned)more : 1; /* nobody is there any more: without this one */
        }
    }
}

int main(int argc, char **argv)
{
    struct questions questions = {0};
    struct table table = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: floor PORT QUESTIONS...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        questions_read(&questions, argv[i]);
    }
    make_table(&table, &questions);
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)atoi(argv[1])),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int octets = 1 << 20;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets)) != 0 ||
        bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0) {
        fprintf(stderr, "floor: port %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    serve(fd, &table);
}
