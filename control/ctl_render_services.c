/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_render_services.h"

#include <inttypes.h>

#include "control/ctl_table.h"

static void add_counts(struct table *table, const json_t *of)
{
    static const char *const keys[] = {"desired", "running", "pending"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        table_add(table, INK_PLAIN, "%" PRId64, field_number(of, keys[i]));
    }
}

static void add_deployment(struct table *table, const json_t *deployment)
{
    table_add(table, INK_PLAIN, "  %s", field_text(deployment, "id"));
    table_add(table, INK_PLAIN, "%s %s", field_text(deployment, "status"),
              field_text(deployment, "state"));
    add_counts(table, deployment);
    for (int i = 0; i < 4; i++) {
        table_add(table, INK_PLAIN, "%s", "");
    }
}

void render_services(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *services = json_object_get(result, "services");
    struct table *table = TABLE("SERVICE", "STATE", ">DESIRED", ">RUNNING", ">PENDING", ">HEALTHY",
                                ">UNHEALTHY", "DESCRIBED", "ERROR");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *service = json_array_get(services, i);
        const json_t *deployments = json_object_get(service, "deployments");
        table_add(table, INK_BOLD, "%s", field_text(service, "service"));
        table_add(table, INK_PLAIN, "%zu deployments", json_array_size(deployments));
        add_counts(table, service);
        table_add(table, INK_PLAIN, "%" PRId64, field_number(service, "healthy"));
        table_add(table, INK_PLAIN, "%" PRId64, field_number(service, "unhealthy"));
        table_add(table, INK_PLAIN, "%s", field_text(service, "described_at"));
        table_add(table, INK_BAD, "%s", field_text(service, "error"));
        for (size_t d = 0; d < json_array_size(deployments); d++) {
            add_deployment(table, json_array_get(deployments, d));
        }
    }
    table_print(table, out, style, "");
}
