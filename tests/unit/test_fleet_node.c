/* SPDX-License-Identifier: BSD-2-Clause */
/* Several nodes of a fleet over a model of the table, in virtual time: answers come late, are lost,
 * requests arrive after their sender gave them up, nodes stop and go on, die and start again, are
 * cut off. Whatever happens: one drives at a time, what a driver of before still sends changes
 * nothing, what is in the table stays, and in the end all have the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/alloc.h"
#include "control/fleet/fleet_node.h"
#include "control/store_fleet.h"

#define NODES       3
#define HOMES       4 /* items that are sealed */
#define ITEMS       7 /* with those that are not */
#define LEASE_MS    3000
#define INTERVAL_MS 500
#define STEP_MS     5
#define PAGE        3
#define LEAVE_MS    1000
#define TOO_LARGE   1000000 /* a value that the table does not take */
#define MOST_FLIGHT 64

struct cell {
    bool exists;
    int64_t fence, sequence;
    long value; /* 0: no body */
};

struct table {
    struct fleet_head head;
    struct cell cells[ITEMS];
};

struct world;
struct local {
    struct world *world;
    int64_t offset_ms;
    struct fleet_node node;
    bool is_up;
    long values[ITEMS];
    int64_t changes[ITEMS]; /* 0: clean */
    int64_t refused[ITEMS];
    int64_t change;
    /* What a restart finds. */
    int64_t kept_fence, applied;
    char origin[128];
    int64_t query_from; /* of the page that comes next */
    int64_t stopped_until_ms, cut_until_ms;
    int64_t leaves_until_ms; /* it is asked to stop, and is stopped then at the latest; 0: not */
    unsigned flight;         /* of the request under way; 0: none */
    bool drives;             /* as told */
    struct store *store;     /* its state file, of which values is what is served; NULL: none */
    bool is_full;            /* its disk: it cannot note what is in the table */
    bool refuses;            /* it cannot take over what is in the table */
    unsigned denied;         /* kinds of requests (1 << kind) that the table does not answer it */
    unsigned muted;          /* … that it does, and the answer is lost */
};

/* A request on its way. */
struct flight {
    unsigned id;
    size_t from;
    unsigned generation;
    struct fleet_request request;
    int64_t sent_ms;   /* by the sender's clock */
    int64_t arrive_ms; /* at the table; INT64_MAX: never, or it has been there */
    int64_t answer_ms; /* at the sender */
    bool is_lost;      /* the answer */
    struct fleet_answer answer;
    struct fleet_item items[PAGE];
    bool has_store; /* the sender */
    char names[PAGE][16], bodies[PAGE][96];
};

struct world {
    unsigned seed;
    int64_t now_ms;
    struct table table;
    struct local locals[NODES];
    unsigned generations[NODES];
    struct flight flights[MOST_FLIGHT];
    size_t flight_count;
    unsigned last_flight;
    int64_t driven_fence; /* the largest with which a node drove */
    bool has_faults;
    bool is_quiet; /* nobody changes anything by itself */
    size_t sent, takeovers, stale, changes, lost_changes, restarts, left;
};

static unsigned chance(struct world *world, unsigned below)
{
    world->seed = world->seed * 1103515245U + 12345U;
    return (world->seed >> 8) % below;
}

/* "item3", or "set#3" of a node that has a store: there "3" is a record set of one member, "m". */
static size_t index_of(const char *item)
{
    return (size_t)atoi(item + 4);
}

#define BODY "{\"sets\":{\"%zu\":{\"weights\":{\"m\":%ld},\"forced\":{},\"ttl\":null}}}"

static long value_of(const char *body)
{
    const char *weight = strstr(body, "\"m\":");
    return weight == NULL ? atol(body) : atol(weight + 4);
}

/* ---- a node's memory ---- */

static bool next_dirty(void *argument, char item[FLEET_ITEM_SIZE], char **body, int64_t *change)
{
    struct local *local = argument;
    for (size_t i = 0; i < ITEMS; i++) {
        if (local->changes[i] != 0 && local->changes[i] != local->refused[i]) {
            snprintf(item, FLEET_ITEM_SIZE, "item%zu", i);
            *body = alloc_printf("%ld", local->values[i]);
            *change = local->changes[i];
            return true;
        }
    }
    return false;
}

static bool clean(void *argument, const char *item, int64_t change)
{
    struct local *local = argument;
    int64_t *dirty = &local->changes[index_of(item)];
    if (local->is_full) {
        return false;
    }
    *dirty = *dirty == change ? 0 : *dirty;
    return true;
}

static bool refuse(void *argument, const char *item, int64_t change, const char *why)
{
    struct local *local = argument;
    assert_string_equal(why, "too large");
    local->refused[index_of(item)] = change;
    return true;
}

static bool is_dirty(void *argument, const char *item)
{
    return ((struct local *)argument)->changes[index_of(item)] != 0;
}

static void mark_dirty(void *argument, const char *item)
{
    struct local *local = argument;
    for (size_t i = 0; i < ITEMS; i++) {
        if (item == NULL ? i >= HOMES : index_of(item) == i) {
            local->changes[i] = ++local->change;
        }
    }
}

static bool forget_dirty(void *argument)
{
    struct local *local = argument;
    bool had = false;
    for (size_t i = 0; i < ITEMS; i++) {
        had |= local->changes[i] != 0;
        local->changes[i] = 0;
    }
    local->world->lost_changes += had ? 1 : 0;
    if (had) {
        local->applied = 0;
    }
    return had;
}

