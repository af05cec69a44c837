/* SPDX-License-Identifier: BSD-2-Clause */
/* ballastctl: words become a request by the table of commands, which also finds usage errors
 * before the daemon is asked. */
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "config.h"
#include "control/admin_protocol.h"
#include "control/ctl_canary.h"
#include "control/ctl_client.h"
#include "control/ctl_export.h"
#include "control/ctl_help.h"
#include "control/ctl_doctor.h"
#include "control/ctl_plan.h"
#include "control/ctl_policy.h"
#include "control/ctl_render.h"
#include "control/ctl_route53.h"
#include "control/ctl_simulate.h"
#include "control/ctl_watch.h"

struct options {
    const char *socket;
    bool as_json;
    bool wants_help;
    bool wants_version;
    const char **words; /* the rest, in order; owned, what they point to is not */
    size_t word_count;
};

static void complain(const struct error *err)
{
    struct style style = style_of(STDERR_FILENO);
    fputs("ballastctl: ", stderr);
    text_put(stderr, &style, INK_PLAIN, err->text, SIZE_MAX);
    fputc('\n', stderr);
}

static void socket_default(struct options *options)
{
    const char *named = getenv("BALLAST_SOCKET");
    options->socket = named != NULL && named[0] != '\0' ? named : CLIENT_DEFAULT_SOCKET;
}

/* "--candidate=green" becomes "--candidate" "green"; argv may be written to. */
static void word_add(struct options *options, char *word)
{
    char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    options->words[options->word_count++] = word;
    if (equals != NULL) {
        *equals = '\0';
        options->words[options->word_count++] = equals + 1;
    }
}

/* One word of the command line that may be an option of ballastctl itself; *next is the word after
 * it, NULL at the end. Returns how many words were taken: 0 when it is none of them. */
static int option_take(struct options *options, const char *word, const char *next,
                       struct error *err)
{
    if (strcmp(word, "-s") == 0 || strcmp(word, "--socket") == 0) {
        options->socket = next;
        return next != NULL ? 2 : (error_set(err, "%s needs the path of a socket", word), -1);
    }
    if (strncmp(word, "--socket=", 9) == 0) {
        options->socket = word + 9;
    } else if (strcmp(word, "--json") == 0) {
        options->as_json = true;
    } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        options->wants_help = true;
    } else if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
        options->wants_version = true;
    } else if (word[0] == '-' && word[1] != '\0' && word[1] != '-') {
        error_set(err, "unknown option %s", word);
        return -1;
    } else {
        return 0;
    }
    return 1;
}

static bool options_read(struct options *options, int argc, char **argv, struct error *err)
{
    options->words = alloc_zeroed((size_t)argc * 2, sizeof(*options->words));
    socket_default(options);
    bool is_over = false;
    for (int i = 1; i < argc;) {
        int taken = is_over ? 0 : option_take(options, argv[i], argv[i + 1], err);
        if (taken < 0) {
            return false;
        }
        if (taken == 0 && !is_over && strcmp(argv[i], "--") == 0) {
            is_over = true;
            taken = 1;
        } else if (taken == 0) {
            word_add(options, argv[i]);
            taken = 1;
        }
        i += taken;
    }
    return true;
}

/* An option and its value go behind the arguments, where the daemon expects them. */
static void option_to_the_end(const char *option, size_t taken, const char **words, size_t count)
{
    for (size_t i = 0; i + taken < count; i++) {
        if (strcmp(words[i], option) == 0) {
            const char *moved[2];
            memcpy(moved, words + i, taken * sizeof(*words));
            memmove(words + i, words + i + taken, (count - i - taken) * sizeof(*words));
            memcpy(words + count - taken, moved, taken * sizeof(*words));
            return;
        }
    }
}

static void options_to_the_end(const struct admin_command *command, const char **words,
                               size_t count)
{
    for (size_t i = 0; i < ADMIN_OPTIONS_MAX; i++) {
        if (command->options[i] != NULL) {
            option_to_the_end(command->options[i], command->is_flag ? 1 : 2, words, count);
        }
    }
}

/* ---- event push: the client reads the file ---- */

/* What is no UTF-8 cannot go into JSON. It is sent as U+001A (SUBSTITUTE), which JSON does not
 * allow either: so the daemon refuses that line, and only that. */
static void line_make_text(char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        line[i] = line[i] == '\0' ? '\x1a' : line[i];
    }
    json_t *string = json_stringn(line, len);
    for (size_t i = 0; string == NULL && i < len; i++) {
        line[i] = (unsigned char)line[i] >= 0x80 ? '\x1a' : line[i];
    }
    json_decref(string);
}

