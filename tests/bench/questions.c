/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/questions.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_OCTETS (QUESTION_OCTETS - 12 - 4)

/* Length of the name in wire form; 0: it does not fit. */
static size_t put_name(uint8_t *out, const char *name)
{
    size_t len = 0;
    if (strlen(name) + 2 > NAME_MAX_OCTETS) {
        return 0;
    }
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        if (label == 0 || label > 63) {
            return 0;
        }
        out[len++] = (uint8_t)label;
        memcpy(out + len, name, label);
        len += label;
        name += label + (name[label] == '.');
    }
    out[len++] = 0;
    return len;
}

static bool read_addresses(struct question *question, char *text)
{
    if (strcmp(text, "-") == 0) {
        return true;
    }
    char *rest = NULL;
    for (char *one = strtok_r(text, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest)) {
        if (question->address_count == QUESTION_ADDRESSES ||
            inet_pton(AF_INET, one, &question->addresses[question->address_count++]) != 1) {
            return false;
        }
    }
    return true;
}

static bool read_line(struct question *question, const char *line)
{
    static const uint8_t header[12] = {0, 0, 0, 0, 0, 1};
    char name[80], addresses[80];
    unsigned type = 0, rcode = 0, count = 0;
    if (sscanf(line, "%79s %u %u %u %79s", name, &type, &rcode, &count, addresses) != 5 ||
        rcode > 15 || count > 100) {
        return false;
    }
    memcpy(question->query, header, sizeof(header));
    size_t len = put_name(question->query + sizeof(header), name);
    if (len == 0) {
        return false;
    }
    len += sizeof(header);
    uint8_t rest[4] = {(uint8_t)(type >> 8), (uint8_t)type, 0, 1};
    memcpy(question->query + len, rest, sizeof(rest));
    question->len = (uint16_t)(len + sizeof(rest));
    question->rcode = (uint8_t)rcode;
    question->count = (uint16_t)count;
    return read_addresses(question, addresses);
}

void questions_read(struct questions *questions, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size_t room = questions->count;
    char line[256];
    while (fgets(line, sizeof(line), file) != NULL) {
        if (questions->count == room) {
            room = room * 2 + 64;
            questions->all = realloc(questions->all, room * sizeof(struct question));
            if (questions->all == NULL) {
                abort();
            }
        }
        struct question *question = &questions->all[questions->count];
        memset(question, 0, sizeof(*question));
        if (!read_line(question, line)) {
            fprintf(stderr, "%s: this is no question: %s", path, line);
            exit(2);
        }
        questions->count++;
        if (questions->count == 1) {
            questions->same_len = question->len;
        } else if (question->len != questions->same_len) {
            questions->same_len = 0;
        }
    }
    fclose(file);
    if (questions->count == 0) {
        fprintf(stderr, "%s: there is no question in it\n", path);
        exit(2);
    }
}
