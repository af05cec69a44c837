/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what a target answers to an HTTP health check, cut anywhere: an outcome with a text
 * that every terminal takes, the same whatever the cuts, and no success without an expected status
 * and the body.
 *
 * Input: HOW, 8 octets with the lengths of the pieces (0: all that is left), and the answer. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/probe.h"
#include "tests/fuzz/conversation.h"

#define HEAD_OCTETS (1 + CONVERSATION_PIECES)
#define TIMEOUT_MS  5000
#define BODY        "ready"
#define HOW_BODY    0x01 /* the body has a say */
#define HOW_ONE     0x02 /* one status is expected, else 200 to 299 */
#define ELLIPSIS    "\xe2\x80\xa6"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    bool is_open;
    uv_loop_t loop;
    struct prober *prober;
    int listener;
    struct sockaddr_in address;
    struct probe_outcome outcome;
    bool is_done;
} world;

static void open_world(void)
{
    struct error err;
    uv_loop_init(&world.loop);
    world.prober = prober_new(&world.loop, 100, &err);
    world.listener = conversation_bind(&world.address);
    if (world.prober == NULL || listen(world.listener, 8) != 0) {
        abort();
    }
    world.is_open = true;
}

static void note_outcome(void *argument, const struct probe_outcome *outcome)
{
    (void)argument;
    assert(!world.is_done);
    world.outcome = *outcome;
    world.is_done = true;
}

/* The end of the connection is the end of the answer. */
static void answer(int fd, const uint8_t *pieces, const uint8_t *octets, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; at < len && !world.is_done; i++) {
        size_t most = pieces[i % CONVERSATION_PIECES];
        size_t piece = most == 0 || most > len - at ? len - at : most;
        ssize_t sent = send(fd, octets + at, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            break;
        }
        at += sent > 0 ? (size_t)sent : 0;
        uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    shutdown(fd, SHUT_WR);
}

static void run_probe(const struct config_health_check *check, const uint8_t *pieces,
                      const uint8_t *octets, size_t len)
{
    uint8_t request[1024];
    struct probe *probe = probe_new(world.prober, check, "127.0.0.1", note_outcome, NULL);
    world.is_done = false;
    probe_start(probe);
    while (!world.is_done) {
        /* The connection is complete as soon as libcurl has begun it, this being loopback. */
        uv_run(&world.loop, UV_RUN_NOWAIT);
        int fd = accept4(world.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        while (!world.is_done && recv(fd, request, sizeof(request), 0) <= 0) {
            uv_run(&world.loop, UV_RUN_NOWAIT);
        }
        answer(fd, pieces, octets, len);
        while (!world.is_done) {
            uv_run(&world.loop, UV_RUN_ONCE);
        }
        close(fd);
    }
    probe_free(probe);
    uv_run(&world.loop, UV_RUN_NOWAIT);
}

static void check_text(const char *text)
{
    assert(text[0] != '\0' && strlen(text) < PROBE_TEXT_SIZE);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (strncmp(text + i, ELLIPSIS, strlen(ELLIPSIS)) == 0) {
            i += strlen(ELLIPSIS) - 1;
        } else {
            assert(text[i] >= ' ' && text[i] <= '~');
        }
    }
}

static void check_outcome(const struct config_health_check *check, const uint8_t *octets,
                          size_t len)
{
    const struct probe_outcome *outcome = &world.outcome;
    assert(outcome->counts && outcome->latency_ms >= 0);
    check_text(outcome->text);
    if (outcome->succeeded) {
        CLEANUP(alloc_freep) char *text = alloc_zeroed(len + 1, 1);
        memcpy(text, octets, len);
        bool is_chunked = memmem(text, len, "hunked", 6) != NULL;
        assert(memmem(text, len, "HTTP/", 5) != NULL && memmem(text, len, " 2", 2) != NULL);
        assert(strncmp(outcome->text, "HTTP 2", 6) == 0);
        assert(check->body == NULL || is_chunked || memmem(text, len, BODY, strlen(BODY)) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t whole[CONVERSATION_PIECES];
    if (size < HEAD_OCTETS) {
        return 0;
    }
    if (!world.is_open) {
        open_world();
    }
    const struct config_health_check check = {
        .name = "web",
        .type = CHECK_HTTP,
        .port = ntohs(world.address.sin_port),
        .path = "/health",
        .body = (data[0] & HOW_BODY) != 0 ? BODY : NULL,
        .status_low = 200,
        .status_high = (data[0] & HOW_ONE) != 0 ? 200 : 299,
        .interval_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
        .rise = 1,
        .fall = 1,
    };
    run_probe(&check, whole, data + HEAD_OCTETS, size - HEAD_OCTETS);
    check_outcome(&check, data + HEAD_OCTETS, size - HEAD_OCTETS);
    bool has_succeeded = world.outcome.succeeded;
    run_probe(&check, data + 1, data + HEAD_OCTETS, size - HEAD_OCTETS);
    check_outcome(&check, data + HEAD_OCTETS, size - HEAD_OCTETS);
    /* libcurl stops reading at a NUL, at this one or at that one. */
    assert(world.outcome.succeeded == has_succeeded ||
           memchr(data + HEAD_OCTETS, '\0', size - HEAD_OCTETS) != NULL);
    return 0;
}
