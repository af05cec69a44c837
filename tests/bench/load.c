/* SPDX-License-Identifier: BSD-2-Clause */
/* The bench's load generator:
 *
 *   load udp|tcp|connect PORT QUESTIONS [seconds=S] [count=N] [rate=R] [rest=US] [sockets=N]
 *        [window=N]
 *
 * udp and tcp have `window` queries on the way on each of `sockets`; connect has one query on each
 * connection. With a rate, UDP queries leave when they are due, whatever is answered, and how late
 * an answer is counts from then. Every answer is checked. Prints one JSON object; exit 0 when
 * answers came and none was wrong. Loopback only; at most 10 minutes. */
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 600.0
#define REST_US_MAX 100000

void load_fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

const struct question *load_next(struct load *load)
{
    const struct question *question = &load->questions.all[load->next++];
    if (load->next == load->questions.count) {
        load->next = 0;
    }
    return question;
}

bool load_is_over(const struct load *load, int64_t now_ns)
{
    int64_t limit_ns = load->limit_ns;
    if (load->tally.answered == 0 && limit_ns < LOAD_FIRST_ANSWER_NS) {
        limit_ns = LOAD_FIRST_ANSWER_NS;
    }
    return load->tally.sent >= load->limit || now_ns - load->tally.begin_ns >= limit_ns;
}

bool load_gives_up(const struct load *load, int64_t now_ns, int64_t since_ns)
{
    return now_ns - since_ns > (load->tally.answered > 0 ? LOAD_PATIENCE_NS : LOAD_FIRST_ANSWER_NS);
}

static unsigned bounded(double value, unsigned most)
{
    return value < 1 ? 1 : value > most ? most : (unsigned)value;
}

static bool take_option(struct load *load, const char *option)
{
    char key[16];
    double value = 0;
    if (sscanf(option, "%15[a-z]=%lf", key, &value) != 2 || value < 0) {
        return false;
    }
    if (strcmp(key, "seconds") == 0) {
        load->limit_ns = (int64_t)((value < SECONDS_MAX ? value : SECONDS_MAX) * 1e9);
    } else if (strcmp(key, "count") == 0) {
        load->limit = (uint64_t)value;
    } else if (strcmp(key, "rate") == 0) {
        load->rate = value;
    } else if (strcmp(key, "rest") == 0) {
        load->rest_ns = (long)bounded(value, REST_US_MAX) * 1000;
    } else if (strcmp(key, "sockets") == 0) {
        load->sockets = bounded(value, LOAD_SOCKETS_MAX);
    } else if (strcmp(key, "window") == 0) {
        load->window = bounded(value, LOAD_WINDOW_MAX);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct load load = {
        .sockets = 4, .window = 32, .limit = UINT64_MAX, .limit_ns = (int64_t)(SECONDS_MAX * 1e9)};
    bool is_good = argc >= 4 && (strcmp(argv[1], "udp") == 0 || strcmp(argv[1], "tcp") == 0 ||
                                 strcmp(argv[1], "connect") == 0);
    for (int i = 4; is_good && i < argc; i++) {
        is_good = take_option(&load, argv[i]);
    }
    if (!is_good) {
        fprintf(stderr, "usage: load udp|tcp|connect PORT QUESTIONS [seconds=S] [count=N] "
                        "[rate=R] [rest=US] [sockets=N] [window=N]\n");
        return 2;
    }
    load.server = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)atoi(argv[2])),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    questions_read(&load.questions, argv[3]);
    signal(SIGPIPE, SIG_IGN);
    load.tally.begin_ns = tally_now_ns();
    if (strcmp(argv[1], "udp") == 0) {
        load_udp(&load);
    } else {
        load_tcp(&load, strcmp(argv[1], "connect") == 0);
    }
    return tally_print(&load.tally) ? 0 : 1;
}
