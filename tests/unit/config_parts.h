/* SPDX-License-Identifier: BSD-2-Clause */
/* What configurations of tests are put together from: texts whose lines are counted. */
#pragma once

/* The least that is a configuration: lines 1 to 7. What a test adds begins in line 8. */
#define SERVER  "server:\n  listen: [127.0.0.1@5300]\n"
#define CONTROL "control: { socket: run/ballast.sock, state: var/ballast.db }\n"
#define ZONES   "zones:\n  - name: example.org\n    file: example.org.zone\n"
#define LEAST   SERVER CONTROL ZONES "# optional\n"

#define CHECKS          "health_checks: [{ name: cats, type: http }, { name: dogs, type: http }]\n" /* 8 */
#define MEMBERS         "[{ id: blue, weight: 1, values: [a] }, { id: green, weight: 0, values: [b] }]"
#define SET(name, type) "  - { name: " name ", type: " type ", members: " MEMBERS " }\n"
/* Lines 8 to 10; what a test adds begins in line 11. */
#define SETS LEAST "record_sets:\n" SET("a.example.org", "A") SET("a.example.org", "AAAA")
