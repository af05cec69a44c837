/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

#define HISTORY_LINES 5
#define BAR_MAX       40
#define BAR_MIN       4
/* From these widths of the terminal on there is room for more of each member. */
#define MIDDLE_COLUMNS 60
#define WIDE_COLUMNS   96

/* A picture being drawn: it keeps within its columns and rows whatever is put. */
struct canvas {
    FILE *out;
    const struct style *style;
    size_t columns_left; /* in this line */
    size_t rows_left;
};

static void put(struct canvas *canvas, enum ink ink, const char *format, ...) PRINTF_LIKE(3, 4);
static void put(struct canvas *canvas, enum ink ink, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (canvas->rows_left > 0) {
        canvas->columns_left -=
            text_put(canvas->out, canvas->style, ink, text, canvas->columns_left);
    }
}

static void line_end(struct canvas *canvas)
{
    if (canvas->rows_left > 0) {
        fputc('\n', canvas->out);
        canvas->rows_left--;
    }
    canvas->columns_left = canvas->style->columns;
}

static void put_blanks(struct canvas *canvas, size_t count)
{
    while (count-- > 0) {
        put(canvas, INK_PLAIN, " ");
    }
}

/* A cell of fixed width and a blank after it. */
static void put_cell(struct canvas *canvas, enum ink ink, size_t width, const char *text)
{
    size_t before = canvas->columns_left;
    size_t room = width < before ? width : before;
    if (canvas->rows_left > 0) {
        canvas->columns_left -= text_put(canvas->out, canvas->style, ink, text, room);
    }
    put_blanks(canvas, width + 1 - (before - canvas->columns_left));
}

static void put_right(struct canvas *canvas, enum ink ink, size_t width, const char *text)
{
    size_t needed = text_columns(canvas->style, text);
    put_blanks(canvas, needed < width ? width - needed : 0);
    put_cell(canvas, ink, needed < width ? needed : width, text);
}

static const char *either(const struct canvas *canvas, const char *utf8, const char *ascii)
{
    return canvas->style->has_utf8 ? utf8 : ascii;
}

static void put_bar(struct canvas *canvas, enum ink ink, double fraction, size_t width)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    size_t units = (size_t)(fraction * (double)width * 8 + 0.5);
    size_t full = canvas->style->has_utf8 ? units / 8 : (units + 4) / 8;
    size_t rest = canvas->style->has_utf8 ? units % 8 : 0;
    for (size_t i = 0; i < full; i++) {
        put(canvas, ink, "%s", either(canvas, "█", "#"));
    }
    put(canvas, ink, "%s", eighths[rest]);
    for (size_t i = full + (rest > 0); i < width; i++) {
        put(canvas, INK_DIM, "%s", either(canvas, "░", "."));
    }
    put(canvas, INK_PLAIN, " ");
}

/* ---- the parts of the picture, from top to bottom ---- */

static void put_head(struct canvas *canvas, const json_t *rollout)
{
    const char *state = field_text(rollout, "state");
    put(canvas, INK_BOLD, "%s", field_text(rollout, "rule"));
    put(canvas, INK_PLAIN, "  %s", field_text(rollout, "deployment"));
    put(canvas, INK_DIM, "  rollout %" PRId64, field_number(rollout, "id"));
    line_end(canvas);
    put(canvas, ink_of(state), "%s %s", either(canvas, "●", "*"), state);
    put(canvas, INK_PLAIN, "  %s %s %s", field_text(rollout, "stable"), either(canvas, "→", "->"),
        field_text(rollout, "candidate"));
    put(canvas, INK_DIM, "  by %s", field_text(rollout, "who"));
    line_end(canvas);
    line_end(canvas);
}

static void put_steps(struct canvas *canvas, const json_t *rollout)
{
    const json_t *steps = json_object_get(rollout, "steps");
    size_t current = (size_t)field_number(rollout, "step");
    bool is_done = strcmp(field_text(rollout, "state"), "succeeded") == 0;
    put(canvas, INK_DIM, "steps  ");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        int64_t weight = json_integer_value(json_array_get(steps, i));
        if (i > 0) {
            put(canvas, INK_DIM, " %s ", either(canvas, "▸", ">"));
        }
        if (is_done || i + 1 < current) {
            put(canvas, INK_GOOD, "%" PRId64, weight);
        } else if (i + 1 == current) {
            put(canvas, INK_BOLD, "[%" PRId64 "]", weight);
        } else {
            put(canvas, INK_DIM, "%" PRId64, weight);
        }
    }
    put(canvas, INK_PLAIN, "   weight %" PRId64, field_number(rollout, "weight"));
    line_end(canvas);
}

