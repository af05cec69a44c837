/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/move/import_private.h"
#include "control/move/yaml_text.h"
#include "zones/rdata_print.h"

#define SOA_TIMERS   "7200 900 1209600 86400" /* Route 53's, where it has no SOA that says others */
#define SOA_TTL_S    900
#define NS_TTL_S     172800
#define SOA_FIELDS   7
#define TARGET_TTL_S 60

/* Relative to the zone, "@" for its own. */
static void put_owner(FILE *out, const struct import_work *work, const struct name *name)
{
    char text[NAME_TEXT_SIZE];
    name_print(name->octets, text);
    if (name->label_count == work->zone.label_count) {
        fputc('@', out);
        return;
    }
    size_t below = strlen(text);
    if (work->zone.label_count > 0) {
        below -= strlen(work->zone_text) + 1;
    }
    fprintf(out, "%.*s", (int)below, text);
}

static void put_records(FILE *out, const struct import_work *work, const struct import_group *group,
                        const struct import_item *item, const char *before)
{
    char type[RECORD_TYPE_TEXT_SIZE];
    record_type_print(group->type, type);
    for (size_t i = 0; i < item->value_count; i++) {
        fputs(before, out);
        put_owner(out, work, &group->name);
        fprintf(out, "\t%" PRIu32 "\tIN\t%s\t%s\n", item->ttl_s, type, item->values[i]);
    }
}

/* ---- SOA and NS ---- */

static const struct import_item *find_apex(const struct import_work *work, uint16_t type)
{
    const struct import_group *group = import_find(work, &work->zone, type);
    return group == NULL ? NULL : &group->items[0];
}

/* "refresh retry expire minimum" of the SOA's data, or Route 53's usual ones. */
static char *soa_timers(const struct import_item *soa)
{
    const char *at = soa == NULL || soa->value_count == 0 ? NULL : soa->values[0];
    for (unsigned i = 0; i < 3 && at != NULL; i++) {
        at = strchr(at, ' ');
        at = at == NULL ? NULL : at + 1;
    }
    return alloc_string(at == NULL ? SOA_TIMERS : at);
}

static void put_soa(FILE *out, const struct import_work *work)
{
    char name[NAME_TEXT_SIZE];
    struct name primary;
    const struct import_item *soa = find_apex(work, TYPE_SOA);
    CLEANUP(alloc_freep) char *timers = soa_timers(soa);
    const struct import_wanted *wanted = work->wanted;
    bool is_named =
        wanted->nameserver_count > 0 && name_parse(&primary, wanted->nameservers[0].name, NULL);
    if (is_named) {
        name_print(primary.octets, name);
    }
    fprintf(out, "%s@\t%" PRIu32 "\tIN\tSOA\t%s%s hostmaster %" PRIu32 " %s\n", is_named ? "" : ";",
            soa == NULL ? SOA_TTL_S : soa->ttl_s, is_named ? name : "NAMESERVER",
            is_named && strcmp(name, ".") != 0 ? "." : "", wanted->serial, timers);
}

static void put_addresses(FILE *out, struct import_work *work,
                          const struct import_nameserver *nameserver, const struct name *name,
                          uint32_t ttl_s)
{
    for (size_t i = 0; i < nameserver->address_count; i++) {
        const char *address = nameserver->addresses[i];
        CLEANUP(alloc_freep) char *printed = NULL;
        uint16_t type = strchr(address, ':') == NULL ? TYPE_A : TYPE_AAAA;
        if (import_value(work, type, address, &printed, NULL)) {
            put_owner(out, work, name);
            fprintf(out, "\t%" PRIu32 "\tIN\t%s\t%s\n", ttl_s, type == TYPE_A ? "A" : "AAAA",
                    printed);
        }
    }
}

