/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/ctl_text.h"

#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "common/attributes.h"

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

struct style style_of(int fd)
{
    struct style style = {.columns = 80, .rows = 24};
    struct winsize size;
    const char *terminal = getenv("TERM");
    style.is_terminal =
        isatty(fd) && terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
    style.has_colour = style.is_terminal && !is_set("NO_COLOR");
    style.has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (style.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_row > 0) {
        style.columns = size.ws_col;
        style.rows = size.ws_row;
    }
    return style;
}

enum ink ink_of(const char *word)
{
    static const struct {
        const char *word;
        enum ink ink;
    } inks[] = {
        {"healthy", INK_GOOD},  {"succeeded", INK_GOOD}, {"started", INK_GOOD},
        {"unhealthy", INK_BAD}, {"failed", INK_BAD},     {"malformed", INK_BAD},
        {"refused", INK_BAD},   {"aborted", INK_WARN},   {"superseded", INK_WARN},
        {"paused", INK_WARN},   {"unknown", INK_WARN},   {"holding", INK_BOLD},
    };
    for (size_t i = 0; i < ARRAY_LEN(inks); i++) {
        if (strcmp(inks[i].word, word) == 0) {
            return inks[i].ink;
        }
    }
    return INK_PLAIN;
}

/* The next character of text: how many octets it has, how many columns it takes, and whether it
 * may be shown as it is. */
struct character {
    size_t octets;
    size_t columns;
    bool is_shown;
};

static struct character character_at(const struct style *style, const char *text)
{
    struct character character = {.octets = 1, .columns = 1};
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80) {
        character.is_shown = first >= 0x20 && first != 0x7f;
        return character;
    }
    if (!style->has_utf8) {
        while (((unsigned char)text[character.octets] & 0xc0) == 0x80) {
            character.octets++; /* one '?' for the whole sequence */
        }
        return character;
    }
    wchar_t wide;
    mbstate_t state = {0};
    size_t octets = mbrtowc(&wide, text, MB_LEN_MAX, &state);
    int columns = octets == (size_t)-1 || octets == (size_t)-2 ? -1 : wcwidth(wide);
    if (columns >= 0 && iswprint((wint_t)wide)) {
        character.octets = octets;
        character.columns = (size_t)columns;
        character.is_shown = true;
    }
    return character;
}

size_t text_put(FILE *out, const struct style *style, enum ink ink, const char *text,
                size_t columns)
{
    static const char *const codes[] = {
        [INK_PLAIN] = "",        [INK_BOLD] = "\x1b[1m", [INK_DIM] = "\x1b[2m",
        [INK_GOOD] = "\x1b[32m", [INK_BAD] = "\x1b[31m", [INK_WARN] = "\x1b[33m",
    };
    bool is_coloured = style->has_colour && ink != INK_PLAIN && text[0] != '\0' && columns > 0;
    size_t used = 0;
    if (is_coloured) {
        fputs(codes[ink], out);
    }
    while (*text != '\0') {
        struct character character = character_at(style, text);
        if (used + character.columns > columns) {
            break;
        }
        if (character.is_shown) {
            fwrite(text, 1, character.octets, out);
        } else {
            fputc('?', out);
        }
        used += character.columns;
        text += character.octets;
    }
    if (is_coloured) {
        fputs("\x1b[0m", out);
    }
    return used;
}

size_t text_columns(const struct style *style, const char *text)
{
    size_t columns = 0;
    while (*text != '\0') {
        struct character character = character_at(style, text);
        columns += character.columns;
        text += character.octets;
    }
    return columns;
}

const char *field_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL || text[0] == '\0' ? "-" : text;
}

int64_t field_number(const json_t *object, const char *key)
{
    int64_t number = json_integer_value(json_object_get(object, key));
    return number > FIELD_NUMBER_MAX    ? FIELD_NUMBER_MAX
           : number < -FIELD_NUMBER_MAX ? -FIELD_NUMBER_MAX
                                        : number;
}

bool field_is_null(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

void share_print(double share, char out[SHARE_TEXT_SIZE])
{
    snprintf(out, SHARE_TEXT_SIZE, "%.1f %%", share * 100);
}

void field_share(const json_t *object, const char *key, char out[SHARE_TEXT_SIZE])
{
    const json_t *value = json_object_get(object, key);
    if (json_is_number(value)) {
        share_print(json_number_value(value), out);
    } else {
        snprintf(out, SHARE_TEXT_SIZE, "-");
    }
}

const char *text_seconds(int64_t duration_ms, char out[DURATION_TEXT_SIZE])
{
    duration_print(duration_ms / 1000 * 1000, out);
    return out;
}
