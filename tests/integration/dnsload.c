/* SPDX-License-Identifier: BSD-2-Clause */
/* Queries a nameserver on 127.0.0.1 as fast as it answers, one query on the way per socket, and
 * checks every answer.
 *
 *   dnsload PORT NAME TYPE SOCKETS LIMIT FORM...
 *
 * LIMIT is "5s" or a number of queries; SIGTERM ends it before that. A FORM is the addresses of one
 * allowed answer, sorted and joined by commas ("192.0.2.1,192.0.2.2"); CNAMEs before them are
 * passed over. Prints one JSON object; exit 0 when nothing was lost or wrong. Bounded in time,
 * loopback only. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SOCKETS   512
#define MAX_FORMS     64
#define MAX_ADDRESSES 64
#define MAX_SECONDS   60
#define LOST_AFTER_MS 2000
#define TYPE_CNAME    5
#define TYPE_A        1
#define TYPE_AAAA     28

struct asker {
    int fd;
    uint16_t id;
    int64_t sent_ms; /* 0: nothing is on the way */
};

struct load {
    uint8_t query[300];
    size_t query_len;
    struct sockaddr_in server;
    struct asker askers[MAX_SOCKETS];
    size_t asker_count;
    const char *const *forms;
    size_t form_count;
    uint64_t by_form[MAX_FORMS];
    uint64_t limit; /* of queries; UINT64_MAX: none */
    int64_t end_ms;
    uint64_t sent, answered, lost, wrong;
    char first_wrong[2048];
    int epoll;
};

static volatile sig_atomic_t was_ended;

