/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as what is in a fleet's table. The first octet: 'a' an answer of DynamoDB, as each
 * request would read it; else an item, a newline, and its body, which the state file takes or
 * refuses: then it is as it was, and notes changes as before. */
#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/fleet/fleet_item.h"
#include "control/store_fleet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_answer(const char *text, size_t len)
{
    json_t *document = json_loadb(text, len, 0, NULL);
    for (int kind = 0; document != NULL && kind < FLEET_KIND_COUNT; kind++) {
        struct fleet_request request = {.kind = (enum fleet_kind)kind};
        struct fleet_answer answer;
        struct error err = {""};
        if (!fleet_answer_read(&request, document, &answer, &err)) {
            assert(err.text[0] != '\0');
            continue;
        }
        for (size_t i = 0; i < answer.item_count; i++) {
            assert(answer.items[i].item != NULL && answer.items[i].fence >= 0);
            assert(answer.items[i].sequence <= INT64_MAX / 2);
        }
        assert(strlen(answer.head.owner) < FLEET_NAME_SIZE && answer.head.fence >= 0);
        fleet_answer_done(&answer);
    }
    size_t count;
    struct fleet_peer *peers = fleet_peers_read(document, 1, &count);
    for (size_t i = 0; i < count; i++) {
        assert(strlen(peers[i].name) < FLEET_NAME_SIZE);
    }
    free(peers);
    json_decref(document);
}

static int weight_of(struct store *store)
{
    bool found;
    uint8_t weight = 0;
    struct error err;
    bool ok = store_load_weight(store, "a/A", "m", &found, &weight, &err);
    assert(ok);
    return found ? weight : -1;
}

static void take(const char *item, const char *body)
{
    static struct store *store;
    struct error err = {""};
    bool is_dirty, had;
    bool ok = true;
    if (store == NULL) {
        store = store_open(":memory:", &err);
        assert(store != NULL);
        ok = store_fleet_open(store, &err) && store_fleet_set_home(store, "a/A", "rule#r", &err);
    }
    ok = ok && store_save_weight(store, "a/A", "m", 7, &err) &&
         store_fleet_forget(store, &had, &err) && store_begin(store, &err);
    assert(ok);
    if (!store_fleet_take(store, item, body, &err)) {
        assert(err.text[0] != '\0');
        store_rollback(store);
        assert(weight_of(store) == 7);
    } else {
        ok = store_commit(store, &err);
        assert(ok);
    }
    ok = store_fleet_is_dirty(store, NULL, &is_dirty, &err);
    assert(ok && !is_dirty);
    ok = store_save_weight(store, "a/A", "m", 8, &err) &&
         store_fleet_is_dirty(store, "rule#r", &is_dirty, &err);
    assert(ok && is_dirty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    CLEANUP(alloc_freep) char *text = alloc_zeroed(size, 1);
    memcpy(text, data + 1, size - 1);
    char *newline = strchr(text, '\n');
    if (data[0] == 'a') {
        read_answer(text, size - 1);
    } else if (newline != NULL && strlen(text) < STORE_ITEM_SIZE) {
        *newline = '\0';
        take(text, newline + 1);
    }
    return 0;
}
