/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a search for credentials. Private to control/aws/aws_credentials*.c, control thread
 * only. One search of a source runs at a time; each step ends in aws_search_found or
 * aws_search_failed. */
#pragma once

#include <sys/queue.h>

#include "control/aws/aws_chance.h"
#include "control/aws/aws_credentials.h"
#include "control/http/http_request.h"

#define AWS_ROLES_MAX 8

struct aws_credential_wait {
    TAILQ_ENTRY(aws_credential_wait) entry;
    struct aws_credential_source *source;
    aws_credentials_given done;
    void *argument;
    unsigned round; /* those of rounds that are over are given what there is */
    bool wants_new; /* those that there were are refused */
};
TAILQ_HEAD(aws_waits, aws_credential_wait);

struct aws_process;

struct aws_search {
    bool is_running;
    struct http_call *http;
    struct aws_process *process;
    char origin[128];                 /* "profile deploy", "container" */
    const char *roles[AWS_ROLES_MAX]; /* profiles whose roles are still to be assumed, last first */
    size_t role_count;
    struct aws_credentials base; /* that sign for the next role */
    const char *assuming;        /* the profile whose role is being assumed */
    bool skew_was_corrected;
    char *token; /* of instance metadata */
};

struct aws_credential_source {
    uv_loop_t *loop;
    struct http_client *http;
    const struct aws_settings *settings;
    struct aws_chance chance;
    uv_timer_t timer; /* gives */
    struct aws_waits waits;
    unsigned round;
    struct aws_credentials current; /* access_key_id NULL: none */
    struct error why;               /* the last search found none */
    char origin[128];               /* of current */
    char *region;                   /* of instance metadata; NULL: not asked */
    int64_t next_try_ms;            /* our clock: no search before */
    unsigned failures;              /* in a row: none, or such as end soon */
    int64_t next_refusal_ms;        /* our clock: a refusal begins no search before */
    unsigned refusals;              /* that began one, shortly after each other */
    bool found_none;                /* the last search */
    int64_t skew_ms;                /* AWS's clock is so far before ours */
    struct aws_search search;
};

/* Begins the search. */
void aws_search_begin(struct aws_credential_source *source);
/* Takes what credentials has: for the next role, or as the result. */
void aws_search_found(struct aws_credential_source *source, struct aws_credentials *credentials);
void aws_search_failed(struct aws_credential_source *source, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* By AWS's clock, as far as that is known. */
int64_t aws_search_now_ms(const struct aws_credential_source *source);
/* The end: in aws_credentials.c. */
void aws_search_end(struct aws_credential_source *source, struct aws_credentials *credentials);

/* aws_credentials_http.c */
void aws_search_container(struct aws_credential_source *source);
void aws_search_metadata(struct aws_credential_source *source);
/* aws_credentials_sts.c. The role of a profile, signed by search.base; */
void aws_search_assume(struct aws_credential_source *source, const char *profile);
/* … with a token file, of nobody yet. */
void aws_search_web(struct aws_credential_source *source, const char *role, const char *token_file,
                    const char *session);
/* aws_process.c */
void aws_search_process(struct aws_credential_source *source, const char *command);
void aws_process_cancel(struct aws_process *process);
