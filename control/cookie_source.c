/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/cookie_source.h"

#include "common/log.h"
#include "control/model.h"
#include "zones/snapshot_builder.h"

bool cookie_source_load(const struct config_cookies *config, struct cookie_secrets *secrets,
                        struct error *err)
{
    secrets->count = 0;
    if (!config->is_enabled) {
        return true;
    }
    if (config->secret_file != NULL) {
        return cookie_secrets_load(secrets, config->secret_file, err);
    }
    cookie_secrets_make(secrets);
    return true;
}

void cookie_source_reload(struct control *control)
{
    struct error err;
    struct cookie_secrets secrets;
    const char *path = control->config->server.cookies.secret_file;
    const struct snapshot *current = control->publisher.current;
    if (path == NULL) {
        return;
    }
    if (!cookie_secrets_load(&secrets, path, &err)) {
        log_warning("%s; the cookie secrets stay as they are", err.text);
        return;
    }
    if (cookie_secrets_are_equal(&secrets, &current->cookies)) {
        return;
    }
    struct snapshot_builder *builder = publisher_begin(&control->publisher, control->sets);
    snapshot_builder_set_cookies(builder, &secrets);
    publisher_publish(&control->publisher, snapshot_builder_finish(builder));
    log_info("%s: read again, cookie secrets: %zu", path, secrets.count);
}
