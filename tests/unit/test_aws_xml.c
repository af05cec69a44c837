/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/alloc.h"
#include "common/attributes.h"
#include "control/aws/aws_xml.h"

static void reads(const char *text, const char *root, const char *expected)
{
    struct error err = {""};
    CLEANUP(alloc_freep) char *name = NULL;
    json_t *json = aws_xml_parse(text, strlen(text), &name, &err);
    assert_string_equal(err.text, "");
    CLEANUP(alloc_freep)
    char *printed = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_string_equal(printed, expected);
    assert_string_equal(name, root);
    json_decref(json);
}

static void refuses(const char *text, const char *expected)
{
    struct error err = {""};
    assert_null(aws_xml_parse(text, strlen(text), NULL, &err));
    assert_string_equal(err.text, expected);
}

static void elements_become_members(void **state)
{
    (void)state;
    reads("<a>x &amp; y</a>", "a", "\"x & y\"");
    reads("<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\" k=\"v\">\n <b>1</b>\n <c/>\n</a>", "a",
          "{\"b\":\"1\",\"c\":\"\"}");
    reads("<n:a xmlns:n=\"u\"><n:b>1</n:b><n:b>2</n:b><n:b>3</n:b></n:a>", "a",
          "{\"b\":[\"1\",\"2\",\"3\"]}");
    reads("<a><b><![CDATA[<x>]]>y</b></a>", "a", "{\"b\":\"<x>y\"}");
}

static void lists_are_always_arrays(void **state)
{
    (void)state;
    static const char *const texts[] = {"<a><L/></a>", "<a><L><m>1</m></L></a>",
                                        "<a><L><m>1</m><m>2</m></L></a>", "<a><K/></a>"};
    static const size_t counts[] = {0, 1, 2, 0};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct error err = {""};
        json_t *json = aws_xml_parse(texts[i], strlen(texts[i]), NULL, &err);
        json_t *list = aws_xml_list(json, "L", "m");
        assert_true(json_is_array(list));
        assert_int_equal(json_array_size(list), counts[i]);
        json_decref(list);
        json_decref(json);
    }
}

static void what_is_no_such_xml_is_refused(void **state)
{
    (void)state;
    refuses("", "no XML: line 1: no element found");
    refuses("<a><b></a>", "no XML: line 1: mismatched tag");
    refuses("<a>\n<b>", "no XML: line 2: no element found");
    refuses("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "no XML that is expected: line 1: it has a document type, expected none");
    refuses("<a>\xff</a>", "no XML: line 1: not well-formed (invalid token)");
    char deep[512] = "";
    for (int i = 0; i < 40; i++) {
        strcat(deep, "<a>");
    }
    refuses(deep, "no XML that is expected: line 1: it is deeper than 32 elements");
}

static void texts_are_escaped(void **state)
{
    (void)state;
    CLEANUP(alloc_freep) char *text = aws_xml_escape("a<b>&\"'\x01\t\xc3\xa9");
    assert_string_equal(text, "a&lt;b&gt;&amp;&quot;&apos;?\t\xc3\xa9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_become_members),
        cmocka_unit_test(lists_are_always_arrays),
        cmocka_unit_test(what_is_no_such_xml_is_refused),
        cmocka_unit_test(texts_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
