/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/named_check.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "control/admin_rights.h"
#include "control/aws/aws_settings.h"
#include "control/cloudwatch_query.h"
#include "control/plan_source.h"
#include "control/http_server.h"
#include "control/secret_file.h"

#define TYPE_A    1
#define TYPE_AAAA 28

/* A health check probes addresses, so that only these members can have one, unless it asks for a
 * target group. */
static bool check_members(const struct config *config, const struct record_sets *sets,
                          struct error *err)
{
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_record_set *set = &config->record_sets[i];
        for (size_t m = 0; m < set->member_count; m++) {
            uint16_t type = sets->sets[i]->type;
            const struct config_health_check *check = set->members[m].health_check;
            if (check != NULL && check->type != CHECK_ELBV2 && type != TYPE_A &&
                type != TYPE_AAAA) {
                return error_set(err,
                                 "%s:%u: record set %s/%s, member %s: a health check needs "
                                 "addresses, so only A and AAAA members can have one",
                                 config->path, set->members[m].line, set->name, set->type,
                                 set->members[m].id);
            }
        }
    }
    return true;
}

/* Not whether it can be written: who checks may be another user than the daemon's. */
static bool check_directory(const struct config *config, const char *key, unsigned line,
                            const char *path, struct error *err)
{
    CLEANUP(alloc_freep) char *copy = alloc_string(path);
    const char *directory = dirname(copy);
    struct stat status;
    if (stat(directory, &status) != 0) {
        return error_set(err, "%s:%u: control.%s: directory %s: %s", config->path, line, key,
                         directory, strerror(errno));
    }
    return S_ISDIR(status.st_mode) || error_set(err, "%s:%u: control.%s: %s is no directory",
                                                config->path, line, key, directory);
}

static bool check_state(const struct config *config, struct error *err)
{
    const struct config_control *control = &config->control;
    struct stat status;
    if (!check_directory(config, "state", control->state_line, control->state, err)) {
        return false;
    }
    return stat(control->state, &status) != 0 || S_ISREG(status.st_mode) ||
           error_set(err, "%s:%u: control.state: %s is there and is no regular file", config->path,
                     control->state_line, control->state);
}

static bool check_rights(const struct config *config, struct error *err)
{
    struct admin_rights *rights = admin_rights_new(&config->control.rights, err);
    if (rights == NULL) {
        return error_add_context(err, "%s:%u", config->path, config->control.rights_line);
    }
    admin_rights_free(rights);
    return true;
}

static bool check_readable(const char *path, struct error *err)
{
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && path != NULL) {
        return error_set(err, "ca_file %s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return true;
}

static bool check_authorities(const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->health_check_count; i++) {
        const struct config_health_check *check = &config->health_checks[i];
        if (!check_readable(check->ca_file, err)) {
            return error_add_context(err, "%s:%u: health check %s", config->path, check->line,
                                     check->name);
        }
    }
    return true;
}

static bool check_secret(const char *what, const char *path, struct error *err)
{
    CLEANUP(alloc_freep) char *secret = path == NULL ? NULL : secret_file_read(what, path, err);
    return path == NULL || secret != NULL;
}

static bool check_cloudwatch(const char *text, struct error *err)
{
    json_t *queries = text == NULL ? NULL : cloudwatch_query_make(text, 60, err);
    json_decref(queries);
    return text == NULL || queries != NULL || error_add_context(err, "query");
}

static bool check_metric(const struct config_gate_metric *metric, struct error *err)
{
    return !metric->is_cloudwatch || (check_cloudwatch(metric->query, err) &&
                                      check_cloudwatch(metric->candidate_query, err) &&
                                      check_cloudwatch(metric->stable_query, err));
}

/* They are read again for each question; what is wrong from the start is better known now. */
static bool check_gates(const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->rollout_count; i++) {
        const struct config_rollout *rollout = &config->rollouts[i];
        for (size_t j = 0; j < rollout->gate_count; j++) {
            const struct config_gate *gate = &rollout->gates[j];
            if (!check_readable(gate->ca_file, err) ||
                !check_secret("secret", gate->secret_file, err) ||
                !check_secret("token", gate->token_file, err) ||
                !check_metric(&gate->metric, err)) {
                return error_add_context(err, "%s:%u: gate %s", config->path, gate->line,
                                         gate->name);
            }
        }
    }
    return true;
}

static bool check_traffic(const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->record_set_count; i++) {
        const struct config_record_set *set = &config->record_sets[i];
        const struct config_traffic *traffic = set->traffic;
        if (traffic != NULL && (!check_readable(traffic->ca_file, err) ||
                                !check_secret("token", traffic->token_file, err))) {
            return error_add_context(err, "%s:%u: traffic of record set %s/%s", config->path,
                                     traffic->line, set->name, set->type);
        }
        for (size_t m = 0; traffic != NULL && traffic->is_cloudwatch && m < set->member_count;
             m++) {
            const struct config_member *member = &set->members[m];
            if (!check_cloudwatch(member->traffic_query, err)) {
                return error_add_context(err, "%s:%u: record set %s/%s, member %s: traffic",
                                         config->path, member->line, set->name, set->type,
                                         member->id);
            }
        }
    }
    return true;
}

static bool check_token(const struct config *config, struct error *err)
{
    const struct config_control *control = &config->control;
    return control->http_token_file == NULL || http_token_check(control->http_token_file, err) ||
           error_add_context(err, "%s:%u: control.http_token_file", config->path,
                             control->http_token_line);
}

static bool check_plans(const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->rollout_count; i++) {
        struct plan_source source;
        if (!plan_source_load(config, &config->rollouts[i], &source, err)) {
            return false;
        }
        plan_source_done(&source);
    }
    return true;
}

static bool check_notify(const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->notify_count; i++) {
        const struct config_notify *notify = &config->notify[i];
        if (notify->type == NOTIFY_EXEC && access(notify->command[0], X_OK) != 0) {
            return error_set(err, "%s:%u: notify %s: %s cannot be executed: %s", config->path,
                             notify->line, notify->name, notify->command[0], strerror(errno));
        }
        CLEANUP(alloc_freep)
        char *secret = notify->secret_file == NULL
                           ? NULL
                           : secret_file_read("secret", notify->secret_file, err);
        if (notify->secret_file != NULL && secret == NULL) {
            return error_add_context(err, "%s:%u: notify %s", config->path, notify->line,
                                     notify->name);
        }
    }
    return true;
}

/* The shared files and the profile; credentials are looked for when they are needed. */
static bool check_aws(const struct config *config, struct error *err)
{
    if (!config_asks_aws(config)) {
        return true;
    }
    CLEANUP(aws_settings_freep)
    struct aws_settings *settings = aws_settings_load(&config->aws, err);
    return settings != NULL || error_add_context(err, "aws");
}

bool named_check(const struct config *config, const struct record_sets *sets, struct error *err)
{
    const struct config_control *control = &config->control;
    return check_directory(config, "socket", control->socket_line, control->socket, err) &&
           check_state(config, err) && check_token(config, err) && check_rights(config, err) &&
           check_authorities(config, err) && check_gates(config, err) &&
           check_traffic(config, err) && check_members(config, sets, err) &&
           check_plans(config, err) && check_notify(config, err) && check_aws(config, err);
}
