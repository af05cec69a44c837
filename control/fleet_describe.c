/* SPDX-License-Identifier: BSD-2-Clause */
/* A fleet for people: status, metrics. */
#include <string.h>

#include "common/alloc.h"
#include "common/clock.h"
#include "control/describe.h"
#include "control/fleet_private.h"
#include "control/store_fleet.h"

static json_t *describe_cut_off(const struct fleet *fleet, int64_t now_ms)
{
    if (!fleet_node_is_cut_off(&fleet->node, now_ms)) {
        return json_null();
    }
    int64_t since_ms = clock_now_ms() - (now_ms - fleet->node.reached_ms);
    return json_pack("{s:o, s:o}", "since", describe_time(since_ms), "reason",
                     describe_text(fleet->node.why));
}

/* Why this node does not go on, although the table answers. */
static json_t *describe_problem(const struct fleet *fleet, int64_t now_ms)
{
    char item[STORE_ITEM_SIZE];
    struct error why, err;
    size_t count = 0;
    if (fleet->problem.text[0] != '\0') {
        return describe_text(fleet->problem.text);
    }
    if (store_fleet_refused(fleet->control->store, &count, item, &why, &err) && count > 0) {
        CLEANUP(alloc_freep)
        char *text = alloc_printf("%s%s: %s", item, count > 1 ? " and others" : "", why.text);
        return describe_text(text);
    }
    return fleet_node_is_stuck(&fleet->node, now_ms) ? describe_text(fleet->node.stuck_why)
                                                     : json_null();
}

static int64_t applied_of(const struct fleet_node *node)
{
    return node->role == FLEET_FOLLOWS ? node->applied : node->confirmed;
}

/* One that has not ended its lease. */
static bool has_driver(const struct fleet_node *node)
{
    return node->head.exists && !node->head.has_ended;
}

static int64_t behind(const struct fleet_node *node, int64_t applied)
{
    return node->head.sequence > applied ? node->head.sequence - applied : 0;
}

static json_t *describe_peer(const struct fleet *fleet, const struct fleet_peer *peer,
                             int64_t now_ms)
{
    const struct fleet_node *node = &fleet->node;
    bool is_driver = has_driver(node) && strcmp(peer->name, node->head.owner) == 0;
    return json_pack(
        "{s:o, s:b, s:I, s:I, s:f, s:f, s:o, s:o, s:I, s:b}", "name", describe_text(peer->name),
        "drives", is_driver, "applied", (json_int_t)peer->applied, "behind",
        (json_int_t)behind(node, peer->applied), "lag_s", (double)peer->lag_ms / 1000, "seen_s",
        (double)(now_ms - peer->seen_ms) / 1000, "version", describe_text(peer->version), "address",
        describe_text(peer->address), "pid", (json_int_t)peer->pid, "healthy", peer->is_healthy);
}

/* This node first: what it knows of itself is newer than what it has said. */
static json_t *describe_nodes(const struct fleet *fleet, int64_t now_ms)
{
    const struct fleet_node *node = &fleet->node;
    json_t *nodes = json_array();
    for (int is_own = 1; is_own >= 0; is_own--) {
        for (size_t i = 0; i < fleet->peer_count; i++) {
            struct fleet_peer peer = fleet->peers[i];
            if ((strcmp(peer.name, fleet->name) == 0) != (is_own == 1)) {
                continue;
            }
            if (is_own == 1) {
                peer.applied = applied_of(node);
                peer.lag_ms = fleet_node_lag_ms(node, now_ms);
                peer.seen_ms = now_ms;
            }
            json_array_append_new(nodes, describe_peer(fleet, &peer, now_ms));
        }
    }
    return nodes;
}

json_t *fleet_describe(const struct control *control)
{
    static const char *const roles[] = {"follows", "takes over", "drives"};
    const struct fleet *fleet = control->fleet;
    if (fleet == NULL) {
        return json_null();
    }
    const struct fleet_node *node = &fleet->node;
    int64_t now_ms = fleet_now_ms();
    bool drives = fleet_node_drives(node, now_ms);
    json_t *json =
        json_pack("{s:o, s:s, s:s, s:s, s:b, s:o, s:I, s:f, s:I, s:I, s:I, s:f}", "node",
                  describe_text(fleet->name), "table", fleet->config->table, "fleet",
                  fleet->config->name, "role", roles[node->role], "drives", drives, "driver",
                  has_driver(node) ? describe_text(node->head.owner) : json_null(), "fence",
                  (json_int_t)node->head.fence, "lease_left_s",
                  (double)fleet_node_lease_left_ms(node, now_ms) / 1000, "sequence",
                  (json_int_t)node->head.sequence, "applied", (json_int_t)applied_of(node),
                  "behind", (json_int_t)behind(node, applied_of(node)), "lag_s",
                  (double)fleet_node_lag_ms(node, now_ms) / 1000);
    json_object_set_new(json, "cut_off", describe_cut_off(fleet, now_ms));
    json_object_set_new(json, "problem", describe_problem(fleet, now_ms));
    json_object_set_new(json, "saved",
                        drives ? json_boolean(fleet_is_saved(control)) : json_null());
    json_object_set_new(json, "nodes", describe_nodes(fleet, now_ms));
    return json;
}

struct fleet_figures fleet_figures(const struct control *control)
{
    const struct fleet *fleet = control->fleet;
    const struct fleet_node *node = &fleet->node;
    int64_t now_ms = fleet_now_ms();
    return (struct fleet_figures){.drives = fleet_node_drives(node, now_ms),
                                  .is_cut_off = fleet_node_is_cut_off(node, now_ms),
                                  .fence = node->head.fence,
                                  .sequence = node->head.sequence,
                                  .applied = applied_of(node),
                                  .lag_ms = fleet_node_lag_ms(node, now_ms),
                                  .lease_left_ms = fleet_node_lease_left_ms(node, now_ms),
                                  .failures = fleet->failures};
}
