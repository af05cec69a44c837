/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the visits of clients from the workers into the sketch of resolvers, once a second, and
 * shows it. Control thread only. */
#pragma once

#include <stdio.h>

#include "control/model.h"

struct call;
struct resolver_watch;

/* The loop is there, the workers are not made yet. NULL in control->resolvers when the
 * configuration follows nobody. */
void resolver_watch_open(struct control *control);
/* Closes its handle on the loop; what was counted stays. */
void resolver_watch_close(struct control *control);
/* The loop has ended. NULL is fine. */
void resolver_watch_free(struct resolver_watch *watch);

/* The classes of gaps for Prometheus, without any client. Nothing when nobody is followed. */
void resolver_watch_put_metrics(const struct control *control, FILE *out);

/* `record resolvers NAME TYPE` */
void command_record_resolvers(const struct call *call);
