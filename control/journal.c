/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/journal.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "control/fleet.h"
#include "control/notify.h"
#include "control/share_watch.h"
#include "control/shift.h"

bool journal_failed(struct control *control, const struct error *err)
{
    if (strcmp(control->store_error.text, err->text) != 0) {
        log_error("state: %s", err->text);
    }
    control->store_error = *err;
    return false;
}

static bool write_rule(struct rule_state *rule, struct error *err)
{
    struct store *store = rule->control->store;
    if (!store_save_rollout(store, &rule->rollout, err) ||
        !store_add_history(store, &rule->behind, err) ||
        !notify_journal(rule->control, &rule->behind, &rule->rollout, err) ||
        !share_watch_journal_late(rule, rule->behind_shares, rule->behind.id, err)) {
        return false;
    }
    for (size_t i = 0; i < rule->record_set_count; i++) {
        if (!shift_journal_late(rule->control, rule->record_sets[i], &rule->behind_changes[i],
                                rule->behind.id, err)) {
            return false;
        }
    }
    return true;
}

static void forget_behind(struct rule_state *rule)
{
    for (size_t i = 0; rule->behind_changes != NULL && i < rule->record_set_count; i++) {
        shift_change_done(&rule->behind_changes[i]);
    }
    free(STEAL(rule->behind_changes));
    store_free_history_shares(STEAL(rule->behind_shares), rule->record_set_count);
    rule->is_behind = false;
}

static bool write_behind(struct control *control, struct error *err)
{
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        if (control->rules[i].is_behind && !write_rule(&control->rules[i], err)) {
            return false;
        }
    }
    return true;
}

bool journal_begin(struct control *control, struct error *err)
{
    return fleet_may_change(control, err) && journal_begin_own(control, err);
}

bool journal_begin_own(struct control *control, struct error *err)
{
    if (!store_begin(control->store, err)) {
        return journal_failed(control, err);
    }
    return write_behind(control, err) || journal_end(control, false, err);
}

bool journal_end(struct control *control, bool is_written, struct error *err)
{
    if (!is_written || !store_commit(control->store, err)) {
        store_rollback(control->store);
        return journal_failed(control, err);
    }
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        forget_behind(&control->rules[i]);
    }
    notify_kick(control);
    fleet_kick(control);
    if (control->store_error.text[0] != '\0') {
        log_info("state: the state file is written again");
        control->store_error.text[0] = '\0';
    }
    return true;
}

void journal_leave_behind(struct rule_state *rule, const struct history_entry *entry,
                          const struct shift *shifts)
{
    forget_behind(rule);
    rule->is_behind = true;
    rule->behind = *entry;
    rule->behind_shares = share_watch_keep(rule);
    rule->behind_changes = alloc_zeroed(rule->record_set_count, sizeof(*rule->behind_changes));
    for (size_t i = 0; i < rule->record_set_count; i++) {
        shift_change(&shifts[i], &rule->behind_changes[i]);
    }
}

bool journal_is_behind(const struct control *control)
{
    for (size_t i = 0; control->rules != NULL && i < control->config->rollout_count; i++) {
        if (control->rules[i].is_behind) {
            return true;
        }
    }
    return false;
}

void journal_close(struct control *control)
{
    for (size_t i = 0; control->rules != NULL && i < control->config->rollout_count; i++) {
        forget_behind(&control->rules[i]);
    }
}

bool journal_catch_up(struct control *control, struct error *err)
{
    return journal_begin(control, err) && journal_end(control, true, err);
}
