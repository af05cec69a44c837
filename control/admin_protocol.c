/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/admin_protocol.h"

#include <string.h>

const struct admin_command *admin_command_find(const char *name)
{
    for (size_t i = 0; i < admin_command_count; i++) {
        if (strcmp(admin_commands[i].name, name) == 0) {
            return &admin_commands[i];
        }
    }
    return NULL;
}

/* How many words the name has when words begin with it, else 0. */
static size_t name_words(const char *name, const char *const *words, size_t count)
{
    size_t used = 0;
    while (used < count) {
        size_t len = strcspn(name, " ");
        if (strlen(words[used]) != len || memcmp(words[used], name, len) != 0) {
            return 0;
        }
        used++;
        if (name[len] == '\0') {
            return used;
        }
        name += len + 1;
    }
    return 0;
}

const struct admin_command *admin_command_match(const char *const *words, size_t count,
                                                size_t *used)
{
    const struct admin_command *found = NULL;
    *used = 0;
    for (size_t i = 0; i < admin_command_count; i++) {
        size_t matched = name_words(admin_commands[i].name, words, count);
        if (matched > *used) {
            *used = matched;
            found = &admin_commands[i];
        }
    }
    return found;
}

static bool count_is_right(const struct admin_command *command, size_t count, struct error *err)
{
    if (count < command->min_arguments) {
        return error_set(err, "%s: an argument is missing; usage: %s %s", command->name,
                         command->name, command->arguments);
    }
    if (count > command->max_arguments) {
        return error_set(err, "%s: too many arguments; usage: %s%s%s", command->name, command->name,
                         command->arguments[0] == '\0' ? "" : " ", command->arguments);
    }
    return true;
}

/* The options that follow the arguments, each once and with its value. */
static bool options_are_right(const struct admin_command *command, const char *const *words,
                              size_t count, struct error *err)
{
    bool is_given[ADMIN_OPTIONS_MAX] = {false};
    size_t taken = command->is_flag ? 1 : 2;
    for (size_t i = 0; i < count; i += taken) {
        size_t which = 0;
        while (which < ADMIN_OPTIONS_MAX && (command->options[which] == NULL ||
                                             strcmp(words[i], command->options[which]) != 0)) {
            which++;
        }
        if (which == ADMIN_OPTIONS_MAX) {
            return error_set(err, "%s: unknown option %.100s; usage: %s %s", command->name,
                             words[i], command->name, command->arguments);
        }
        if (count - i < taken || is_given[which] || (command->is_flag && i + 1 != count)) {
            return error_set(err, "%s: %s takes %s; usage: %s %s", command->name, words[i],
                             command->is_flag ? "no value and comes last" : "one value, once",
                             command->name, command->arguments);
        }
        is_given[which] = true;
    }
    return true;
}

bool admin_command_check(const struct admin_command *command, const char *const *arguments,
                         size_t count, struct error *err)
{
    size_t positional = 0;
    if (command->has_own_options) {
        return count_is_right(command, count, err);
    }
    while (positional < count && strncmp(arguments[positional], "--", 2) != 0) {
        positional++;
    }
    return options_are_right(command, arguments + positional, count - positional, err) &&
           count_is_right(command, positional, err);
}

json_t *admin_request_encode(const char *command, const char *const *arguments, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        /* A NULL (no UTF-8) fails to append. */
        if (json_array_append_new(list, json_string(arguments[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:i, s:s, s:o}", "version", ADMIN_PROTOCOL_VERSION, "command", command,
                     "arguments", list);
}

static bool version_is_ours(const json_t *object, const char *who, struct error *err)
{
    const json_t *version = json_object_get(object, "version");
    if (!json_is_integer(version)) {
        return error_set(err, "\"version\" is missing, expected the integer %d",
                         ADMIN_PROTOCOL_VERSION);
    }
    if (json_integer_value(version) != ADMIN_PROTOCOL_VERSION) {
        return error_set(err,
                         "the %s speaks version %lld of the admin protocol, this side version %d: "
                         "use ballastctl and ballastd of the same release",
                         who, (long long)json_integer_value(version), ADMIN_PROTOCOL_VERSION);
    }
    return true;
}

static bool strings_only(const json_t *arguments, struct error *err)
{
    if (!json_is_array(arguments)) {
        return error_set(err, "\"arguments\" is missing, expected an array of strings");
    }
    for (size_t i = 0; i < json_array_size(arguments); i++) {
        if (!json_is_string(json_array_get(arguments, i))) {
            return error_set(err, "argument %zu is no string", i + 1);
        }
    }
    return true;
}

/* An object that the caller owns, or NULL and err. NUL octets, "\u0000", text after the object and
 * a name given twice are refused; jansson bounds the depth. */
static json_t *load_object(const char *line, size_t len, struct error *err)
{
    json_error_t why;
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
    if (object == NULL) {
        error_set(err, "not JSON: %s at octet %d", why.text, why.position);
        return NULL;
    }
    if (!json_is_object(object)) {
        error_set(err, "expected a JSON object");
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool request_read(const json_t *request, const char **command, const json_t **arguments,
                         struct error *err)
{
    if (!version_is_ours(request, "client", err)) {
        return false;
    }
    *command = json_string_value(json_object_get(request, "command"));
    if (*command == NULL) {
        return error_set(err, "\"command\" is missing, expected a string");
    }
    *arguments = json_object_get(request, "arguments");
    return strings_only(*arguments, err);
}

bool admin_request_decode(const char *line, size_t len, json_t **request, const char **command,
                          const json_t **arguments, struct error *err)
{
    json_t *loaded = load_object(line, len, err);
    if (loaded == NULL) {
        return false;
    }
    if (!request_read(loaded, command, arguments, err)) {
        json_decref(loaded);
        return false;
    }
    *request = loaded;
    return true;
}

json_t *admin_reply_success(json_t *result)
{
    return json_pack("{s:i, s:b, s:o}", "version", ADMIN_PROTOCOL_VERSION, "ok", 1, "result",
                     result == NULL ? json_object() : result);
}

json_t *admin_reply_part(json_t *result)
{
    json_t *reply = admin_reply_success(result);
    json_object_set_new(reply, "more", json_true());
    return reply;
}

json_t *admin_reply_failure(const char *text)
{
    json_t *error = json_string(text);
    if (error == NULL) { /* the text quotes octets that are no UTF-8 */
        error = json_string("refused; the reason cannot be shown, it is no UTF-8");
    }
    return json_pack("{s:i, s:b, s:o}", "version", ADMIN_PROTOCOL_VERSION, "ok", 0, "error", error);
}

static bool reply_read(const json_t *reply, struct admin_reply *out, struct error *err)
{
    if (!version_is_ours(reply, "daemon", err)) {
        return false;
    }
    const json_t *ok = json_object_get(reply, "ok");
    const char *text = json_string_value(json_object_get(reply, "error"));
    if (json_is_false(ok) && text != NULL) {
        out->is_refusal = true;
        return error_set(err, "%s", text);
    }
    json_t *found = json_object_get(reply, "result");
    if (!json_is_true(ok) || found == NULL) {
        return error_set(err, "neither a result nor an error in the daemon's answer");
    }
    out->has_more = json_is_true(json_object_get(reply, "more"));
    out->result = json_incref(found);
    return true;
}

bool admin_reply_decode(const char *line, size_t len, struct admin_reply *out, struct error *err)
{
    *out = (struct admin_reply){.result = NULL};
    json_t *reply = load_object(line, len, err);
    if (reply == NULL) {
        return false;
    }
    bool read = reply_read(reply, out, err);
    json_decref(reply);
    return read;
}
