/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/zone_reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "common/log.h"
#include "control/alias_signing.h"
#include "control/zone_refresh.h"
#include "control/journal.h"
#include "zones/snapshot_builder.h"
#include "zones/zonefile.h"

/* One who asked. Asked for while a load runs, it waits for the next one. */
struct reload_wait {
    struct reload_wait *next;
    size_t zone_index;
    char who[ROLLOUT_TEXT_SIZE];
    zone_reload_finished finished;
    void *argument;
};

struct zone_reload {
    struct control *control;
    uv_work_t work;
    bool is_loading;
    struct reload_wait *loading;   /* served by the load that runs */
    struct reload_wait *waiting;   /* by the next one */
    bool *wanted;                  /* by zone: what the running load loads */
    struct zone **loaded;          /* by zone: its result */
    struct alias_signing *aliases; /* of the running load */
    bool has_failed;
    struct error err;
};

size_t zone_find(const struct config *config, const char *name, struct error *err)
{
    char known[512] = "";
    struct name wanted;
    struct name has;
    if (!name_parse(&wanted, name, err)) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < config->zone_count; i++) {
        if (name_parse(&has, config->zones[i].name, NULL) && has.len == wanted.len &&
            memcmp(has.octets, wanted.octets, has.len) == 0) {
            return i;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", i == 0 ? "" : ", ",
                 config->zones[i].name);
    }
    error_set(err, "no zone %s is configured; there are: %s", name, known);
    return SIZE_MAX;
}

static void free_zones(struct zone **zones, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        zone_free(zones[i]);
    }
    free(zones);
}

struct signing_time zone_signing_time(void)
{
    struct signing_time time = {.now_s = clock_now_ms() / 1000};
    if (getrandom(&time.random, sizeof(time.random), GRND_NONBLOCK) != sizeof(time.random)) {
        time.random = (uint64_t)time.now_s; /* it only spreads the ends of signatures */
    }
    return time;
}

struct zone_table *zone_load_all(const struct config *config, const struct record_sets *sets,
                                 struct error *err)
{
    if (!zonefile_check_names(config, sets, err)) {
        return NULL;
    }
    struct zone **zones = alloc_zeroed(config->zone_count, sizeof(*zones));
    const struct signing_time time = zone_signing_time();
    for (size_t i = 0; i < config->zone_count; i++) {
        zones[i] = zonefile_load(config, i, sets, &time, err);
        if (zones[i] == NULL) {
            free_zones(zones, i);
            return NULL;
        }
    }
    struct zone_table *table = zone_table_new(zones, config->zone_count);
    free(zones);
    return table;
}

/* On a thread of uv's pool: reads the configuration and the record sets, which are const, and
 * writes only what is this load's own. */
static void load(uv_work_t *work)
{
    struct zone_reload *reload = work->data;
    const struct control *control = reload->control;
    const struct signing_time time = zone_signing_time();
    for (size_t i = 0; i < control->config->zone_count && !reload->has_failed; i++) {
        if (reload->wanted[i]) {
            reload->loaded[i] =
                zonefile_load(control->config, i, control->sets, &time, &reload->err);
            reload->has_failed =
                reload->loaded[i] == NULL ||
                !alias_signing_sign(reload->aliases, i, reload->loaded[i], &reload->err);
        }
    }
}

static void publish(struct zone_reload *reload)
{
    struct control *control = reload->control;
    size_t count = control->config->zone_count;
    const struct zone_table *now = control->publisher.current->zones;
    struct zone **zones = alloc_zeroed(count, sizeof(*zones));
    for (size_t i = 0; i < count; i++) {
        zones[i] = reload->loaded[i] != NULL ? reload->loaded[i] : now->zones[i];
        if (reload->loaded[i] != NULL) {
            control->zones[i].loaded_ms = clock_now_ms();
            log_info("zone %s: reloaded, serial %u -> %u, %zu names",
                     control->config->zones[i].name, (unsigned)now->zones[i]->serial,
                     (unsigned)zones[i]->serial, zones[i]->node_count);
        }
        reload->loaded[i] = NULL;
    }
    struct snapshot_builder *builder =
        snapshot_builder_new(control->publisher.current, control->sets);
    struct zone_table *table = zone_table_new(zones, count);
    snapshot_builder_set_zones(builder, table);
    alias_signing_publish(reload->aliases, table, builder);
    publisher_publish(&control->publisher, snapshot_builder_finish(builder));
    zone_refresh_arm(control);
    free(zones);
}

/* For the audit; answers do not depend on it, so that a full disk stops no reload. */
static void add_history(struct zone_reload *reload, const struct reload_wait *wait)
{
    struct control *control = reload->control;
    struct history_entry entry = {.at_ms = clock_now_ms(), .kind = "zone"};
    const char *name =
        wait->zone_index == SIZE_MAX ? "all zones" : control->config->zones[wait->zone_index].name;
    snprintf(entry.who, sizeof(entry.who), "%s", wait->who);
    snprintf(entry.text, sizeof(entry.text), "%s: %s", name,
             reload->has_failed ? reload->err.text : "reloaded");
    struct error err;
    if (!journal_begin(control, &err) ||
        !journal_end(control, store_add_history(control->store, &entry, &err), &err)) {
        log_warning("reload: not in the history: %s", err.text);
    }
}

