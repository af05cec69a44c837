/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/answers/octets.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

static bool put(struct octets *octets, const void *data, size_t len)
{
    if (len > sizeof(octets->data) - octets->len) {
        return false;
    }
    memcpy(octets->data + octets->len, data, len);
    octets->len += len;
    return true;
}

static bool put_u16(struct octets *octets, unsigned long value)
{
    uint8_t data[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    return value <= UINT16_MAX && put(octets, data, sizeof(data));
}

static bool put_number(struct octets *octets, const char *text, bool is_long)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value > UINT32_MAX) {
        return false;
    }
    return is_long ? put_u16(octets, value >> 16) && put_u16(octets, value & UINT16_MAX)
                   : put_u16(octets, value);
}

/* "a*63", or the text itself; returns the length in out, 0 when there is no room. */
static size_t expand(const char *text, size_t len, char *out, size_t size)
{
    if (len > 2 && text[1] == '*' && isdigit((unsigned char)text[2])) {
        size_t times = strtoul(text + 2, NULL, 10);
        if (times > size) {
            return 0;
        }
        memset(out, text[0], times);
        return times;
    }
    if (len > size) {
        return 0;
    }
    memcpy(out, text, len);
    return len;
}

/* SIZE_MAX: there is none of that name. */
static size_t find_mark(const struct octets *octets, const char *name)
{
    for (size_t i = 0; i < octets->mark_count; i++) {
        if (strcmp(octets->marks[i].name, name) == 0) {
            return octets->marks[i].at;
        }
    }
    return SIZE_MAX;
}

static bool put_mark(struct octets *octets, const char *text, size_t len)
{
    char name[sizeof(octets->marks[0].name)] = "";
    if (!isalpha((unsigned char)text[0]) || len >= sizeof(name) ||
        octets->mark_count == OCTETS_MARKS_MAX) {
        return false;
    }
    memcpy(name, text, len);
    if (find_mark(octets, name) != SIZE_MAX) {
        return false;
    }
    memcpy(octets->marks[octets->mark_count].name, name, sizeof(name));
    octets->marks[octets->mark_count++].at = octets->len;
    return true;
}

static bool put_pointer(struct octets *octets, const char *text)
{
    char *end = NULL;
    size_t offset = find_mark(octets, text);
    if (offset == SIZE_MAX) {
        offset = strtoul(text, &end, 10);
        if (end == text || *end != '\0') {
            return false;
        }
    }
    return offset < 0x4000 && put_u16(octets, 0xC000 | offset);
}

static bool put_label(struct octets *octets, const char *text, size_t len)
{
    char label[63];
    if (text[0] == '&') {
        return put_mark(octets, text + 1, len - 1);
    }
    size_t label_len = expand(text, len, label, sizeof(label));
    uint8_t length = (uint8_t)label_len;
    return label_len != 0 && put(octets, &length, 1) && put(octets, label, label_len);
}

static bool put_name(struct octets *octets, const char *text)
{
    while (*text != '\0' && *text != '@' && strcmp(text, ".") != 0) {
        size_t len = strcspn(text, ".");
        if (!put_label(octets, text, len)) {
            return false;
        }
        text += len + (text[len] == '.');
    }
    return *text == '@' ? put_pointer(octets, text + 1) : put(octets, "", 1);
}

static bool put_text(struct octets *octets, const char *text, size_t len)
{
    char expanded[4096];
    if (len == 0 || text[len - 1] != '"') {
        return false;
    }
    size_t expanded_len = expand(text, len - 1, expanded, sizeof(expanded));
    return expanded_len == 0 ? len == 1 : put(octets, expanded, expanded_len);
}

static bool put_address(struct octets *octets, const char *text)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, text, address) == 1) {
        return put(octets, address, 4);
    }
    return inet_pton(AF_INET6, text, address) == 1 && put(octets, address, 16);
}

static bool put_hex(struct octets *octets, const char *text)
{
    for (; *text != '\0'; text += 2) {
        char digits[3] = {text[0], text[1], '\0'};
        uint8_t octet = (uint8_t)strtoul(digits, NULL, 16);
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
            !put(octets, &octet, 1)) {
            return false;
        }
    }
    return true;
}

static bool put_base32hex(struct octets *octets, const char *text)
{
    uint8_t data[64];
    size_t len = strlen(text);
    int data_len = len > 100 ? -1 : ldns_b32_pton_extended_hex(text, len, data, sizeof(data));
    return data_len > 0 && put(octets, data, (size_t)data_len);
}

/* TYPE0 has no name, and an unknown name is no type. */
static bool put_type(struct octets *octets, const char *text)
{
    ldns_rr_type type = ldns_get_rr_type_by_name(text);
    return type != 0 && put_u16(octets, type);
}

static bool open_bracket(struct octets *octets)
{
    if (octets->depth == sizeof(octets->open) / sizeof(octets->open[0])) {
        return false;
    }
    octets->open[octets->depth++] = octets->len;
    return put_u16(octets, 0);
}

static bool close_bracket(struct octets *octets)
{
    if (octets->depth == 0) {
        return false;
    }
    size_t at = octets->open[--octets->depth];
    size_t len = octets->len - at - 2;
    octets->data[at] = (uint8_t)(len >> 8);
    octets->data[at + 1] = (uint8_t)len;
    return true;
}

static bool put_word(struct octets *octets, const char *word)
{
    size_t len = strlen(word);
    switch (word[0]) {
    case '[':
        return len == 1 && open_bracket(octets);
    case ']':
        return len == 1 && close_bracket(octets);
    case '"':
        return put_text(octets, word + 1, len - 1);
    case '%':
        return put_number(octets, word + 1 + (word[1] == '%'), word[1] == '%');
    case '=':
        return put_type(octets, word + 1);
    case '#':
        return put_base32hex(octets, word + 1);
    default:
        break;
    }
    if (strchr(word, '@') != NULL || word[len - 1] == '.') {
        return put_name(octets, word);
    }
    if (word[0] == '&') {
        return put_mark(octets, word + 1, len - 1);
    }
    return strpbrk(word, ".:") != NULL ? put_address(octets, word) : put_hex(octets, word);
}

bool octets_append(struct octets *octets, char *line, const char **word)
{
    char *rest = NULL;
    line[strcspn(line, ";")] = '\0';
    for (*word = strtok_r(line, " \t\r\n", &rest); *word != NULL;
         *word = strtok_r(NULL, " \t\r\n", &rest)) {
        if (!put_word(octets, *word)) {
            return false;
        }
    }
    return true;
}

void octets_clear(struct octets *octets)
{
    octets->len = 0;
    octets->depth = 0;
    octets->mark_count = 0;
}
