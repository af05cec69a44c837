/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_hosted_zone.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/aws/aws_form.h"
#include "control/aws/aws_xml.h"
#include "control/aws/route53_text.h"
#include "control/aws/route53_xml.h"
#include "control/http/outside_text.h"

static const char id_prefix[] = "/hostedzone/";

/* "/hostedzone/Z1" is Z1. */
static const char *bare_id(const char *id)
{
    size_t len = sizeof(id_prefix) - 1;
    return strncmp(id, id_prefix, len) == 0 ? id + len : id;
}

static bool is_private(const json_t *zone)
{
    const json_t *config = json_object_get(zone, "Config");
    const char *said = json_string_value(json_object_get(config, "PrivateZone"));
    return said != NULL && strcmp(said, "true") == 0;
}

/* The id, when the element is a zone of that name. */
static const char *id_of(const json_t *zone, const char *wanted)
{
    const char *name = json_string_value(json_object_get(zone, "Name"));
    const char *id = json_string_value(json_object_get(zone, "Id"));
    if (name == NULL || id == NULL) {
        return NULL;
    }
    CLEANUP(alloc_freep) char *folded = route53_name_read(name);
    return strcmp(folded, wanted) == 0 ? bare_id(id) : NULL;
}

/* "Z1, Z2 (private)". */
static void add_id(char **ids, const char *id, bool is_hidden)
{
    char clean[64];
    outside_text_copy(id, clean, sizeof(clean));
    char *longer = alloc_printf("%s%s%s%s", *ids, (*ids)[0] == '\0' ? "" : ", ", clean,
                                is_hidden ? " (private)" : "");
    free(*ids);
    *ids = longer;
}

static char *choose(json_t *zones, const char *name, struct error *err)
{
    const char *found = NULL;
    size_t public_count = 0, count = 0;
    CLEANUP(alloc_freep) char *wanted = route53_name_fold(name);
    CLEANUP(alloc_freep) char *ids = alloc_string("");
    for (size_t i = 0; i < json_array_size(zones); i++) {
        const json_t *zone = json_array_get(zones, i);
        const char *id = id_of(zone, wanted);
        if (id != NULL) {
            count++;
            add_id(&ids, id, is_private(zone));
            public_count += is_private(zone) ? 0 : 1;
            found = is_private(zone) ? found : id;
        }
    }
    if (count == 0) {
        error_set(err, "Route 53 has no hosted zone %s, for these credentials", name);
        return NULL;
    }
    if (public_count != 1) {
        error_set(err, "Route 53 has %s hosted zones %s, expected --zone-id with one of %s",
                  public_count == 0 ? "only private" : "several", name, ids);
        return NULL;
    }
    return alloc_string(found);
}

char *hosted_zone_find(struct ctl_aws *aws, const char *name, struct error *err)
{
    struct aws_answer answer;
    CLEANUP(alloc_freep) char *folded = route53_name_fold(name);
    CLEANUP(alloc_freep) char *asked = route53_name_print(folded);
    CLEANUP(alloc_freep) char *encoded = aws_percent_encode(asked, strlen(asked), NULL);
    CLEANUP(alloc_freep) char *query = alloc_printf("dnsname=%s&maxitems=100", encoded);
    const struct aws_request request = {.service = AWS_ROUTE53,
                                        .operation = "ListHostedZonesByName",
                                        .method = "GET",
                                        .path = "/hostedzonesbyname",
                                        .query = query};
    if (!ctl_aws_ask(aws, &request, &answer, err)) {
        return NULL;
    }
    json_t *zones = aws_xml_list(answer.document, "HostedZones", "HostedZone");
    char *id = choose(zones, name, err);
    json_decref(zones);
    ctl_aws_answer_done(&answer);
    return id;
}

bool hosted_zone_list(struct ctl_aws *aws, const char *id, struct route53_record_sets *sets,
                      struct error *err)
{
    const char *bare = bare_id(id);
    CLEANUP(alloc_freep) char *encoded = aws_percent_encode(bare, strlen(bare), NULL);
    CLEANUP(alloc_freep) char *path = alloc_printf("/hostedzone/%s/rrset", encoded);
    CLEANUP(alloc_freep) char *query = NULL;
    do {
        struct aws_answer answer;
        const struct aws_request request = {.service = AWS_ROUTE53,
                                            .operation = "ListResourceRecordSets",
                                            .method = "GET",
                                            .path = path,
                                            .query = query};
        if (!ctl_aws_ask(aws, &request, &answer, err)) {
            return false;
        }
        bool is_read = route53_read_record_sets(answer.document, sets, err);
        free(query);
        query = is_read ? route53_next_page(answer.document) : NULL;
        ctl_aws_answer_done(&answer);
        if (!is_read) {
            return error_add_context(err, "route53 ListResourceRecordSets");
        }
    } while (query != NULL);
    return true;
}
