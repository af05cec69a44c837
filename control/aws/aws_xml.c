/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_xml.h"

#include <expat.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/attributes.h"

#define DEPTH_MAX 32

/* An element that is open. */
struct element {
    char *name;
    json_t *members; /* NULL: it has no elements yet */
    char *text;
    size_t len, room;
};

struct reader {
    XML_Parser parser;
    struct element open[DEPTH_MAX];
    size_t depth;
    json_t *result; /* of the root */
    char *root;
    const char *fault; /* what is wrong beside what expat finds */
};

static void stop(struct reader *reader, const char *fault)
{
    if (reader->fault == NULL) {
        reader->fault = fault;
        XML_StopParser(reader->parser, XML_FALSE);
    }
}

static void on_start(void *argument, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = argument;
    (void)attributes;
    if (reader->depth == DEPTH_MAX) {
        stop(reader, "it is deeper than 32 elements");
        return;
    }
    const char *colon = strrchr(name, ':');
    reader->open[reader->depth++] =
        (struct element){.name = alloc_string(colon == NULL ? name : colon + 1)};
}

static void on_text(void *argument, const XML_Char *text, int octets)
{
    struct reader *reader = argument;
    if (reader->depth == 0) {
        return;
    }
    struct element *element = &reader->open[reader->depth - 1];
    size_t len = (size_t)octets;
    if (element->len + len + 1 > element->room) {
        element->room = (element->len + len + 1) * 2;
        element->text = alloc_resize(element->text, element->room, 1);
    }
    memcpy(element->text + element->len, text, len);
    element->len += len;
}

/* The second of a name makes an array of both. */
static void add_member(struct element *parent, const char *name, json_t *value)
{
    if (parent->members == NULL) {
        parent->members = json_object();
    }
    json_t *before = json_object_get(parent->members, name);
    if (before == NULL) {
        json_object_set_new(parent->members, name, value);
    } else if (json_is_array(before)) {
        json_array_append_new(before, value);
    } else {
        json_t *both = json_array();
        json_array_append(both, before);
        json_array_append_new(both, value);
        json_object_set_new(parent->members, name, both);
    }
}

static void free_element(struct element *element)
{
    free(element->name);
    free(element->text);
    json_decref(element->members);
}

static void on_end(void *argument, const XML_Char *name)
{
    struct reader *reader = argument;
    (void)name;
    if (reader->fault != NULL || reader->depth == 0) {
        return;
    }
    struct element element = reader->open[--reader->depth];
    json_t *value = element.members != NULL
                        ? json_incref(element.members)
                        : json_stringn(element.text != NULL ? element.text : "", element.len);
    if (value == NULL) {
        stop(reader, "it has a character that JSON cannot have");
    } else if (reader->depth > 0) {
        add_member(&reader->open[reader->depth - 1], element.name, value);
    } else {
        reader->result = value;
        reader->root = STEAL(element.name);
    }
    free_element(&element);
}

/* Entities of its own make small documents large. */
static void on_doctype(void *argument, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int has_internal_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_internal_subset;
    stop(argument, "it has a document type, expected none");
}

static bool parse(struct reader *reader, const char *text, size_t len, struct error *err)
{
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    if (len > INT32_MAX) {
        return error_set(err, "no XML: it is longer than 2 GiB");
    }
    enum XML_Status status = XML_Parse(reader->parser, text, (int)len, XML_TRUE);
    if (reader->fault != NULL) {
        return error_set(err, "no XML that is expected: line %lu: %s",
                         XML_GetCurrentLineNumber(reader->parser), reader->fault);
    }
    if (status != XML_STATUS_OK) {
        return error_set(err, "no XML: line %lu: %s", XML_GetCurrentLineNumber(reader->parser),
                         XML_ErrorString(XML_GetErrorCode(reader->parser)));
    }
    return true;
}

json_t *aws_xml_parse(const char *text, size_t len, char **root, struct error *err)
{
    struct reader reader = {.parser = XML_ParserCreate("UTF-8")};
    if (reader.parser == NULL) {
        abort();
    }
    bool is_good = parse(&reader, text, len, err);
    while (reader.depth > 0) {
        free_element(&reader.open[--reader.depth]);
    }
    XML_ParserFree(reader.parser);
    if (!is_good) {
        json_decref(reader.result);
        free(reader.root);
        return NULL;
    }
    if (root != NULL) {
        *root = STEAL(reader.root);
    }
    free(reader.root);
    return reader.result;
}

json_t *aws_xml_list(const json_t *object, const char *list, const char *element)
{
    json_t *found = json_object_get(json_object_get(object, list), element);
    if (json_is_array(found)) {
        return json_incref(found);
    }
    json_t *array = json_array();
    if (found != NULL) {
        json_array_append(array, found);
    }
    return array;
}

char *aws_xml_escape(const char *text)
{
    static const struct {
        char octet;
        const char *escape;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);
    if (stream == NULL) {
        abort();
    }
    for (const char *at = text; *at != '\0'; at++) {
        const char *escape = NULL;
        for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
            escape = escapes[i].octet == *at ? escapes[i].escape : escape;
        }
        bool is_control = (unsigned char)*at < ' ' && strchr("\t\n\r", *at) == NULL;
        if (escape != NULL) {
            fputs(escape, stream);
        } else {
            fputc(is_control ? '?' : *at, stream);
        }
    }
    fclose(stream);
    return out;
}