static bool sealed_item(void *argument, size_t index, char item[FLEET_ITEM_SIZE])
{
    (void)argument;
    snprintf(item, FLEET_ITEM_SIZE, "item%zu", index);
    return index < HOMES;
}

static bool import(void *argument, const struct fleet_item *items, size_t count, bool is_last,
                   int64_t sequence)
{
    struct local *local = argument;
    if (local->refuses) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        assert_non_null(items[i].body);
        local->values[index_of(items[i].item)] = value_of(items[i].body);
    }
    if (is_last) {
        local->applied = sequence;
        snprintf(local->origin, sizeof(local->origin), "%s", local->node.head.origin);
    }
    return true;
}

static void keep_fence(void *argument, int64_t fence)
{
    ((struct local *)argument)->kept_fence = fence;
}

static int64_t clock_of(const struct local *local)
{
    return local->world->now_ms + local->offset_ms;
}

static void driving(void *argument, bool drives)
{
    struct local *local = argument;
    struct world *world = local->world;
    assert_true(drives != local->drives);
    local->drives = drives;
    if (drives && local->node.head.fence > world->driven_fence) {
        world->driven_fence = local->node.head.fence;
        world->takeovers++;
    }
}

/* ---- the same in a state file ---- */

static struct error err;

static void key_of(size_t i, char key[8])
{
    snprintf(key, 8, "%zu", i);
}

/* What is in the file is what is served. */
static void serve(struct local *local)
{
    for (size_t i = 0; i < ITEMS; i++) {
        char key[8];
        bool found;
        uint8_t weight = 0;
        key_of(i, key);
        assert_true(store_load_weight(local->store, key, "m", &found, &weight, &err));
        assert_true(found);
        local->values[i] = weight;
    }
}

static void change_stored(struct local *local, size_t i, uint8_t weight)
{
    char key[8];
    key_of(i, key);
    assert_true(store_save_weight(local->store, key, "m", weight, &err));
    serve(local);
}

static bool next_stored(void *argument, char item[FLEET_ITEM_SIZE], char **body, int64_t *change)
{
    bool found;
    struct local *local = argument;
    *body = NULL;
    assert_true(store_fleet_next(local->store, &found, item, body, change, &err));
    return found;
}

static bool clean_stored(void *argument, const char *item, int64_t change)
{
    (void)item;
    assert_true(store_fleet_clean(((struct local *)argument)->store, change, &err));
    return true;
}

static bool is_dirty_stored(void *argument, const char *item)
{
    bool is;
    assert_true(store_fleet_is_dirty(((struct local *)argument)->store, item, &is, &err));
    return is;
}

static void mark_stored(void *argument, const char *item)
{
    struct local *local = argument;
    assert_true(item == NULL ? store_fleet_mark_all(local->store, &err)
                             : store_fleet_mark(local->store, item, &err));
}

static bool forget_stored(void *argument)
{
    bool had;
    struct local *local = argument;
    assert_true(store_fleet_forget(local->store, &had, &err));
    local->world->lost_changes += had ? 1 : 0;
    return had;
}

static bool sealed_stored(void *argument, size_t index, char item[FLEET_ITEM_SIZE])
{
    (void)argument;
    snprintf(item, FLEET_ITEM_SIZE, "set#%zu", index);
    return index < ITEMS;
}

static void keep_stored(struct local *local, int64_t fence, int64_t applied)
{
    struct store_fleet_memory memory = {.fence = fence, .applied = applied};
    snprintf(memory.origin, sizeof(memory.origin), "%s", local->node.head.origin);
    assert_true(store_fleet_save_memory(local->store, &memory, &err));
}

static bool import_stored(void *argument, const struct fleet_item *items, size_t count,
                          bool is_last, int64_t sequence)
{
    struct local *local = argument;
    assert_true(store_begin(local->store, &err));
    for (size_t i = 0; i < count; i++) {
        assert_true(store_fleet_take(local->store, items[i].item, items[i].body, &err));
    }
    if (is_last) {
        keep_stored(local, local->node.kept_fence, sequence);
    }
    assert_true(store_commit(local->store, &err));
    serve(local);
    return true;
}

static void keep_fence_stored(void *argument, int64_t fence)
{
    struct local *local = argument;
    keep_stored(local, fence, local->node.applied);
}

static void open_store(struct local *local)
{
    bool had;
    local->store = store_open(":memory:", &err);
    assert_non_null(local->store);
    assert_true(store_fleet_open(local->store, &err));
    for (size_t i = 0; i < ITEMS; i++) {
        char key[8], home[16];
        key_of(i, key);
        snprintf(home, sizeof(home), "set#%zu", i);
        assert_true(store_fleet_set_home(local->store, key, home, &err));
        assert_true(store_save_weight(local->store, key, "m", 1, &err));
    }
    assert_true(store_fleet_forget(local->store, &had, &err));
}

/* As a start finds it in the state file. */
static struct fleet_memory stored_memory(struct local *local)
{
    struct store_fleet_memory memory;
    assert_true(store_fleet_load_memory(local->store, &memory, &err));
    local->applied = memory.applied;
    local->kept_fence = memory.fence;
    snprintf(local->origin, sizeof(local->origin), "%s", memory.origin);
    serve(local);
    return (struct fleet_memory){local,           next_stored,       clean_stored,  refuse,
                                 is_dirty_stored, mark_stored,       forget_stored, sealed_stored,
                                 import_stored,   keep_fence_stored, driving};
}

