/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what comes in over HTTP, cut anywhere: as a connection's stream, as the body of a
 * POST, or as the token's file. Bodies reach their handler whole, once and in order, and only with
 * the token.
 *
 * Input: HOW, 8 octets with the lengths of the pieces (0: all that is left), and the rest. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http_server.h"
#include "tests/fuzz/conversation.h"
#include "tests/fuzz/folder.h"

#define TOKEN       "correct-horse-battery"
#define POST        "POST /api/v1/events HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer " TOKEN "\r\n"
#define HEAD_OCTETS (1 + CONVERSATION_PIECES)
#define TOKEN_LEAST 16

enum { HOW_STREAM, HOW_BODY, HOW_CHUNKS, HOW_TOKEN_FILE, HOW_COUNT };
#define HOW_WITHOUT_TOKEN 0x80 /* none is configured */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    bool is_open;
    uv_loop_t loop;
    struct http_server *server[2]; /* with a token, without */
    char *token_file;
    size_t posts;
    struct octets bodies; /* of all posts, each with a NUL */
} world;

static json_t *take_events(void *argument, const char *body, size_t len, const char *who,
                           unsigned *status)
{
    (void)argument;
    assert(body[len] == '\0' && len <= HTTP_MAX_BODY_OCTETS);
    assert(strcmp(who, "http 127.0.0.1") == 0);
    octets_append(&world.bodies, body, len + 1);
    world.posts++;
    *status = 202;
    return json_pack("{s:I}", "len", (json_int_t)len);
}

static char *print_metrics(void *argument)
{
    (void)argument;
    return alloc_string("ballast_zones 1\n");
}

static void open_world(void)
{
    struct error err;
    const struct http_handlers handlers = {take_events, print_metrics, NULL};
    struct config_control config = {.has_http = true};
    config.http.len = sizeof(config.http.v4);
    config.http.v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    world.token_file = folder_file("token");
    folder_write(world.token_file, 0600, TOKEN "\n", strlen(TOKEN) + 1);
    uv_loop_init(&world.loop);
    for (size_t i = 0; i < 2; i++) {
        config.http_token_file = i == 0 ? world.token_file : NULL;
        world.server[i] = http_server_open(&world.loop, &config, &handlers, &err);
        assert(world.server[i] != NULL);
    }
    world.is_open = true;
}

/* What came back; for the caller to free. */
static struct octets send_stream(const uint8_t *data, const uint8_t *pieces,
                                 const struct octets *stream)
{
    struct octets received = {NULL, 0, 0};
    const struct http_server *server = world.server[(data[0] & HOW_WITHOUT_TOKEN) != 0];
    const struct conversation conversation = {
        .loop = &world.loop,
        .to = {.sin_family = AF_INET,
               .sin_port = htons(http_server_port(server)),
               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .from = INADDR_LOOPBACK,
        .pieces = pieces,
        .stream = stream,
        .is_abrupt = true,
    };
    world.posts = 0;
    world.bodies.len = 0;
    conversation_run(&conversation, &received);
    assert(received.len == 0 || (received.len > 9 && memcmp(received.octets, "HTTP/1.", 7) == 0));
    assert(world.posts == 0 || (data[0] & HOW_WITHOUT_TOKEN) == 0);
    return received;
}

static void check_stream(const uint8_t *data, const uint8_t *rest, size_t len)
{
    static const uint8_t whole[CONVERSATION_PIECES];
    struct octets stream = {NULL, 0, 0};
    octets_append(&stream, rest, len);
    free(send_stream(data, whole, &stream).octets);
    size_t posts = world.posts;
    assert(posts == 0 || memmem(rest, len, TOKEN, strlen(TOKEN)) != NULL);
    struct octets bodies = world.bodies;
    world.bodies = (struct octets){NULL, 0, 0};
    free(send_stream(data, data + 1, &stream).octets);
    assert(world.posts == posts && world.bodies.len == bodies.len);
    assert(posts == 0 || memcmp(world.bodies.octets, bodies.octets, bodies.len) == 0);
    free(bodies.octets);
    free(stream.octets);
}

static void add_chunks(struct octets *stream, const uint8_t *rest, size_t len)
{
    for (size_t at = 0; at < len;) {
        char head[32];
        size_t most = 1 + rest[at] % 64;
        size_t chunk = most < len - at ? most : len - at;
        octets_append(stream, head, (size_t)snprintf(head, sizeof(head), "%zx\r\n", chunk));
        octets_append(stream, rest + at, chunk);
        octets_append(stream, "\r\n", 2);
        at += chunk;
    }
    octets_append(stream, "0\r\n\r\n", 5);
}

static void check_body(const uint8_t *data, const uint8_t *rest, size_t len, bool is_chunked)
{
    char head[256];
    struct octets stream = {NULL, 0, 0};
    if (is_chunked) {
        octets_append(&stream, POST "Transfer-Encoding: chunked\r\n\r\n",
                      strlen(POST "Transfer-Encoding: chunked\r\n\r\n"));
        add_chunks(&stream, rest, len);
    } else {
        int used = snprintf(head, sizeof(head), POST "Content-Length: %zu\r\n\r\n", len);
        octets_append(&stream, head, (size_t)used);
        octets_append(&stream, rest, len);
    }
    struct octets received = send_stream(data, data + 1, &stream);
    if ((data[0] & HOW_WITHOUT_TOKEN) == 0) {
        assert(world.posts == 1 && world.bodies.len == len + 1);
        assert(memcmp(world.bodies.octets, rest, len) == 0);
        assert(received.len > 12 && memcmp(received.octets, "HTTP/1.1 202", 12) == 0);
    }
    free(received.octets);
    free(stream.octets);
}

static void check_token_file(const uint8_t *rest, size_t len)
{
    struct error err = {""};
    size_t token_len = 0;
    CLEANUP(alloc_freep) char *path = folder_file("other-token");
    folder_write(path, 0600, rest, len);
    while (token_len < len && strchr(" \t\r\n", rest[token_len]) == NULL) {
        token_len++;
    }
    bool is_good = http_token_check(path, &err);
    assert(is_good == (token_len >= TOKEN_LEAST));
    assert(is_good || strncmp(err.text, "token file ", 11) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_OCTETS) {
        return 0;
    }
    if (!world.is_open) {
        open_world();
    }
    const uint8_t *rest = data + HEAD_OCTETS;
    size_t len = size - HEAD_OCTETS;
    switch (data[0] % HOW_COUNT) {
    case HOW_STREAM:
        check_stream(data, rest, len);
        break;
    case HOW_TOKEN_FILE:
        check_token_file(rest, len);
        break;
    default:
        check_body(data, rest, len, data[0] % HOW_COUNT == HOW_CHUNKS);
        break;
    }
    return 0;
}
