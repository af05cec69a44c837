/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 2048

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_ERROR] = "error",
};

/* Relaxed: a line more or less around a change of level harms nobody. */
static _Atomic int current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

enum log_level log_level(void)
{
    return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (strcmp(level_names[i], name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static atomic_bool is_json_form;

void log_set_json(bool is_json)
{
    atomic_store_explicit(&is_json_form, is_json, memory_order_relaxed);
}

static _Thread_local struct log_scope current_scope;

struct log_scope log_scope_enter(const char *rule, int64_t rollout)
{
    struct log_scope before = current_scope;
    current_scope = (struct log_scope){rule, rollout};
    return before;
}

void log_scope_leave(struct log_scope before)
{
    current_scope = before;
}

/* Octets of the UTF-8 sequence that begins here; 0: it is none (RFC 3629 section 4). */
static size_t sequence_len(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, low, high;
        size_t len;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last) {
            continue;
        }
        bool is_whole = forms[i].len == 1 || (text[1] >= forms[i].low && text[1] <= forms[i].high);
        for (size_t k = 2; is_whole && k < forms[i].len; k++) {
            is_whole = text[k] >= 0x80 && text[k] <= 0xbf;
        }
        return is_whole ? forms[i].len : 0;
    }
    return 0;
}

/* A JSON string without its quotes. Returns the octets written; at most six for each of text. */
static size_t escape(const char *text, char *out, size_t size)
{
    size_t used = 0;
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0' && used + 7 < size) {
        size_t len = sequence_len(at);
        if (len == 0) {
            used += (size_t)snprintf(out + used, size - used, "\\ufffd");
            at++;
        } else if (*at < ' ' || *at == '"' || *at == '\\' || *at == 0x7f) {
            used += (size_t)snprintf(out + used, size - used, "\\u%04x", *at);
            at++;
        } else {
            memcpy(out + used, at, len);
            used += len;
            at += len;
        }
    }
    out[used] = '\0';
    return used;
}

size_t log_print_json(const char *at, enum log_level level, const char *message,
                      const struct log_scope *scope, char out[LOG_JSON_SIZE])
{
    const size_t tail = 1024; /* for the scope: a name of 128 octets, a number */
    size_t used =
        (size_t)snprintf(out, LOG_JSON_SIZE, "{\"at\":\"%s\",\"level\":\"%s\",\"message\":\"", at,
                         log_level_name(level));
    used += escape(message, out + used, LOG_JSON_SIZE - used - tail);
    out[used++] = '"';
    if (scope->rule != NULL && scope->rollout > 0) {
        used += (size_t)snprintf(out + used, LOG_JSON_SIZE - used, ",\"rule\":\"");
        used += escape(scope->rule, out + used, tail - 64);
        used += (size_t)snprintf(out + used, LOG_JSON_SIZE - used, "\",\"rollout\":%lld",
                                 (long long)scope->rollout);
    }
    out[used++] = '}';
    return used;
}

static size_t print_text(const char *at, enum log_level level, const char *message,
                         char out[LOG_JSON_SIZE])
{
    size_t used =
        (size_t)snprintf(out, LOG_JSON_SIZE, "%s %s %s", at, log_level_name(level), message);
    /* What a peer sent may hold line ends; a log line may not. */
    for (size_t i = 0; i < used; i++) {
        if ((unsigned char)out[i] < ' ') {
            out[i] = ' ';
        }
    }
    return used;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level < log_level()) {
        return;
    }
    char at[64], message[LINE_MAX_OCTETS], line[LOG_JSON_SIZE + 1];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(at + used, sizeof(at) - used, ".%03ldZ", now.tv_nsec / 1000000);
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    used = atomic_load_explicit(&is_json_form, memory_order_relaxed)
               ? log_print_json(at, level, message, &current_scope, line)
               : print_text(at, level, message, line);
    line[used++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, used);
    (void)ignored;
}
