/* SPDX-License-Identifier: BSD-2-Clause */
/* From texts to values: what the sections of the configuration share while they are read. A NULL
 * text is a key that is not there: the value, which holds the default, is left alone. Private to
 * common/config*.c. */
#pragma once

#include "common/arena.h"
#include "common/config.h"
#include "common/config_schema.h"
#include "common/yaml_lines.h"

struct config_reader {
    struct config *config;
    struct arena *arena; /* owns every text and array of the configuration */
    const char *file;
    const char *directory; /* of the file, with the final slash; "" for the working directory */
    const struct yaml_lines *lines;
    struct error *err;
};

/* Where in the file we are: "record_sets[2].members[1]"; "" is the top. */
struct place {
    const struct config_reader *reader;
    char path[128];
};

struct place place_top(const struct config_reader *reader);
struct place place_key(const struct place *place, const char *key);
struct place place_item(const struct place *place, const char *list, size_t index);
unsigned place_line(const struct place *place);

/* "file:line: path.key: …"; key may be NULL. Returns false. */
bool place_fail(const struct place *place, const char *key, const char *format, ...)
    PRINTF_LIKE(3, 4);

struct range {
    int64_t low, high;
};

MUST_CHECK bool fill_number(const struct place *place, const char *key, const char *text,
                            struct range range, unsigned *value);
MUST_CHECK bool fill_duration(const struct place *place, const char *key, const char *text,
                              struct range range_ms, int64_t *value_ms);
MUST_CHECK bool fill_bool(const struct place *place, const char *key, const char *text,
                          bool *value);
/* `names` ends with NULL; value is the index. */
MUST_CHECK bool fill_choice(const struct place *place, const char *key, const char *text,
                            const char *const *names, unsigned *value);
/* A decimal number such as "0.05" or "-1e6". */
MUST_CHECK bool fill_decimal(const struct place *place, const char *key, const char *text,
                             double *value);
/* An identifier: 1 to 128 printable ASCII octets without '/', '=' and spaces, so that commands can
 * name it. */
MUST_CHECK bool fill_name(const struct place *place, const char *key, const char *text,
                          const char **value);
/* Text without control characters. */
MUST_CHECK bool fill_text(const struct place *place, const char *key, const char *text,
                          const char **value);
MUST_CHECK bool fill_texts(const struct place *place, const char *key, char *const *texts,
                           size_t count, const char ***values);
/* A path, relative to the directory of the file. */
MUST_CHECK bool fill_path(const struct place *place, const char *key, const char *text,
                          const char **value);

/* http:// or https:// with a host; without user, password, fragment and spaces. */
MUST_CHECK bool fill_url(const struct place *place, const char *key, const char *text,
                         const char **value);

/* A URL of a Prometheus server: likewise, and without a query; final slashes are cut off. */
MUST_CHECK bool fill_prometheus_url(const struct place *place, const char *key, const char *text,
                                    const char **value);

/* What a question to CloudWatch has in place of a server: others are url, ca_file and token_file,
 * which may not be there. */
MUST_CHECK bool fill_cloudwatch(const struct place *place, const char *delay,
                                const char *const *others, int64_t *delay_ms);

/* An order of domain names as far as the toolbox goes: letter case and a final dot do not matter.
 */
int compare_names(const char *left, const char *right);

/* The sections. Each fills its part of reader->config from raw. Record sets need the health checks,
 * rollouts the record sets. */
MUST_CHECK bool fill_server(const struct config_reader *reader, const struct raw_server *raw);
/* config_xdp.c: the interfaces of an AF_XDP front. */
MUST_CHECK bool fill_xdp(const struct place *server, const struct raw_server *raw,
                         struct config_server *config);
MUST_CHECK bool fill_control(const struct config_reader *reader, const struct raw_control *raw);
/* config_fleet.c: `store` and `dynamodb` of control. */
MUST_CHECK bool fill_fleet(const struct place *place, const struct raw_control *raw,
                           struct config_fleet *fleet);
MUST_CHECK bool fill_zones(const struct config_reader *reader, const struct raw_config *raw);
MUST_CHECK bool fill_health_checks(const struct config_reader *reader,
                                   const struct raw_config *raw);
MUST_CHECK bool fill_record_sets(const struct config_reader *reader, const struct raw_config *raw);
MUST_CHECK bool fill_traffic(const struct place *place, const struct raw_record_set *raw,
                             struct config_record_set *set);
/* config_route53.c: before the record sets, and of each. */
MUST_CHECK bool fill_route53(const struct config_reader *reader, const struct raw_config *raw);
MUST_CHECK bool fill_route53_set(const struct place *place, const struct raw_record_set *raw,
                                 struct config_record_set *set);
/* config_route53_checks.c: of a record set whose members are filled. */
MUST_CHECK bool fill_route53_checks(const struct place *place, const char *text,
                                    const struct config_record_set *set, bool *mirrors);
MUST_CHECK bool fill_gates(const struct place *place, const struct raw_rollout *raw,
                           struct config_rollout *rollout);
/* config_plan.c: the plan of a rollout; raw NULL is the default. */
MUST_CHECK bool fill_plan(const struct place *rollout, const struct raw_plan *raw,
                          struct config_plan *plan);
/* Whether its times fit a record set that it moves. */
MUST_CHECK bool check_plan(const struct place *rollout, const struct config_plan *plan,
                           const struct config_record_set *set);
/* config_aws.c. NULL: there is none. */
MUST_CHECK bool fill_aws(const struct config_reader *reader, const struct raw_aws *raw);
/* config_notify.c: after the rollouts. */
MUST_CHECK bool fill_notify(const struct config_reader *reader, const struct raw_config *raw);
/* config_queues.c: where events come from. */
MUST_CHECK bool fill_queues(const struct place *aws, const struct raw_aws *raw,
                            struct config_aws *config);
/* config_windows.c: a list of windows. */
MUST_CHECK bool fill_windows(const struct place *place, const char *key,
                             const struct raw_window *raw, size_t count,
                             struct config_window **windows);
MUST_CHECK bool fill_rollouts(const struct config_reader *reader, const struct raw_config *raw);
