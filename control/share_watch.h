/* SPDX-License-Identifier: BSD-2-Clause */
/* The shares of record sets as control knows them: keeps the counters of answers at shifts and over
 * the last minute, and puts the shares together. Control thread only. */
#pragma once

#include "control/model.h"

/* The loop is there and the first snapshot is published. Answers are counted from here on. */
void share_watch_open(struct control *control);
/* Closes its handle on the loop. */
void share_watch_close(struct control *control);
/* A snapshot with the record set was published. After a shift answers are counted anew as soon as
 * no worker answers by the old weights. */
void share_watch_published(struct record_set_state *set);
/* All the shares as they are at now_ms. */
void share_watch_read(const struct record_set_state *set, int64_t now_ms, struct shares *shares);
