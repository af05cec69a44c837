/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/admin_protocol.h"

#include <string.h>

#define NO_LIMIT UINT_MAX

const struct admin_command admin_commands[] = {
    {.name = "status", .arguments = "", .help = "the daemon at a glance"},
    {.name = "record list", .arguments = "", .help = "the weighted record sets and their members"},
    {.name = "record show",
     .arguments = "NAME TYPE",
     .help = "one record set: weights, shares, health, values",
     .min_arguments = 2,
     .max_arguments = 2},
    {.name = "record ttl",
     .arguments = "NAME TYPE SECONDS|default",
     .help = "answer with a lower TTL than the configuration's, for a while",
     .min_arguments = 3,
     .max_arguments = 3,
     .changes = true},
    {.name = "record resolvers",
     .arguments = "NAME TYPE",
     .help = "who comes back for a record set sooner or later than its TTL",
     .min_arguments = 2,
     .max_arguments = 2},
    {.name = "weight set",
     .arguments = "NAME TYPE ID=W ... [NAME TYPE ID=W ...]",
     .help = "set weights of members (0 to 255), all of them in one publish",
     .min_arguments = 3,
     .max_arguments = NO_LIMIT,
     .changes = true},
    {.name = "health list", .arguments = "", .help = "every probed address and its verdict"},
    {.name = "health force",
     .arguments = "ID up|down|auto",
     .help = "overrule the health of a member (ID is NAME/TYPE/MEMBER)",
     .min_arguments = 2,
     .max_arguments = 2,
     .changes = true},
    {.name = "rollout list", .arguments = "", .help = "the rollout rules and what each did last"},
    {.name = "rollout show",
     .arguments = "NAME|ID",
     .help = "one rollout: step, hold, members, history",
     .min_arguments = 1,
     .max_arguments = 1},
    {.name = "rollout start",
     .arguments = "NAME [--candidate ID]",
     .help = "start a rollout by hand",
     .min_arguments = 1,
     .max_arguments = 1,
     .options = {"--candidate"},
     .changes = true},
    {.name = "rollout pause",
     .arguments = "NAME",
     .help = "stop the clock of the hold; health is still watched",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "rollout resume",
     .arguments = "NAME",
     .help = "let the clock of the hold run on",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "rollout promote",
     .arguments = "NAME",
     .help = "finish now: the last step's weight, no more holds",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "rollout abort",
     .arguments = "NAME",
     .help = "end it; weights return to what they were before",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "rollout freeze",
     .arguments = "REASON",
     .help = "let no rollout begin or go on; fall-backs and aborts go through",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "rollout thaw",
     .arguments = "REASON",
     .help = "let rollouts begin and go on again",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "rollout approve",
     .arguments = "NAME [REASON]",
     .help = "the answer that a plan's approval waits for: go on",
     .min_arguments = 1,
     .max_arguments = 2,
     .changes = true},
    {.name = "rollout reject",
     .arguments = "NAME REASON",
     .help = "the answer that a plan's approval waits for: fall back",
     .min_arguments = 2,
     .max_arguments = 2,
     .changes = true},
    {.name = "rollout history",
     .arguments = "[NAME|ID [--events]]",
     .help = "what rollouts did, when, and who asked; or their plan's, event by event",
     .max_arguments = 1,
     .options = {"--events"},
     .is_flag = true},
    {.name = "rollout watch",
     .arguments = "NAME|ID",
     .help = "follow a rollout until it ends",
     .min_arguments = 1,
     .max_arguments = 1,
     .is_local = true},
    {.name = "rollout simulate",
     .arguments = "[--plan steps=W,... hold=TIME | FILE [RESOURCE=KIND ...]] [--ttl TTL] "
                  "[--resolvers N] "
                  "[--population FILE|PRESET] [--svg FILE] [--seed N]",
     .help = "play a plan against resolvers in virtual time; asks no daemon",
     .max_arguments = NO_LIMIT,
     .options = {"--plan", "--ttl", "--resolvers", "--population", "--svg", "--seed"},
     .is_local = true},
    {.name = "event push",
     .arguments = "FILE|-",
     .help = "hand over ECS events: one, an array, or one a line",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "event log", .arguments = "", .help = "what arrived and what became of it, and why"},
    {.name = "event pattern",
     .arguments = "[NAME]",
     .help = "the narrowest EventBridge pattern that still triggers every rollout",
     .max_arguments = 1},
    {.name = "event stats",
     .arguments = "",
     .help = "how many events came for each deployment, and which field filters them"},
    {.name = "notify list",
     .arguments = "",
     .help = "what is still to be told, and what could not be"},
    {.name = "notify retry",
     .arguments = "ID",
     .help = "tell once more what could not be told",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "notify drop",
     .arguments = "ID",
     .help = "tell it nobody",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "zone list", .arguments = "", .help = "the zones that are served"},
    {.name = "zone add",
     .arguments = "NAME FILE [keys=DIR] [KEY=VALUE ...]",
     .help = "serve one more zone; KEY=VALUE are settings of dnssec",
     .min_arguments = 2,
     .max_arguments = NO_LIMIT,
     .changes = true},
    {.name = "zone remove",
     .arguments = "NAME",
     .help = "serve a zone no more",
     .min_arguments = 1,
     .max_arguments = 1,
     .changes = true},
    {.name = "zone reload",
     .arguments = "[NAME] [--force]",
     .help = "read zone files again; all or nothing",
     .max_arguments = 1,
     .options = {"--force"},
     .is_flag = true,
     .changes = true},
    {.name = "zone check",
     .arguments = "[NAME [FILE]]",
     .help = "would a reload succeed, or one with that file? Changes nothing",
     .max_arguments = 2},
    {.name = "zone export",
     .arguments = "NAME [NAME/TYPE=ID ...] [--output FILE]",
     .help = "write a zone as it is served as a master file",
     .min_arguments = 1,
     .max_arguments = NO_LIMIT,
     .options = {"--output"}},
    {.name = "key list",
     .arguments = "[ZONE]",
     .help = "keys of the zones that are signed here, and their DS",
     .max_arguments = 1},
    {.name = "key generate",
     .arguments = "ZONE ksk|zsk|csk [--algorithm NAME]",
     .help = "make a key, and sign the zone with it",
     .min_arguments = 2,
     .max_arguments = 2,
     .options = {"--algorithm"},
     .changes = true},
    {.name = "key roll",
     .arguments = "ZONE ksk|zsk|csk",
     .help = "begin to replace a key; key list shows what it waits for",
     .min_arguments = 2,
     .max_arguments = 2,
     .changes = true},
    {.name = "key ds-seen",
     .arguments = "ZONE TAG",
     .help = "the parent zone has the DS of this key: go on",
     .min_arguments = 2,
     .max_arguments = 2,
     .changes = true},
    {.name = "key forget",
     .arguments = "ZONE TAG",
     .help = "put the files of a removed key away",
     .min_arguments = 2,
     .max_arguments = 2,
     .changes = true},
    {.name = "plan check",
     .arguments = "FILE|- [RESOURCE=KIND ...]",
     .help = "find what is wrong with a plan (Amazon States Language)",
     .min_arguments = 1,
     .max_arguments = NO_LIMIT,
     .is_local = true,
     .has_own_options = true},
    {.name = "plan show",
     .arguments = "FILE|- [RESOURCE=KIND ...] [--asl] | --steps W,... [--hold TIME] [--asl]",
     .help = "what a plan does, or the document that a short form stands for",
     .min_arguments = 1,
     .max_arguments = NO_LIMIT,
     .is_local = true,
     .has_own_options = true},
    {.name = "plan graph",
     .arguments = "FILE|- [RESOURCE=KIND ...] [--dot]",
     .help = "the states of a plan and their ways, also for Graphviz",
     .min_arguments = 1,
     .max_arguments = NO_LIMIT,
     .is_local = true,
     .has_own_options = true},
    {.name = "stats", .arguments = "", .help = "counters of queries and answers"},
    {.name = "log level",
     .arguments = "[debug|info|warning|error]",
     .help = "print or set what is logged",
     .max_arguments = 1,
     .changes = true,
     .reads_bare = true},
    {.name = "history",
     .arguments = "[--since TIME|DURATION] [--record NAME/TYPE]",
     .help = "what changed, from which weights to which, when, why, and who asked",
     .options = {"--since", "--record"}},
    {.name = "stop", .arguments = "", .help = "end the daemon cleanly", .changes = true},
    {.name = "help",
     .arguments = "[COMMAND ...]",
     .help = "these lines, or those of one command or noun",
     .max_arguments = 2,
     .is_local = true},
    {.name = "completion",
     .arguments = "bash",
     .help = "print the completion for a shell",
     .min_arguments = 1,
     .max_arguments = 1,
     .is_local = true},
};
const size_t admin_command_count = ARRAY_LEN(admin_commands);

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
