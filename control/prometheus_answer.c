/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/prometheus_answer.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "control/http/outside_text.h"

static bool PRINTF_LIKE(2, 3) fail(struct metric_answer *answer, const char *format, ...)
{
    char text[METRIC_TEXT_SIZE * 2];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    answer->state = METRIC_FAILED;
    outside_text_copy(text, answer->text, sizeof(answer->text));
    return false;
}

/* "0.25", "NaN", "+Inf": a number of Go's strconv. */
static bool parse_number(const char *text, double *value)
{
    if (strcmp(text, "NaN") == 0) {
        *value = NAN;
    } else if (strcmp(text, "+Inf") == 0 || strcmp(text, "-Inf") == 0) {
        *value = text[0] == '-' ? -INFINITY : INFINITY;
    } else {
        char *end = NULL;
        size_t len = strlen(text);
        *value = strtod(text, &end);
        return len > 0 && strspn(text, "0123456789+-.eE") == len && *end == '\0';
    }
    return true;
}

/* [1435781451.781, "1"] */
static bool read_sample(const json_t *sample, struct metric_answer *answer, double *value)
{
    const char *text = json_string_value(json_array_get(sample, 1));
    if (json_array_size(sample) != 2 || !json_is_number(json_array_get(sample, 0)) ||
        text == NULL || !parse_number(text, value)) {
        return fail(answer, "found no sample, expected [time, \"number\"]");
    }
    return true;
}

/* Of one sample: a NaN is no value. */
static bool take_one(const json_t *sample, struct metric_answer *answer)
{
    double value = 0;
    if (!read_sample(sample, answer, &value)) {
        return false;
    }
    if (isnan(value)) {
        answer->state = METRIC_NO_VALUE;
        snprintf(answer->text, sizeof(answer->text), "the value is NaN");
        return true;
    }
    answer->values = alloc_copy(&value, sizeof(value));
    answer->count = 1;
    return true;
}

static bool take_many(const json_t *samples, struct metric_answer *answer)
{
    size_t count = json_array_size(samples);
    answer->values = alloc_zeroed(count, sizeof(*answer->values));
    for (size_t i = 0; i < count; i++) {
        double value = 0;
        if (!read_sample(json_array_get(samples, i), answer, &value)) {
            return false;
        }
        if (isnan(value)) {
            answer->left_out++;
        } else {
            answer->values[answer->count++] = value;
        }
    }
    if (answer->count == 0) {
        answer->state = METRIC_NO_VALUE;
        snprintf(answer->text, sizeof(answer->text), "%s",
                 count == 0 ? "there is no sample" : "each sample is NaN");
    }
    return true;
}

/* The one series of a vector or a matrix. */
static bool take_series(const json_t *result, bool is_matrix, struct metric_answer *answer)
{
    size_t count = json_array_size(result);
    if (!json_is_array(result)) {
        return fail(answer, "found no result, expected a list of series");
    }
    if (count == 0) {
        answer->state = METRIC_NO_VALUE;
        snprintf(answer->text, sizeof(answer->text), "nothing matches the query");
        return true;
    }
    if (count > 1) {
        return fail(answer, "found %zu series, expected one (sum or avg make one of them)", count);
    }
    const json_t *series = json_array_get(result, 0);
    const json_t *samples = json_object_get(series, is_matrix ? "values" : "value");
    if (json_object_get(series, is_matrix ? "histograms" : "histogram") != NULL) {
        return fail(answer, "found a histogram, expected numbers");
    }
    if (!json_is_array(samples)) {
        return fail(answer, "found a series without %s", is_matrix ? "values" : "value");
    }
    return is_matrix ? take_many(samples, answer) : take_one(samples, answer);
}

static bool take_data(const json_t *data, struct metric_answer *answer)
{
    const json_t *result = json_object_get(data, "result");
    const char *type = json_string_value(json_object_get(data, "resultType"));
    if (type == NULL) {
        return fail(answer, "found no resultType, expected an answer of Prometheus");
    }
    if (strcmp(type, "scalar") == 0) {
        return take_one(result, answer);
    }
    if (strcmp(type, "vector") == 0 || strcmp(type, "matrix") == 0) {
        return take_series(result, type[0] == 'm', answer);
    }
    return fail(answer, "found a %s, expected numbers", type);
}

static bool take_answer(long status, const json_t *root, struct metric_answer *answer)
{
    const char *said = json_string_value(json_object_get(root, "status"));
    const char *why = json_string_value(json_object_get(root, "error"));
    if (said != NULL && strcmp(said, "error") == 0) {
        const char *type = json_string_value(json_object_get(root, "errorType"));
        return fail(answer, "%s: %s", type != NULL ? type : "error",
                    why != NULL ? why : "without a reason");
    }
    if (status != 200) {
        return fail(answer, "HTTP %ld, expected 200", status);
    }
    if (said == NULL || strcmp(said, "success") != 0) {
        return fail(answer, "found no status, expected an answer of Prometheus");
    }
    return take_data(json_object_get(root, "data"), answer);
}

void prometheus_answer_read(long status, const char *body, size_t len, struct metric_answer *answer)
{
    json_error_t why;
    memset(answer, 0, sizeof(*answer));
    answer->state = METRIC_VALUES;
    CLEANUP(json_decrefp) json_t *root = json_loadb(body, len, 0, &why);
    bool is_read = false;
    if (root != NULL) {
        is_read = take_answer(status, root, answer);
    } else if (status != 200) {
        fail(answer, "HTTP %ld, expected 200", status);
    } else {
        fail(answer, "the answer is no JSON: %s", why.text);
    }
    if (!is_read || answer->state != METRIC_VALUES) {
        free(answer->values);
        answer->values = NULL;
        answer->count = 0;
    }
}
