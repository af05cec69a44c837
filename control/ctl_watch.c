/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_watch.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/ctl_view.h"

#define ASK_EVERY_MS 250
#define SHOW_CURSOR  "\x1b[?25h"
#define HIDE_CURSOR  "\x1b[?25l"

struct watch {
    const char *name;
    bool as_json;
    size_t drawn;   /* lines of the picture on the screen */
    unsigned width; /* of the terminal when it was drawn */
    bool has_said_waiting;
    char *last; /* the last line said, without its time and shares */
};

static void write_raw(const char *text)
{
    ssize_t written = write(STDOUT_FILENO, text, strlen(text));
    (void)written; /* in a signal handler there is nobody to tell */
}

/* Gives the cursor back before the signal does what it always does. */
static void on_end(int number)
{
    write_raw(SHOW_CURSOR "\n");
    signal(number, SIG_DFL);
    raise(number);
}

static void on_stop(int number)
{
    (void)number;
    write_raw(SHOW_CURSOR);
    raise(SIGSTOP); /* the next picture hides it again */
}

static void on_resize(int number)
{
    (void)number; /* that it came ends the pause between two pictures */
}

static void signals_take(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_end};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        sigaction(ends[i], &action, NULL);
    }
    action.sa_handler = on_stop;
    action.sa_flags = SA_RESTART;
    sigaction(SIGTSTP, &action, NULL);
    action.sa_handler = on_resize;
    sigaction(SIGWINCH, &action, NULL);
}

/* ---- on a terminal ---- */

/* Puts the picture where the last one was; each line clears its own rest, so nothing flickers. */
static void picture_show(struct watch *watch, const struct style *style, const char *picture)
{
    char *frame = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&frame, &len);
    fputs(HIDE_CURSOR, out);
    if (watch->width != 0 && watch->width != style->columns) {
        fputs("\x1b[H\x1b[2J", out); /* the terminal has wrapped what was there */
    } else if (watch->drawn > 0) {
        fprintf(out, "\x1b[%zuA\r", watch->drawn);
    }
    watch->drawn = 0;
    watch->width = style->columns;
    for (const char *line = picture; *line != '\0'; watch->drawn++) {
        size_t octets = strcspn(line, "\n");
        fprintf(out, "%.*s\x1b[K\n", (int)octets, line);
        line += octets + 1;
    }
    fputs("\x1b[J", out);
    fclose(out);
    fwrite(frame, 1, len, stdout);
    fflush(stdout);
    free(frame);
}

static void draw(struct watch *watch, const json_t *result)
{
    struct style style = style_of(STDOUT_FILENO);
    char *picture = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&picture, &len);
    if (field_is_null(result, "rollout")) {
        char text[512];
        snprintf(text, sizeof(text), "%s: no rollout yet; waiting for one", watch->name);
        text_put(out, &style, INK_DIM, text, style.columns);
        fputc('\n', out);
    } else {
        view_print(out, &style, result);
    }
    fclose(out);
    picture_show(watch, &style, picture);
    free(picture);
}

/* ---- without a terminal ---- */

static void weights_print(FILE *out, const json_t *sets)
{
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        const json_t *members = json_object_get(set, "members");
        fprintf(out, "; %s/%s", field_text(set, "name"), field_text(set, "type"));
        for (size_t j = 0; j < json_array_size(members); j++) {
            const json_t *member = json_array_get(members, j);
            fprintf(out, " %s=%" PRId64 " %s", field_text(member, "id"),
                    field_number(member, "weight"), field_text(member, "health"));
        }
    }
}

/* "; answered blue 90.1 %, green 9.9 %", and the same of what is expected and of real traffic. */
static void shares_print(FILE *out, const json_t *sets)
{
    static const char *const kinds[] = {"answered", "expected", "traffic"};
    for (size_t i = 0; i < json_array_size(sets) * ARRAY_LEN(kinds); i++) {
        const char *kind = kinds[i % ARRAY_LEN(kinds)];
        const json_t *set = json_array_get(sets, i / ARRAY_LEN(kinds));
        const json_t *members = json_object_get(set, "members");
        char key[32];
        bool is_first = true;
        snprintf(key, sizeof(key), "share_%s", kind);
        for (size_t j = 0; j < json_array_size(members); j++) {
            const json_t *member = json_array_get(members, j);
            const json_t *share = json_object_get(member, key);
            if (json_is_number(share)) {
                fprintf(out, "%s%s %s %.1f %%", is_first ? "; " : ",", is_first ? kind : "",
                        field_text(member, "id"), json_number_value(share) * 100);
                is_first = false;
            }
        }
    }
}

