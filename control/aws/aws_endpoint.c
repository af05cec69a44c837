/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/aws/aws_endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/alloc.h"
#include "common/attributes.h"

/* A part of AWS that has names and accounts of its own; as botocore's endpoints.json has them. */
struct partition {
    const char *region_prefix;
    const char *suffix, *dualstack_suffix;
    const char *route53_host, *route53_fips_host, *route53_region;
    bool fips_is_plain; /* of most services the names without "-fips" are those of FIPS */
};

static const struct partition partitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "route53.amazonaws.com.cn", NULL,
     "cn-northwest-1", false},
    {"us-gov-", "amazonaws.com", "api.aws", "route53.us-gov.amazonaws.com",
     "route53.us-gov.amazonaws.com", "us-gov-west-1", true},
    {"", "amazonaws.com", "api.aws", "route53.amazonaws.com", "route53-fips.amazonaws.com",
     "us-east-1", false},
};

static const struct partition *partition_of(const char *region)
{
    for (size_t i = 0;; i++) {
        const char *prefix = partitions[i].region_prefix;
        if (strncmp(region != NULL ? region : "", prefix, strlen(prefix)) == 0) {
            return &partitions[i];
        }
    }
}

/* Letters, digits and hyphens: it becomes a part of a host name. */
static bool is_region(const char *region)
{
    return region[0] != '\0' && region[0] != '-' &&
           strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(region);
}

static bool find_route53(const struct aws_settings *settings, const struct partition *partition,
                         char **host, struct error *err)
{
    const char *name = settings->use_fips ? partition->route53_fips_host : partition->route53_host;
    if (name == NULL) {
        return error_set(err, "Route 53 has no FIPS endpoint there");
    }
    if (settings->use_dualstack) {
        return error_set(err, "Route 53 has no dual-stack endpoint, expected use_dualstack: false "
                              "or an endpoint URL");
    }
    *host = alloc_string(name);
    return true;
}

static char *regional_host(const struct aws_settings *settings, enum aws_service service,
                           const char *region, const struct partition *partition)
{
    const char *prefix = aws_service_traits(service)->endpoint_prefix;
    bool is_plain = partition->fips_is_plain && service != AWS_ECS && !settings->use_dualstack;
    return alloc_printf("%s%s.%s.%s", prefix, settings->use_fips && !is_plain ? "-fips" : "",
                        region,
                        settings->use_dualstack ? partition->dualstack_suffix : partition->suffix);
}

/* AWS's own name. */
static bool find_name(const struct aws_settings *settings, enum aws_service service,
                      const char *region, struct aws_endpoint *endpoint, struct error *err)
{
    const struct partition *partition = partition_of(region);
    char *host = NULL;
    if (service == AWS_ROUTE53) {
        if (!find_route53(settings, partition, &host, err)) {
            return false;
        }
    } else {
        host = regional_host(settings, service, region, partition);
    }
    endpoint->url = alloc_printf("https://%s", host);
    endpoint->host = host;
    endpoint->path = alloc_string("");
    return true;
}

void aws_endpoint_drop_port(const char *url, char *host)
{
    bool is_https = strncasecmp(url, "https://", 8) == 0;
    char *port = strrchr(host, ':');
    if (port != NULL && strcmp(port, is_https ? ":443" : ":80") == 0) {
        *port = '\0';
    }
}

/* A URL that somebody set. */
static bool split_url(const char *url, struct aws_endpoint *endpoint, struct error *err)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    size_t len = strlen(url);
    while (len > scheme && url[len - 1] == '/') {
        len--;
    }
    size_t host_len = strcspn(url + scheme, "/?#");
    if (scheme == 0 || host_len == 0 || strcspn(url, "?# @") < len) {
        return error_set(err,
                         "the endpoint URL is \"%s\", expected https://HOST, perhaps with a port "
                         "and a path",
                         url);
    }
    host_len = host_len < len - scheme ? host_len : len - scheme;
    endpoint->url = alloc_printf("%.*s", (int)len, url);
    endpoint->host = alloc_printf("%.*s", (int)host_len, url + scheme);
    endpoint->path = alloc_string(endpoint->url + scheme + host_len);
    aws_endpoint_drop_port(url, endpoint->host);
    return true;
}

bool aws_endpoint_find(const struct aws_settings *settings, enum aws_service service,
                       const char *region, struct aws_endpoint *endpoint, struct error *err)
{
    const char *url = settings->endpoint_urls[service] != NULL ? settings->endpoint_urls[service]
                                                               : settings->endpoint_url;
    const char *global = aws_service_traits(service)->global_region;
    *endpoint = (struct aws_endpoint){.url = NULL};
    if (region != NULL && !is_region(region)) {
        return error_set(err, "the region is \"%s\", expected one like eu-west-1", region);
    }
    if (region == NULL && global == NULL) {
        return error_set(err, "no region is set: expected aws.region, AWS_REGION or the profile's");
    }
    bool is_good = url != NULL ? split_url(url, endpoint, err)
                               : find_name(settings, service, region, endpoint, err);
    if (!is_good) {
        aws_endpoint_done(endpoint);
        return false;
    }
    endpoint->signing_region =
        alloc_string(global != NULL ? partition_of(region)->route53_region : region);
    return true;
}

void aws_endpoint_done(struct aws_endpoint *endpoint)
{
    free(endpoint->url);
    free(endpoint->host);
    free(endpoint->path);
    free(endpoint->signing_region);
    *endpoint = (struct aws_endpoint){.url = NULL};
}
