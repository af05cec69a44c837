/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of a server on the same loop, for fuzz targets: sends a stream in pieces and takes what
 * comes back. One thread. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CONVERSATION_PIECES 8

struct octets {
    uint8_t *octets; /* the caller frees them */
    size_t len, size;
};
/* Where the next `len` octets go; add them to ->len when they are there. */
uint8_t *octets_room(struct octets *to, size_t len);
void octets_append(struct octets *to, const void *octets, size_t len);

struct conversation {
    uv_loop_t *loop;
    struct sockaddr_in to;
    uint32_t from; /* IPv4 address, host byte order */
    const uint8_t
        *pieces; /* the lengths of CONVERSATION_PIECES, again and again; 0: all the rest */
    const struct octets *stream;
    bool is_late;   /* reads nothing until everything is sent, and takes little at once */
    bool is_abrupt; /* resets the connection when nothing comes any more; else it ends its stream,
                     * and waits until the server does, too */
};

/* A socket that is bound to a port of 127.0.0.1 that is free; address: which. Its connections have
 * small buffers, so that a server learns soon that nobody reads. */
int conversation_bind(struct sockaddr_in *address);
/* Appends what came back. Ends the program when nothing ends for 10 s. */
void conversation_run(const struct conversation *conversation, struct octets *received);