static bool stream_read(FILE *in, const char *path, char **text, struct error *err)
{
    size_t len = 0;
    size_t size = 65536;
    *text = alloc_zeroed(size, 1);
    for (size_t got; (got = fread(*text + len, 1, size - len - 1, in)) > 0;) {
        len += got;
        if (len > ADMIN_MAX_LINE) {
            return error_set(err, "%s: more than 16 MiB; push it in parts", path);
        }
        if (len + 1 == size) {
            *text = alloc_resize(*text, size *= 2, 1);
        }
    }
    if (ferror(in)) {
        return error_set(err, "%s: %s", path, strerror(errno));
    }
    (*text)[len] = '\0';
    for (size_t start = 0; start < len;) {
        const char *end = memchr(*text + start, '\n', len - start);
        size_t line_len = end == NULL ? len - start : (size_t)(end - *text) - start;
        line_make_text(*text + start, line_len);
        start += line_len + 1;
    }
    return true;
}

static bool file_read(const char *path, char **text, struct error *err)
{
    if (strcmp(path, "-") == 0) {
        return stream_read(stdin, "standard input", text, err);
    }
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return error_set(err, "%s: %s", path, strerror(errno));
    }
    bool is_read = stream_read(in, path, text, err);
    fclose(in);
    return is_read;
}

static bool any_malformed(const json_t *result)
{
    const json_t *events = json_object_get(result, "events");
    for (size_t i = 0; i < json_array_size(events); i++) {
        if (strcmp(field_text(json_array_get(events, i), "fate"), "malformed") == 0) {
            return true;
        }
    }
    return false;
}

/* ---- asking the daemon ---- */

static void result_print(const struct options *options, const char *command, const json_t *result)
{
    struct style style = style_of(STDOUT_FILENO);
    if (options->as_json) {
        json_dumpf(result, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
    } else {
        render(stdout, &style, command, result);
    }
}

static int ask(const struct options *options, struct client *client,
               const struct admin_command *command, const char *const *arguments, size_t count)
{
    struct error err;
    json_t *result = NULL;
    switch (client_ask(client, command->name, arguments, count, &result, &err)) {
    case CLIENT_DONE:
        break;
    case CLIENT_REFUSED:
        complain(&err);
        return EXIT_REFUSED;
    case CLIENT_LOST:
        complain(&err);
        return EXIT_UNREACHABLE;
    }
    result_print(options, command->name, result);
    bool is_push = strcmp(command->name, "event push") == 0;
    int code = is_push && any_malformed(result) ? EXIT_REFUSED : EXIT_DONE;
    json_decref(result);
    return code;
}

/* ---- paths: the daemon's folder is another ---- */

/* The word with the path in it, after its first `skip` octets, made absolute; NULL when it is. */
static char *path_here(const char *word, size_t skip)
{
    CLEANUP(alloc_freep) char *here = NULL;
    if (word[skip] == '/' || word[skip] == '\0' || (here = realpath(".", NULL)) == NULL) {
        return NULL;
    }
    return alloc_printf("%.*s%s/%s", (int)skip, word, here, word + skip);
}

/* FILE of `zone add` and `zone check`, and keys=DIR. Returns what was made, one for each argument
 * or NULL, for paths_free. */
static char **paths_make_absolute(const struct admin_command *command, const char **arguments,
                                  size_t count)
{
    static const char keys[] = "keys=";
    char **made = alloc_zeroed(count, sizeof(*made));
    bool is_add = strcmp(command->name, "zone add") == 0;
    for (size_t i = 1; i < count && (is_add || strcmp(command->name, "zone check") == 0); i++) {
        bool has_keys = is_add && i > 1 && strncmp(arguments[i], keys, sizeof(keys) - 1) == 0;
        if (i == 1 || has_keys) {
            made[i] = path_here(arguments[i], has_keys ? sizeof(keys) - 1 : 0);
            arguments[i] = made[i] != NULL ? made[i] : arguments[i];
        }
    }
    return made;
}

static void paths_free(char **made, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(made[i]);
    }
    free(made);
}

/* With the daemon on the line. */
static int run_connected(const struct options *options, struct client *client,
                         const struct admin_command *command, const char **arguments, size_t count)
{
    struct error err;
    if (strcmp(command->name, "rollout watch") == 0) {
        return watch(client, arguments[0], options->as_json);
    }
    if (strcmp(command->name, "zone export") == 0) {
        int code = export_run(client, arguments, count, options->as_json, &err);
        if (code != EXIT_DONE) {
            complain(&err);
        }
        return code;
    }
    char **made = paths_make_absolute(command, arguments, count);
    int code = ask(options, client, command, arguments, count);
    paths_free(made, count);
    return code;
}

static int run_remote(const struct options *options, const struct admin_command *command,
                      const char **arguments, size_t count)
{
    struct error err;
    CLEANUP(alloc_freep) char *text = NULL;
    if (strcmp(command->name, "event push") == 0) {
        if (!file_read(arguments[0], &text, &err)) {
            complain(&err);
            return EXIT_REFUSED;
        }
        arguments[0] = text;
    }
    struct client *client = client_open(options->socket, &err);
    if (client == NULL) {
        complain(&err);
        return EXIT_UNREACHABLE;
    }
    int code = run_connected(options, client, command, arguments, count);
    client_close(client);
    return code;
}