static void put_nameservers(FILE *out, struct import_work *work)
{
    const struct import_wanted *wanted = work->wanted;
    const struct import_item *old = find_apex(work, TYPE_NS);
    uint32_t ttl_s = old == NULL ? NS_TTL_S : old->ttl_s;
    for (size_t i = 0; i < wanted->nameserver_count; i++) {
        char text[NAME_TEXT_SIZE];
        struct name name;
        if (name_parse(&name, wanted->nameservers[i].name, NULL)) {
            name_print(name.octets, text);
            fprintf(out, "@\t%" PRIu32 "\tIN\tNS\t%s%s\n", ttl_s, text,
                    strcmp(text, ".") == 0 ? "" : ".");
            put_addresses(out, work, &wanted->nameservers[i], &name, ttl_s);
        }
    }
    if (wanted->nameserver_count == 0) {
        fprintf(out,
                "; Name those that will serve the zone: take the ; from the SOA above and write\n"
                "; their names there and here, or import again with --ns NAME.\n"
                "@\t%" PRIu32 "\tIN\tNAMESERVERS-ARE-TO-BE-NAMED-HERE\n",
                ttl_s);
    }
}

static void put_apex(FILE *out, struct import_work *work)
{
    static const uint16_t types[] = {TYPE_SOA, TYPE_NS};
    fputs("\n; Route 53's own SOA and NS, which are replaced:\n", out);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct import_group *group = import_find(work, &work->zone, types[i]);
        if (group != NULL) {
            put_records(out, work, group, &group->items[0], ";");
        }
    }
    put_soa(out, work);
    put_nameservers(out, work);
    fputc('\n', out);
}

/* ---- the zone file ---- */

static void put_heading(FILE *out, const struct import_work *work, const struct import_group *group,
                        const char *what)
{
    char type[RECORD_TYPE_TEXT_SIZE];
    record_type_print(group->type, type);
    fputs("; ", out);
    put_owner(out, work, &group->name);
    fprintf(out, " %s: %s", type, what);
}

static void put_lost(FILE *out, const struct import_work *work, const struct import_group *group)
{
    put_heading(out, work, group, "NOT MOVED: ");
    comment_put_text(out, group->reason);
    fputc('\n', out);
    for (size_t i = 0; i < group->count; i++) {
        const struct route53_record_set *set = group->items[i].set;
        fputs(";   ", out);
        comment_put_text(out, set->set_identifier == NULL ? "simple" : set->set_identifier);
        if (set->other_policy != NULL) {
            fprintf(out, " (");
            comment_put_text(out, set->other_policy);
            fprintf(out, ")");
        }
        if (set->weight >= 0) {
            fprintf(out, " (weight %d)", set->weight);
        }
        fputs(set->alias.zone_id != NULL ? ": alias of " : ":", out);
        comment_put_text(out, set->alias.zone_id != NULL ? set->alias.dns_name : "");
        for (size_t j = 0; j < set->value_count; j++) {
            fputc(' ', out);
            comment_put_text(out, set->values[j]);
        }
        fputc('\n', out);
    }
}

static void put_cname(FILE *out, const struct import_work *work, const struct import_group *group)
{
    char text[NAME_TEXT_SIZE];
    name_print(group->target->name.octets, text);
    put_heading(out, work, group, "was an alias\n");
    put_owner(out, work, &group->name);
    fprintf(out, "\t%u\tIN\tCNAME\t%s.\n", TARGET_TTL_S, text);
}

static void put_group(FILE *out, const struct import_work *work, const struct import_group *group)
{
    switch (group->fate) {
    case FATE_STATIC:
        if (group->items[0].set->alias.zone_id != NULL) {
            put_heading(out, work, group, "was an alias of ");
            comment_put_text(out, group->items[0].set->alias.dns_name);
            fputc('\n', out);
        }
        put_records(out, work, group, &group->items[0], "");
        break;
    case FATE_WEIGHTED:
        put_heading(out, work, group, "see record_sets in the configuration\n");
        break;
    case FATE_CNAME:
        put_cname(out, work, group);
        break;
    case FATE_LOST:
        put_lost(out, work, group);
        break;
    case FATE_REPLACED:
        if (group->name.label_count != work->zone.label_count ||
            (group->type != TYPE_SOA && group->type != TYPE_NS)) {
            put_records(out, work, group, &group->items[0], ";");
        }
        break;
    case FATE_COVERED:
    case FATE_UNKNOWN:
        break;
    }
}

