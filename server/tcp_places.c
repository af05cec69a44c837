/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/tcp_places.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/alloc.h"

struct client {
    uint64_t key; /* TCP_PLACES_NOBODY: free */
    unsigned count;
};

struct tcp_places {
    pthread_mutex_t mutex;
    unsigned max, max_per_client;
    unsigned hard_max; /* with one beyond max for each worker */
    unsigned count;
    uint8_t hash_key[crypto_shorthash_siphash24_KEYBYTES]; /* clients choose their addresses */
    size_t mask;
    struct client clients[]; /* open addressing, at most half full */
};

struct tcp_places *tcp_places_new(unsigned max, unsigned max_per_client, unsigned worker_count)
{
    size_t size = 2;
    while (size < 2 * ((size_t)max + worker_count)) {
        size *= 2;
    }
    struct tcp_places *places =
        alloc_zeroed(1, sizeof(*places) + size * sizeof(places->clients[0]));
    pthread_mutex_init(&places->mutex, NULL);
    places->max = max;
    places->hard_max = max + worker_count;
    places->max_per_client = max_per_client;
    places->mask = size - 1;
    randombytes_buf(places->hash_key, sizeof(places->hash_key));
    return places;
}

void tcp_places_free(struct tcp_places *places)
{
    if (places != NULL) {
        pthread_mutex_destroy(&places->mutex);
        free(places);
    }
}

/* An IPv4 address is the /64 0:FFFF:a.b.c.d, where no host is. */
static uint64_t client_of_v4(const uint8_t *octets)
{
    uint8_t prefix[8] = {0, 0, 0xFF, 0xFF, octets[0], octets[1], octets[2], octets[3]};
    uint64_t client;
    memcpy(&client, prefix, sizeof(client));
    return client;
}

uint64_t tcp_places_client(const struct sockaddr *address)
{
    uint64_t client;
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return client_of_v4((const uint8_t *)&v4->sin_addr);
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        return client_of_v4(v6->s6_addr + 12);
    }
    memcpy(&client, v6->s6_addr, sizeof(client));
    /* ::1 and its like */
    return client == TCP_PLACES_NOBODY ? UINT64_MAX : client;
}

static size_t home_of(const struct tcp_places *places, uint64_t key)
{
    uint8_t input[sizeof(key)];
    uint8_t output[crypto_shorthash_siphash24_BYTES];
    uint64_t hash;
    memcpy(input, &key, sizeof(key));
    crypto_shorthash_siphash24(output, input, sizeof(input), places->hash_key);
    memcpy(&hash, output, sizeof(hash));
    return (size_t)hash & places->mask;
}

/* The client's entry, or the free one where it belongs. */
static size_t find(const struct tcp_places *places, uint64_t key)
{
    size_t at = home_of(places, key);
    while (places->clients[at].key != TCP_PLACES_NOBODY && places->clients[at].key != key) {
        at = (at + 1) & places->mask;
    }
    return at;
}

/* Closes the gap, so that whoever was put behind it is still found. */
static void remove_client(struct tcp_places *places, size_t gap)
{
    struct client *clients = places->clients;
    size_t at = gap;
    for (;;) {
        clients[gap] = (struct client){0};
        size_t home;
        do {
            at = (at + 1) & places->mask;
            if (clients[at].key == TCP_PLACES_NOBODY) {
                return;
            }
            home = home_of(places, clients[at].key);
        } while (((at - home) & places->mask) < ((at - gap) & places->mask));
        clients[gap] = clients[at];
        gap = at;
    }
}

/* One more of the client's. NULL: it has as many as it may have. */
static struct client *find_room(struct tcp_places *places, uint64_t key)
{
    struct client *client = &places->clients[find(places, key)];
    return client->count < places->max_per_client ? client : NULL;
}

static enum tcp_places_verdict take(struct tcp_places *places, uint64_t key, bool may_exceed)
{
    struct client *client = NULL;
    if (key != TCP_PLACES_NOBODY) {
        client = find_room(places, key);
        if (client == NULL) {
            return TCP_PLACES_CLIENT_FULL;
        }
    }
    if (places->count >= (may_exceed ? places->hard_max : places->max)) {
        return TCP_PLACES_FULL;
    }
    if (client != NULL) {
        client->key = key;
        client->count++;
    }
    places->count++;
    return TCP_PLACES_TAKEN;
}

enum tcp_places_verdict tcp_places_take(struct tcp_places *places, uint64_t client, bool may_exceed)
{
    pthread_mutex_lock(&places->mutex);
    enum tcp_places_verdict verdict = take(places, client, may_exceed);
    pthread_mutex_unlock(&places->mutex);
    return verdict;
}

bool tcp_places_assign(struct tcp_places *places, uint64_t key)
{
    pthread_mutex_lock(&places->mutex);
    struct client *client = find_room(places, key);
    if (client != NULL) {
        client->key = key;
        client->count++;
    }
    pthread_mutex_unlock(&places->mutex);
    return client != NULL;
}

void tcp_places_leave(struct tcp_places *places, uint64_t client)
{
    pthread_mutex_lock(&places->mutex);
    assert(places->count > 0);
    places->count--;
    if (client != TCP_PLACES_NOBODY) {
        size_t at = find(places, client);
        assert(places->clients[at].count > 0);
        if (--places->clients[at].count == 0) {
            remove_client(places, at);
        }
    }
    pthread_mutex_unlock(&places->mutex);
}
