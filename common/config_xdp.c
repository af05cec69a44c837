/* SPDX-License-Identifier: BSD-2-Clause */
/* The list server.xdp. */
#include "common/config_fill.h"

#include <net/if.h>
#include <string.h>

#include <config.h> /* of the build, not that beside this file */

#define QUEUES_MAX 256

#ifdef WITH_XDP
static const bool is_built_in = true;
#else
static const bool is_built_in = false;
#endif

static bool fill_interface(const struct place *place, const struct raw_xdp *raw,
                           struct config_xdp *xdp)
{
    static const char *const modes[] = {"auto", "native", "generic", NULL};
    unsigned mode = CONFIG_XDP_AUTO;
    if (!fill_name(place, "interface", raw->interface, &xdp->interface)) {
        return false;
    }
    if (strlen(xdp->interface) >= IF_NAMESIZE) {
        return place_fail(place, "interface", "found \"%s\", expected at most %d octets",
                          xdp->interface, IF_NAMESIZE - 1);
    }
    bool is_good =
        fill_choice(place, "mode", raw->mode, modes, &mode) &&
        fill_number(place, "queues", raw->queues, (struct range){1, QUEUES_MAX}, &xdp->queues);
    xdp->mode = (enum config_xdp_mode)mode;
    return is_good;
}

bool fill_xdp(const struct place *server, const struct raw_server *raw,
              struct config_server *config)
{
    if (raw->xdp_count > 0 && !is_built_in) {
        return place_fail(server, "xdp",
                          "found in a ballastd that was built without it, expected one that was "
                          "configured with --enable-xdp");
    }
    if (raw->xdp_count > 0 && config->answers_nobody) {
        return place_fail(server, "xdp",
                          "found beside answers: false, expected none: nobody is answered");
    }
    config->xdp = arena_alloc(server->reader->arena, raw->xdp_count * sizeof(*config->xdp));
    config->xdp_count = raw->xdp_count;
    for (size_t i = 0; i < raw->xdp_count; i++) {
        struct place place = place_item(server, "xdp", i);
        config->xdp[i] = (struct config_xdp){0};
        if (!fill_interface(&place, &raw->xdp[i], &config->xdp[i])) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->xdp[i].interface, config->xdp[j].interface) == 0) {
                return place_fail(&place, "interface",
                                  "found %s a second time, expected each interface once",
                                  config->xdp[i].interface);
            }
        }
    }
    return true;
}
