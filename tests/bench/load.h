/* SPDX-License-Identifier: BSD-2-Clause */
/* A load on a nameserver at 127.0.0.1: queries in the order of their file, again and again, until
 * the time or the number is over. One thread, which does nothing else. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/questions.h"
#include "tests/bench/tally.h"

#define LOAD_SOCKETS_MAX 64
/* Queries on the way on one socket. */
#define LOAD_WINDOW_MAX 4096
/* Nothing came for so long: what is on the way is lost. */
#define LOAD_PATIENCE_NS INT64_C(500000000)

struct load {
    struct sockaddr_in server;
    struct questions questions;
    size_t next;      /* question */
    unsigned sockets; /* 1 to LOAD_SOCKETS_MAX */
    unsigned window;  /* for each socket; 1 to LOAD_WINDOW_MAX */
    double rate;      /* queries a second; 0: as fast as they are answered */
    long rest_ns;     /* UDP: sleeps so long when nothing has come; 0: asks again at once */
    uint64_t limit;   /* queries */
    int64_t limit_ns; /* time */
    struct tally tally;
};
/* The same for the first answer, and without one the time is not over before that. */
#define LOAD_FIRST_ANSWER_NS INT64_C(30000000000)

/* A query on the way. */
struct load_pending {
    const struct question *question; /* NULL: none */
    int64_t due_ns;                  /* when it was to be sent */
    uint16_t id;
};

/* Ends the process with errno's text. */
_Noreturn void load_fail(const char *what);
/* The next question. */
const struct question *load_next(struct load *load);
/* No further query is to be sent. */
bool load_is_over(const struct load *load, int64_t now_ns);
/* What is on the way is lost: the last answer came at since_ns. */
bool load_gives_up(const struct load *load, int64_t now_ns, int64_t since_ns);

void load_udp(struct load *load);
/* Many queries on each connection, or one on each. Closed loop: the rate is not looked at. */
void load_tcp(struct load *load, bool one_each);
