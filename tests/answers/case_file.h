/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a file of answer cases (tests/answers/README) and answers its queries. */
#pragma once

#include "common/attributes.h"
#include "common/error.h"

struct case_counts {
    unsigned cases, failed;
};

/* What differs is printed. False, and "FILE:LINE: TEXT": the file is not as it has to be. */
MUST_CHECK bool case_file_run(const char *path, struct case_counts *counts, struct error *err);
