/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/route53_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_form.h"
#include "control/aws/aws_xml.h"

#define NAMESPACE "https://route53.amazonaws.com/doc/2013-04-01/"
#define ID_OCTETS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

/* ---- writing ---- */

static void print_element(FILE *out, const char *name, const char *text)
{
    if (text != NULL) {
        CLEANUP(alloc_freep) char *escaped = aws_xml_escape(text);
        fprintf(out, "<%s>%s</%s>", name, escaped, name);
    }
}

static void print_endpoint(FILE *out, const struct route53_check *check)
{
    print_element(out, "IPAddress", check->address);
    fprintf(out, "<Port>%u</Port>", (unsigned)check->port);
    print_element(out, "Type", check->type);
    print_element(out, "ResourcePath", check->path);
    print_element(out, "FullyQualifiedDomainName", check->host);
    print_element(out, "SearchString", check->search);
    fprintf(out, "<RequestInterval>%u</RequestInterval><FailureThreshold>%u</FailureThreshold>",
            check->interval_s, check->failures);
    if (check->is_tls) {
        print_element(out, "EnableSNI", check->host != NULL ? "true" : "false");
    }
}

static void print_calculated(FILE *out, const struct route53_check *check)
{
    print_element(out, "Type", check->type);
    fprintf(out, "<HealthThreshold>%u</HealthThreshold><ChildHealthChecks>", check->threshold);
    for (size_t i = 0; i < check->child_count; i++) {
        print_element(out, "ChildHealthCheck", check->children[i]);
    }
    fputs("</ChildHealthChecks>", out);
}

char *route53_check_print(const struct route53_check *check)
{
    char *xml = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&xml, &len);
    fputs("<HealthCheckConfig>", out);
    if (check->address != NULL) {
        print_endpoint(out, check);
    } else {
        print_calculated(out, check);
    }
    fputs("</HealthCheckConfig>", out);
    fclose(out);
    return xml;
}

char *route53_check_request(const char *reference, const char *config)
{
    CLEANUP(alloc_freep) char *escaped = aws_xml_escape(reference);
    return alloc_printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<CreateHealthCheckRequest xmlns=\"" NAMESPACE "\">"
                        "<CallerReference>%s</CallerReference>%s</CreateHealthCheckRequest>",
                        escaped, config);
}

/* ---- reading ---- */

void route53_found_checks_done(struct route53_found_checks *found)
{
    free(found->checks);
    *found = (struct route53_found_checks){0};
}

void route53_found_checks_add(struct route53_found_checks *found,
                              const struct route53_found_check *check)
{
    found->checks = alloc_resize(found->checks, found->count + 1, sizeof(*found->checks));
    found->checks[found->count++] = *check;
}

static bool read_element(const json_t *element, struct route53_found_check *check,
                         struct error *err)
{
    const char *id = json_string_value(json_object_get(element, "Id"));
    const char *reference = json_string_value(json_object_get(element, "CallerReference"));
    const char *type =
        json_string_value(json_object_get(json_object_get(element, "HealthCheckConfig"), "Type"));
    *check = (struct route53_found_check){.id = ""};
    if (id == NULL || reference == NULL || type == NULL) {
        return error_set(err, "HealthCheck: expected Id, CallerReference and HealthCheckConfig");
    }
    size_t len = strlen(id);
    if (len == 0 || len >= sizeof(check->id) || strspn(id, ID_OCTETS) != len) {
        return error_set(err, "HealthCheck: Id: expected 1 to %zu letters, digits and '-'",
                         sizeof(check->id) - 1);
    }
    if (strlen(reference) >= sizeof(check->reference)) {
        return error_set(err, "HealthCheck: CallerReference: expected at most %zu octets",
                         sizeof(check->reference) - 1);
    }
    memcpy(check->id, id, len + 1);
    memcpy(check->reference, reference, strlen(reference) + 1);
    check->is_calculated = strcmp(type, "CALCULATED") == 0;
    return true;
}

bool route53_read_check(const json_t *document, struct route53_found_check *check,
                        struct error *err)
{
    return read_element(json_object_get(document, "HealthCheck"), check, err);
}

bool route53_read_checks(const json_t *document, const char *prefix,
                         struct route53_found_checks *found, struct error *err)
{
    if (json_object_get(document, "HealthChecks") == NULL) {
        return error_set(err, "expected HealthChecks");
    }
    json_t *elements = aws_xml_list(document, "HealthChecks", "HealthCheck");
    bool is_read = true;
    size_t index;
    json_t *element;
    json_array_foreach(elements, index, element)
    {
        struct route53_found_check check;
        const char *reference = json_string_value(json_object_get(element, "CallerReference"));
        if (reference != NULL && strncmp(reference, prefix, strlen(prefix)) != 0) {
            continue; /* somebody else's, whatever it is like */
        }
        if (!read_element(element, &check, err)) {
            is_read = false;
            break;
        }
        route53_found_checks_add(found, &check);
    }
    json_decref(elements);
    return is_read;
}

char *route53_next_checks(const json_t *document)
{
    const char *is_truncated = json_string_value(json_object_get(document, "IsTruncated"));
    const char *marker = json_string_value(json_object_get(document, "NextMarker"));
    if (is_truncated == NULL || strcmp(is_truncated, "true") != 0 || marker == NULL ||
        marker[0] == '\0') {
        return NULL;
    }
    CLEANUP(alloc_freep) char *encoded = aws_percent_encode(marker, strlen(marker), NULL);
    return alloc_printf("marker=%s", encoded);
}
