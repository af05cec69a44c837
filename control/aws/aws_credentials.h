/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom we are to AWS: found where every SDK looks, in their order: environment, web identity token
 * file, profile of the shared files (static, role_arn with source_profile or credential_source,
 * web identity, credential_process), container endpoint, instance metadata (version 2 only). Kept
 * and renewed before they end. Nothing of them is ever in a log or an error text. Control thread
 * only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/error.h"
#include "control/aws/aws_chance.h"
#include "control/aws/aws_settings.h"
#include "control/http/http_client.h"

struct aws_credentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL: none */
    int64_t expires_ms;  /* 0: never */
};
/* Wipes and frees what it has; all NULL is fine. */
void aws_credentials_done(struct aws_credentials *credentials);

struct aws_credential_source;

/* Asks nobody yet. settings, loop and http outlive it; chance is copied. Caller owns. */
struct aws_credential_source *aws_credential_source_new(uv_loop_t *loop, struct http_client *http,
                                                        const struct aws_settings *settings,
                                                        const struct aws_chance *chance);
/* Whoever waits is never called. Closes its handles on the loop, which must still turn, and frees
 * itself. NULL is fine. */
void aws_credential_source_close(struct aws_credential_source *source);

struct aws_credential_wait;
/* credentials NULL: there are none, and why says where was looked. Valid during the call. */
typedef void (*aws_credentials_given)(void *argument, const struct aws_credentials *credentials,
                                      const struct error *why);
/* Good ones are kept: done comes from the loop, never from within this call. One search is under
 * way at a time, whoever asks. Where renewing fails, the old ones are given while they are good. */
struct aws_credential_wait *aws_credentials_ask(struct aws_credential_source *source,
                                                aws_credentials_given done, void *argument);
/* NULL is fine. */
void aws_credentials_cancel(struct aws_credential_wait *wait);
/* AWS refused those that were given last (ExpiredToken, …): the next to ask gets new ones. */
void aws_credentials_refused(struct aws_credential_source *source);

/* Where the last ones came from ("environment", "profile deploy", "container", …), or NULL: none
 * yet. For people. */
const char *aws_credentials_origin(const struct aws_credential_source *source);
/* When they end, 0: never or none. */
int64_t aws_credentials_expire_ms(const struct aws_credential_source *source);
/* The settings' region, else that of instance metadata, which is asked with the credentials; NULL:
 * neither says one. Valid until the source is closed. */
const char *aws_credentials_region(const struct aws_credential_source *source);