static void start(struct local *local)
{
    const struct fleet_memory in_memory = {local,    next_dirty, clean,        refuse,
                                           is_dirty, mark_dirty, forget_dirty, sealed_item,
                                           import,   keep_fence, driving};
    const struct fleet_memory memory = local->store == NULL ? in_memory : stored_memory(local);
    const struct fleet_settings settings = {
        .name = local == &local->world->locals[0]   ? "a"
                : local == &local->world->locals[1] ? "b"
                                                    : "c",
        .lease_ms = LEASE_MS,
        .interval_ms = INTERVAL_MS,
        .memory = memory,
        .applied = local->applied,
        .origin = local->origin,
        .kept_fence = local->kept_fence,
    };
    local->drives = false;
    local->is_up = true;
    local->flight = 0;
    fleet_node_init(&local->node, &settings, clock_of(local));
}

/* ---- the table ---- */

/* What is sealed never goes back, and nobody but the last who drove writes it. */
static void check_put(struct world *world, const struct fleet_request *request, size_t i)
{
    if (i < HOMES && request->kind == FLEET_PUT) {
        assert_true(request->fence >= world->driven_fence);
        assert_true(value_of(request->body) >= world->table.cells[i].value);
    }
}

static bool may_write(const struct cell *cell, const struct fleet_request *request)
{
    return !cell->exists || cell->fence < request->fence ||
           (cell->fence == request->fence && cell->sequence < request->sequence);
}

static void add_item(struct flight *flight, size_t i, const struct cell *cell)
{
    size_t at = flight->answer.item_count++;
    if (flight->has_store) {
        snprintf(flight->names[at], sizeof(flight->names[at]), "set#%zu", i);
        snprintf(flight->bodies[at], sizeof(flight->bodies[at]), BODY, i, cell->value);
    } else {
        snprintf(flight->names[at], sizeof(flight->names[at]), "item%zu", i);
        snprintf(flight->bodies[at], sizeof(flight->bodies[at]), "%ld", cell->value);
    }
    flight->items[at] =
        (struct fleet_item){flight->names[at], cell->value == 0 ? NULL : flight->bodies[at],
                            cell->fence, cell->sequence};
}

static void write_cell(struct world *world, struct flight *flight)
{
    const struct fleet_request *request = &flight->request;
    if (request->kind == FLEET_PUT && value_of(request->body) >= TOO_LARGE) {
        flight->answer = (struct fleet_answer){.outcome = FLEET_UNFIT, .text = "too large"};
        return;
    }
    size_t i = index_of(request->item);
    struct cell *cell = &world->table.cells[i];
    if (!may_write(cell, request)) {
        flight->answer.outcome = FLEET_REFUSED;
        world->stale++;
        return;
    }
    check_put(world, request, i);
    if (request->kind == FLEET_SEAL && cell->exists) {
        add_item(flight, i, cell);
    }
    cell->exists = true;
    cell->fence = request->fence;
    cell->sequence = request->sequence;
    cell->value = request->kind == FLEET_PUT ? value_of(request->body) : cell->value;
}

static void query(struct world *world, struct flight *flight)
{
    struct local *local = &world->locals[flight->from];
    int64_t from = flight->request.is_first ? flight->request.after : local->query_from;
    while (flight->answer.item_count < PAGE) {
        const struct cell *next = NULL;
        for (size_t i = 0; i < ITEMS; i++) {
            const struct cell *cell = &world->table.cells[i];
            if (cell->exists && cell->sequence > from &&
                (next == NULL || cell->sequence < next->sequence)) {
                next = cell;
            }
        }
        if (next == NULL) {
            return;
        }
        from = next->sequence;
        for (size_t i = 0; i < ITEMS && flight->answer.item_count < PAGE; i++) {
            const struct cell *cell = &world->table.cells[i];
            if (cell->exists && cell->sequence == from) {
                add_item(flight, i, cell);
            }
        }
    }
    flight->answer.has_more = true;
    if (flight->generation == world->generations[flight->from] && flight->id == local->flight) {
        local->query_from = from;
    }
}

static void arrive(struct world *world, struct flight *flight)
{
    struct fleet_head *head = &world->table.head;
    const struct fleet_request *request = &flight->request;
    bool is_good = true;
    switch (request->kind) {
    case FLEET_READ:
        flight->answer.head = *head;
        break;
    case FLEET_TAKE:
        is_good = request->expected.exists
                      ? head->exists && head->fence == request->expected.fence &&
                            head->beat == request->expected.beat
                      : !head->exists;
        if (is_good) {
            *head = request->head;
        }
        break;
    case FLEET_RENEW:
    case FLEET_RELEASE:
        is_good = head->exists && strcmp(head->owner, request->head.owner) == 0 &&
                  head->fence == request->head.fence && head->beat < request->head.beat;
        if (is_good) {
            head->beat = request->head.beat;
            head->sequence = request->head.sequence;
            head->has_ended = request->kind == FLEET_RELEASE;
        }
        break;
    case FLEET_SEAL:
    case FLEET_PUT:
    case FLEET_REMOVE:
        write_cell(world, flight);
        return;
    case FLEET_QUERY:
        query(world, flight);
        break;
    case FLEET_SAY:
    case FLEET_ASK_NODES:
        break;
    }
    flight->answer.outcome = is_good ? FLEET_DONE : FLEET_REFUSED;
}

/* ---- the network ---- */