static void finish(struct reload_wait *wait, const struct error *err)
{
    if (wait->finished != NULL) {
        wait->finished(wait->argument, err);
    }
    free(wait);
}

static void on_seen(void *argument)
{
    finish(argument, NULL);
}

static void start(struct zone_reload *reload);

static void on_loaded(uv_work_t *work, int status)
{
    struct zone_reload *reload = work->data;
    struct control *control = reload->control;
    struct reload_wait *waits = reload->loading;
    reload->loading = NULL;
    reload->is_loading = false;
    if (status != 0 || control->is_stopping) {
        reload->has_failed = true;
        error_set(&reload->err, "the daemon stops");
    }
    if (reload->has_failed) {
        log_error("reload refused, zones stay as they are: %s", reload->err.text);
        for (size_t i = 0; i < control->config->zone_count; i++) {
            zone_freep(&reload->loaded[i]);
        }
    } else {
        publish(reload);
    }
    alias_signing_free(STEAL(reload->aliases));
    while (waits != NULL) {
        struct reload_wait *next = waits->next;
        add_history(reload, waits);
        if (reload->has_failed) {
            finish(waits, &reload->err);
        } else {
            publisher_when_seen(&control->publisher, on_seen, waits);
        }
        waits = next;
    }
    start(reload);
}

static void start(struct zone_reload *reload)
{
    struct control *control = reload->control;
    if (reload->is_loading || reload->waiting == NULL) {
        return;
    }
    reload->loading = reload->waiting;
    reload->waiting = NULL;
    reload->has_failed = false;
    reload->is_loading = true;
    for (size_t i = 0; i < control->config->zone_count; i++) {
        reload->wanted[i] = false;
        for (const struct reload_wait *w = reload->loading; w != NULL; w = w->next) {
            reload->wanted[i] |= w->zone_index == SIZE_MAX || w->zone_index == i;
        }
    }
    reload->aliases = alias_signing_new(control, control->publisher.current->zones);
    uv_queue_work(&control->loop, &reload->work, load, on_loaded);
}

/* The next load does for a second signal what it does for the first. */
static bool is_asked_for(const struct zone_reload *reload, size_t zone_index)
{
    const struct reload_wait *wait = reload->waiting;
    while (wait != NULL && (wait->finished != NULL || wait->zone_index != zone_index)) {
        wait = wait->next;
    }
    return wait != NULL;
}

void zone_reload_ask(struct control *control, size_t zone_index, const char *who,
                     zone_reload_finished finished, void *argument)
{
    struct zone_reload *reload = control->reload;
    if (reload == NULL) {
        reload = control->reload = alloc_zeroed(1, sizeof(*reload));
        reload->control = control;
        reload->work.data = reload;
        reload->wanted = alloc_zeroed(control->config->zone_count, sizeof(*reload->wanted));
        reload->loaded = alloc_zeroed(control->config->zone_count, sizeof(*reload->loaded));
    }
    if (finished == NULL && is_asked_for(reload, zone_index)) {
        return;
    }
    struct reload_wait *wait = alloc_zeroed(1, sizeof(*wait));
    wait->zone_index = zone_index;
    snprintf(wait->who, sizeof(wait->who), "%s", who);
    wait->finished = finished;
    wait->argument = argument;
    wait->next = reload->waiting;
    reload->waiting = wait;
    start(reload);
}

struct zone_check {
    uv_work_t work;
    const struct control *control;
    zone_reload_finished finished;
    void *argument;
    bool has_failed;
    struct error err;
};

/* On a thread of uv's pool, as load() is. */
static void check(uv_work_t *work)
{
    struct zone_check *check = work->data;
    const struct signing_time time = zone_signing_time();
    for (size_t i = 0; i < check->control->config->zone_count && !check->has_failed; i++) {
        struct zone *zone =
            zonefile_load(check->control->config, i, check->control->sets, &time, &check->err);
        check->has_failed = zone == NULL;
        zone_free(zone);
    }
}

static void on_checked(uv_work_t *work, int status)
{
    struct zone_check *check = work->data;
    if (status != 0) {
        check->has_failed = true;
        error_set(&check->err, "the check was cancelled");
    }
    check->finished(check->argument, check->has_failed ? &check->err : NULL);
    free(check);
}

void zone_check_ask(struct control *control, zone_reload_finished finished, void *argument)
{
    struct zone_check *asked = alloc_zeroed(1, sizeof(*asked));
    asked->work.data = asked;
    asked->control = control;
    asked->finished = finished;
    asked->argument = argument;
    uv_queue_work(&control->loop, &asked->work, check, on_checked);
}

static void finish_all(struct reload_wait **waits)
{
    struct error err;
    error_set(&err, "the daemon stops");
    while (*waits != NULL) {
        struct reload_wait *next = (*waits)->next;
        finish(*waits, &err);
        *waits = next;
    }
}

void zone_reload_stop(struct control *control)
{
    struct zone_reload *reload = control->reload;
    if (reload == NULL) {
        return;
    }
    finish_all(&reload->waiting);
    finish_all(&reload->loading);
    if (!reload->is_loading) {
        free(reload->wanted);
        free(reload->loaded);
        free(reload);
        control->reload = NULL;
    }
}
