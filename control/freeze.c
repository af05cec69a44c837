/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/freeze.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "control/describe.h"
#include "control/journal.h"
#include "control/notify.h"
#include "control/rule.h"

static bool is_acceptable(const struct control *control, bool is_on, const char *reason,
                          struct error *err)
{
    if (reason[0] == '\0' || strlen(reason) >= ROLLOUT_TEXT_SIZE) {
        return error_set(err, "reason: expected 1 to %d octets", ROLLOUT_TEXT_SIZE - 1);
    }
    if (is_on && control->freeze.is_on) {
        char text[ROLLOUT_TEXT_SIZE * 3];
        freeze_print(control, text, sizeof(text));
        return error_set(err, "%s", text);
    }
    return is_on || control->freeze.is_on || error_set(err, "rollouts are not frozen");
}

static bool write_down(struct control *control, const struct freeze *freeze, struct error *err)
{
    struct history_entry entry = {.at_ms = freeze->at_ms};
    snprintf(entry.kind, sizeof(entry.kind), "%s", freeze->is_on ? "frozen" : "thawed");
    snprintf(entry.who, sizeof(entry.who), "%s", freeze->who);
    snprintf(entry.text, sizeof(entry.text), "all rollouts: %s", freeze->reason);
    return store_save_freeze(control->store, freeze, err) &&
           store_add_history(control->store, &entry, err) &&
           notify_journal(control, &entry, NULL, err);
}

bool freeze_set(struct control *control, bool is_on, const char *who, const char *reason,
                struct error *err)
{
    struct freeze freeze = {.is_on = is_on, .at_ms = clock_now_ms()};
    if (!is_acceptable(control, is_on, reason, err)) {
        return false;
    }
    snprintf(freeze.who, sizeof(freeze.who), "%s", who);
    snprintf(freeze.reason, sizeof(freeze.reason), "%s", reason);
    if (!journal_begin(control, err) ||
        !journal_end(control, write_down(control, &freeze, err), err)) {
        return error_add_context(err, "nothing was changed");
    }
    control->freeze = freeze;
    log_info("all rollouts: %s (%s): %s", is_on ? "frozen" : "thawed", who, reason);
    for (size_t i = 0; i < control->config->rollout_count; i++) {
        rule_tick(&control->rules[i]);
    }
    return true;
}

bool freeze_restore(struct control *control, struct error *err)
{
    if (!store_load_freeze(control->store, &control->freeze, err)) {
        return false;
    }
    if (control->freeze.is_on) {
        char text[ROLLOUT_TEXT_SIZE * 3];
        freeze_print(control, text, sizeof(text));
        log_warning("%s", text);
    }
    return true;
}

void freeze_print(const struct control *control, char *out, size_t size)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(control->freeze.at_ms, at);
    snprintf(out, size, "rollouts are frozen since %s by %s: %s", at, control->freeze.who,
             control->freeze.reason);
}

json_t *freeze_describe(const struct control *control)
{
    const struct freeze *freeze = &control->freeze;
    return !freeze->is_on
               ? json_null()
               : json_pack("{s:o, s:o, s:o}", "since", describe_time(freeze->at_ms), "who",
                           describe_text(freeze->who), "reason", describe_text(freeze->reason));
}
