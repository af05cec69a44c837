/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_help.h"

#include <stdint.h>
#include <string.h>

#include "control/admin_protocol.h"
#include "control/ctl_client.h"

#define HELP_COLUMN 42

void help_usage(FILE *out)
{
    fputs("usage: ballastctl [-s SOCKET] [--json] COMMAND [ARGUMENT ...]\n"
          "       ballastctl help [COMMAND]\n",
          out);
}

/* Whether the row's name begins with the words. */
static bool row_begins_with(const struct admin_command *row, const char *const *words, size_t count)
{
    const char *name = row->name;
    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(name, " ");
        if (strlen(words[i]) != len || memcmp(name, words[i], len) != 0) {
            return false;
        }
        name += len + (name[len] == ' ');
    }
    return true;
}

static void row_print(FILE *out, const struct admin_command *row)
{
    int used =
        fprintf(out, "  %s%s%s", row->name, row->arguments[0] == '\0' ? "" : " ", row->arguments);
    if (used >= HELP_COLUMN) {
        fputc('\n', out);
        used = 0;
    }
    fprintf(out, "%*s%s\n", HELP_COLUMN - used, "", row->help);
}

static void general_print(FILE *out)
{
    help_usage(out);
    fputs("\nCommands:\n", out);
    for (size_t i = 0; i < admin_command_count; i++) {
        row_print(out, &admin_commands[i]);
    }
    fputs("\nOptions:\n"
          "  -s, --socket SOCKET   the daemon's control.socket; else $BALLAST_SOCKET,\n"
          "                        else " CLIENT_DEFAULT_SOCKET "\n"
          "  --json                print the result as one JSON document\n"
          "  -h, --help            this help\n"
          "  -V, --version         the version\n"
          "\nExit status: 0 done, 1 refused or failed, 2 usage, 3 no daemon answers.\n",
          out);
}

bool help_print(FILE *out, const char *const *words, size_t count)
{
    if (count == 0) {
        general_print(out);
        return true;
    }
    bool found = false;
    for (size_t i = 0; i < admin_command_count; i++) {
        if (row_begins_with(&admin_commands[i], words, count)) {
            row_print(out, &admin_commands[i]);
            found = true;
        }
    }
    return found;
}

/* Letters to change, add or drop between two short words. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned row[33];
    if (a_len > 32 || b_len > 32) {
        return UINT32_MAX;
    }
    for (unsigned j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < step ? change : step;
        }
    }
    return row[b_len];
}

/* The words at position `at` of the rows whose names begin with the words before it, each once. */
static void candidates_print(FILE *out, const char *const *words, size_t at)
{
    const char *last = "";
    size_t last_len = 0;
    const char *nearest = NULL;
    size_t nearest_len = 0;
    unsigned best = 3; /* farther away is no slip of the finger */
    for (size_t i = 0; i < admin_command_count; i++) {
        const char *word = admin_commands[i].name;
        if (!row_begins_with(&admin_commands[i], words, at)) {
            continue;
        }
        if (at > 0) {
            word += strcspn(word, " ");
            word += *word == ' ';
        }
        size_t len = strcspn(word, " ");
        if (len == 0 || (len == last_len && memcmp(word, last, len) == 0)) {
            continue;
        }
        fprintf(out, "%s%.*s", last_len == 0 ? "" : ", ", (int)len, word);
        last = word;
        last_len = len;
        unsigned far = distance(words[at], strlen(words[at]), word, len);
        if (far < best) {
            best = far;
            nearest = word;
            nearest_len = len;
        }
    }
    fputc('\n', out);
    if (nearest != NULL) {
        fprintf(out, "Did you mean \"%s%s%.*s\"?\n", at > 0 ? words[0] : "", at > 0 ? " " : "",
                (int)nearest_len, nearest);
    }
}

