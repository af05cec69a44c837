/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the zones at run time: some are loaded again, or signed again, one is added, one is
 * removed. A change
 * loads on a thread of uv's pool, so that neither answers nor a fall-back wait for it, and is all
 * or nothing: one zone that does not load leaves every zone as it is. Changes follow each other;
 * reloads that are asked for while one runs are one. Control thread only. */
#pragma once

#include "control/model.h"
#include "control/zone_list.h"

/* err NULL: it went well, and every worker answers from the new zones. */
typedef void (*zone_change_finished)(void *argument, const struct error *err);

enum zone_change_kind { ZONE_RELOAD, ZONE_SIGN, ZONE_ADD, ZONE_REMOVE };

struct zone_change {
    enum zone_change_kind kind;
    /* RELOAD: of the list, or NULL for all that are served; one that is not served yet is. SIGN: of
     * the list; its zone is signed anew as it is served, the file is not read. ADD: new. Taken as a
     * reference of the change's own. */
    struct zone_definition *definition;
    bool is_forced; /* a serial may go backwards */
    const char *who;
    zone_change_finished finished; /* may be NULL */
    void *argument;
};

void zone_change_ask(struct control *control, const struct zone_change *change);
/* Whoever waits is told that the daemon stops; the loop waits for a load that runs, which then is
 * thrown away. */
void zone_change_stop(struct control *control);
