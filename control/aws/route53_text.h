/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and values as Route 53 has them and as zone files have them: the first escapes an octet
 * with three octal digits ("\052.example.org."), the second with three decimal ones. Pure; any
 * thread. */
#pragma once

#include <stdbool.h>

/* All of them return a new text, which the caller frees. Any text is taken: what makes no sense as
 * a name or a value makes none afterwards. */

/* A name of Route 53's as a zone file has it: lower case, with the final dot. */
char *route53_name_read(const char *text);
/* A name of a zone file's in that same form, so that two of them can be compared. */
char *route53_name_fold(const char *name);
/* A name of a zone file's as Route 53 returns it: lower case, final dot, "*" as "\052". */
char *route53_name_print(const char *name);

/* One record's value (RDATA in presentation form), escapes turned, white space between its words
 * made one space each. */
char *route53_value_read(const char *text);
/* The same back; strings that Route 53 wants in quotes (those of TXT, SPF, CAA, NAPTR) get them. */
char *route53_value_print(const char *type, const char *value);

/* Whether two values of zone files' say the same: addresses as addresses, words without regard to
 * letter case and a final dot, strings in quotes exactly. */
bool route53_value_equals(const char *type, const char *a, const char *b);