void help_unknown(FILE *out, const char *const *words, size_t count)
{
    bool noun_is_known = false;
    for (size_t i = 0; i < admin_command_count; i++) {
        noun_is_known |= row_begins_with(&admin_commands[i], words, 1);
    }
    if (!noun_is_known) {
        fprintf(out, "ballastctl: there is no command \"%s\"; there are: ", words[0]);
        candidates_print(out, words, 0);
    } else if (count < 2) {
        fprintf(out, "ballastctl: %s: one of these must follow: ", words[0]);
        const char *const unsaid[] = {words[0], ""};
        candidates_print(out, unsaid, 1);
    } else {
        fprintf(out, "ballastctl: %s: there is no \"%s\"; there are: ", words[0], words[1]);
        candidates_print(out, words, 1);
    }
    help_usage(out);
}

static void words_print(FILE *out, const char *noun)
{
    size_t noun_len = strlen(noun);
    const char *last = "";
    size_t last_len = 0;
    for (size_t i = 0; i < admin_command_count; i++) {
        const char *word = admin_commands[i].name;
        if (noun_len > 0) {
            if (strncmp(word, noun, noun_len) != 0 || word[noun_len] != ' ') {
                continue;
            }
            word += noun_len + 1;
        }
        size_t len = strcspn(word, " ");
        if (len != last_len || memcmp(word, last, len) != 0) {
            fprintf(out, "%s%.*s", last_len == 0 ? "" : " ", (int)len, word);
        }
        last = word;
        last_len = len;
    }
}

void help_completion_bash(FILE *out)
{
    fputs("# bash completion for ballastctl, printed by `ballastctl completion bash`\n"
          "_ballastctl()\n{\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local words=() i\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        -s | --socket) ((i++)) ;;\n"
          "        -*) ;;\n"
          "        *) words+=(\"${COMP_WORDS[i]}\") ;;\n"
          "        esac\n"
          "    done\n"
          "    case $previous in\n"
          "    -s | --socket) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
          "    --svg | --plan) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
          "    --population) COMPREPLY=($(compgen -f -W 'honest mixed bad' -- \"$current\")); "
          "return ;;\n"
          "    esac\n"
          "    local choices=\n"
          "    case \"${words[*]}\" in\n",
          out);
    fputs("    '') choices='--json --socket --help --version ", out);
    words_print(out, "");
    fputs("' ;;\n", out);
    for (size_t i = 0; i < admin_command_count; i++) {
        const char *name = admin_commands[i].name;
        int len = (int)strcspn(name, " ");
        bool is_first = i == 0 || strncmp(admin_commands[i - 1].name, name, (size_t)len + 1) != 0;
        if (name[len] == ' ' && is_first) {
            char noun[32];
            snprintf(noun, sizeof(noun), "%.*s", len, name);
            fprintf(out, "    %s) choices='", noun);
            words_print(out, noun);
            fputs("' ;;\n", out);
        }
    }
    fputs(
        "    'event push') COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
        "    'log level') choices='debug info warning error' ;;\n"
        "    'health force '*) choices='up down auto' ;;\n"
        "    'plan check'*) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
        "    'plan graph'*) COMPREPLY=($(compgen -f -W '--dot' -- \"$current\")); return ;;\n"
        "    'plan show'*)\n"
        "        COMPREPLY=($(compgen -f -W '--asl --hold --steps' -- \"$current\"))\n"
        "        return ;;\n"
        "    'rollout start '*) choices='--candidate' ;;\n"
        "    'rollout simulate'*) choices='--plan --ttl --resolvers --population --svg --seed' ;;\n"
        "    'zone add '* | 'zone check '*) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
        "    'zone reload'*) choices='--force' ;;\n"
        "    'zone export '*) choices='--output' ;;\n"
        "    history) choices='--record' ;;\n"
        "    completion) choices='bash' ;;\n"
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n"
        "}\n"
        "complete -F _ballastctl ballastctl\n",
        out);
}