static void send(struct world *world, size_t from, const struct fleet_request *request)
{
    struct local *local = &world->locals[from];
    assert_true(world->flight_count < MOST_FLIGHT);
    struct flight *flight = &world->flights[world->flight_count++];
    *flight = (struct flight){.id = ++world->last_flight,
                              .from = from,
                              .generation = world->generations[from],
                              .request = *request,
                              .has_store = local->store != NULL,
                              .sent_ms = clock_of(local)};
    local->flight = flight->id;
    world->sent++;
    int64_t timeout_ms = fleet_node_timeout_ms(&local->node);
    flight->arrive_ms = world->now_ms + 1 + chance(world, 20);
    flight->answer_ms = flight->arrive_ms + 1 + chance(world, 20);
    bool is_denied = (local->denied & 1U << request->kind) != 0;
    bool is_cut = local->cut_until_ms > world->now_ms || is_denied;
    unsigned fate = world->has_faults ? chance(world, 20) : 20;
    if (is_cut || fate == 0) {
        flight->arrive_ms = INT64_MAX;
    } else if (fate == 1) { /* late, maybe after many leases */
        flight->arrive_ms = world->now_ms + chance(world, 10 * LEASE_MS);
        flight->answer_ms = flight->arrive_ms + 1;
    }
    bool is_muted = (local->muted & 1U << request->kind) != 0;
    if (is_cut || is_muted || fate == 0 || fate == 2 ||
        flight->answer_ms > world->now_ms + timeout_ms) {
        flight->is_lost = true;
        flight->answer_ms = world->now_ms + (is_denied ? 20 : timeout_ms);
    }
}

static void answer(struct world *world, struct flight *flight)
{
    struct local *local = &world->locals[flight->from];
    if (flight->is_lost) {
        flight->answer = (struct fleet_answer){.outcome = FLEET_UNREACHABLE, .text = "no answer"};
    }
    for (size_t i = 0; i < flight->answer.item_count; i++) { /* it may have been moved */
        flight->items[i].item = flight->names[i];
        flight->items[i].body = flight->items[i].body == NULL ? NULL : flight->bodies[i];
    }
    flight->answer.items = flight->items;
    local->flight = 0;
    fleet_node_answered(&local->node, &flight->request, flight->sent_ms, &flight->answer,
                        clock_of(local));
}

static bool is_running(const struct local *local)
{
    return local->is_up && local->stopped_until_ms <= local->world->now_ms;
}

static void deliver(struct world *world)
{
    for (size_t i = 0; i < world->flight_count; i++) {
        struct flight *flight = &world->flights[i];
        struct local *local = &world->locals[flight->from];
        bool is_awaited =
            flight->generation == world->generations[flight->from] && flight->id == local->flight;
        if (flight->arrive_ms <= world->now_ms) {
            arrive(world, flight);
            flight->arrive_ms = INT64_MAX;
        }
        if (is_awaited && flight->answer_ms <= world->now_ms && is_running(local)) {
            answer(world, flight);
            is_awaited = false;
        }
        if (!is_awaited && flight->arrive_ms == INT64_MAX) {
            free(flight->request.body);
            *flight = world->flights[--world->flight_count];
            i--;
        }
    }
}

/* ---- what happens ---- */

static void restart(struct local *local)
{
    fleet_node_done(&local->node);
    local->world->generations[local - local->world->locals]++;
    local->leaves_until_ms = 0;
    start(local);
}

static void leave(struct local *local)
{
    fleet_node_leave(&local->node);
    local->leaves_until_ms = local->world->now_ms + LEAVE_MS;
}

static void fail_something(struct world *world)
{
    struct local *local = &world->locals[chance(world, NODES)];
    switch (chance(world, 1200)) {
    case 0:
        local->stopped_until_ms = world->now_ms + chance(world, 3 * LEASE_MS);
        break;
    case 1:
        local->cut_until_ms = world->now_ms + chance(world, 3 * LEASE_MS);
        break;
    case 2:
        if (local->is_up) {
            restart(local);
            local->stopped_until_ms = world->now_ms + chance(world, 2 * LEASE_MS);
            world->restarts++;
        }
        break;
    case 3: /* the whole table */
        for (size_t i = 0; i < NODES; i++) {
            world->locals[i].cut_until_ms = world->now_ms + chance(world, 2 * LEASE_MS);
        }
        break;
    case 4:
        if (local->is_up && local->leaves_until_ms == 0) {
            leave(local);
        }
        break;
    default:
        break;
    }
}

static void run_node(struct world *world, size_t i)
{
    struct local *local = &world->locals[i];
    struct fleet_request request;
    int64_t next_ms;
    if (!is_running(local)) {
        return;
    }
    if (local->leaves_until_ms != 0 && (fleet_node_has_left(&local->node, clock_of(local)) ||
                                        world->now_ms >= local->leaves_until_ms)) {
        world->left += local->node.is_failing ? 0 : 1;
        restart(local);
        return;
    }
    if (!world->is_quiet && local->leaves_until_ms == 0 &&
        fleet_node_drives(&local->node, clock_of(local)) && chance(world, 40) == 0) {
        size_t item = chance(world, ITEMS);
        local->values[item]++;
        local->changes[item] = ++local->change;
        world->changes++;
    }
    if (local->flight == 0 && fleet_node_next(&local->node, clock_of(local), &request, &next_ms)) {
        send(world, i, &request);
    }
}

static size_t count_drivers(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++) {
        const struct local *local = &world->locals[i];
        count += local->is_up && fleet_node_drives(&local->node, clock_of(local)) ? 1 : 0;
    }
    return count;
}

