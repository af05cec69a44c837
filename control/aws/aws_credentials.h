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
 * way at a time, whoever asks. Where renewing fails, the old ones are given while they are good. A
 * search that found none, or such as end soon, is not made again before a pause, which grows up to
 * a minute; who asks meanwhile is given what there is. */
struct aws_credential_wait *aws_credentials_ask(struct aws_credential_source *source,
                                                aws_credentials_given done, void *argument);
/* NULL is fine. */
void aws_credentials_cancel(struct aws_credential_wait *wait);
/* AWS refused the key (ExpiredToken, …). True: there are others already, or they are looked for.
 * False: they were, because of a refusal a moment ago (1 s; twice as long for each one that
 * follows, up to a minute), and asking again helps nothing. Whoever asks for any is given those
 * that there are all the same: it may be one service alone that does not take them. */
bool aws_credentials_refused(struct aws_credential_source *source, const char *key_id);
/* As aws_credentials_ask, after a refusal of the key: unless there are others already, it waits for
 * the end of a search that is under way, and is given none when the last one found none. */
struct aws_credential_wait *aws_credentials_ask_other(struct aws_credential_source *source,
                                                      const char *key_id,
                                                      aws_credentials_given done, void *argument);

/* How far AWS's clock is before ours; 0 until it is set, or the Security Token Service's refusal
 * has told. Requests of credentials are signed by it, and ends of credentials are compared with it.
 */
int64_t aws_credentials_skew_ms(const struct aws_credential_source *source);
void aws_credentials_set_skew(struct aws_credential_source *source, int64_t skew_ms);

/* Where the last ones came from ("environment", "profile deploy", "container", …), or NULL: none
 * yet. For people. */
const char *aws_credentials_origin(const struct aws_credential_source *source);
/* When they end, 0: never or none. */
int64_t aws_credentials_expire_ms(const struct aws_credential_source *source);
/* The settings' region, else that of instance metadata, which is asked with the credentials; NULL:
 * neither says one. Valid until the source is closed. */
const char *aws_credentials_region(const struct aws_credential_source *source);
