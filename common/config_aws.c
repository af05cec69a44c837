/* SPDX-License-Identifier: BSD-2-Clause */
/* The section aws: where AWS is and who asks, where the environment does not say it. */
#include <string.h>

#include "common/config_fill.h"

/* It becomes a part of host names. */
static bool fill_region(const struct place *place, const char *text, const char **region)
{
    if (text == NULL) {
        return true;
    }
    bool is_good = text[0] != '\0' && text[0] != '-' && strlen(text) <= 32 &&
                   strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
    return is_good ? fill_text(place, "region", text, region)
                   : place_fail(place, "region", "found %s, expected one like eu-west-1", text);
}

bool fill_aws(const struct config_reader *reader, const struct raw_aws *raw)
{
    struct place top = place_top(reader), place = place_key(&top, "aws");
    struct config_aws *aws = &reader->config->aws;
    if (raw == NULL) {
        return true;
    }
    aws->line = place_line(&place);
    return fill_region(&place, raw->region, &aws->region) &&
           (raw->profile == NULL || fill_text(&place, "profile", raw->profile, &aws->profile)) &&
           (raw->endpoint_url == NULL ||
            fill_url(&place, "endpoint_url", raw->endpoint_url, &aws->endpoint_url)) &&
           (raw->ca_file == NULL || fill_path(&place, "ca_file", raw->ca_file, &aws->ca_file)) &&
           fill_bool(&place, "use_fips", raw->use_fips, &aws->use_fips) &&
           fill_bool(&place, "use_dualstack", raw->use_dualstack, &aws->use_dualstack) &&
           fill_queues(&place, raw, aws);
}
