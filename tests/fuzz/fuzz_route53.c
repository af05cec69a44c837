/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as Route 53's answers, or as the AWS CLI's JSON: record sets that are taken are whole,
 * and what is written of them, as XML and as JSON, reads back as the same; health checks have ids
 * that can be part of a path. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/aws/aws_xml.h"
#include "control/aws/route53_check.h"
#include "control/aws/route53_text.h"
#include "control/aws/route53_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_set(const struct route53_record_set *set)
{
    assert(set->name[strlen(set->name) - 1] == '.' && set->type[0] != '\0');
    assert(set->weight >= -1 && set->weight <= ROUTE53_WEIGHT_MAX && set->ttl_s >= -1);
    assert(set->weight == -1 || set->set_identifier != NULL);
    assert(set->other_policy != NULL || (set->alias.zone_id != NULL) == (set->value_count == 0));
    char *folded = route53_name_fold(set->name);
    assert(strcmp(folded, set->name) == 0);
    free(folded);
}

static void check_batch(const json_t *document, const struct route53_batch *batch)
{
    struct route53_batch read;
    struct error err;
    bool is_read = route53_read_batch(document, &read, &err);
    assert(is_read && read.count == batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        assert(route53_record_set_equals(&read.changes[i].set, &batch->changes[i].set));
    }
    route53_batch_done(&read);
}

/* XML has no way to write some characters, and reads a return as a line's end. */
static bool has_control(const struct route53_record_set *set)
{
    const char *texts[] = {set->type, set->set_identifier, set->health_check_id,
                           set->alias.zone_id};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (const char *at = texts[i] == NULL ? "" : texts[i]; *at != '\0'; at++) {
            if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7f) {
                return true;
            }
        }
    }
    return false;
}

static void write_back(struct route53_record_sets *sets)
{
    struct route53_batch batch = {0};
    struct error err;
    bool is_plain = true;
    for (size_t i = 0; i < sets->count; i++) {
        check_set(&sets->sets[i]);
        if (sets->sets[i].other_policy == NULL) {
            is_plain = is_plain && !has_control(&sets->sets[i]);
            route53_batch_add(&batch, ROUTE53_UPSERT, &sets->sets[i]);
        }
    }
    if (batch.count > 0) {
        json_t *json = route53_batch_json(&batch);
        check_batch(json, &batch);
        json_decref(json);
        char *xml = route53_batch_xml(&batch);
        json_t *document = aws_xml_parse(xml, strlen(xml), NULL, &err);
        assert(document != NULL);
        if (is_plain) {
            check_batch(json_object_get(document, "ChangeBatch"), &batch);
        }
        json_decref(document);
        free(xml);
    }
    route53_batch_done(&batch);
}

/* They become part of paths. */
static void check_id(const struct route53_found_check *check)
{
    assert(check->id[0] != '\0' && strlen(check->id) < sizeof(check->id));
    assert(strpbrk(check->id, "/.%?& <") == NULL);
    assert(strlen(check->reference) < sizeof(check->reference));
}

static void read_checks(const json_t *document)
{
    struct route53_found_checks found = {0};
    struct route53_found_check made;
    struct error err;
    (void)!route53_read_checks(document, "ballast-", &found, &err);
    for (size_t i = 0; i < found.count; i++) {
        check_id(&found.checks[i]);
        assert(strncmp(found.checks[i].reference, "ballast-", strlen("ballast-")) == 0);
    }
    route53_found_checks_done(&found);
    if (route53_read_check(document, &made, &err)) {
        check_id(&made);
    }
    free(route53_next_checks(document));
}

static void read_document(const json_t *document)
{
    struct route53_record_sets sets = {0};
    struct route53_batch batch;
    struct error err;
    char *id;
    bool is_in_sync;
    (void)!route53_read_record_sets(document, &sets, &err);
    write_back(&sets);
    route53_record_sets_done(&sets);
    if (route53_read_batch(document, &batch, &err)) {
        assert(batch.count > 0);
        route53_batch_done(&batch);
    }
    if (route53_read_change(document, &id, &is_in_sync, &err)) {
        assert(id[0] != '\0' && strpbrk(id, "/.%?&") == NULL);
        free(id);
    }
    read_checks(document);
    free(route53_next_page(document));
    free(route53_read_messages(document));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    json_t *document = size > 0 && data[0] == '<'
                           ? aws_xml_parse((const char *)data, size, NULL, &err)
                           : json_loadb((const char *)data, size, 0, NULL);
    if (document != NULL) {
        read_document(document);
    }
    json_decref(document);
    return 0;
}