static void run(struct world *world, int64_t for_ms)
{
    for (int64_t end_ms = world->now_ms + for_ms; world->now_ms < end_ms;
         world->now_ms += STEP_MS) {
        if (world->has_faults) {
            fail_something(world);
        }
        deliver(world);
        for (size_t i = 0; i < NODES; i++) {
            run_node(world, i);
        }
        assert_true(count_drivers(world) <= 1);
    }
}

static void world_init(struct world *world, unsigned seed, bool has_stores)
{
    *world = (struct world){.seed = seed, .is_quiet = has_stores};
    for (size_t i = 0; i < NODES; i++) {
        struct local *local = &world->locals[i];
        local->world = world;
        if (has_stores) {
            open_store(local);
        }
        local->offset_ms = (int64_t)chance(world, 1000000);
        for (size_t item = 0; item < ITEMS; item++) {
            local->values[item] = 1;
        }
        start(local);
    }
}

static void world_done(struct world *world)
{
    for (size_t i = 0; i < NODES; i++) {
        fleet_node_done(&world->locals[i].node);
        store_close(world->locals[i].store);
    }
    for (size_t i = 0; i < world->flight_count; i++) {
        free(world->flights[i].request.body);
    }
}

/* Without changes: all have what is in the table. */
static void check_converged(struct world *world)
{
    world->has_faults = false;
    for (size_t i = 0; i < NODES; i++) {
        world->locals[i].stopped_until_ms = world->locals[i].cut_until_ms = 0;
    }
    run(world, 12 * LEASE_MS);
    assert_int_equal(count_drivers(world), 1);
    /* One second in which nothing is changed: chance says so, so it is tried until it is. */
    for (unsigned tries = 0; tries < 1000; tries++) {
        bool is_equal = true;
        for (size_t i = 0; i < NODES; i++) {
            const struct local *local = &world->locals[i];
            for (size_t item = 0; item < HOMES; item++) {
                is_equal &= local->values[item] == world->table.cells[item].value;
            }
            is_equal &= fleet_node_lag_ms(&local->node, clock_of(local)) == 0;
        }
        if (is_equal) {
            return;
        }
        run(world, STEP_MS);
    }
    fail_msg("seed %u: the nodes do not agree", world->seed);
}

static void storms_never_have_two_drivers_and_end_in_agreement(void **state)
{
    (void)state;
    size_t takeovers = 0, stale = 0, changes = 0, lost = 0, restarts = 0, left = 0;
    for (unsigned seed = 1; seed <= 2000; seed++) {
        struct world *world = alloc_zeroed(1, sizeof(*world));
        world_init(world, seed, false);
        world->has_faults = true;
        run(world, 20 * LEASE_MS);
        check_converged(world);
        takeovers += world->takeovers;
        stale += world->stale;
        changes += world->changes;
        lost += world->lost_changes;
        restarts += world->restarts;
        left += world->left;
        world_done(world);
        free(world);
    }
    /* It was a storm. */
    assert_true(takeovers > 4000);
    assert_true(stale > 500);
    assert_true(changes > 100000);
    assert_true(lost > 500);
    assert_true(restarts > 2000);
    assert_true(left > 1000);
}

static struct world *calm_world_with(unsigned seed, bool has_stores)
{
    struct world *world = alloc_zeroed(1, sizeof(*world));
    world_init(world, seed, has_stores);
    run(world, 2 * LEASE_MS);
    assert_int_equal(count_drivers(world), 1);
    return world;
}

static struct world *calm_world(unsigned seed)
{
    return calm_world_with(seed, false);
}

static struct local *driver_of(struct world *world)
{
    for (size_t i = 0; i < NODES; i++) {
        if (fleet_node_drives(&world->locals[i].node, clock_of(&world->locals[i]))) {
            return &world->locals[i];
        }
    }
    return NULL;
}

static void a_change_is_everywhere_within_an_interval_and_the_network(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 50; seed++) {
        struct world *world = calm_world(seed);
        struct local *driver = driver_of(world);
        long value = driver->values[0] += 1000;
        driver->changes[0] = ++driver->change;
        run(world, INTERVAL_MS + 400);
        for (size_t i = 0; i < NODES; i++) {
            assert_true(world->locals[i].values[0] >= value);
        }
        world_done(world);
        free(world);
    }
}

static void a_node_that_cannot_take_over_the_table_never_drives(void **state)
{
    (void)state;
    struct world *world = calm_world(7);
    struct local *driver = driver_of(world);
    struct local *bad = driver == &world->locals[0] ? &world->locals[1] : &world->locals[0];
    bad->refuses = true;
    driver->cut_until_ms = INT64_MAX;
    run(world, 20 * LEASE_MS);
    assert_non_null(driver_of(world));
    assert_ptr_not_equal(driver_of(world), bad);
    assert_true(fleet_node_lag_ms(&bad->node, clock_of(bad)) > LEASE_MS);
    assert_false(fleet_node_is_cut_off(&bad->node, clock_of(bad)));
    bad->refuses = false;
    driver->cut_until_ms = 0;
    check_converged(world);
    world_done(world);
    free(world);
}

/* The two nodes that do not drive; the driver is gone for good. */
static void leave_two(struct world *world, struct local **bad, struct local **good)
{
    struct local *driver = driver_of(world);
    *bad = driver == &world->locals[0] ? &world->locals[1] : &world->locals[0];
    *good = &world->locals[3 - (driver - world->locals) - (*bad - world->locals)];
    driver->is_up = false;
}