char *import_print_zone(struct import_work *work)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fprintf(out, "; zone %s, from Route 53: ", work->zone_text);
    comment_put_text(out, work->wanted->source);
    fprintf(out, "\n$ORIGIN %s%s\n", work->zone_text, work->zone.label_count == 0 ? "" : ".");
    put_apex(out, work);
    for (size_t i = 0; i < work->group_count; i++) {
        put_group(out, work, &work->groups[i]);
    }
    fclose(out);
    return text;
}

/* ---- the configuration ---- */

static void put_values(FILE *out, const struct import_item *item)
{
    fputs("        values:\n", out);
    for (size_t i = 0; i < item->value_count; i++) {
        fputs("          - ", out);
        yaml_put_text(out, item->values[i]);
        fputc('\n', out);
    }
}

/* What Route 53 knew of the member's health. */
static void put_health(FILE *out, const struct route53_record_set *set)
{
    if (set->health_check_id != NULL) {
        fputs("        # had the health check ", out);
        comment_put_text(out, set->health_check_id);
        fputs(": write it under health_checks, and here\n        # health_check: NAME\n", out);
    } else if (set->alias.zone_id != NULL && set->alias.evaluate_target_health) {
        fputs("        # Route 53 looked at the target's health (EvaluateTargetHealth):\n"
              "        # health_check: NAME\n",
              out);
    }
}

static void put_member(FILE *out, const struct import_item *item)
{
    fputs("      - id: ", out);
    yaml_put_text(out, item->id);
    fprintf(out, "\n        weight: %d\n", item->is_weighted ? item->set->weight : 1);
    if (item->host != NULL) {
        fputs("        alias: ", out);
        yaml_put_text(out, item->host);
        if (item->set->alias.zone_id != NULL) {
            fputs(" # in the hosted zone ", out);
            comment_put_text(out, item->set->alias.zone_id);
        }
        fputc('\n', out);
    } else {
        put_values(out, item);
    }
    put_health(out, item->set);
}

static void put_record_set(FILE *out, const struct import_group *group)
{
    char name[NAME_TEXT_SIZE], type[RECORD_TYPE_TEXT_SIZE];
    const struct import_group *source = group->target != NULL ? group->target : group;
    name_print(group->name.octets, name);
    record_type_print(group->type, type);
    fputs("  - name: ", out);
    yaml_put_text(out, name);
    fprintf(out, "\n    type: %s\n    ttl: %" PRIu32 "\n    members:\n", type,
            source->items[0].ttl_s);
    for (size_t i = 0; i < source->count; i++) {
        put_member(out, &source->items[i]);
    }
}

char *import_print_config(struct import_work *work)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fprintf(out, "# Serves %s, from Route 53: ", work->zone_text);
    comment_put_text(out, work->wanted->source);
    fputs("\n# Check it with: ballastd -c FILE --check\n"
          "server:\n  listen: [\"127.0.0.1@5300\"] # for a try; then the addresses, port 53\n"
          "control:\n  socket: ballast.sock\n  state: ballast.db\nzones:\n  - name: ",
          out);
    yaml_put_text(out, work->zone_text);
    fputs("\n    file: ", out);
    yaml_put_text(out, work->wanted->zone_file);
    fputc('\n', out);
    if (work->out->record_count > 0) {
        fputs("record_sets:\n", out);
    }
    for (size_t i = 0; i < work->group_count; i++) {
        if (work->groups[i].fate == FATE_WEIGHTED) {
            put_record_set(out, &work->groups[i]);
        }
    }
    fclose(out);
    return text;
}
