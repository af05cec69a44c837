/* SPDX-License-Identifier: BSD-2-Clause */
/* One admin request while a command works on it. Private to the commands; control thread only. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "control/admin_server.h"
#include "control/model.h"

struct call {
    struct control *control;
    const json_t *arguments;
    const char *who;
    struct admin_request *request;
};

/* NULL beyond the last one. */
const char *call_argument(const struct call *call, size_t index);
size_t call_argument_count(const struct call *call);
/* The value of an option, or NULL. */
const char *call_option(const struct call *call, const char *name);
/* Whether the last argument is this option, which has no value. */
bool call_flag(const struct call *call, const char *name);
/* Finishes the request with a result that is there now (taking the reference), or with err when it
 * is NULL. */
void call_answer(const struct call *call, json_t *result, const struct error *err);
/* Finishes it, taking the reference, when every worker answers from what has been published. */
void call_answer_when_seen(const struct call *call, json_t *result);

/* The commands about zones, in zone_command.c, check_command.c and export_command.c. */
void command_zone_list(const struct call *call);
void command_zone_add(const struct call *call);
void command_zone_remove(const struct call *call);
void command_zone_reload(const struct call *call);
void command_zone_check(const struct call *call);
void command_zone_export(const struct call *call);

/* The commands about keys, in key_command.c. */
void command_key_list(const struct call *call);
void command_key_generate(const struct call *call);
void command_key_roll(const struct call *call);
void command_key_ds_seen(const struct call *call);
void command_key_forget(const struct call *call);

/* The commands that tell of events, in event_command.c. */
void command_event_log(const struct call *call);
void command_event_pattern(const struct call *call);
void command_event_stats(const struct call *call);

/* The commands about rollouts and history, in commands_rollout.c. */
void command_rollout_list(const struct call *call);
void command_rollout_show(const struct call *call);
void command_rollout_history(const struct call *call);
void command_rollout_start(const struct call *call);
void command_rollout_approve(const struct call *call);
void command_rollout_reject(const struct call *call);
void command_rollout_pause(const struct call *call);
void command_rollout_resume(const struct call *call);
void command_rollout_promote(const struct call *call);
void command_rollout_abort(const struct call *call);
void command_notify_list(const struct call *call);
void command_notify_retry(const struct call *call);
void command_notify_drop(const struct call *call);
void command_rollout_freeze(const struct call *call);
void command_rollout_thaw(const struct call *call);
void command_history(const struct call *call);