/* It would hold the lease, and nobody would drive. */
static void a_node_that_may_not_query_does_not_take_the_lease(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct world *world = calm_world(seed);
        struct local *bad, *good;
        leave_two(world, &bad, &good);
        restart(bad);
        bad->denied = 1U << FLEET_QUERY;
        good->stopped_until_ms = world->now_ms + 5 * LEASE_MS; /* it would be first */
        run(world, 8 * LEASE_MS);
        assert_ptr_equal(driver_of(world), good);
        assert_int_equal(bad->node.given_up, 0);
        assert_true(fleet_node_is_stuck(&bad->node, clock_of(bad)));
        assert_string_equal(bad->node.stuck_why, "query: no answer");
        assert_false(fleet_node_is_stuck(&good->node, clock_of(good)));
        bad->denied = 0;
        run(world, LEASE_MS);
        assert_false(fleet_node_is_stuck(&bad->node, clock_of(bad)));
        world_done(world);
        free(world);
    }
}

static void a_node_that_cannot_seal_gives_the_lease_up(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct world *world = calm_world(seed);
        struct local *bad, *good;
        leave_two(world, &bad, &good);
        bad->denied = 1U << FLEET_SEAL;
        good->stopped_until_ms = world->now_ms + 2 * LEASE_MS; /* so that the other one is first */
        run(world, 2 * LEASE_MS);
        assert_string_equal(world->table.head.owner, bad->node.name);
        run(world, 5 * LEASE_MS);
        assert_ptr_equal(driver_of(world), good);
        assert_int_equal(bad->node.given_up, 1);
        assert_true(fleet_node_is_stuck(&bad->node, clock_of(bad)));
        assert_string_equal(bad->node.stuck_why, "seal: no answer");
        world_done(world);
        free(world);
    }
}

static void a_node_that_is_cut_off_says_so_and_drives_until_its_lease_is_over(void **state)
{
    (void)state;
    struct world *world = calm_world(9);
    struct local *driver = driver_of(world);
    driver->cut_until_ms = INT64_MAX;
    int64_t since_ms = world->now_ms;
    while (fleet_node_drives(&driver->node, clock_of(driver))) {
        run(world, STEP_MS);
    }
    assert_true(world->now_ms - since_ms <= LEASE_MS);
    assert_true(fleet_node_is_cut_off(&driver->node, clock_of(driver)));
    assert_int_equal(fleet_node_lease_left_ms(&driver->node, clock_of(driver)), 0);
    assert_string_equal(driver->node.why, "no answer");
    assert_null(driver_of(world)); /* the others wait for their own clocks */
    run(world, 2 * LEASE_MS);
    assert_non_null(driver_of(world));
    assert_ptr_not_equal(driver_of(world), driver);
    world_done(world);
    free(world);
}

/* Nobody else drove: what the node changed is newer than what the table has. */
static void what_a_driver_changed_outlives_its_own_restart(void **state)
{
    (void)state;
    struct world *world = calm_world(11);
    struct local *driver = driver_of(world);
    for (size_t i = 0; i < NODES; i++) {
        world->locals[i].stopped_until_ms = &world->locals[i] == driver ? 0 : INT64_MAX;
    }
    driver->cut_until_ms = INT64_MAX;
    long value = driver->values[2] += 1000;
    driver->changes[2] = ++driver->change;
    run(world, 100);
    restart(driver);
    driver->cut_until_ms = 0;
    run(world, 3 * LEASE_MS);
    assert_ptr_equal(driver_of(world), driver);
    assert_true(world->table.cells[2].value >= value);
    check_converged(world);
    world_done(world);
    free(world);
}

/* The lease was taken, and who took it did not hear of it: nobody else drove all the same. */
static void what_a_driver_changed_outlives_a_lost_answer_to_its_take(void **state)
{
    (void)state;
    struct world *world = calm_world(13);
    struct local *driver = driver_of(world);
    for (size_t i = 0; i < NODES; i++) {
        world->locals[i].stopped_until_ms = &world->locals[i] == driver ? 0 : INT64_MAX;
    }
    driver->cut_until_ms = INT64_MAX;
    long value = driver->values[2] += 1000;
    driver->changes[2] = ++driver->change;
    int64_t fence = world->table.head.fence;
    run(world, 100);
    restart(driver);
    driver->cut_until_ms = 0;
    driver->muted = 1U << FLEET_TAKE;
    while (world->table.head.fence == fence) {
        run(world, STEP_MS);
    }
    driver->muted = 0;
    run(world, 4 * LEASE_MS);
    assert_ptr_equal(driver_of(world), driver);
    assert_int_equal(world->table.head.fence, fence + 2);
    assert_int_equal(world->lost_changes, 0);
    assert_true(world->table.cells[2].value >= value);
    check_converged(world);
    world_done(world);
    free(world);
}

/* The first node's: everything it has goes to the table. */
static void a_lost_answer_to_the_first_take_leaves_nothing_out(void **state)
{
    (void)state;
    struct world *world = alloc_zeroed(1, sizeof(*world));
    world_init(world, 17, false);
    world->is_quiet = true;
    for (size_t i = 0; i < NODES; i++) {
        world->locals[i].muted = 1U << FLEET_TAKE;
    }
    while (!world->table.head.exists) {
        run(world, STEP_MS);
    }
    for (size_t i = 0; i < NODES; i++) {
        world->locals[i].muted = 0;
    }
    run(world, 4 * LEASE_MS);
    assert_non_null(driver_of(world));
    for (size_t item = 0; item < ITEMS; item++) {
        assert_true(world->table.cells[item].value > 0);
    }
    world_done(world);
    free(world);
}

