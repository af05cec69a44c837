/* SPDX-License-Identifier: BSD-2-Clause */
/* One event, one line on stderr: subject, change, number, reason. Never per packet, never secrets.
 * Any thread; a line is written with one write(2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attributes.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

void log_set_level(enum log_level level);
enum log_level log_level(void);
const char *log_level_name(enum log_level level);
/* False when there is no level of that name (debug, info, warning, error). */
bool log_level_parse(const char *name, enum log_level *level) MUST_CHECK;

/* From now on each line is a JSON object: at, level, message, and rule and rollout of the scope. */
void log_set_json(bool is_json);

/* What the lines of this thread are about, until log_scope_leave: a rule's name (borrowed) and the
 * id of its rollout (0: it has had none, and the lines name none). */
struct log_scope {
    const char *rule;
    int64_t rollout;
};
/* Returns the scope before, to go back to. */
struct log_scope log_scope_enter(const char *rule, int64_t rollout);
void log_scope_leave(struct log_scope before);

/* A line as JSON, for log_line; in (its octets may be any) is cut when it does not fit. Returns how
 * many octets out has, without a line end. Pure. */
#define LOG_JSON_SIZE 16384
size_t log_print_json(const char *at, enum log_level level, const char *message,
                      const struct log_scope *scope, char out[LOG_JSON_SIZE]);

void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
