/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/targets.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "common/alloc.h"
#include "control/alias_source.h"
#include "control/rule.h"
#include "control/shift.h"

static int compare_users(const void *left, const void *right)
{
    const struct target_user *a = left;
    const struct target_user *b = right;
    uintptr_t x = (uintptr_t)a->target;
    uintptr_t y = (uintptr_t)b->target;
    return (x > y) - (x < y);
}

/* A target's verdict has changed: new effective weights, and gates look at once. */
static void on_health(void *argument, const struct target *target)
{
    struct control *control = argument;
    if (control->is_stopping) {
        return;
    }
    size_t low = 0;
    size_t high = control->target_user_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((uintptr_t)control->target_users[middle].target < (uintptr_t)target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t end = low;
    while (end < control->target_user_count && control->target_users[end].target == target) {
        shift_mark(control, &control->record_sets[control->target_users[end++].record_set]);
    }
    /* A fall-back publishes what has been marked along with it. */
    for (size_t i = low; i < end; i++) {
        struct rule_state *rule = control->record_sets[control->target_users[i].record_set].rule;
        if (rule != NULL) {
            rule_tick(rule);
        }
    }
    shift_publish(control);
}

/* The addresses as text, those of the configuration or those of the alias target. */
static size_t count_addresses(const struct member_state *member)
{
    if (member->config->health_check->type == CHECK_ELBV2) {
        return 1; /* the target group, for all of them */
    }
    return member->alias == NULL ? member->config->value_count : member->alias->alias.count;
}

static const struct target *watch_address(struct control *control,
                                          const struct member_state *member, size_t index)
{
    char text[ALIAS_ADDRESS_TEXT_SIZE];
    if (member->config->health_check->type == CHECK_ELBV2) {
        return checker_watch(control->checker, member->config->health_check, "");
    }
    if (member->alias == NULL) {
        return checker_watch(control->checker, member->config->health_check,
                             member->config->values[index]);
    }
    alias_source_print(member->alias, index, text);
    return checker_watch(control->checker, member->config->health_check, text);
}

void targets_follow(struct control *control, struct member_state *member)
{
    if (member->config->health_check == NULL) {
        return;
    }
    const struct target **old = member->targets;
    size_t old_count = member->target_count;
    member->target_count = count_addresses(member);
    member->targets = alloc_zeroed(member->target_count, sizeof(struct target *));
    for (size_t i = 0; i < member->target_count; i++) {
        member->targets[i] = watch_address(control, member, i);
    }
    /* Only now, so that what stays keeps its verdict. */
    for (size_t i = 0; i < old_count; i++) {
        checker_unwatch(control->checker, old[i]);
    }
    free(old);
}

void targets_index(struct control *control)
{
    size_t count = 0;
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        for (size_t m = 0; m < control->record_sets[i].member_count; m++) {
            count += control->record_sets[i].members[m].target_count;
        }
    }
    control->target_users =
        alloc_resize(control->target_users, count, sizeof(*control->target_users));
    control->target_user_count = 0;
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        const struct record_set_state *set = &control->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            for (size_t t = 0; t < set->members[m].target_count; t++) {
                control->target_users[control->target_user_count++] =
                    (struct target_user){set->members[m].targets[t], i};
            }
        }
    }
    qsort(control->target_users, count, sizeof(*control->target_users), compare_users);
}

/* Of the limit, which was raised before. */
static size_t probes_at_once(const struct config_server *server)
{
    struct rlimit limit = {.rlim_cur = 0};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return checker_at_once(limit.rlim_cur, config_server_files(server));
}

bool targets_start(struct control *control, struct error *err)
{
    control->checker = checker_new(&control->loop, probes_at_once(&control->config->server),
                                   control->aws, on_health, control, err);
    if (control->checker == NULL) {
        return false;
    }
    for (size_t i = 0; i < control->config->record_set_count; i++) {
        for (size_t m = 0; m < control->record_sets[i].member_count; m++) {
            targets_follow(control, &control->record_sets[i].members[m]);
        }
    }
    targets_index(control);
    return true;
}