#define OUTAGE_MS 600000

struct served {
    long values[NODES][ITEMS];
};

static struct served served_by(const struct world *world)
{
    struct served served;
    for (size_t i = 0; i < NODES; i++) {
        memcpy(served.values[i], world->locals[i].values, sizeof(served.values[i]));
    }
    return served;
}

/* Ten minutes, a second each, from when the driver's lease is over. */
static void check_outage(struct world *world, size_t restarted)
{
    const struct served before = served_by(world);
    size_t sent = world->sent;
    for (int64_t ms = 0; ms < OUTAGE_MS; ms += 1000) {
        if (ms == OUTAGE_MS / 2) {
            restart(&world->locals[restarted]);
        }
        run(world, 1000);
        assert_int_equal(count_drivers(world), 0);
        const struct served now = served_by(world);
        assert_memory_equal(&now, &before, sizeof(now)); /* each serves on what it had */
        for (size_t i = 0; i < NODES; i++) {
            const struct local *local = &world->locals[i];
            bool is_new = i == restarted && ms == OUTAGE_MS / 2; /* it is about to find out */
            assert_true(is_new || fleet_node_is_cut_off(&local->node, clock_of(local)));
            assert_true(is_new || strcmp(local->node.why, "no answer") == 0);
            assert_true(fleet_node_lag_ms(&local->node, clock_of(local)) > 0);
            assert_false(local->drives);
        }
    }
    assert_true(world->sent - sent <= NODES * OUTAGE_MS / INTERVAL_MS); /* it is not stormed */
    assert_true(world->sent - sent >= NODES * OUTAGE_MS / (4 * INTERVAL_MS));
}

/* It is there again, for one node after the other, or for the first one long before the others; the
 * fence has moved once at most then. */
static void end_outage(struct world *world, int64_t fence, const struct local *first)
{
    for (size_t i = 0; i < NODES; i++) {
        bool is_late = first != NULL && first != &world->locals[i];
        world->locals[i].cut_until_ms =
            world->now_ms + chance(world, 2000) + (is_late ? 3 * LEASE_MS : 0);
    }
    int64_t since_ms = world->now_ms;
    while (driver_of(world) == NULL) {
        run(world, STEP_MS);
        assert_true(world->now_ms - since_ms < 2 * LEASE_MS);
    }
    run(world, 4 * LEASE_MS);
    assert_true(world->table.head.fence <= fence + 1);
    for (size_t i = 0; i < NODES; i++) {
        const struct local *local = &world->locals[i];
        assert_false(fleet_node_is_cut_off(&local->node, clock_of(local)));
    }
    check_converged(world);
}

static void the_table_is_gone_for_ten_minutes(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 30; seed++) {
        struct world *world = calm_world(seed);
        int64_t fence = world->table.head.fence;
        for (size_t i = 0; i < NODES; i++) {
            world->locals[i].cut_until_ms = INT64_MAX;
        }
        run(world, LEASE_MS);
        assert_null(driver_of(world));
        check_outage(world, seed % NODES);
        assert_int_equal(world->table.head.fence, fence);
        end_outage(world, fence, NULL);
        world_done(world);
        free(world);
    }
}

/* The driver changes something that the table does not hear of; a node starts again meanwhile, with
 * what its state file has. What was changed is everywhere afterwards if the same node drives again,
 * else nowhere. */
static void state_files_outlive_ten_minutes_without_the_table(void **state)
{
    (void)state;
    size_t kept = 0, dropped = 0;
    for (unsigned seed = 1; seed <= 16; seed++) {
        struct world *world = calm_world_with(seed, true);
        struct local *driver = driver_of(world);
        change_stored(driver, 2, 70);
        run(world, LEASE_MS);
        for (size_t i = 0; i < NODES; i++) {
            assert_int_equal(world->locals[i].values[2], 70);
            world->locals[i].cut_until_ms = INT64_MAX;
        }
        change_stored(driver, 2, 90);
        int64_t fence = world->table.head.fence;
        run(world, LEASE_MS);
        assert_null(driver_of(world));
        assert_int_equal(driver->values[2], 90);
        size_t restarted = seed % 2 == 0 ? (size_t)(driver - world->locals) : seed / 2 % NODES;
        check_outage(world, restarted);
        end_outage(world, fence, seed % 4 == 0 ? driver : NULL);
        long value = driver_of(world) == driver ? 90 : 70;
        kept += value == 90 && seed % 2 == 0 ? 1 : 0; /* by one that has started again */
        dropped += value == 70 ? 1 : 0;
        assert_int_equal(world->lost_changes, value == 90 ? 0 : 1);
        for (size_t i = 0; i < NODES; i++) {
            bool is_dirty;
            assert_int_equal(world->locals[i].values[2], value);
            assert_true(store_fleet_is_dirty(world->locals[i].store, NULL, &is_dirty, &err));
            assert_false(is_dirty);
        }
        world_done(world);
        free(world);
    }
    assert_true(kept > 0 && dropped > 0);
}

