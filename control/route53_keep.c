/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a unit's batch over a restart. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/search_tree.h"
#include "control/journal.h"
#include "control/route53_private.h"

static void print_wanted(const struct route53_wanted *wanted, size_t count, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "ttl %u:", (unsigned)wanted->ttl_s);
    for (size_t m = 0; m < count && used + 6 < size; m++) {
        used += (size_t)snprintf(out + used, size - used, " %u", (unsigned)wanted->weights[m]);
    }
    for (size_t m = 0; wanted->checks != NULL && m < count && used + 11 < size; m++) {
        if (wanted->checks[m].is_mirrored) {
            used += (size_t)snprintf(out + used, size - used, " #%.8s", wanted->checks[m].id);
        }
    }
}

static bool write_unit(const struct route53_unit *unit, const char *state, struct error *err)
{
    for (size_t i = 0; i < unit->set_count; i++) {
        struct stored_route53 stored = {.sent_ms = unit->sent_ms};
        snprintf(stored.record_set, sizeof(stored.record_set), "%s", unit->sets[i]->key);
        snprintf(stored.state, sizeof(stored.state), "%s", state);
        snprintf(stored.change_id, sizeof(stored.change_id), "%s", unit->change_id);
        print_wanted(&unit->wanted[i], unit->sets[i]->member_count, stored.wanted,
                     sizeof(stored.wanted));
        if (!store_save_route53(unit->all->control->store, &stored, err)) {
            return false;
        }
    }
    return true;
}

void route53_journal(const struct route53_unit *unit, const char *state)
{
    struct error err;
    struct control *control = unit->all->control;
    (void)!(journal_begin(control, &err) &&
            journal_end(control, write_unit(unit, state, &err), &err));
}

/* True: it was in step. What is wanted may be another than what was written down last: then it may
 * have been sent without being written down, nobody knows when, and counts as sent now. The clock
 * may have been set back. */
static bool restore_set(struct route53_unit *unit, const struct stored_route53 *stored,
                        const char *wanted, int64_t now_ms)
{
    bool is_over = strcmp(stored->state, "in step") == 0;
    bool is_wanted = strcmp(stored->wanted, wanted) == 0;
    int64_t sent_ms = is_wanted && stored->sent_ms < now_ms ? stored->sent_ms : now_ms;
    if ((!is_over || !is_wanted) && sent_ms >= unit->sent_ms) {
        unit->sent_ms = sent_ms;
        snprintf(unit->change_id, sizeof(unit->change_id), "%s",
                 is_wanted ? stored->change_id : "");
    }
    return is_over && is_wanted;
}

static void restore_unit(struct route53_unit *unit, const struct search_tree *by_key)
{
    size_t in_step = 0;
    int64_t now_ms = clock_now_ms();
    for (size_t i = 0; i < unit->set_count; i++) {
        char wanted[STORE_ROUTE53_WANTED_SIZE];
        print_wanted(&unit->wanted[i], unit->sets[i]->member_count, wanted, sizeof(wanted));
        const struct stored_route53 *stored = search_tree_find(by_key, unit->sets[i]->key);
        in_step += stored != NULL && restore_set(unit, stored, wanted, now_ms);
    }
    unit->was_in_step = in_step == unit->set_count;
}

/* By what a stored one begins with; one of them may be the key alone. */
static int compare_keys(const void *one, const void *other)
{
    _Static_assert(offsetof(struct stored_route53, record_set) == 0, "a text is a key");
    return strcmp(one, other);
}

void route53_restore_units(struct route53 *all, struct stored_route53 *list, size_t count)
{
    struct search_tree by_key = {.compare = compare_keys};
    for (size_t i = 0; i < count; i++) {
        search_tree_add(&by_key, &list[i]);
    }
    for (size_t i = 0; i < all->unit_count; i++) {
        restore_unit(&all->units[i], &by_key);
    }
    search_tree_free(&by_key);
}