static void put_hold(struct canvas *canvas, const json_t *rollout)
{
    int64_t hold_ms = field_number(rollout, "hold_ms");
    int64_t left_ms = field_number(rollout, "hold_left_ms");
    int64_t left_s = (left_ms + 999) / 1000;
    int64_t hold_s = (hold_ms + 999) / 1000;
    bool is_paused = strcmp(field_text(rollout, "state"), "paused") == 0;
    char text[64];
    snprintf(text, sizeof(text),
             "%02" PRId64 ":%02" PRId64 " left of %02" PRId64 ":%02" PRId64 "%s", left_s / 60,
             left_s % 60, hold_s / 60, hold_s % 60, is_paused ? ", paused" : "");
    put(canvas, INK_DIM, "hold   ");
    size_t width = canvas->columns_left > strlen(text) ? canvas->columns_left - strlen(text) : 0;
    width = width > BAR_MAX ? BAR_MAX : width;
    if (width > BAR_MIN) {
        put_bar(canvas, is_paused ? INK_WARN : INK_GOOD,
                hold_ms > 0 ? 1 - (double)left_ms / (double)hold_ms : 1, width - 1);
    }
    put(canvas, INK_PLAIN, "%s", text);
    line_end(canvas);
}

#define HEALTH_TEXT_SIZE 64

/* Where there is room, of how many addresses, too. */
static void health_text(const struct style *style, const json_t *member, char out[HEALTH_TEXT_SIZE])
{
    const char *forced = field_text(member, "forced");
    const char *health = field_text(member, "health");
    if (strcmp(forced, "up") == 0 || strcmp(forced, "down") == 0) {
        snprintf(out, HEALTH_TEXT_SIZE, "forced %s", forced);
    } else if (style->columns >= MIDDLE_COLUMNS && field_number(member, "addresses") > 1) {
        snprintf(out, HEALTH_TEXT_SIZE, "%s %" PRId64 "/%" PRId64, health,
                 field_number(member, "addresses_healthy"), field_number(member, "addresses"));
    } else {
        snprintf(out, HEALTH_TEXT_SIZE, "%s", health);
    }
}

/* A share of a member: from which width of the terminal on it is there. */
struct share_column {
    const char *key, *heading;
    size_t from_columns;
};
static const struct share_column share_columns[] = {
    {"share_configured", "CONFIGURED", 78},
    {"share_answered", "ANSWERED", 0},
    {"share_expected", "EXPECTED", 68},
    {"share_traffic", "TRAFFIC", MIDDLE_COLUMNS},
};

/* How the columns of the members share a line. */
struct layout {
    size_t id, weight, bar, health;
    bool has_share[ARRAY_LEN(share_columns)];
    bool has_role;
};

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t lay_out_shares(struct layout *layout, size_t columns, const json_t *set)
{
    size_t width = 0;
    for (size_t i = 0; i < ARRAY_LEN(share_columns); i++) {
        const struct share_column *column = &share_columns[i];
        bool is_traffic = strcmp(column->key, "share_traffic") == 0;
        layout->has_share[i] =
            columns >= column->from_columns && (!is_traffic || !field_is_null(set, "traffic"));
        width += layout->has_share[i] ? strlen(column->heading) + 1 : 0;
    }
    return width;
}

static struct layout layout_of(const struct canvas *canvas, const json_t *set)
{
    size_t columns = canvas->style->columns;
    const json_t *members = json_object_get(set, "members");
    struct layout layout = {.id = strlen("MEMBER"), .health = strlen("unhealthy")};
    size_t id_most = columns >= MIDDLE_COLUMNS ? 24 : 8;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        char health[HEALTH_TEXT_SIZE];
        health_text(canvas->style, member, health);
        size_t width = text_columns(canvas->style, field_text(member, "id"));
        layout.id = greater(layout.id, width > id_most ? id_most : width);
        layout.health = greater(layout.health, text_columns(canvas->style, health));
    }
    layout.weight = columns >= MIDDLE_COLUMNS ? strlen("WEIGHT") : 3;
    layout.has_role = columns >= WIDE_COLUMNS;
    size_t fixed = layout.id + 1 + layout.weight + 1 + layout.health;
    fixed += lay_out_shares(&layout, columns, set);
    fixed += layout.has_role ? strlen("candidate ") : 0;
    layout.bar = columns > fixed + 1 ? columns - fixed - 1 : 0;
    layout.bar = layout.bar > BAR_MAX ? BAR_MAX : layout.bar < BAR_MIN ? 0 : layout.bar;
    return layout;
}

static void put_headings(struct canvas *canvas, const struct layout *layout)
{
    put_cell(canvas, INK_DIM, layout->id, "MEMBER");
    if (layout->has_role) {
        put_cell(canvas, INK_DIM, strlen("candidate"), "ROLE");
    }
    put_right(canvas, INK_DIM, layout->weight, layout->weight > 3 ? "WEIGHT" : "WT");
    if (layout->bar > 0) {
        put_cell(canvas, INK_DIM, layout->bar, layout->bar >= strlen("SHARE") ? "SHARE" : "");
    }
    for (size_t i = 0; i < ARRAY_LEN(share_columns); i++) {
        if (layout->has_share[i]) {
            put_right(canvas, INK_DIM, strlen(share_columns[i].heading), share_columns[i].heading);
        }
    }
    put(canvas, INK_DIM, "HEALTH");
    line_end(canvas);
}

