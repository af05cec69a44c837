/* SPDX-License-Identifier: BSD-2-Clause */
/* One event, one line on stderr: subject, change, number, reason. Never per packet, never secrets.
 * Any thread; a line is written with one write(2). */
#pragma once

#include <stdbool.h>

#include "common/attributes.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

void log_set_level(enum log_level level);
enum log_level log_level(void);
const char *log_level_name(enum log_level level);
/* False when there is no level of that name (debug, info, warning, error). */
bool log_level_parse(const char *name, enum log_level *level) MUST_CHECK;

void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