static void an_item_that_the_table_does_not_take_holds_up_no_other(void **state)
{
    (void)state;
    struct world *world = calm_world(29);
    struct local *driver = driver_of(world);
    world->is_quiet = true;
    run(world, LEASE_MS);
    for (size_t item = 0; item < ITEMS; item++) {
        driver->values[item] = item == 1 ? TOO_LARGE : 77;
        driver->changes[item] = ++driver->change;
    }
    int64_t fence = world->table.head.fence;
    run(world, 2 * LEASE_MS);
    assert_ptr_equal(driver_of(world), driver);
    assert_int_equal(world->table.head.fence, fence);
    for (size_t i = 0; i < NODES; i++) {
        for (size_t item = 0; item < ITEMS; item++) {
            assert_true(item == 1 || world->locals[i].values[item] == 77);
        }
    }
    assert_true(world->table.cells[1].value < 77);
    driver->values[1] = 78; /* it fits again */
    driver->changes[1] = ++driver->change;
    run(world, LEASE_MS);
    assert_int_equal(world->table.cells[1].value, 78);
    world_done(world);
    free(world);
}

/* What it cannot note as written it writes again, but not as fast as it can. */
static void a_driver_with_a_full_disk_does_not_storm_the_table(void **state)
{
    (void)state;
    struct world *world = calm_world(31);
    struct local *driver = driver_of(world);
    world->is_quiet = true;
    run(world, LEASE_MS);
    driver->values[0] = 77;
    driver->changes[0] = ++driver->change;
    driver->is_full = true;
    size_t sent = world->sent;
    run(world, 10 * LEASE_MS);
    assert_ptr_equal(driver_of(world), driver);
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(world->locals[i].values[0], 77);
    }
    /* Each node some requests an interval, whatever they are. */
    assert_true(world->sent - sent < 10 * LEASE_MS / INTERVAL_MS * NODES * 3);
    driver->is_full = false;
    run(world, LEASE_MS);
    assert_int_equal(driver->changes[0], 0);
    world_done(world);
    free(world);
}

/* Nobody waits for a lease, and nothing that it changed is lost. */
static void a_driver_that_stops_hands_over(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 50; seed++) {
        struct world *world = calm_world(seed);
        struct local *driver = driver_of(world);
        world->is_quiet = true;
        for (size_t item = 0; item < ITEMS; item++) {
            driver->values[item] += 1000;
            driver->changes[item] = ++driver->change;
        }
        long value = driver->values[0];
        leave(driver);
        while (driver->leaves_until_ms != 0) {
            run(world, STEP_MS);
        }
        driver->stopped_until_ms = INT64_MAX; /* it is away for longer */
        run(world, INTERVAL_MS + 500);
        assert_non_null(driver_of(world));
        assert_ptr_not_equal(driver_of(world), driver);
        assert_int_equal(world->lost_changes, 0);
        assert_true(driver_of(world)->values[0] == value);
        check_converged(world);
        world_done(world);
        free(world);
    }
}

/* One that is alone, and starts again, does not wait for itself. */
static void a_driver_that_stopped_drives_at_once_when_it_starts(void **state)
{
    (void)state;
    struct world *world = calm_world(19);
    struct local *driver = driver_of(world);
    for (size_t i = 0; i < NODES; i++) {
        world->locals[i].stopped_until_ms = &world->locals[i] == driver ? 0 : INT64_MAX;
    }
    leave(driver);
    int64_t since_ms = world->now_ms;
    while (driver_of(world) != driver || driver->leaves_until_ms != 0) {
        run(world, STEP_MS);
    }
    assert_true(world->now_ms - since_ms < LEASE_MS / 2);
    assert_int_equal(world->table.head.fence, 2);
    world_done(world);
    free(world);
}

/* It has stopped within the time of one request, and what it did not write counts when it starts.
 */
static void a_driver_that_stops_without_the_table_does_not_wait_for_it(void **state)
{
    (void)state;
    struct world *world = calm_world(23);
    struct local *driver = driver_of(world);
    world->is_quiet = true;
    driver->cut_until_ms = INT64_MAX;
    run(world, 2 * LEASE_MS / 3); /* it knows that the table is away, and has its lease */
    assert_ptr_equal(driver_of(world), driver);
    assert_true(driver->node.is_failing);
    driver->changes[0] = ++driver->change;
    leave(driver);
    assert_true(fleet_node_has_left(&driver->node, clock_of(driver)));
    assert_false(world->table.head.has_ended);
    run(world, STEP_MS);
    driver->cut_until_ms = 0;
    check_converged(world);
    world_done(world);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_everywhere_within_an_interval_and_the_network),
        cmocka_unit_test(a_node_that_cannot_take_over_the_table_never_drives),
        cmocka_unit_test(a_node_that_may_not_query_does_not_take_the_lease),
        cmocka_unit_test(a_node_that_cannot_seal_gives_the_lease_up),
        cmocka_unit_test(a_node_that_is_cut_off_says_so_and_drives_until_its_lease_is_over),
        cmocka_unit_test(what_a_driver_changed_outlives_its_own_restart),
        cmocka_unit_test(what_a_driver_changed_outlives_a_lost_answer_to_its_take),
        cmocka_unit_test(a_lost_answer_to_the_first_take_leaves_nothing_out),
        cmocka_unit_test(the_table_is_gone_for_ten_minutes),
        cmocka_unit_test(state_files_outlive_ten_minutes_without_the_table),
        cmocka_unit_test(an_item_that_the_table_does_not_take_holds_up_no_other),
        cmocka_unit_test(a_driver_with_a_full_disk_does_not_storm_the_table),
        cmocka_unit_test(a_driver_that_stops_hands_over),
        cmocka_unit_test(a_driver_that_stopped_drives_at_once_when_it_starts),
        cmocka_unit_test(a_driver_that_stops_without_the_table_does_not_wait_for_it),
        cmocka_unit_test(storms_never_have_two_drivers_and_end_in_agreement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
