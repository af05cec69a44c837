/* SPDX-License-Identifier: BSD-2-Clause */
/* ballastd: reads the configuration, then wires the two planes together. No logic lives here. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/config.h"
#include "common/log.h"
#include "control/control.h"
#include "server/open_files.h"
#include "server/server.h"
#include "zones/exchange.h"
#include "zones/record_set.h"

#define EXIT_USAGE 2

static const char usage[] =
    "usage: ballastd -c FILE [--check]\n"
    "\n"
    "  -c, --config FILE   the configuration; see ballast.yaml(5)\n"
    "      --check         check it, and the zones and all else that it names; start nothing\n"
    "      --log-level L   debug, info (default), warning or error\n"
    "      --version       print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "Stays in the foreground, logs to standard error. SIGHUP reloads the zones and the\n"
    "secrets of cookies, SIGTERM stops.\n";

enum { OPTION_CHECK = 256, OPTION_LOG_LEVEL, OPTION_VERSION };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct arguments {
    const char *config;
    bool only_check;
};

/* -1: go on; else the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    enum log_level level = LOG_LEVEL_INFO;
    int option = 0;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case OPTION_CHECK:
            arguments->only_check = true;
            break;
        case OPTION_LOG_LEVEL:
            if (!log_level_parse(optarg, &level)) {
                fprintf(stderr,
                        "ballastd: --log-level %s: expected debug, info, warning or error\n",
                        optarg);
                return EXIT_USAGE;
            }
            log_set_level(level);
            break;
        case OPTION_VERSION:
            puts("ballastd " PACKAGE_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (arguments->config == NULL || optind != argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static bool serve(const struct config *config, struct control *control, struct exchange *exchange,
                  struct error *err)
{
    open_files_raise(&config->server); /* health checks need it, too */
    struct server *server =
        config->server.answers_nobody ? NULL : server_start(&config->server, exchange, err);
    if (server == NULL && !config->server.answers_nobody) {
        return false;
    }
    bool is_good = control_run(control, err);
    server_stop(server);
    return is_good;
}

static bool run(const struct config *config, struct error *err)
{
    CLEANUP(record_sets_freep) struct record_sets *sets = record_sets_new(config, err);
    if (sets == NULL) {
        return false;
    }
    struct exchange *exchange = exchange_new(config->server.workers, sets->member_count);
    struct control *control = control_new(config, sets, exchange, err);
    bool is_good = control != NULL && serve(config, control, exchange, err);
    control_free(control);
    exchange_free(exchange);
    return is_good;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status = parse_arguments(argc, argv, &arguments);
    if (status != -1) {
        return status;
    }
    struct error err;
    alloc_give_back();
    CLEANUP(config_freep) struct config *config = config_load(arguments.config, &err);
    bool is_good = config != NULL;
    log_set_json(is_good && config->log_is_json);
    if (is_good && arguments.only_check) {
        is_good = control_check(config, &err) && server_check(&config->server, &err);
    } else if (is_good) {
        is_good = run(config, &err);
    }
    if (!is_good) {
        fprintf(stderr, "%s%s\n", arguments.only_check ? "" : "ballastd: ", err.text);
        return EXIT_FAILURE;
    }
    if (arguments.only_check) {
        printf("%s: good\n", arguments.config);
    }
    return EXIT_SUCCESS;
}