static const char *role_of(const json_t *rollout, const json_t *member)
{
    const char *id = field_text(member, "id");
    if (strcmp(id, field_text(rollout, "candidate")) == 0) {
        return "candidate";
    }
    return strcmp(id, field_text(rollout, "stable")) == 0 ? "stable" : "";
}

static void put_member(struct canvas *canvas, const struct layout *layout, const json_t *rollout,
                       const json_t *member)
{
    char text[32];
    char health[HEALTH_TEXT_SIZE];
    const char *role = role_of(rollout, member);
    put_cell(canvas, INK_BOLD, layout->id, field_text(member, "id"));
    if (layout->has_role) {
        put_cell(canvas, INK_PLAIN, strlen("candidate"), role);
    }
    snprintf(text, sizeof(text), "%" PRId64, field_number(member, "weight"));
    put_right(canvas, INK_PLAIN, layout->weight, text);
    if (layout->bar > 0) {
        put_bar(canvas, strcmp(role, "candidate") == 0 ? INK_GOOD : INK_PLAIN,
                json_number_value(json_object_get(member, "share_effective")), layout->bar);
    }
    for (size_t i = 0; i < ARRAY_LEN(share_columns); i++) {
        char share[SHARE_TEXT_SIZE];
        if (layout->has_share[i]) {
            field_share(member, share_columns[i].key, share);
            put_right(canvas, INK_PLAIN, strlen(share_columns[i].heading), share);
        }
    }
    health_text(canvas->style, member, health);
    put(canvas, ink_of(field_text(member, "health")), "%s", health);
    line_end(canvas);
}

static void put_record_set(struct canvas *canvas, const json_t *result, const json_t *set)
{
    char since[DURATION_TEXT_SIZE];
    const json_t *members = json_object_get(set, "members");
    const json_t *window = json_object_get(set, "answers_since_shift");
    struct layout layout = layout_of(canvas, set);
    line_end(canvas);
    put(canvas, INK_BOLD, "%s %s", field_text(set, "name"), field_text(set, "type"));
    put(canvas, INK_DIM, "  %" PRId64 " answered in %s since the shift",
        field_number(window, "answers"), text_seconds(field_number(window, "window_ms"), since));
    line_end(canvas);
    put_headings(canvas, &layout);
    for (size_t i = 0; i < json_array_size(members); i++) {
        put_member(canvas, &layout, json_object_get(result, "rollout"), json_array_get(members, i));
    }
}

static void put_history(struct canvas *canvas, const json_t *entries)
{
    size_t count = json_array_size(entries);
    size_t room = canvas->rows_left > 2 ? canvas->rows_left - 2 : 0; /* a blank line, the foot */
    room = room > HISTORY_LINES ? HISTORY_LINES : room;
    if (count == 0 || room == 0) {
        return;
    }
    line_end(canvas);
    for (size_t i = count > room ? count - room : 0; i < count; i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *at = field_text(entry, "at");
        const char *clock = strchr(at, 'T');
        put(canvas, INK_DIM, "%.8s  ", clock == NULL ? at : clock + 1);
        put(canvas, INK_PLAIN, "%s", field_text(entry, "text"));
        line_end(canvas);
    }
}

void view_print(FILE *out, const struct style *style, const json_t *result)
{
    const json_t *rollout = json_object_get(result, "rollout");
    const json_t *sets = json_object_get(result, "record_sets");
    const char *reason = field_text(rollout, "reason");
    struct canvas canvas = {.out = out,
                            .style = style,
                            .columns_left = style->columns,
                            .rows_left = style->rows > 1 ? style->rows - 1 : 1};
    bool is_running = field_is_null(rollout, "ended_at");
    put_head(&canvas, rollout);
    put_steps(&canvas, rollout);
    if (is_running) {
        put_hold(&canvas, rollout);
    } else {
        put(&canvas, INK_DIM, "ended  ");
        put(&canvas, INK_PLAIN, "%s", field_text(rollout, "ended_at"));
        line_end(&canvas);
    }
    if (strcmp(reason, "-") != 0) {
        put(&canvas, is_running ? INK_PLAIN : ink_of(field_text(rollout, "state")), "%s", reason);
        line_end(&canvas);
    }
    for (size_t i = 0; i < json_array_size(sets); i++) {
        put_record_set(&canvas, result, json_array_get(sets, i));
    }
    put_history(&canvas, json_object_get(result, "history"));
    if (is_running) {
        put(&canvas, INK_DIM, "Ctrl-C ends the watch, not the rollout");
        line_end(&canvas);
    }
}
