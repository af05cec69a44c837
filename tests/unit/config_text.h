/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations as texts, which lie in dir/x.yaml. */
#pragma once

#include "common/config.h"

/* Fails the test when it is refused. */
struct config *config_text_good(const char *text);
/* Fails the test, at its line, unless the text is refused with this error. */
void config_text_refused(const char *text, const char *expected, const char *file, int line);
/* … with the name of its file and this behind it. */
void config_text_refused_behind(const char *text, const char *expected, const char *file, int line);
