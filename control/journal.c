/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/journal.h"

#include <string.h>

#include "common/log.h"

bool journal_failed(struct control *control, const struct error *err)
{
    if (strcmp(control->store_error.text, err->text) != 0) {
        log_error("state: %s", err->text);
    }
    control->store_error = *err;
    return false;
}

/* Every weight, changed or not: of what was published since the last commit nothing is known here.
 */
static bool write_rule(struct rule_state *rule, struct error *err)
{
    struct store *store = rule->control->store;
    if (!store_save_rollout(store, &rule->rollout, err) ||
        !store_add_history(store, &rule->behind, err)) {
        return false;
    }
    for (size_t i = 0; i < rule->record_set_count; i++) {
        const struct record_set_state *set = rule->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            if (!store_save_weight(store, set->key, set->members[m].config->id,
                                   set->members[m].weight, err)) {
                return false;
            }
        }
    }
    return true;
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
        control->rules[i].is_behind = false;
    }
    if (control->store_error.text[0] != '\0') {
        log_info("state: the state file is written again");
        control->store_error.text[0] = '\0';
    }
    return true;
}

void journal_leave_behind(struct rule_state *rule, const struct history_entry *entry)
{
    rule->is_behind = true;
    rule->behind = *entry;
}

bool journal_catch_up(struct control *control, struct error *err)
{
    return journal_begin(control, err) && journal_end(control, true, err);
}