/* ---- what needs no daemon ---- */

/* What is wrong is in err, unless that stays empty. */
typedef int (*local_run)(const struct options *options, const char *verb, const char **arguments,
                         size_t count, struct error *err);

static int run_help(const struct options *options, const char *verb, const char **arguments,
                    size_t count, struct error *err)
{
    (void)options;
    (void)verb;
    (void)err;
    if (help_print(stdout, arguments, count)) {
        return EXIT_DONE;
    }
    help_unknown(stderr, arguments, count);
    return EXIT_USAGE;
}

static int run_completion(const struct options *options, const char *verb, const char **arguments,
                          size_t count, struct error *err)
{
    (void)options;
    (void)verb;
    (void)count;
    if (strcmp(arguments[0], "bash") != 0) {
        error_set(err, "completion: only bash is known");
        return EXIT_USAGE;
    }
    help_completion_bash(stdout);
    return EXIT_DONE;
}

static int run_plan(const struct options *options, const char *verb, const char **arguments,
                    size_t count, struct error *err)
{
    return plan_run(verb, arguments, count, options->as_json, err);
}

static int run_policy(const struct options *options, const char *verb, const char **arguments,
                      size_t count, struct error *err)
{
    (void)options; /* a policy is JSON */
    (void)verb;
    return policy_run(arguments, count, err);
}

static int run_doctor(const struct options *options, const char *verb, const char **arguments,
                      size_t count, struct error *err)
{
    (void)verb;
    return doctor_run(arguments, count, options->as_json, err);
}

static int run_simulate(const struct options *options, const char *verb, const char **arguments,
                        size_t count, struct error *err)
{
    (void)verb;
    return simulate_run(arguments, count, options->as_json, err);
}

static int run_route53_import(const struct options *options, const char *verb,
                              const char **arguments, size_t count, struct error *err)
{
    (void)verb;
    return route53_import_run(arguments, count, options->as_json, err);
}

static int run_route53_export(const struct options *options, const char *verb,
                              const char **arguments, size_t count, struct error *err)
{
    (void)verb;
    return route53_export_run(arguments, count, options->socket, options->as_json, err);
}

static int run_canary_table(const struct options *options, const char *verb, const char **arguments,
                            size_t count, struct error *err)
{
    (void)verb;
    return canary_table_run(arguments, count, options->as_json, err);
}

/* By the command's name, or its first word; NULL when the daemon has to be asked. */
static local_run local_find(const char *name)
{
    static const struct {
        const char *name;
        local_run run;
    } rows[] = {
        {"help", run_help},
        {"completion", run_completion},
        {"aws policy", run_policy},
        {"aws doctor", run_doctor},
        {"plan", run_plan},
        {"rollout simulate", run_simulate},
        {"import canary-table", run_canary_table},
        {"route53 export", run_route53_export},
        {"route53 import", run_route53_import},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].name);
        if (strncmp(rows[i].name, name, len) == 0 && (name[len] == ' ' || name[len] == '\0')) {
            return rows[i].run;
        }
    }
    return NULL;
}

static int run(const struct options *options)
{
    size_t used = 0;
    struct error err;
    const struct admin_command *command =
        admin_command_match(options->words, options->word_count, &used);
    if (command == NULL) {
        help_unknown(stderr, options->words, options->word_count);
        return EXIT_USAGE;
    }
    const char **arguments = options->words + used;
    size_t count = options->word_count - used;
    options_to_the_end(command, arguments, count);
    if (!admin_command_check(command, arguments, count, &err)) {
        complain(&err);
        return EXIT_USAGE;
    }
    local_run local = local_find(command->name);
    if (local != NULL) {
        err.text[0] = '\0';
        int code = local(options, options->words[used - 1], arguments, count, &err);
        if (err.text[0] != '\0' && code != EXIT_DONE) {
            complain(&err);
        }
        return code;
    }
    return run_remote(options, command, arguments, count);
}

static int run_words(const struct options *options)
{
    if (options->wants_version) {
        puts("ballastctl " PACKAGE_VERSION);
        return EXIT_DONE;
    }
    if (options->wants_help) { /* of what was said so far */
        return help_print(stdout, options->words, options->word_count) ||
                       help_print(stdout, options->words, 0)
                   ? EXIT_DONE
                   : EXIT_USAGE;
    }
    if (options->word_count == 0) {
        help_usage(stderr);
        return EXIT_USAGE;
    }
    return run(options);
}

int main(int argc, char **argv)
{
    struct options options = {.socket = NULL};
    struct error err;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_DFL);
    if (!options_read(&options, argc, argv, &err)) {
        complain(&err);
        help_usage(stderr);
        free(options.words);
        return EXIT_USAGE;
    }
    int code = run_words(&options);
    free(options.words);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "ballastctl: standard output: %s\n", strerror(errno));
        return code == EXIT_DONE ? EXIT_REFUSED : code;
    }
    return code;
}
