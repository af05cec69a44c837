/* SPDX-License-Identifier: BSD-2-Clause */
/* A command that is told something: it gets a text on its standard input and names in its
 * environment, and has so much time. No shell. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct notify_exec;
/* text: why it failed ("exit status 3"); NULL: it ended with 0. The run is gone after it. */
typedef void (*notify_exec_done)(void *argument, const char *text);

/* command ends with NULL, and environment too ("NAME=value", beside our own). done is called once,
 * from the loop and never from within this call, unless it is cancelled. After timeout_ms it, and
 * what it has started, is ended. */
struct notify_exec *notify_exec_start(uv_loop_t *loop, char **command, char **environment,
                                      const char *text, int64_t timeout_ms, notify_exec_done done,
                                      void *argument);
/* Ends it without calling done; the loop must turn once more. NULL is fine. */
void notify_exec_cancel(struct notify_exec *run);