/* What makes a change: everything but times and counters. Caller frees. */
static char *summary(const json_t *result)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const json_t *rollout = json_object_get(result, "rollout");
    const char *reason = field_text(rollout, "reason");
    fprintf(out, "%s rollout %" PRId64 ": %s at weight %" PRId64 " (step %" PRId64 " of %zu)",
            field_text(rollout, "rule"), field_number(rollout, "id"), field_text(rollout, "state"),
            field_number(rollout, "weight"), field_number(rollout, "step"),
            json_array_size(json_object_get(rollout, "steps")));
    if (strcmp(reason, "-") != 0) {
        fprintf(out, "; %s", reason);
    }
    weights_print(out, json_object_get(result, "record_sets"));
    fclose(out);
    return text;
}

static void tell(struct watch *watch, const json_t *result)
{
    char *now = summary(result);
    if (watch->last != NULL && strcmp(now, watch->last) == 0) {
        free(now);
        return;
    }
    free(watch->last);
    watch->last = now;
    if (watch->as_json) {
        json_dumpf(result, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        fflush(stdout);
        return;
    }
    struct style style = style_of(STDOUT_FILENO);
    char at[CLOCK_TEXT_SIZE];
    char *line = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&line, &len);
    clock_format(clock_now_ms(), at);
    fprintf(out, "%s %s", at, now);
    shares_print(out, json_object_get(result, "record_sets"));
    fclose(out);
    text_put(stdout, &style, INK_PLAIN, line, SIZE_MAX);
    fputc('\n', stdout);
    fflush(stdout);
    free(line);
}

/* ---- both ---- */

static void show(struct watch *watch, bool is_drawn, const json_t *result)
{
    if (is_drawn) {
        draw(watch, result);
    } else if (!field_is_null(result, "rollout")) {
        tell(watch, result);
    } else if (!watch->has_said_waiting && !watch->as_json) {
        printf("%s: no rollout yet; waiting for one\n", watch->name);
        fflush(stdout);
        watch->has_said_waiting = true;
    }
}

static bool has_ended(const json_t *result, int *code)
{
    static const char *const ends[] = {"failed", "aborted", "superseded"};
    const char *state = field_text(json_object_get(result, "rollout"), "state");
    if (strcmp(state, "succeeded") == 0) {
        *code = EXIT_DONE;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (strcmp(state, ends[i]) == 0) {
            *code = EXIT_REFUSED;
            return true;
        }
    }
    return false;
}

static int follow(struct watch *watch, struct client *client, bool is_drawn, struct error *err)
{
    for (;;) {
        json_t *result = NULL;
        int code = EXIT_DONE;
        enum client_outcome outcome =
            client_ask(client, "rollout show", &watch->name, 1, &result, err);
        if (outcome != CLIENT_DONE) {
            return outcome == CLIENT_LOST ? EXIT_UNREACHABLE : EXIT_REFUSED;
        }
        show(watch, is_drawn, result);
        bool is_over = has_ended(result, &code);
        json_decref(result);
        if (is_over) {
            return code;
        }
        if (ferror(stdout)) {
            error_set(err, "cannot write what is seen");
            return EXIT_REFUSED;
        }
        poll(NULL, 0, ASK_EVERY_MS);
    }
}

int watch(struct client *client, const char *name, bool as_json)
{
    struct watch state = {.name = name, .as_json = as_json};
    struct error err = {.text = ""};
    bool is_drawn = !as_json && style_of(STDOUT_FILENO).is_terminal;
    if (is_drawn) {
        signals_take();
    }
    int code = follow(&state, client, is_drawn, &err);
    if (is_drawn) {
        fputs(SHOW_CURSOR, stdout);
        fflush(stdout);
    }
    if (err.text[0] != '\0') {
        fprintf(stderr, "ballastctl: %s\n", err.text);
    }
    free(state.last);
    return code;
}