static void on_end(int number)
{
    (void)number;
    was_ended = 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_over(const struct load *load)
{
    return load->sent == load->limit || now_ms() >= load->end_ms || was_ended != 0;
}

static void fail(const char *what)
{
    fprintf(stderr, "dnsload: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint16_t read_u16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static size_t put_name(uint8_t *out, const char *name)
{
    size_t len = 0;
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        out[len++] = (uint8_t)label;
        memcpy(out + len, name, label);
        len += label;
        name += label + (name[label] == '.');
    }
    out[len++] = 0;
    return len;
}

static void make_query(struct load *load, const char *name, const char *type)
{
    static const uint8_t header[12] = {0, 0, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    if (strlen(name) > 250) {
        errno = ENAMETOOLONG;
        fail(name);
    }
    memcpy(load->query, header, sizeof header);
    size_t len = sizeof header + put_name(load->query + sizeof header, name);
    load->query[len++] = 0;
    load->query[len++] = strcmp(type, "AAAA") == 0 ? TYPE_AAAA : TYPE_A;
    load->query[len++] = 0;
    load->query[len++] = 1;
    load->query_len = len;
}

/* Length of the name at octets[at], a pointer ends it; 0: there is none. */
static size_t skip_name(const uint8_t *octets, size_t len, size_t at)
{
    size_t start = at;
    while (at < len) {
        if (octets[at] >= 0xC0) {
            return at + 2 - start;
        }
        if (octets[at] == 0) {
            return at + 1 - start;
        }
        at += 1u + octets[at];
    }
    return 0;
}

static int compare_texts(const void *one, const void *other)
{
    return strcmp(one, other);
}

/* The addresses in the answer section, sorted and joined; false: something else is in it. */
static bool answer_form(const struct load *load, const uint8_t *octets, size_t len, char *out,
                        size_t out_size)
{
    char texts[MAX_ADDRESSES][INET6_ADDRSTRLEN];
    size_t count = 0, at = load->query_len;
    for (unsigned left = read_u16(octets + 6); left > 0; left--) {
        size_t name = skip_name(octets, len, at);
        if (name == 0 || at + name + 10 > len) {
            return false;
        }
        at += name;
        unsigned type = read_u16(octets + at), size = read_u16(octets + at + 8);
        at += 10;
        if (at + size > len || count == MAX_ADDRESSES) {
            return false;
        }
        if (type == TYPE_A && size == 4) {
            inet_ntop(AF_INET, octets + at, texts[count++], sizeof texts[0]);
        } else if (type == TYPE_AAAA && size == 16) {
            inet_ntop(AF_INET6, octets + at, texts[count++], sizeof texts[0]);
        } else if (type != TYPE_CNAME) {
            return false;
        }
        at += size;
    }
    qsort(texts, count, sizeof texts[0], compare_texts);
    out[0] = '\0';
    for (size_t i = 0, used = 0; i < count; i++) {
        used += (size_t)snprintf(out + used, out_size - used, "%s%s", i > 0 ? "," : "", texts[i]);
    }
    return at == len;
}

/* Index of the form, or -1: a wrong answer, with the reason in text. */
static int judge(const struct load *load, const uint8_t *octets, size_t len, char *text,
                 size_t size)
{
    if (len < load->query_len) {
        snprintf(text, size, "%zu octets", len);
        return -1;
    }
    unsigned flags = read_u16(octets + 2);
    /* QR and AA; no opcode, TC, RCODE; the question as asked */
    if ((flags & 0xFE0Fu) != 0x8400u || read_u16(octets + 8) != 0 || read_u16(octets + 10) != 0 ||
        memcmp(octets + 12, load->query + 12, load->query_len - 12) != 0) {
        snprintf(text, size, "header or question, flags %04x", flags);
        return -1;
    }
    if (!answer_form(load, octets, len, text, size)) {
        snprintf(text, size, "answer section, %u records", read_u16(octets + 6));
        return -1;
    }
    for (size_t i = 0; i < load->form_count; i++) {
        if (strcmp(text, load->forms[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void open_asker(struct load *load, struct asker *asker)
{
    asker->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (asker->fd < 0 ||
        connect(asker->fd, (struct sockaddr *)&load->server, sizeof load->server) != 0) {
        fail("socket");
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = asker};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, asker->fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void ask(struct load *load, struct asker *asker)
{
    asker->sent_ms = 0;
    if (is_over(load)) {
        return;
    }
    asker->id++;
    load->query[0] = (uint8_t)(asker->id >> 8);
    load->query[1] = (uint8_t)asker->id;
    if (send(asker->fd, load->query, load->query_len, 0) != (ssize_t)load->query_len) {
        fail("send");
    }
    asker->sent_ms = now_ms();
    load->sent++;
}

static void take_answer(struct load *load, struct asker *asker)
{
    uint8_t octets[65536];
    char text[2048];
    ssize_t len = recv(asker->fd, octets, sizeof octets, 0);
    if (len < 0 && (errno == EAGAIN || errno == ECONNREFUSED)) {
        return; /* nobody listens: it is lost when its time is up */
    }
    if (len < 2 || read_u16(octets) != asker->id) {
        return;
    }
    int form = judge(load, octets, (size_t)len, text, sizeof text);
    load->answered++;
    if (form >= 0) {
        load->by_form[form]++;
    } else if (load->wrong++ == 0) {
        snprintf(load->first_wrong, sizeof load->first_wrong, "%s", text);
    }
    ask(load, asker);
}

/* Counts what is on the way for too long as lost and goes on with a new socket; returns how many
 * queries are still on the way. */
static size_t expire(struct load *load)
{
    size_t waiting = 0;
    int64_t now = now_ms();
    for (size_t i = 0; i < load->asker_count; i++) {
        struct asker *asker = &load->askers[i];
        if (asker->sent_ms != 0 && now - asker->sent_ms > LOST_AFTER_MS) {
            load->lost++;
            close(asker->fd);
            open_asker(load, asker);
            ask(load, asker);
        }
        waiting += asker->sent_ms != 0;
    }
    return waiting;
}

static void run(struct load *load)
{
    for (size_t i = 0; i < load->asker_count; i++) {
        open_asker(load, &load->askers[i]);
        ask(load, &load->askers[i]);
    }
    int64_t look_ms = now_ms() + 100;
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(load->epoll, events, 64, 100);
        for (int i = 0; i < count; i++) {
            take_answer(load, events[i].data.ptr);
        }
        bool ends = is_over(load);
        if ((ends || now_ms() >= look_ms) && expire(load) == 0 && ends) {
            return;
        }
        look_ms = now_ms() >= look_ms ? now_ms() + 100 : look_ms;
    }
}

static void print_result(const struct load *load)
{
    printf("{\"sent\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"lost\": %" PRIu64
           ", \"wrong\": %" PRIu64 ", \"first_wrong\": \"%s\", \"by_form\": {",
           load->sent, load->answered, load->lost, load->wrong, load->first_wrong);
    for (size_t i = 0; i < load->form_count; i++) {
        printf("%s\"%s\": %" PRIu64, i > 0 ? ", " : "", load->forms[i], load->by_form[i]);
    }
    printf("}}\n");
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc < 7 || argc - 6 > MAX_FORMS) {
        fprintf(stderr, "usage: dnsload PORT NAME TYPE SOCKETS LIMIT FORM...\n");
        return 2;
    }
    load.server = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)atoi(argv[1])),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    make_query(&load, argv[2], argv[3]);
    load.asker_count = (size_t)atoi(argv[4]);
    if (load.asker_count < 1 || load.asker_count > MAX_SOCKETS) {
        fprintf(stderr, "dnsload: 1 to %d sockets\n", MAX_SOCKETS);
        return 2;
    }
    bool in_seconds = argv[5][strlen(argv[5]) - 1] == 's';
    load.limit = in_seconds ? UINT64_MAX : strtoull(argv[5], NULL, 10);
    load.end_ms = now_ms() + (in_seconds ? atoi(argv[5]) : MAX_SECONDS) * 1000;
    load.forms = (const char *const *)argv + 6;
    load.form_count = (size_t)argc - 6;
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    signal(SIGTERM, on_end);
    run(&load);
    print_result(&load);
    return load.lost > 0 || load.wrong > 0 || load.answered != load.sent;
}
