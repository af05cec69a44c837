/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_words.h"

#include <string.h>

static const struct words_option *find(const struct words_option *options, size_t count,
                                       const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, word) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* Takes an option that is followed by so many words; *taken: how many it is. */
static bool take(const char *command, const struct words_option *option,
                 const char *const *arguments, size_t left, size_t *taken, struct error *err)
{
    *taken = option->flag != NULL ? 1 : 2;
    if (option->flag != NULL) {
        *option->flag = true;
        return true;
    }
    if (left < 2) {
        return error_set(err, "%s: %s needs a value", command, option->name);
    }
    if (option->value != NULL) {
        *option->value = arguments[1];
        return true;
    }
    if (*option->value_count == WORDS_REPEATED_MAX) {
        return error_set(err, "%s: %s is there more than %d times", command, option->name,
                         WORDS_REPEATED_MAX);
    }
    option->values[(*option->value_count)++] = arguments[1];
    return true;
}

bool words_read(const char *command, const struct words_option *options, size_t option_count,
                const char *const *arguments, size_t count, const char **plain, size_t plain_max,
                struct error *err)
{
    size_t plain_count = 0;
    for (size_t i = 0; i < count;) {
        size_t taken = 1;
        const struct words_option *option = find(options, option_count, arguments[i]);
        if (option != NULL) {
            if (!take(command, option, arguments + i, count - i, &taken, err)) {
                return false;
            }
        } else if (strncmp(arguments[i], "--", 2) == 0) {
            return error_set(err, "%s: unknown option %.100s", command, arguments[i]);
        } else if (plain_count == plain_max) {
            return error_set(err, "%s: \"%.100s\" is a word too many", command, arguments[i]);
        } else {
            plain[plain_count++] = arguments[i];
        }
        i += taken;
    }
    return true;
}
