/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/answers/case_weighted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "tests/answers/case_text.h"

#define TTL_S     60
#define SEPARATOR " | "

bool case_weighted_add(struct case_weighted *weighted, const char *text, unsigned line,
                       struct error *err)
{
    char name[256], type[32], choice[32] = "", more;
    int found = sscanf(text, "%255s %31s %31s %c", name, type, choice, &more);
    bool is_sticky = strcmp(choice, "sticky") == 0;
    if (found != 2 && !(found == 3 && is_sticky)) {
        return error_set(err, "expected \"weighted NAME TYPE\", found \"%s\"", text);
    }
    if (weighted->count == CASE_SETS_MAX) {
        return error_set(err, "more than %d weighted record sets", CASE_SETS_MAX);
    }
    weighted->sets[weighted->count] = (struct config_record_set){
        .name = alloc_string(name),
        .type = alloc_string(type),
        .ttl_s = TTL_S,
        .choice = is_sticky ? CHOICE_STICKY : CHOICE_EXACT,
        .members = weighted->members[weighted->count],
        .line = line,
    };
    weighted->count++;
    return true;
}

static void add_values(struct config_member *member, const char *text)
{
    for (const char *end = text; end != NULL; text = end + strlen(SEPARATOR)) {
        end = strstr(text, SEPARATOR);
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        member->values =
            alloc_resize(member->values, member->value_count + 1, sizeof(*member->values));
        CLEANUP(alloc_freep) char *value = alloc_printf("%.*s", (int)len, text);
        member->values[member->value_count++] = case_letters(value);
        if (end == NULL) {
            return;
        }
    }
}

bool case_weighted_add_member(struct case_weighted *weighted, const char *text, unsigned line,
                              struct error *err)
{
    char id[32], weight_text[32];
    char *weight_end = NULL;
    int values_at = 0;
    if (weighted->count == 0) {
        return error_set(err, "a member of no weighted record set: \"%s\"", text);
    }
    int found = sscanf(text, "%31s %31s %n", id, weight_text, &values_at);
    unsigned long weight = found == 2 ? strtoul(weight_text, &weight_end, 10) : 0;
    if (found != 2 || *weight_end != '\0' || weight > UINT8_MAX || values_at == 0 ||
        text[values_at] == '\0') {
        return error_set(err, "expected \"member ID WEIGHT VALUE | VALUE\", found \"%s\"", text);
    }
    struct config_record_set *set = &weighted->sets[weighted->count - 1];
    if (set->member_count == CASE_MEMBERS_MAX) {
        return error_set(err, "more than %d members", CASE_MEMBERS_MAX);
    }
    struct config_member *member = &set->members[set->member_count++];
    *member =
        (struct config_member){.id = alloc_string(id), .weight = (uint8_t)weight, .line = line};
    add_values(member, text + values_at);
    return true;
}

static bool has_weight(const struct config_record_set *set)
{
    for (size_t i = 0; i < set->member_count; i++) {
        if (set->members[i].weight != 0) {
            return true;
        }
    }
    return false;
}

bool case_weighted_configure(struct case_weighted *weighted, struct config *config,
                             struct error *err)
{
    for (size_t i = 0; i < weighted->count; i++) {
        if (!has_weight(&weighted->sets[i])) {
            return error_set(err, "no member of %s has a weight", weighted->sets[i].name);
        }
    }
    config->record_sets = weighted->sets;
    config->record_set_count = weighted->count;
    return true;
}

void case_weighted_publish(const struct case_weighted *weighted, struct snapshot_builder *builder)
{
    for (size_t i = 0; i < weighted->count; i++) {
        const struct config_record_set *set = &weighted->sets[i];
        uint16_t weights[CASE_MEMBERS_MAX] = {0};
        for (size_t j = 0; j < set->member_count; j++) {
            weights[j] = set->members[j].weight;
        }
        snapshot_builder_set_weights(builder, (uint32_t)i, weights);
    }
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void case_weighted_done(struct case_weighted *weighted)
{
    for (size_t i = 0; i < weighted->count; i++) {
        struct config_record_set *set = &weighted->sets[i];
        for (size_t j = 0; j < set->member_count; j++) {
            for (size_t k = 0; k < set->members[j].value_count; k++) {
                free_text(set->members[j].values[k]);
            }
            free(set->members[j].values);
            free_text(set->members[j].id);
        }
        free_text(set->name);
        free_text(set->type);
    }
    weighted->count = 0;
}
